//go:build unix

package plugin

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/metadata"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

type takesAll struct{}

func (takesAll) Wants() (spans, figures bool) { return true, true }
func (takesAll) MayReport(string) bool        { return true }
func (takesAll) Report(context.Context, string, *kernelv1.ReportTelemetryRequest) *kernelv1.ReportTelemetryResponse {
	return &kernelv1.ReportTelemetryResponse{}
}

// A process that serves a call puts its calls back into that call's trace, and into no other's.
func TestNobodyEntersAnothersTrace(t *testing.T) {
	const served, deeper, others = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
		"00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01", "00-5bf92f3577b34da6a3ce929d0e0e4736-2222222222222222-01"
	h := &Host{cfg: HostConfig{Telemetry: takesAll{}}}
	ofCall := wire.WithTraceparent(t.Context(), served)
	within := func(h *Host, known ticket, said ...string) string {
		return wire.Traceparent(h.traced(known.ctx, known, metadata.MD{wire.TraceKey: said}))
	}
	require.Equal(t, deeper, within(h, ticket{ctx: ofCall}, deeper))
	require.Equal(t, served, within(h, ticket{ctx: ofCall}, others), "it stays where it is")
	require.Equal(t, served, within(h, ticket{ctx: ofCall}, "nonsense"))
	require.Equal(t, served, within(h, ticket{ctx: ofCall}))
	require.Empty(t, within(h, ticket{ctx: t.Context()}, others), "a call that nobody traces is in no trace")
	require.Equal(t, others, within(h, ticket{ctx: t.Context(), own: true}, others), "a module that acts by itself begins its own")
	require.Empty(t, within(&Host{}, ticket{ctx: t.Context(), own: true}, others), "where nobody traces nothing is read")
	require.True(t, trace.SpanContextFromContext(ofCall).IsValid())
}
