package telemetry_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collectmetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collecttraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/telemetry"
)

// A collector gets the spans of each service under its name, and the figures.
func TestACollectorIsSentAll(t *testing.T) {
	var mu sync.Mutex
	services, figures := map[string]string{}, map[string]bool{}
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		switch r.URL.Path {
		case "/v1/traces":
			var got collecttraces.ExportTraceServiceRequest
			if err != nil || proto.Unmarshal(body, &got) != nil {
				t.Error("no traces")
			}
			for _, rs := range got.GetResourceSpans() {
				for _, a := range rs.GetResource().GetAttributes() {
					if a.GetKey() == "service.name" {
						services[rs.GetScopeSpans()[0].GetSpans()[0].GetName()] = a.GetValue().GetStringValue()
					}
				}
			}
		case "/v1/metrics":
			var got collectmetrics.ExportMetricsServiceRequest
			if err != nil || proto.Unmarshal(body, &got) != nil {
				t.Error("no metrics")
			}
			for _, rm := range got.GetResourceMetrics() {
				for _, sm := range rm.GetScopeMetrics() {
					for _, m := range sm.GetMetrics() {
						figures[m.GetName()] = true
					}
				}
			}
		default:
			t.Error(r.URL.Path)
		}
	}))
	defer collector.Close()
	opened, err := telemetry.Open(t.Context(), telemetry.Config{Portal: "acme", OTLP: collector.URL, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return now }})
	require.NoError(t, err)
	_, own := opened.Tracer().Tracer("test").Start(t.Context(), "GET /bookings")
	own.End()
	require.Zero(t, opened.Report(t.Context(), "booking", report(span(nil))).GetRefusedSpans())
	counter, err := opened.Meter().Meter("test").Int64Counter("cabinet.restarts")
	require.NoError(t, err)
	counter.Add(t.Context(), 1)
	held, err := opened.Module("clients").Meter().Int64Gauge("held")
	require.NoError(t, err)
	held.Record(t.Context(), 1)
	require.NoError(t, opened.Close(t.Context()), "what is left is sent")
	require.Equal(t, map[string]string{"GET /bookings": "cabinet", "find a slot": "cabinet/booking"}, services)
	require.Equal(t, map[string]bool{"cabinet.restarts": true, "module.clients.held": true}, figures)
}

// A collector that is not there is told of once, and holds nobody up.
func TestACollectorThatRefuses(t *testing.T) {
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	defer collector.Close()
	var log bytes.Buffer
	opened, err := telemetry.Open(t.Context(), telemetry.Config{Portal: "acme", OTLP: collector.URL, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return now }})
	require.NoError(t, err)
	_, own := opened.Tracer().Tracer("test").Start(t.Context(), "GET /bookings")
	own.End()
	require.NoError(t, opened.Close(t.Context()))
	require.Contains(t, log.String(), "telemetry.otlp in portal.yaml")
}
