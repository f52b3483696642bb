package call_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// meter keeps what is recorded.
type meter struct {
	metricnoop.MeterProvider
	recorded chan measurement
}

type measurement struct {
	seconds             float64
	service, rpc, coded string
}

func (m *meter) Meter(string, ...metric.MeterOption) metric.Meter { return histograms{m: m} }

type histograms struct {
	metricnoop.Meter
	m *meter
}

func (h histograms) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return histogram{m: h.m}, nil
}

type histogram struct {
	metricnoop.Float64Histogram
	m *meter
}

func (h histogram) Record(_ context.Context, seconds float64, options ...metric.RecordOption) {
	attrs := metric.NewRecordConfig(options).Attributes()
	service, _ := attrs.Value("rpc.service")
	rpc, _ := attrs.Value("rpc.method")
	code, _ := attrs.Value("rpc.code")
	h.m.recorded <- measurement{seconds, service.AsString(), rpc.AsString(), code.AsString()}
}

func TestSpansAndMeasurements(t *testing.T) {
	var fail error
	var inside trace.SpanContext
	n := &notes{
		get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
			inside = trace.SpanContextFromContext(ctx)
			return &testpb.GetNoteResponse{}, fail
		},
		watch: func(*testpb.WatchNotesRequest, grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
			return status.Error(codes.NotFound, "none")
		},
	}
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	figures := &meter{recorded: make(chan measurement, 1)}
	now := time.Unix(0, 0)
	clock := func() time.Time { now = now.Add(250 * time.Millisecond); return now }
	inEachMode(t, call.Options{Tracer: tracer, Meter: figures, Clock: clock}, n, func(t *testing.T, p portal) {
		ctx, page := tracer.Tracer("page").Start(as(t, head), "GET /notes")
		require.NoError(t, p.get(ctx))
		require.Equal(t, measurement{0.25, noteService, "GetNote", "OK"}, <-figures.recorded)
		span := spans.Ended()[0]
		require.Equal(t, noteService+"/GetNote", span.Name())
		require.Equal(t, page.SpanContext().SpanID(), span.Parent().SpanID())
		require.Equal(t, span.SpanContext().SpanID(), inside.SpanID(), "what the provider does lies below the call")

		fail = errors.New("broken")
		require.Error(t, p.get(ctx))
		require.Equal(t, "Internal", (<-figures.recorded).coded)
		require.Equal(t, otelcodes.Error, spans.Ended()[1].Status().Code)

		stream, err := p.notes.WatchNotes(ctx, &testpb.WatchNotesRequest{})
		require.NoError(t, err)
		_, err = stream.Recv()
		requireCode(t, codes.NotFound, err)
		require.Equal(t, measurement{0.25, noteService, "WatchNotes", "NotFound"}, <-figures.recorded)
		page.End()
	})
}

// Where nothing listens no span is made, and a caller's still reaches the provider.
func TestSilentTelemetryHandsSpansOn(t *testing.T) {
	var inside trace.SpanContext
	n := &notes{get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		inside = trace.SpanContextFromContext(ctx)
		return &testpb.GetNoteResponse{}, nil
	}}
	o := call.Options{Tracer: tracenoop.NewTracerProvider(), Meter: metricnoop.NewMeterProvider()}
	inEachMode(t, o, n, func(t *testing.T, p portal) {
		of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
		require.NoError(t, p.get(trace.ContextWithSpanContext(as(t, head), of)))
		require.Equal(t, of, inside)
	})
}
