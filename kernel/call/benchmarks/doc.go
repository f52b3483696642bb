// Package benchmarks measures a call through the router beside a direct call and beside another in-process gRPC
// channel, in one run. It is a Go module of its own, so that what it compares with is no dependency of the portal's.
//
//	cd kernel/call/benchmarks && go test -run '^$' -bench . -benchmem -count 5
package benchmarks
