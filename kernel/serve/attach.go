package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/hashicorp/go-plugin"

	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// attaching is the folder in which a portal waits for this program; empty when a portal started it, or nobody waits.
func attaching() string {
	if os.Getenv(wire.CookieKey) == wire.CookieValue {
		return ""
	}
	return os.Getenv(EnvAttach)
}

// serveAttached serves until the portal lets the program go, or it is interrupted.
func serveAttached(ctx context.Context, config *plugin.ServeConfig, folder, id string) error {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.Setenv(plugin.EnvUnixSocketDir, folder); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	ready, ended := make(chan *plugin.ReattachConfig, 1), make(chan struct{})
	config.Test = &plugin.ServeTestConfig{Context: ctx, ReattachConfigCh: ready, CloseCh: ended}
	go plugin.Serve(config)
	select {
	case at := <-ready:
		path := filepath.Join(folder, id+".json")
		if err := tell(path, wire.Attached{Address: at.Addr.String(), PID: at.Pid}); err != nil {
			return err
		}
		defer func() { _ = os.Remove(path) }()
		_, _ = fmt.Fprintf(os.Stderr, "Module %s waits for a portal with modules.%s.attach: true. Ctrl-C ends it.\n", id, id)
		<-ended
		return nil
	case <-ended:
		return fmt.Errorf("no socket could be made in %s: its path may be too long", folder)
	}
}

// tell writes the file that the portal looks for, whole or not at all.
func tell(path string, at wire.Attached) error {
	text, err := json.Marshal(at)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
