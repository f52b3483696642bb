// Package call is the one door of a portal: every call, from a page, the JSON API, another module or a process of its
// own, goes through the [Router].
//
// Modules register services with it as with any gRPC server ([Router.For]); callers make the generated clients on it.
// A call runs: end of context, transaction held, provider known, caller's module may, principal may, size, fields for
// staff, constraints, deadline, provider. Panics become Internal, errors gRPC statuses, and each call leaves a span
// and a measurement. The provider's context carries what it would across processes and nothing else: principal,
// decision, metadata, deadline, span.
//
// A unary call runs on its caller's goroutine, without serialisation. A provider that ignores its context therefore
// keeps its caller waiting. Caller and provider never share a message, save in methods marked immutable.
//
//	router.go     Router, Options, what is registered
//	register.go   from grpc.ServiceDesc to methods, everything computed once
//	providers.go  services that many modules provide, and which of them is called
//	as.go         connections of whoever acts
//	admit.go      who calls, and whether they may
//	about.go      what a call that changes something is about, for the audit log
//	unary.go      a call with one message each way
//	stream.go     a call with many, and its two ends: stream_client.go, stream_server.go
//	message.go    copies
//	staff.go      fields for staff alone
//	validate.go   constraints of contracts
//	context.go    what a provider's context carries
//	transport.go  headers and trailers
//	failure.go    panics and errors
//	telemetry.go  spans and measurements
//	stats.go      calls of a module's last minute, counted in the durations of buckets.go
package call
