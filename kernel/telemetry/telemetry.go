package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Config says where spans and figures go. The zero value sends them nowhere.
type Config struct {
	// Portal is the portal's id: the namespace of its services.
	Portal string
	// OTLP is the address of a collector that speaks OTLP over HTTP, such as "http://127.0.0.1:4318"; empty for none.
	OTLP string
	// Metrics is where figures are served to Prometheus, host and port; empty for nowhere.
	Metrics string
	// Spans is told of every span besides, those of modules' processes among them. Optional.
	Spans sdktrace.SpanProcessor
	// Reader makes one more reader of figures; it must ask modules for theirs too. Optional.
	Reader func(modules sdkmetric.Producer) (sdkmetric.Reader, error)
	// Log is told when something cannot be sent. Required.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Telemetry takes the spans and figures of a portal and its modules, and sends them on.
type Telemetry struct {
	cfg        Config
	processors []sdktrace.SpanProcessor
	traces     *sdktrace.TracerProvider // nil when nobody takes spans
	figures    *sdkmetric.MeterProvider // nil when nobody takes figures
	listener   *listener

	mu      sync.Mutex
	modules map[string]*Module
}

// Open begins to take and send. The caller ends with Close.
func Open(ctx context.Context, cfg Config) (_ *Telemetry, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	t := &Telemetry{cfg: cfg, modules: map[string]*Module{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close(context.WithoutCancel(ctx)))
		}
	}()
	if cfg.Spans != nil {
		t.processors = append(t.processors, cfg.Spans)
	}
	var readers []sdkmetric.Option
	read := func(r sdkmetric.Reader) { readers = append(readers, sdkmetric.WithReader(r)) }
	if cfg.OTLP != "" {
		spans, err := sendSpans(ctx, cfg)
		if err != nil {
			return nil, err
		}
		t.processors = append(t.processors, spans)
		reader, err := sendFigures(ctx, cfg, t)
		if err != nil {
			return nil, err
		}
		read(reader)
	}
	if cfg.Metrics != "" {
		reader, handler, err := prometheusReader(cfg, t)
		if err != nil {
			return nil, err
		}
		read(reader)
		if t.listener, err = listen(ctx, cfg, handler); err != nil {
			return nil, err
		}
	}
	if cfg.Reader != nil {
		reader, err := cfg.Reader(t)
		if err != nil {
			return nil, fmt.Errorf("telemetry: %w", err)
		}
		read(reader)
	}
	if len(t.processors) > 0 {
		t.traces = t.provider("cabinet")
	}
	if len(readers) > 0 {
		t.figures = sdkmetric.NewMeterProvider(append(readers, sdkmetric.WithResource(t.resource("cabinet")))...)
	}
	return t, nil
}

// resource says whose spans and figures they are.
func (t *Telemetry) resource(service string) *resource.Resource {
	return resource.NewSchemaless(attribute.String("service.name", service), attribute.String("service.namespace", t.cfg.Portal))
}

func (t *Telemetry) provider(service string) *sdktrace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithResource(t.resource(service)), sdktrace.WithSpanProcessor(shared{t}), sdktrace.WithRawSpanLimits(limits()))
}

// Tracer makes the portal's own spans; nil when nobody takes any.
func (t *Telemetry) Tracer() trace.TracerProvider {
	if t == nil || t.traces == nil {
		return nil
	}
	return t.traces
}

// Meter makes the portal's own figures; nil when nobody takes any.
func (t *Telemetry) Meter() metric.MeterProvider {
	if t == nil || t.figures == nil {
		return nil
	}
	return t.figures
}

// Wants tells what a module's process need report.
func (t *Telemetry) Wants() (spans, figures bool) { return t.traces != nil, t.figures != nil }

// Address is where figures are served; nil when they are not.
func (t *Telemetry) Address() net.Addr {
	if t == nil || t.listener == nil {
		return nil
	}
	return t.listener.address
}

// Close sends what is left and ends.
func (t *Telemetry) Close(ctx context.Context) error {
	var errs []error
	if t.figures != nil {
		errs = append(errs, t.figures.Shutdown(ctx))
	}
	t.mu.Lock()
	for _, m := range t.modules {
		errs = append(errs, m.close(ctx))
	}
	t.mu.Unlock()
	for _, p := range t.processors {
		errs = append(errs, p.Shutdown(ctx))
	}
	if t.listener != nil {
		errs = append(errs, t.listener.close(ctx))
	}
	return errors.Join(errs...)
}

// shared hands the spans of every service to the same processors, which end with the portal and not with a service.
type shared struct{ t *Telemetry }

var _ sdktrace.SpanProcessor = shared{}

// OnStart tells of a span that begins.
func (s shared) OnStart(ctx context.Context, span sdktrace.ReadWriteSpan) {
	for _, p := range s.t.processors {
		p.OnStart(ctx, span)
	}
}

// OnEnd tells of one that ended.
func (s shared) OnEnd(span sdktrace.ReadOnlySpan) {
	for _, p := range s.t.processors {
		p.OnEnd(span)
	}
}

// Shutdown leaves the processors to the portal.
func (s shared) Shutdown(context.Context) error { return nil }

// ForceFlush has what is left sent.
func (s shared) ForceFlush(ctx context.Context) error {
	errs := make([]error, 0, len(s.t.processors))
	for _, p := range s.t.processors {
		errs = append(errs, p.ForceFlush(ctx))
	}
	return errors.Join(errs...)
}
