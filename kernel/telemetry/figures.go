package telemetry

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

const (
	mostFigures = 100
	mostValues  = 1000
	mostBounds  = 64
	// fresh is for how long figures of a process count that reports no more.
	fresh = 5 * time.Minute
)

// moduleKey says whose a figure is.
const moduleKey = "cabinet.module"

var figureName = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_.]{0,63}$`)

var _ sdkmetric.Producer = (*Telemetry)(nil)

// Produce gives the figures of every module: of those in the portal's process as they are now, of the others as they said last.
func (t *Telemetry) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	t.mu.Lock()
	modules := make([]*Module, 0, len(t.modules))
	for _, m := range t.modules {
		modules = append(modules, m)
	}
	t.mu.Unlock()
	slices.SortFunc(modules, func(a, b *Module) int { return cmp.Compare(a.id, b.id) })
	var out []metricdata.ScopeMetrics
	for _, m := range modules {
		if metrics := m.produce(ctx); len(metrics) > 0 {
			out = append(out, metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: "cabinet/" + m.id}, Metrics: metrics})
		}
	}
	return out, nil
}

// figures takes those that are well formed, and counts the others.
func (m *Module) take(r *kernelv1.ReportTelemetryRequest, now time.Time) (out []metricdata.Metrics, refused int) {
	start := r.GetStartTime().AsTime()
	if r.GetStartTime() == nil || start.After(now) {
		start = now
	}
	seen, values := map[string]struct{}{}, 0
	for i, f := range r.GetFigures() {
		values += len(f.GetValues())
		name := strings.ToLower(strings.ReplaceAll(f.GetName(), ".", "_")) // as Prometheus will have it
		_, twice := seen[name]
		if i >= mostFigures || values > mostValues || twice || !figureName.MatchString(f.GetName()) {
			refused++
			continue
		}
		data := m.aggregation(f, start, now)
		if data == nil {
			refused++
			continue
		}
		seen[name] = struct{}{}
		out = append(out, metricdata.Metrics{
			Name: m.figure(f.GetName()), Description: line(f.GetDescription(), mostText), Unit: line(f.GetUnit(), mostUnit), Data: data,
		})
	}
	return out, refused
}

// figure is the name of a module's figure: no module can have one of the portal's, or of another's.
func (m *Module) figure(name string) string { return "module." + m.id + "." + name }

// aggregation is what a figure says; nil for what is not well formed.
func (m *Module) aggregation(f *kernelv1.Figure, start, now time.Time) metricdata.Aggregation {
	var points []metricdata.DataPoint[float64]
	var spreads []metricdata.HistogramDataPoint[float64]
	seen := map[attribute.Distinct]struct{}{}
	for _, v := range f.GetValues() {
		set := attribute.NewSet(append(attributes(v.GetAttributes()), attribute.String(moduleKey, m.id))...)
		if _, twice := seen[set.Equivalent()]; twice || math.IsNaN(v.GetValue()) || math.IsInf(v.GetValue(), 0) {
			return nil
		}
		seen[set.Equivalent()] = struct{}{}
		if f.GetKind() != kernelv1.FigureKind_FIGURE_KIND_HISTOGRAM {
			points = append(points, metricdata.DataPoint[float64]{Attributes: set, StartTime: start, Time: now, Value: v.GetValue()})
			continue
		}
		count, ok := spread(v)
		if !ok {
			return nil
		}
		spreads = append(spreads, metricdata.HistogramDataPoint[float64]{
			Attributes: set, StartTime: start, Time: now, Count: count, Sum: v.GetValue(), Bounds: v.GetBounds(), BucketCounts: v.GetCounts(),
		})
	}
	switch f.GetKind() {
	case kernelv1.FigureKind_FIGURE_KIND_GAUGE:
		return metricdata.Gauge[float64]{DataPoints: points}
	case kernelv1.FigureKind_FIGURE_KIND_COUNTER:
		if slices.ContainsFunc(points, func(p metricdata.DataPoint[float64]) bool { return p.Value < 0 }) {
			return nil
		}
		return metricdata.Sum[float64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
	case kernelv1.FigureKind_FIGURE_KIND_BALANCE:
		return metricdata.Sum[float64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality}
	case kernelv1.FigureKind_FIGURE_KIND_HISTOGRAM:
		return metricdata.Histogram[float64]{DataPoints: spreads, Temporality: metricdata.CumulativeTemporality}
	default:
		return nil
	}
}

// spread counts a histogram's values; false when it is none.
func spread(v *kernelv1.FigureValue) (count uint64, ok bool) {
	bounds := v.GetBounds()
	if len(bounds) > mostBounds || len(v.GetCounts()) != len(bounds)+1 {
		return 0, false
	}
	for i, b := range bounds {
		if math.IsNaN(b) || math.IsInf(b, 0) || i > 0 && b <= bounds[i-1] {
			return 0, false
		}
	}
	for _, n := range v.GetCounts() {
		if n > math.MaxInt64 || count+n > math.MaxInt64 {
			return 0, false
		}
		count += n
	}
	return count, true
}
