package serve

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"
)

// leashFD is the descriptor of a pipe whose other end the portal holds: it ends when the portal does, however that ends.
const leashFD = 3

// grace is how long what is under way has once the portal is gone.
const grace = 2 * time.Second

// followPortal ends the work, and then the program, when the portal is gone.
func followPortal(ctx context.Context, end context.CancelFunc, log *slog.Logger) {
	pipe := os.NewFile(leashFD, "leash")
	if pipe == nil {
		return
	}
	if _, err := pipe.Stat(); err != nil {
		return // started without one, as by a debugger
	}
	go func() {
		_, _ = io.Copy(io.Discard, pipe)
		if ctx.Err() != nil {
			return // the portal let the process go, which ends by itself
		}
		log.WarnContext(ctx, "the portal is gone: ending")
		end()
		time.AfterFunc(grace, func() { os.Exit(1) })
	}()
}
