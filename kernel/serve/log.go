package serve

import (
	"io"
	"log/slog"
)

// newHandler writes records as JSON lines, which the portal reads from the process's standard error.
func newHandler(out io.Writer) slog.Handler {
	return slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})
}
