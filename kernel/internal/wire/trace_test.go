package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

func TestTraceparentThereAndBack(t *testing.T) {
	const text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	ctx := wire.WithTraceparent(t.Context(), text)
	require.True(t, trace.SpanContextFromContext(ctx).IsSampled())
	require.True(t, trace.SpanContextFromContext(ctx).IsRemote())
	require.Equal(t, text, wire.Traceparent(ctx))
	require.Empty(t, wire.Traceparent(t.Context()))
	for _, broken := range []string{
		"", text[1:], text + "0", strings.ToUpper(text), "ff" + text[2:], strings.ReplaceAll(text, "-", "_"),
		"00-" + strings.Repeat("0", 32) + text[35:], text[:36] + strings.Repeat("0", 16) + "-01", text[:53] + "zz", strings.Replace(text, "4", "g", 1),
	} {
		require.Equal(t, t.Context(), wire.WithTraceparent(t.Context(), broken), broken)
	}
}
