// Package telemetry sends a portal's spans and figures to whoever watches it, those of its modules among them, wherever
// they run. Without a line in portal.yaml it does nothing, and nothing is paid for it.
//
// # Pointing it to a collector
//
//	telemetry:
//	  otlp: http://127.0.0.1:4318   # traces and figures, as OTLP over HTTP
//	  metrics: 127.0.0.1:9464       # figures for Prometheus, at http://127.0.0.1:9464/metrics
//
// Any collector will do that speaks OTLP over HTTP, such as the OpenTelemetry Collector or Jaeger:
//
//	docker run --rm -p 16686:16686 -p 4318:4318 jaegertracing/jaeger
//
// What it asks for besides, such as a key, is said in the environment: OTEL_EXPORTER_OTLP_HEADERS="authorization=...". A
// collector that does not answer holds nobody up: spans are dropped, and the log says so once a minute.
//
// The metrics listener has no sign-in: ":9464" is read as 127.0.0.1:9464, and another address is for whoever can reach it.
//
// # What comes out
//
// Spans of service "cabinet": one for each request, by its route and never by its path, one for each call through the
// router, and one for each event that is handled. Of service "cabinet/ID": those of module ID's process, one for each
// call, page and event that it serves and one for each call that it makes; and those that the module makes with
// Host.Tracer, wherever it runs. All of a request is one trace. What a browser says of a trace is not believed. An event
// begins a trace of its own: what published it is not known to who handles it.
//
//	http.server.request.duration   requests, by route, method and status
//	cabinet.call.duration          calls, by method and code
//	cabinet.module.*               calls, failures, latency, state, restarts, swaps and memory, by module
//	cabinet.event.*                events that wait, and for how long the oldest has, by module
//	cabinet.live.streams           open pages that are told of changes
//	cabinet.database.connections   connections, by what they do
//	module.ID.*                    what module ID measures with Host.Meter
//
// # What a process cannot do
//
// A module's process reports to the portal (HostService.ReportTelemetry), and the portal sends. Whose a report is the
// portal knows by the token it comes with, not by what it says. Texts are one line without control characters, of 120
// characters for a name and 256 for a value; a span has 32 attributes; a process may report 1,000 spans a second and 1,000
// values of 100 figures; the names of its figures begin with its own. What is more is dropped and counted.
//
//	telemetry.go   Config, Telemetry
//	otlp.go        to a collector
//	prometheus.go  to Prometheus
//	module.go      a module's spans and figures, and how many there may be
//	spans.go       spans that a process reports
//	figures.go     figures that a process reports
//	clean.go       texts and attributes
package telemetry
