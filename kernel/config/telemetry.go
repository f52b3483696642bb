package config

import (
	"net"
	"strings"
)

// Telemetry says where what is known of the portal's work goes, for whoever runs it: see kernel/telemetry.
type Telemetry struct {
	// OTLP is the address of a collector that takes traces and figures as OTLP over HTTP, such as http://127.0.0.1:4318.
	// Default: empty, which sends none.
	OTLP string `yaml:"otlp"`

	// Metrics is the address where figures are served to Prometheus, at /metrics: host and port, such as 127.0.0.1:9464. Without
	// a host it is this machine's alone, port 0 takes a free one. There is no sign-in. Default: empty, which serves none.
	Metrics string `yaml:"metrics"`
}

// follow makes the addresses what is listened on and sent to.
func (t *Telemetry) follow() {
	t.OTLP = strings.TrimRight(t.OTLP, "/")
	if host, port, err := net.SplitHostPort(t.Metrics); err == nil && host == "" {
		t.Metrics = net.JoinHostPort("127.0.0.1", port)
	}
}

func validateTelemetry(cfg *Config, bad func(key, format string, args ...any)) {
	t := cfg.Telemetry
	if t.OTLP != "" {
		if _, err := parseURL(t.OTLP); err != nil {
			bad("telemetry.otlp", "%s; write one such as http://127.0.0.1:4318", err)
		}
	}
	if t.Metrics != "" {
		if err := checkListen(t.Metrics); err != nil {
			bad("telemetry.metrics", "%s", err)
		} else if t.Metrics == cfg.Listen && !strings.HasSuffix(t.Metrics, ":0") {
			bad("telemetry.metrics", "%s is where the portal listens; choose another port", t.Metrics)
		}
	}
}
