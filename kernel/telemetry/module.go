package telemetry

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"golang.org/x/time/rate"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/report"
)

// What a module's process may report: so much each second, and so much at once.
const (
	spansEverySecond   = 1000
	spansAtOnce        = 4096
	reportsEverySecond = 4
	reportsAtOnce      = 16
	mostSpans          = 512
)

// Module takes the spans and figures of one module, in the portal's process or in its own.
type Module struct {
	id       string
	t        *Telemetry
	resource *resource.Resource
	reports  *rate.Limiter
	spans    *rate.Limiter

	mu      sync.Mutex
	reader  *sdkmetric.ManualReader  // of a module in the portal's process
	meter   *sdkmetric.MeterProvider // likewise
	said    []metricdata.Metrics     // of one in its own
	saidAt  time.Time
	dropped int64
	refused int64
}

// Module is the place of a module's spans and figures.
func (t *Telemetry) Module(id string) *Module {
	t.mu.Lock()
	defer t.mu.Unlock()
	m := t.modules[id]
	if m == nil {
		m = &Module{
			id: id, t: t, resource: t.resource("cabinet/" + id), reports: rate.NewLimiter(reportsEverySecond, reportsAtOnce),
			spans: rate.NewLimiter(spansEverySecond, spansAtOnce),
		}
		t.modules[id] = m
	}
	return m
}

// Tracer makes the spans of a module in the portal's process. Where nobody takes any they are made of nothing.
func (m *Module) Tracer() trace.Tracer {
	if m.t.traces == nil {
		return tracenoop.NewTracerProvider().Tracer("")
	}
	return m.t.provider("cabinet/" + m.id).Tracer("cabinet/" + m.id)
}

// Meter makes the figures of a module in the portal's process.
func (m *Module) Meter() metric.Meter {
	if m.t.figures == nil {
		return metricnoop.NewMeterProvider().Meter("")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.meter == nil {
		m.reader = sdkmetric.NewManualReader()
		m.meter = sdkmetric.NewMeterProvider(sdkmetric.WithReader(m.reader))
	}
	return m.meter.Meter("cabinet/" + m.id)
}

func (m *Module) close(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.meter == nil {
		return nil
	}
	return m.meter.Shutdown(ctx)
}

// produce are the module's figures. Those in the portal's process go the same way as those from another: under the same
// names, within the same limits.
func (m *Module) produce(ctx context.Context) []metricdata.Metrics {
	now := m.t.cfg.Now()
	m.mu.Lock()
	reader := m.reader
	last := m.said
	if now.Sub(m.saidAt) > fresh {
		last = nil
	}
	m.mu.Unlock()
	if reader == nil {
		return last
	}
	said, err := report.Figures(ctx, reader)
	if err != nil {
		m.t.cfg.Log.WarnContext(ctx, "a module's figures cannot be read", "module", m.id, "error", err)
		return nil
	}
	metrics, _ := m.take(said, now)
	return metrics
}

// MayReport tells whether a module's process may report now, and counts it.
func (t *Telemetry) MayReport(module string) bool {
	return t.Module(module).reports.AllowN(t.cfg.Now(), 1)
}

// Report takes what a module's process said. Whatever it says, it is told of that module.
func (t *Telemetry) Report(ctx context.Context, module string, r *kernelv1.ReportTelemetryRequest) *kernelv1.ReportTelemetryResponse {
	m, now := t.Module(module), t.cfg.Now()
	response := &kernelv1.ReportTelemetryResponse{}
	for i, s := range r.GetSpans() {
		if t.traces == nil || i >= mostSpans || !m.spans.AllowN(now, 1) {
			response.RefusedSpans += int32(len(r.GetSpans()) - i) //nolint:gosec // a message has no more
			break
		}
		span, ok := m.span(s, now)
		if !ok {
			response.RefusedSpans++
			continue
		}
		shared{t}.OnEnd(span)
	}
	if t.figures != nil && len(r.GetFigures()) > 0 {
		said, refused := m.take(r, now)
		response.RefusedFigures = int32(refused) //nolint:gosec // a message has no more
		m.mu.Lock()
		m.said, m.saidAt = said, now
		m.mu.Unlock()
	}
	m.mu.Lock()
	first := m.refused == 0
	m.dropped += min(max(r.GetDroppedSpans(), 0), 1<<32)
	m.refused += int64(response.GetRefusedSpans()) + int64(response.GetRefusedFigures())
	first = first && m.refused > 0
	m.mu.Unlock()
	if first {
		t.cfg.Log.WarnContext(ctx, "a module's process reports what is not taken; this is said once", slog.String("module", m.id),
			slog.Int("spans", int(response.GetRefusedSpans())), slog.Int("figures", int(response.GetRefusedFigures())))
	}
	return response
}

// Losses are spans that a module's process dropped by itself, and what of its reports was not taken, since the portal started.
func (t *Telemetry) Losses(module string) (dropped, refused int64) {
	m := t.Module(module)
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.dropped, m.refused
}
