package event

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// span is that of one event being handled; end must be called with how it went. It begins a trace: what published the
// event is not known here.
func (d *Dispatcher) span(ctx context.Context, subscriber string, r record) (_ context.Context, end func(error)) {
	if d.cfg.Tracer == nil {
		return ctx, func(error) {}
	}
	ctx, span := d.cfg.Tracer.Tracer("github.com/opencabinet/cabinet/kernel/event").Start(ctx, "event "+subscriber,
		trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(attribute.String("event.type", r.kind), attribute.String("event.id", r.id), attribute.String("event.source", r.source)))
	return ctx, func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "the handler failed")
		}
		span.End()
	}
}
