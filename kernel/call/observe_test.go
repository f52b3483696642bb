package call_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

func TestObserveComesBeforeServices(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	r := call.New(call.Options{})
	r.Observe(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)), nil)
	testpb.RegisterEchoServiceServer(r.For("echo", nil), &echo{})
	require.NoError(t, r.Err())
	r.Install(policy(t), nil)
	_, err := testpb.NewEchoServiceClient(r).Echo(as(t, head), &testpb.EchoRequest{Text: "a"})
	require.NoError(t, err)
	require.Len(t, spans.Ended(), 1)
	r.Observe(tracenoop.NewTracerProvider(), nil)
	require.ErrorContains(t, r.Err(), "call it before")
}
