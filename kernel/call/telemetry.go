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
}

// measures are what a method's spans and measurements are called.
type measures struct {
	span  string
	attrs []attribute.KeyValue
	codes [codes.Unauthenticated + 1]metric.MeasurementOption
}

func newTelemetry(o Options) (telemetry, error) {
	var t telemetry
	if _, silent := o.Tracer.(tracenoop.TracerProvider); o.Tracer != nil && !silent {
		t.tracer = o.Tracer.Tracer(scopeName)
	}
	if _, silent := o.Meter.(metricnoop.MeterProvider); o.Meter == nil || silent {
		return t, nil
	}
	var err error
	t.duration, err = o.Meter.Meter(scopeName).Float64Histogram("cabinet.call.duration",
		metric.WithUnit("s"), metric.WithDescription("How long calls through the router take, by method and code."),
		metric.WithExplicitBucketBoundaries(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10))
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

// underWay is a call that is being measured. end must be called once.
type underWay struct {
	router *Router
	method *method
	start  time.Duration
	ctx    context.Context // carries the span; nil where nothing listens
}

// begin counts a call in, and starts its span where somebody listens.
func (r *Router) begin(ctx context.Context, m *method) (context.Context, underWay) {
	m.traffic.running.Add(1)
	u := underWay{router: r, method: m, start: r.now()}
	t := &r.telemetry
	if !t.on() {
		return ctx, u
	}
	if t.tracer != nil {
		ctx, _ = t.tracer.Start(ctx, m.measure.span, trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(m.measure.attrs...))
	}
	u.ctx = ctx
	return ctx, u
}

// end counts a call out, with how it ended.
func (u *underWay) end(err error) {
	now := u.router.now()
	u.method.traffic.end(now, now-u.start, err)
	if u.ctx == nil {
		return
	}
	t := &u.router.telemetry
	s := status.Convert(err)
	if t.duration != nil {
		code := min(s.Code(), codes.Unauthenticated)
		t.duration.Record(u.ctx, (now - u.start).Seconds(), u.method.measure.codes[code])
	}
	if t.tracer == nil {
		return
	}
	span := trace.SpanFromContext(u.ctx)
	span.SetAttributes(attribute.String("rpc.code", s.Code().String()))
	if err != nil {
		span.SetStatus(otelcodes.Error, s.Code().String())
	}
	span.End()
}
