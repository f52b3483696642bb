package serve

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/report"
)

const (
	// mostWaiting spans wait to be reported; what comes beyond is dropped and counted.
	mostWaiting = 2048
	// mostReported are sent at once, and reportAt how many have them sent at once.
	mostReported, reportAt = 512, 256
	// spansEvery and figuresEvery are how often they are reported, and reportWithin how long the portal may take.
	spansEvery   = time.Second
	figuresEvery = 10 * time.Second
	reportWithin = 5 * time.Second
)

// telemetry makes the spans and figures of the process, and reports them to the portal. Nil makes none.
type telemetry struct {
	send   func(ctx context.Context, r *kernelv1.ReportTelemetryRequest) error
	log    *slog.Logger
	tracer trace.Tracer             // of what the process serves and calls; nil when nobody wants spans
	module trace.Tracer             // the module's own
	traces *sdktrace.TracerProvider // nil likewise
	reader *sdkmetric.ManualReader  // nil when nobody wants figures
	meters *sdkmetric.MeterProvider // likewise
	full   chan struct{}            // told when many spans wait
	end    context.CancelFunc
	ended  chan struct{}

	mu      sync.Mutex
	waiting []*kernelv1.Span
	dropped int64
}

var _ sdktrace.SpanProcessor = (*telemetry)(nil)

// newTelemetry begins to report; nil when the portal wants nothing.
func newTelemetry(life context.Context, module string, r *kernelv1.OpenRequest, log *slog.Logger, send func(context.Context, *kernelv1.ReportTelemetryRequest) error) *telemetry {
	if !r.GetSpans() && !r.GetFigures() {
		return nil
	}
	t := &telemetry{send: send, log: log, full: make(chan struct{}, 1), ended: make(chan struct{})}
	if r.GetSpans() {
		t.traces = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(t))
		t.tracer, t.module = t.traces.Tracer("github.com/opencabinet/cabinet/kernel/serve"), t.traces.Tracer("cabinet/"+module)
	}
	if r.GetFigures() {
		t.reader = sdkmetric.NewManualReader()
		t.meters = sdkmetric.NewMeterProvider(sdkmetric.WithReader(t.reader))
	}
	life, t.end = context.WithCancel(life)
	go t.run(life)
	return t
}

// tracerOf and meterOf are what the module makes its own with; of nothing where nobody wants them.
func (t *telemetry) tracerOf() trace.Tracer {
	if t == nil || t.module == nil {
		return tracenoop.NewTracerProvider().Tracer("")
	}
	return t.module
}

func (t *telemetry) meterOf(module string) metric.Meter {
	if t == nil || t.meters == nil {
		return metricnoop.NewMeterProvider().Meter("")
	}
	return t.meters.Meter("cabinet/" + module)
}

// begin starts the span of something that the process serves or calls; end must be called with how it went, and is nil
// where nobody wants to know.
func (t *telemetry) begin(ctx context.Context, name string, kind trace.SpanKind, attributes ...attribute.KeyValue) (_ context.Context, end func(error)) {
	if t == nil || t.tracer == nil {
		return ctx, nil
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(attributes...))
	return ctx, func(err error) {
		if err != nil {
			code := status.Code(err).String()
			span.SetAttributes(attribute.String("rpc.code", code))
			span.SetStatus(otelcodes.Error, code)
		}
		span.End()
	}
}

// OnStart has nothing to do.
func (t *telemetry) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd keeps a span for the next report.
func (t *telemetry) OnEnd(span sdktrace.ReadOnlySpan) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) >= mostWaiting {
		t.dropped++
		return
	}
	t.waiting = append(t.waiting, report.Span(span))
	if len(t.waiting) >= reportAt {
		select {
		case t.full <- struct{}{}:
		default:
		}
	}
}

// Shutdown leaves it to close.
func (t *telemetry) Shutdown(context.Context) error { return nil }

// ForceFlush leaves it to the next report.
func (t *telemetry) ForceFlush(context.Context) error { return nil }

// run reports until the process ends.
func (t *telemetry) run(ctx context.Context) {
	defer close(t.ended)
	spans, figures := time.NewTicker(spansEvery), time.NewTicker(figuresEvery)
	defer spans.Stop()
	defer figures.Stop()
	for {
		withFigures := false
		select {
		case <-ctx.Done():
			return
		case <-figures.C:
			withFigures = true
		case <-spans.C:
		case <-t.full:
			select { // not more often than the portal takes reports
			case <-ctx.Done():
				return
			case <-spans.C:
			}
		}
		t.report(ctx, withFigures)
	}
}

// report sends what waits. A portal that takes too little loses the rest: that it answers is worth more.
func (t *telemetry) report(ctx context.Context, withFigures bool) {
	ctx, cancel := context.WithTimeout(ctx, reportWithin)
	defer cancel()
	request := &kernelv1.ReportTelemetryRequest{}
	if withFigures && t.reader != nil {
		var err error
		if request, err = report.Figures(ctx, t.reader); err != nil {
			t.log.WarnContext(ctx, "the module's figures cannot be read", "error", err)
			request = &kernelv1.ReportTelemetryRequest{}
		}
	}
	t.mu.Lock()
	n := min(len(t.waiting), mostReported)
	request.Spans, request.DroppedSpans = t.waiting[:n:n], t.dropped
	t.waiting, t.dropped = append([]*kernelv1.Span(nil), t.waiting[n:]...), 0
	t.mu.Unlock()
	if n == 0 && len(request.GetFigures()) == 0 && request.GetDroppedSpans() == 0 {
		return
	}
	err := t.send(ctx, request)
	if err == nil {
		return
	}
	t.mu.Lock()
	t.dropped += request.GetDroppedSpans() + int64(n)
	t.mu.Unlock()
	if code := status.Code(err); code != codes.Unavailable && code != codes.Canceled && code != codes.ResourceExhausted {
		t.log.WarnContext(ctx, "the portal does not take spans and figures", "error", err)
	}
}

// close reports what is left.
func (t *telemetry) close(ctx context.Context) error {
	t.end()
	<-t.ended
	for left := true; left && ctx.Err() == nil; {
		t.report(ctx, true)
		t.mu.Lock()
		left = len(t.waiting) > 0
		t.mu.Unlock()
	}
	return nil
}
