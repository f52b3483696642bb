package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const (
	// sendWithin is how long a collector may take to answer. Nothing waits for it but what is to be sent next.
	sendWithin = 10 * time.Second
	// figuresEvery is how often figures are sent.
	figuresEvery = 30 * time.Second
	// saidEvery is how often it is logged that a collector cannot be reached.
	saidEvery = time.Minute
)

// sendSpans gathers spans, and sends them every five seconds or when 512 wait. What is beyond 2,048 is dropped.
func sendSpans(ctx context.Context, cfg Config) (sdktrace.SpanProcessor, error) {
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(cfg.OTLP+"/v1/traces"), otlptracehttp.WithTimeout(sendWithin))
	if err != nil {
		return nil, fmt.Errorf("telemetry: spans cannot be sent to %s: %w", cfg.OTLP, err)
	}
	return sdktrace.NewBatchSpanProcessor(&spanSender{SpanExporter: exporter, said: said{cfg: cfg}}), nil
}

// sendFigures sends figures, those of modules among them.
func sendFigures(ctx context.Context, cfg Config, modules sdkmetric.Producer) (sdkmetric.Reader, error) {
	exporter, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(cfg.OTLP+"/v1/metrics"), otlpmetrichttp.WithTimeout(sendWithin))
	if err != nil {
		return nil, fmt.Errorf("telemetry: figures cannot be sent to %s: %w", cfg.OTLP, err)
	}
	return sdkmetric.NewPeriodicReader(&figureSender{Exporter: exporter, said: said{cfg: cfg}},
		sdkmetric.WithInterval(figuresEvery), sdkmetric.WithTimeout(sendWithin), sdkmetric.WithProducer(modules)), nil
}

// said logs a failure to send, once a minute at most.
type said struct {
	cfg  Config
	last atomic.Int64
}

func (s *said) of(ctx context.Context, what string, err error) {
	now, last := s.cfg.Now().UnixNano(), s.last.Load()
	if err == nil || last != 0 && now-last < int64(saidEvery) || !s.last.CompareAndSwap(last, now) {
		return
	}
	s.cfg.Log.WarnContext(ctx, "a collector does not take "+what+": look whether telemetry.otlp in portal.yaml is its address",
		slog.String("otlp", s.cfg.OTLP), slog.String("error", err.Error()))
}

// spanSender logs what goes wrong, where the library would write to standard error.
type spanSender struct {
	sdktrace.SpanExporter
	said
}

// ExportSpans sends, and never fails: nobody could do anything.
func (s *spanSender) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	s.of(ctx, "spans", s.SpanExporter.ExportSpans(ctx, spans))
	return nil
}

type figureSender struct {
	sdkmetric.Exporter
	said
}

// Export sends, and never fails.
func (s *figureSender) Export(ctx context.Context, figures *metricdata.ResourceMetrics) error {
	s.of(ctx, "figures", s.Exporter.Export(ctx, figures))
	return nil
}
