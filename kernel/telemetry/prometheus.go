package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
)

// MetricsPath is where a listener serves figures.
const MetricsPath = "/metrics"

// prometheusReader makes the text that Prometheus reads: the portal's figures, its modules', and those of the Go runtime.
func prometheusReader(cfg Config, modules sdkmetric.Producer) (sdkmetric.Reader, http.Handler, error) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reader, err := exporter.New(exporter.WithRegisterer(registry), exporter.WithProducer(modules), exporter.WithoutScopeInfo())
	if err != nil {
		return nil, nil, fmt.Errorf("telemetry: %w", err)
	}
	return reader, promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		// One figure that cannot be told must not keep the others back.
		ErrorHandling: promhttp.ContinueOnError, ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
		MaxRequestsInFlight: 4, Timeout: 10 * time.Second,
	}), nil
}

// listener serves figures on an address of its own: they are for who runs the portal, and not for its readers.
type listener struct {
	address net.Addr
	server  *http.Server
	ended   chan struct{}
}

func listen(ctx context.Context, cfg Config, handler http.Handler) (*listener, error) {
	at, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Metrics)
	if err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, fmt.Errorf("%s is in use by another program: choose another address with telemetry.metrics in portal.yaml", cfg.Metrics)
		}
		return nil, fmt.Errorf("listen for Prometheus on %s, as telemetry.metrics says: %w", cfg.Metrics, err)
	}
	routes := http.NewServeMux()
	routes.Handle("GET "+MetricsPath, handler)
	l := &listener{address: at.Addr(), ended: make(chan struct{}), server: &http.Server{
		Handler: routes, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelWarn),
	}}
	go func() {
		defer close(l.ended)
		if err := l.server.Serve(at); !errors.Is(err, http.ErrServerClosed) {
			cfg.Log.Error("serving figures ended", "error", err) //nolint:sloglint // nobody's context
		}
	}()
	return l, nil
}

func (l *listener) close(ctx context.Context) error {
	err := l.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, l.server.Close())
	}
	<-l.ended
	return err
}
