// Package report writes a module's spans and figures down as the contract has them, for kernel/serve to send and for
// kernel/telemetry to take, wherever the module runs.
package report

import (
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Span writes down a span that has ended.
func Span(s sdktrace.ReadOnlySpan) *kernelv1.Span {
	traceID, id := s.SpanContext().TraceID(), s.SpanContext().SpanID()
	out := &kernelv1.Span{
		TraceId: traceID[:], SpanId: id[:], Name: s.Name(), Kind: kindOf(s.SpanKind()), StartTime: timestamppb.New(s.StartTime()),
		EndTime: timestamppb.New(s.EndTime()), Attributes: Attributes(s.Attributes()), Scope: s.InstrumentationScope().Name,
	}
	if s.Parent().IsValid() {
		parent := s.Parent().SpanID()
		out.ParentId = parent[:]
	}
	if said := s.Status(); said.Code == codes.Error {
		out.Failed, out.Failure = true, said.Description
	}
	for _, e := range s.Events() {
		out.Events = append(out.Events, &kernelv1.SpanEvent{Name: e.Name, Time: timestamppb.New(e.Time), Attributes: Attributes(e.Attributes)})
	}
	return out
}

// Attributes writes down what is known of a span or a figure. Lists become texts.
func Attributes(in []attribute.KeyValue) []*kernelv1.TelemetryAttribute {
	out := make([]*kernelv1.TelemetryAttribute, 0, len(in))
	for _, kv := range in {
		one := &kernelv1.TelemetryAttribute{Key: string(kv.Key)}
		switch kv.Value.Type() {
		case attribute.BOOL:
			one.Value = &kernelv1.TelemetryAttribute_Truth{Truth: kv.Value.AsBool()}
		case attribute.INT64:
			one.Value = &kernelv1.TelemetryAttribute_Whole{Whole: kv.Value.AsInt64()}
		case attribute.FLOAT64:
			one.Value = &kernelv1.TelemetryAttribute_Decimal{Decimal: kv.Value.AsFloat64()}
		default:
			one.Value = &kernelv1.TelemetryAttribute_Text{Text: kv.Value.String()}
		}
		out = append(out, one)
	}
	return out
}

func kindOf(kind trace.SpanKind) kernelv1.SpanKind {
	switch kind {
	case trace.SpanKindServer:
		return kernelv1.SpanKind_SPAN_KIND_SERVER
	case trace.SpanKindClient:
		return kernelv1.SpanKind_SPAN_KIND_CLIENT
	case trace.SpanKindProducer:
		return kernelv1.SpanKind_SPAN_KIND_PRODUCER
	case trace.SpanKindConsumer:
		return kernelv1.SpanKind_SPAN_KIND_CONSUMER
	default:
		return kernelv1.SpanKind_SPAN_KIND_INTERNAL
	}
}
