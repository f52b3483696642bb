package telemetry

import (
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

const (
	// longest is how long a span may last, and how old it may be; ahead how much a process's clock may be before ours.
	longest = time.Hour
	ahead   = time.Minute
)

// span makes a reported span one of the module's service; false for one that is not well formed.
func (m *Module) span(s *kernelv1.Span, now time.Time) (sdktrace.ReadOnlySpan, bool) {
	var traceID trace.TraceID
	var id, parent trace.SpanID
	if copy(traceID[:], s.GetTraceId()) != len(traceID) || len(s.GetTraceId()) != len(traceID) || !traceID.IsValid() ||
		len(s.GetSpanId()) != len(id) || copy(id[:], s.GetSpanId()) == 0 || !id.IsValid() {
		return nil, false
	}
	stub := tracetest.SpanStub{
		Name: line(s.GetName(), mostName), SpanKind: kindOf(s.GetKind()),
		SpanContext: trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: id, TraceFlags: trace.FlagsSampled}),
		StartTime:   s.GetStartTime().AsTime(), EndTime: s.GetEndTime().AsTime(),
		Attributes: attributes(s.GetAttributes()), Resource: m.resource,
		InstrumentationScope: instrumentation.Scope{Name: line(s.GetScope(), mostName)},
		DroppedAttributes:    max(0, len(s.GetAttributes())-mostAttributes), DroppedEvents: max(0, len(s.GetEvents())-mostEvents),
	}
	if n := len(s.GetParentId()); n != 0 {
		if n != len(parent) || copy(parent[:], s.GetParentId()) == 0 || !parent.IsValid() || parent == id {
			return nil, false
		}
		stub.Parent = trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: parent, TraceFlags: trace.FlagsSampled, Remote: true})
	}
	if stub.Name == "" || !timely(stub.StartTime, now) || !timely(stub.EndTime, now) || stub.EndTime.Before(stub.StartTime) {
		return nil, false
	}
	if s.GetFailed() {
		stub.Status = sdktrace.Status{Code: codes.Error, Description: line(s.GetFailure(), mostText)}
	}
	for _, e := range s.GetEvents()[:min(len(s.GetEvents()), mostEvents)] {
		if name, at := line(e.GetName(), mostName), e.GetTime().AsTime(); name != "" && timely(at, now) {
			stub.Events = append(stub.Events, sdktrace.Event{Name: name, Time: at, Attributes: attributes(e.GetAttributes())})
		}
	}
	return stub.Snapshot(), true
}

func timely(at, now time.Time) bool { return at.After(now.Add(-longest)) && at.Before(now.Add(ahead)) }

func kindOf(kind kernelv1.SpanKind) trace.SpanKind {
	switch kind {
	case kernelv1.SpanKind_SPAN_KIND_SERVER:
		return trace.SpanKindServer
	case kernelv1.SpanKind_SPAN_KIND_CLIENT:
		return trace.SpanKindClient
	case kernelv1.SpanKind_SPAN_KIND_PRODUCER:
		return trace.SpanKindProducer
	case kernelv1.SpanKind_SPAN_KIND_CONSUMER:
		return trace.SpanKindConsumer
	default:
		return trace.SpanKindInternal
	}
}
