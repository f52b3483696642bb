package kernel

import (
	"context"
	"net"

	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/telemetry"
)

// openTelemetry begins to send spans and figures where portal.yaml and the options say. It comes first: what is opened
// later leaves both.
func (p *Portal) openTelemetry(ctx context.Context) (err error) {
	p.telemetry, err = telemetry.Open(ctx, telemetry.Config{
		Portal: p.config.ID, OTLP: p.config.Telemetry.OTLP, Metrics: p.config.Telemetry.Metrics,
		Spans: p.options.Spans, Reader: p.options.Figures, Log: p.options.Log,
	})
	if err != nil {
		return err
	}
	p.onStop("telemetry", p.telemetry.Close)
	p.router.Observe(p.telemetry.Tracer(), p.telemetry.Meter())
	return nil
}

// tracerOf makes a module's spans; of nothing for a portal that is looked at and not opened.
func (p *Portal) tracerOf(id string) trace.Tracer {
	if p.telemetry == nil {
		return tracenoop.NewTracerProvider().Tracer("")
	}
	return p.telemetry.Module(id).Tracer()
}

// meterOf makes a module's figures, likewise.
func (p *Portal) meterOf(id string) metric.Meter {
	if p.telemetry == nil {
		return metricnoop.NewMeterProvider().Meter("")
	}
	return p.telemetry.Module(id).Meter()
}

// reports takes what modules' processes report; nil where nobody wants it.
func (p *Portal) reports() plugin.Telemetry {
	if spans, figures := p.telemetry.Wants(); !spans && !figures {
		return nil
	}
	return p.telemetry
}

// MetricsAddress is where figures are served to Prometheus, once the portal has started; nil when they are not.
func (p *Portal) MetricsAddress() net.Addr { return p.telemetry.Address() }
