package booking_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// trail is what is known of one request.
type trail map[trace.SpanID]sdktrace.ReadOnlySpan

// trailOf is the trace of the page that was asked for last, once all of it has come.
func trailOf(t *testing.T, spans *tracetest.SpanRecorder, root string, complete func(trail) bool) trail {
	t.Helper()
	var out trail
	require.Eventually(t, func() bool {
		out = trail{}
		ended := spans.Ended()
		at := slices.IndexFunc(ended, func(s sdktrace.ReadOnlySpan) bool { return s.Name() == root })
		if at < 0 {
			return false
		}
		for _, s := range ended {
			if s.SpanContext().TraceID() == ended[at].SpanContext().TraceID() {
				out[s.SpanContext().SpanID()] = s
			}
		}
		return complete(out)
	}, 20*time.Second, 20*time.Millisecond)
	return out
}

func service(s sdktrace.ReadOnlySpan) string {
	name, _ := s.Resource().Set().Value("service.name")
	return name.AsString()
}

// named are the spans of a name and kind.
func (t trail) named(name string, kind trace.SpanKind) (out []sdktrace.ReadOnlySpan) {
	for _, s := range t {
		if s.Name() == name && s.SpanKind() == kind {
			out = append(out, s)
		}
	}
	return out
}

// shape is each of the portal's own spans under the nearest of them above it.
func (t trail) shape() (out []string) {
	for _, s := range t {
		if service(s) != "cabinet" {
			continue
		}
		above := ""
		for at, ok := t[s.Parent().SpanID()]; ok; at, ok = t[at.Parent().SpanID()] {
			if service(at) == "cabinet" {
				above = at.Name()
				break
			}
		}
		out = append(out, above+" > "+s.Name())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

const (
	listing = "cabinet.booking.v1.BookingService/ListBookings"
	asking  = "cabinet.clientmanager.v1.ClientService/GetClient"
	page    = "GET /bookings"
)

// A page that calls booking, which asks clientmanager, is one trace, and of the same shape wherever booking runs.
func TestOneTraceAcrossTheBorder(t *testing.T) {
	t.Parallel()
	shapes := map[string][]string{}
	for mode, processes := range map[string][]string{"in process": nil, "direct": {"booking"}, "grpc": {"booking"}} {
		spans := tracetest.NewSpanRecorder()
		p := kerneltest.Start(t, kerneltest.Options{
			Assemble: withBooking, Config: "time_zone: Europe/Kyiv\ntelemetry: {metrics: \"127.0.0.1:0\"}", Processes: processes,
			GRPCOnly: mode == "grpc", Spans: spans,
		})
		head := p.Head(t)
		hall, client := room(t, head, "Hall").GetId(), p.Client(t, "Zerno Roastery")
		_, err := book(t, head, client, hall, time.Now().AddDate(0, 0, 2).Format(time.DateOnly), "10:00")
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, head.Get(t, "/bookings").Status)

		whole := trailOf(t, spans, page, func(got trail) bool {
			return processes == nil || len(got.named(listing, trace.SpanKindServer)) > 0 && len(got.named(asking, trace.SpanKindClient)) > 0
		})
		shapes[mode] = whole.shape()
		require.Contains(t, shapes[mode], " > "+page)
		require.Contains(t, shapes[mode], page+" > "+listing)
		require.Contains(t, shapes[mode], listing+" > "+asking)
		for _, s := range whole {
			require.True(t, service(s) == "cabinet" || service(s) == "cabinet/booking", service(s))
			for _, a := range s.Attributes() {
				require.NotContains(t, a.Value.String(), client, "nothing says whom it was about")
			}
		}
		if processes != nil {
			served := whole.named(listing, trace.SpanKindServer)[0]
			require.Equal(t, "cabinet/booking", service(served))
			require.Equal(t, listing, whole[served.Parent().SpanID()].Name())
			require.Equal(t, "cabinet", service(whole[served.Parent().SpanID()]))
			asked := whole.named(asking, trace.SpanKindClient)[0]
			require.Equal(t, "cabinet/booking", service(asked))
			require.Equal(t, served.SpanContext().SpanID(), asked.Parent().SpanID())
			carried := whole.named(asking, trace.SpanKindInternal)
			require.True(t, slices.ContainsFunc(carried, func(s sdktrace.ReadOnlySpan) bool { return s.Parent().SpanID() == asked.SpanContext().SpanID() }))
		}
		requireFigures(t, p, processes != nil)
	}
	require.Equal(t, shapes["in process"], shapes["direct"])
	require.Equal(t, shapes["in process"], shapes["grpc"])
}

// requireFigures looks at what Prometheus is told.
func requireFigures(t *testing.T, p *kerneltest.Portal, asProcess bool) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.MetricsAddress().String()+"/metrics", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	text := string(body)
	for _, line := range []string{
		`http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/bookings"} 1`,
		`cabinet_call_duration_seconds_count{rpc_code="OK",rpc_method="ListBookings",rpc_service="cabinet.booking.v1.BookingService"} 1`,
		`cabinet_module_calls_running{cabinet_module="booking"} 0`,
		`cabinet_module_latency_seconds{cabinet_module="booking",quantile="0.99"}`,
		`cabinet_database_connections{state="most"}`,
		`cabinet_live_streams 0`,
	} {
		require.Contains(t, text, line)
	}
	require.NotContains(t, text, "\"/bookings/0", "a route, and no path")
	for _, line := range []string{
		`cabinet_module_state{cabinet_module="booking",state="ready"} 1`, `cabinet_module_restarts_total{cabinet_module="booking"} 0`,
		`cabinet_module_memory_bytes{cabinet_module="booking"}`, `cabinet_telemetry_refused_total{cabinet_module="booking"} 0`,
	} {
		require.Equal(t, asProcess, strings.Contains(text, line), line)
	}
}
