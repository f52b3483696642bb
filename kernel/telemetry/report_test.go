package telemetry_test

import (
	"context"
	"io"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// open begins to take at a time that a test moves.
func open(t *testing.T, cfg telemetry.Config) (*telemetry.Telemetry, *time.Time) {
	t.Helper()
	at := now
	cfg.Portal, cfg.Log = "acme", slog.New(slog.NewTextHandler(t.Output(), nil))
	if cfg.Now == nil {
		cfg.Now = func() time.Time { return at }
	}
	opened, err := telemetry.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		require.NoError(t, opened.Close(context.WithoutCancel(t.Context())))
	})
	return opened, &at
}

// span is one that is well formed.
func span(change func(*kernelv1.Span)) *kernelv1.Span {
	s := &kernelv1.Span{
		TraceId: []byte("0123456789abcdef"), SpanId: []byte("01234567"), ParentId: []byte("76543210"), Name: "find a slot",
		StartTime: timestamppb.New(now.Add(-time.Second)), EndTime: timestamppb.New(now),
	}
	if change != nil {
		change(s)
	}
	return s
}

func text(key, value string) *kernelv1.TelemetryAttribute {
	return &kernelv1.TelemetryAttribute{Key: key, Value: &kernelv1.TelemetryAttribute_Text{Text: value}}
}

func report(spans ...*kernelv1.Span) *kernelv1.ReportTelemetryRequest {
	return &kernelv1.ReportTelemetryRequest{Spans: spans}
}

// Whose a span is the portal says, whatever the process calls itself.
func TestAProcessSpeaksForItselfAlone(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	opened, _ := open(t, telemetry.Config{Spans: recorder})
	response := opened.Report(t.Context(), "booking", report(span(func(s *kernelv1.Span) {
		s.Name = "pay\r\nlevel=ERROR\x1b[2J\u202e" + strings.Repeat("й", 500)
		s.Failed, s.Failure = true, strings.Repeat("x", 5000)
		s.Attributes = append(s.Attributes, text("service.name", "cabinet"), text("Cabinet.module", "accounts"), text("a\nb", "c\x00d"),
			text("a\nb", "twice"), text("", "none"), text("long", strings.Repeat("y", 100_000)),
			&kernelv1.TelemetryAttribute{Key: "nan", Value: &kernelv1.TelemetryAttribute_Decimal{Decimal: math.NaN()}}, &kernelv1.TelemetryAttribute{Key: "nothing"})
		for i := range 1000 {
			s.Attributes = append(s.Attributes, text("k"+strings.Repeat("k", i%60), "v"))
			s.Events = append(s.Events, &kernelv1.SpanEvent{Name: "e\n", Time: timestamppb.New(now)})
		}
	})))
	require.Zero(t, response.GetRefusedSpans())
	got := recorder.Ended()[0]
	service, _ := got.Resource().Set().Value("service.name")
	require.Equal(t, "cabinet/booking", service.AsString())
	require.LessOrEqual(t, utf8.RuneCountInString(got.Name()), 120)
	require.LessOrEqual(t, len(got.Status().Description), 256)
	require.LessOrEqual(t, len(got.Attributes()), 32)
	require.Len(t, got.Events(), 8)
	require.True(t, got.Parent().IsRemote())
	require.Equal(t, got.SpanContext().TraceID(), got.Parent().TraceID())
	said := []string{got.Name(), got.Events()[0].Name}
	for _, a := range got.Attributes() {
		require.NotContains(t, []attribute.Key{"service.name", "Cabinet.module", "nan", "nothing", ""}, a.Key)
		require.LessOrEqual(t, len(a.Value.String()), 256)
		said = append(said, string(a.Key), a.Value.String())
	}
	require.NotContains(t, strings.Join(said, ""), "\n")
	require.False(t, strings.ContainsAny(strings.Join(said, ""), "\r\x1b\x00\u202e"))
}

func TestWhatIsNoSpanIsRefused(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	opened, _ := open(t, telemetry.Config{Spans: recorder})
	for name, change := range map[string]func(*kernelv1.Span){
		"no trace":        func(s *kernelv1.Span) { s.TraceId = nil },
		"a short trace":   func(s *kernelv1.Span) { s.TraceId = s.TraceId[:15] },
		"a long trace":    func(s *kernelv1.Span) { s.TraceId = append(s.TraceId, 1) },
		"trace of zeros":  func(s *kernelv1.Span) { s.TraceId = make([]byte, 16) },
		"no id":           func(s *kernelv1.Span) { s.SpanId = nil },
		"a long id":       func(s *kernelv1.Span) { s.SpanId = append(s.SpanId, 1) },
		"id of zeros":     func(s *kernelv1.Span) { s.SpanId = make([]byte, 8) },
		"a short parent":  func(s *kernelv1.Span) { s.ParentId = s.ParentId[:1] },
		"its own parent":  func(s *kernelv1.Span) { s.ParentId = s.SpanId },
		"no name":         func(s *kernelv1.Span) { s.Name = "\n \x00" },
		"no times":        func(s *kernelv1.Span) { s.StartTime, s.EndTime = nil, nil },
		"a future":        func(s *kernelv1.Span) { s.EndTime = timestamppb.New(now.Add(2 * time.Minute)) },
		"a past":          func(s *kernelv1.Span) { s.StartTime = timestamppb.New(now.Add(-2 * time.Hour)) },
		"an end before":   func(s *kernelv1.Span) { s.EndTime = timestamppb.New(now.Add(-time.Minute)) },
		"a time of chaos": func(s *kernelv1.Span) { s.EndTime = &timestamppb.Timestamp{Seconds: math.MaxInt64, Nanos: -1} },
	} {
		require.EqualValues(t, 1, opened.Report(t.Context(), "booking", report(span(change))).GetRefusedSpans(), name)
	}
	require.Empty(t, recorder.Ended())
}

// A process that reports without end loses what is too much, and takes nothing from others.
func TestAFloodIsBounded(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	opened, at := open(t, telemetry.Config{Spans: recorder})
	flood := &kernelv1.ReportTelemetryRequest{DroppedSpans: 7}
	for range 2000 {
		flood.Spans = append(flood.Spans, span(nil))
	}
	refused := 0
	for range 20 {
		refused += int(opened.Report(t.Context(), "booking", flood).GetRefusedSpans())
	}
	taken := len(recorder.Ended())
	require.Equal(t, 40_000, taken+refused, "each is counted")
	require.LessOrEqual(t, taken, 4096)
	dropped, counted := opened.Losses("booking")
	require.EqualValues(t, 140, dropped)
	require.EqualValues(t, refused, counted)
	require.Zero(t, opened.Report(t.Context(), "clients", report(span(nil))).GetRefusedSpans())
	*at = at.Add(time.Second)
	require.Zero(t, opened.Report(t.Context(), "booking", report(span(nil))).GetRefusedSpans(), "later there is room again")

	allowed := 0
	for range 1000 {
		if opened.MayReport("booking") {
			allowed++
		}
	}
	require.Equal(t, 16, allowed)
	require.True(t, opened.MayReport("clients"))
}

func metrics(t *testing.T, opened *telemetry.Telemetry) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+opened.Address().String()+telemetry.MetricsPath, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

func TestFiguresAreTheModulesOwn(t *testing.T) {
	opened, at := open(t, telemetry.Config{Metrics: "127.0.0.1:0"})
	counter, err := opened.Meter().Meter("kernel").Int64Counter("cabinet.restarts")
	require.NoError(t, err)
	counter.Add(t.Context(), 3)
	value := func(v float64) []*kernelv1.FigureValue { return []*kernelv1.FigureValue{{Value: v}} }
	response := opened.Report(t.Context(), "booking", &kernelv1.ReportTelemetryRequest{Figures: []*kernelv1.Figure{
		{Name: "cabinet.restarts", Kind: kernelv1.FigureKind_FIGURE_KIND_COUNTER, Values: value(99)},
		{Name: "holds", Kind: kernelv1.FigureKind_FIGURE_KIND_GAUGE, Description: "a\nb", Values: []*kernelv1.FigureValue{
			{Value: 2, Attributes: []*kernelv1.TelemetryAttribute{text("room", "hall"), text("cabinet.module", "accounts")}},
		}},
		{Name: "wait", Kind: kernelv1.FigureKind_FIGURE_KIND_HISTOGRAM, Values: []*kernelv1.FigureValue{{Value: 3, Bounds: []float64{1, 2}, Counts: []uint64{1, 0, 1}}}},
		// What follows is not well formed.
		{Name: "ho.lds", Kind: kernelv1.FigureKind_FIGURE_KIND_GAUGE, Values: value(math.Inf(1))},
		{Name: "ca_binet.restarts\n", Kind: kernelv1.FigureKind_FIGURE_KIND_GAUGE, Values: value(1)},
		{Name: "cabinet_restarts", Kind: kernelv1.FigureKind_FIGURE_KIND_GAUGE, Values: value(1)}, // is the first to Prometheus
		{Name: "falls", Kind: kernelv1.FigureKind_FIGURE_KIND_COUNTER, Values: value(-1)},
		{Name: "twice", Kind: kernelv1.FigureKind_FIGURE_KIND_GAUGE, Values: append(value(1), value(2)...)},
		{Name: "kindless", Values: value(1)},
		{Name: "bounds", Kind: kernelv1.FigureKind_FIGURE_KIND_HISTOGRAM, Values: []*kernelv1.FigureValue{{Bounds: []float64{2, 1}, Counts: []uint64{1, 0, 1}}}},
		{Name: "counts", Kind: kernelv1.FigureKind_FIGURE_KIND_HISTOGRAM, Values: []*kernelv1.FigureValue{{Bounds: []float64{1}, Counts: []uint64{1}}}},
	}})
	require.EqualValues(t, 8, response.GetRefusedFigures())
	got := metrics(t, opened)
	require.Contains(t, got, "\ncabinet_restarts_total 3\n", "nobody else changes it")
	require.Contains(t, got, `module_booking_cabinet_restarts_total{cabinet_module="booking"} 99`)
	require.Contains(t, got, `module_booking_holds{cabinet_module="booking",room="hall"} 2`)
	require.Contains(t, got, `module_booking_wait_bucket{cabinet_module="booking",le="1"} 1`)
	require.Contains(t, got, "go_goroutines ")
	require.NotContains(t, got, "accounts")

	flood := &kernelv1.ReportTelemetryRequest{}
	for i := range 300 {
		flood.Figures = append(flood.Figures, &kernelv1.Figure{Name: "f" + strings.Repeat("x", i%60) + string(rune('a'+i/60)), Kind: kernelv1.FigureKind_FIGURE_KIND_GAUGE, Values: value(1)})
	}
	require.EqualValues(t, 200, opened.Report(t.Context(), "booking", flood).GetRefusedFigures())
	*at = at.Add(time.Hour)
	require.NotContains(t, metrics(t, opened), "module_booking", "a process that says nothing any more is forgotten")
}

// In the portal's process the same comes out.
func TestAModuleInThePortalsProcess(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	opened, _ := open(t, telemetry.Config{Spans: recorder, Metrics: "127.0.0.1:0"})
	m := opened.Module("booking")
	_, made := m.Tracer().Start(t.Context(), "find a slot")
	made.SetAttributes(attribute.String("long", strings.Repeat("y", 1000)))
	made.End()
	got := recorder.Ended()[0]
	service, _ := got.Resource().Set().Value("service.name")
	require.Equal(t, "cabinet/booking", service.AsString())
	require.Len(t, got.Attributes()[0].Value.AsString(), 256)
	held, err := m.Meter().Int64UpDownCounter("holds")
	require.NoError(t, err)
	held.Add(t.Context(), 2, metric.WithAttributes(attribute.String("room", "hall")))
	require.Contains(t, metrics(t, opened), `module_booking_holds{cabinet_module="booking",room="hall"} 2`)
}

func TestOffIsNothing(t *testing.T) {
	opened, _ := open(t, telemetry.Config{})
	require.Nil(t, opened.Tracer())
	require.Nil(t, opened.Meter())
	require.Nil(t, opened.Address())
	spans, figures := opened.Wants()
	require.False(t, spans || figures)
	_, made := opened.Module("booking").Tracer().Start(t.Context(), "find a slot")
	require.False(t, made.IsRecording())
	require.EqualValues(t, 1, opened.Report(t.Context(), "booking", report(span(nil))).GetRefusedSpans())
}
