package call

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const scopeName = "github.com/opencabinet/cabinet/kernel/call"

// telemetry is nil where nothing listens, so that nothing is paid for.
type telemetry struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	clock    func() time.Time
}

// measures are what a method's spans and measurements are called.
type measures struct {
	span  string
	attrs []attribute.KeyValue
	codes [codes.Unauthenticated + 1]metric.MeasurementOption
}

func newTelemetry(o Options) (telemetry, error) {
	t := telemetry{clock: o.Clock}
	if _, silent := o.Tracer.(tracenoop.TracerProvider); o.Tracer != nil && !silent {
		t.tracer = o.Tracer.Tracer(scopeName)
	}
	if _, silent := o.Meter.(metricnoop.MeterProvider); o.Meter == nil || silent {
		return t, nil
	}
	var err error
	t.duration, err = o.Meter.Meter(scopeName).Float64Histogram("cabinet.call.duration",
		metric.WithUnit("s"), metric.WithDescription("How long calls through the router take, by method and code."))
	return t, err
}

func (t *telemetry) on() bool { return t.tracer != nil || t.duration != nil }

// of prepares the measurements of a method.
func (t *telemetry) of(name string) measures {
	if !t.on() {
		return measures{}
	}
	service, rpc, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	m := measures{span: service + "/" + rpc}
	m.attrs = []attribute.KeyValue{attribute.String("rpc.service", service), attribute.String("rpc.method", rpc)}
	for code := range m.codes {
		m.codes[code] = metric.WithAttributeSet(attribute.NewSet(append(m.attrs, attribute.String("rpc.code", codes.Code(code).String()))...))
	}
	return m
}

// begin starts the span of a call; end must be called with the call's error. end is nil where nothing listens.
func (t *telemetry) begin(ctx context.Context, m *method) (_ context.Context, end func(error)) {
	if !t.on() {
		return ctx, nil
	}
	start := t.clock()
	if t.tracer != nil {
		ctx, _ = t.tracer.Start(ctx, m.measure.span, trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(m.measure.attrs...))
	}
	return ctx, func(err error) {
		s := status.Convert(err)
		if t.duration != nil {
			code := min(s.Code(), codes.Unauthenticated)
			t.duration.Record(ctx, t.clock().Sub(start).Seconds(), m.measure.codes[code])
		}
		if t.tracer == nil {
			return
		}
		span := trace.SpanFromContext(ctx)
		span.SetAttributes(attribute.String("rpc.code", s.Code().String()))
		if err != nil {
			span.SetStatus(otelcodes.Error, s.Code().String())
		}
		span.End()
	}
}
