//go:build unix

package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc/connectivity"

	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// attachAgain is how often it is looked whether somebody started the program.
const attachAgain = 200 * time.Millisecond

var errDetached = errors.New("it is not attached any more")

// attach waits for a program that somebody starts by hand, as in a debugger, and connects to it. It is not killed when it
// does not answer: it may stand at a breakpoint.
func (h *Host) attach(ctx context.Context, spec Spec) (_ *instance, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, h.cfg.Timing.Attach, fmt.Errorf("nobody started it: run it with %s=%s", wire.EnvAttach, spec.Attach))
	defer cancel()
	at, err := h.awaited(ctx, spec)
	if err != nil {
		return nil, err
	}
	in := &instance{flood: make(chan struct{}), attached: true}
	if in.folder, err = os.MkdirTemp(h.dir, "attached-"); err != nil {
		return nil, err
	}
	in.pages = newPagesConn(in.folder)
	in.process = &process{exited: make(chan struct{}), pid: at.PID, attached: true}
	in.client = plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: wire.Handshake(), Plugins: plugin.PluginSet{"module": carrier{}}, AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger: hclog.NewNullLogger(), GRPCDialOptions: wire.DialOptions(),
		Reattach: &plugin.ReattachConfig{
			Protocol: plugin.ProtocolGRPC, ProtocolVersion: wire.Protocol, Pid: at.PID, Addr: &net.UnixAddr{Net: "unix", Name: at.Address},
			ReattachFunc: func() (runner.AttachedRunner, error) { return in.process, nil },
		},
	})
	if err := in.connect(); err != nil {
		close(in.process.exited)
		in.kill(h.cfg.Timing.Kill)
		return nil, err
	}
	go in.follow()
	return in, nil
}

// follow closes exited when the connection to an attached process has ended, and with it the process.
func (in *instance) follow() {
	in.conn.Connect()
	was := false
	for {
		state := in.conn.GetState()
		was = was || state == connectivity.Ready
		if was && state != connectivity.Ready || state == connectivity.Shutdown {
			in.process.err = errDetached
			close(in.process.exited)
			return
		}
		in.conn.WaitForStateChange(context.Background(), state) //nolint:forbidigo // it ends with the connection
	}
}

// awaited waits until the program says where it serves.
func (h *Host) awaited(ctx context.Context, spec Spec) (wire.Attached, error) {
	if err := ownFolder(spec.Attach); err != nil {
		return wire.Attached{}, err
	}
	ticker := time.NewTicker(attachAgain)
	defer ticker.Stop()
	for said := false; ; said = true {
		at, err := attached(spec)
		if err == nil {
			return at, nil
		}
		if !said {
			h.cfg.Log.WarnContext(ctx, "a module's program is waited for: start it in a debugger", "module", spec.ID, "environment", wire.EnvAttach+"="+spec.Attach)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return wire.Attached{}, context.Cause(ctx)
		}
	}
}

// ownFolder makes a folder that is this user's alone, or finds that it is.
func ownFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || info.Mode().Perm()&0o077 != 0 || !ok || int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s must be a folder of this user that is closed to others: chmod 700 it, or name another", path)
	}
	return nil
}

// attached reads where a program serves, and finds out whether it does.
func attached(spec Spec) (at wire.Attached, err error) {
	text, err := os.ReadFile(filepath.Join(spec.Attach, spec.ID+".json"))
	if err != nil {
		return at, err
	}
	if err := json.Unmarshal(text, &at); err != nil {
		return at, err
	}
	if filepath.Dir(at.Address) != filepath.Clean(spec.Attach) || at.PID <= 0 {
		return at, errors.New("it serves elsewhere")
	}
	conn, err := net.Dial("unix", at.Address) //nolint:noctx // it answers at once
	if err != nil {
		return at, err
	}
	return at, conn.Close()
}
