package report

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// Figures reads the figures of a module as they are now.
func Figures(ctx context.Context, from *sdkmetric.ManualReader) (*kernelv1.ReportTelemetryRequest, error) {
	var read metricdata.ResourceMetrics
	if err := from.Collect(ctx, &read); err != nil {
		return nil, fmt.Errorf("the module's figures cannot be read: %w", err)
	}
	out := &kernelv1.ReportTelemetryRequest{}
	for _, scope := range read.ScopeMetrics {
		for _, m := range scope.Metrics {
			f := &kernelv1.Figure{Name: m.Name, Unit: m.Unit, Description: m.Description}
			fill(f, m.Data, out)
			if len(f.GetValues()) > 0 {
				out.Figures = append(out.Figures, f)
			}
		}
	}
	return out, nil
}

// fill takes what module.Host's instruments make; exponential histograms and summaries come of no such instrument.
func fill(f *kernelv1.Figure, data metricdata.Aggregation, out *kernelv1.ReportTelemetryRequest) {
	switch d := data.(type) {
	case metricdata.Gauge[int64]:
		f.Kind = kernelv1.FigureKind_FIGURE_KIND_GAUGE
		values(f, d.DataPoints, out)
	case metricdata.Gauge[float64]:
		f.Kind = kernelv1.FigureKind_FIGURE_KIND_GAUGE
		values(f, d.DataPoints, out)
	case metricdata.Sum[int64]:
		f.Kind = sum(d.IsMonotonic)
		values(f, d.DataPoints, out)
	case metricdata.Sum[float64]:
		f.Kind = sum(d.IsMonotonic)
		values(f, d.DataPoints, out)
	case metricdata.Histogram[int64]:
		spreads(f, d.DataPoints, out)
	case metricdata.Histogram[float64]:
		spreads(f, d.DataPoints, out)
	}
}

func sum(monotonic bool) kernelv1.FigureKind {
	if monotonic {
		return kernelv1.FigureKind_FIGURE_KIND_COUNTER
	}
	return kernelv1.FigureKind_FIGURE_KIND_BALANCE
}

func values[N int64 | float64](f *kernelv1.Figure, points []metricdata.DataPoint[N], out *kernelv1.ReportTelemetryRequest) {
	for _, p := range points {
		if out.GetStartTime() == nil && !p.StartTime.IsZero() {
			out.StartTime = timestamppb.New(p.StartTime)
		}
		f.Values = append(f.Values, &kernelv1.FigureValue{Attributes: set(p.Attributes), Value: float64(p.Value)})
	}
}

func spreads[N int64 | float64](f *kernelv1.Figure, points []metricdata.HistogramDataPoint[N], out *kernelv1.ReportTelemetryRequest) {
	f.Kind = kernelv1.FigureKind_FIGURE_KIND_HISTOGRAM
	for _, p := range points {
		if out.GetStartTime() == nil {
			out.StartTime = timestamppb.New(p.StartTime)
		}
		f.Values = append(f.Values, &kernelv1.FigureValue{
			Attributes: set(p.Attributes), Value: float64(p.Sum), Bounds: p.Bounds, Counts: p.BucketCounts,
		})
	}
}

func set(s attribute.Set) []*kernelv1.TelemetryAttribute { return Attributes(s.ToSlice()) }
