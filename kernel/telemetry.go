package kernel

import (
	"context"
	"net"

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

// reports takes what modules' processes report; nil where nobody wants it.
func (p *Portal) reports() plugin.Telemetry {
	if spans, figures := p.telemetry.Wants(); !spans && !figures {
		return nil
	}
	return p.telemetry
}

// MetricsAddress is where figures are served to Prometheus, once the portal has started; nil when they are not.
func (p *Portal) MetricsAddress() net.Addr { return p.telemetry.Address() }
