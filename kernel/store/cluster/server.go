//go:build unix

package cluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	fastWait      = 30 * time.Second // for a fast shutdown to end
	immediateWait = 10 * time.Second // for an immediate one
)

// server is one running server process.
type server struct {
	cmd  *exec.Cmd
	data string
	said *output
	done chan struct{} // closed when it has ended and was reaped
	err  error         // how it ended; read after done
}

// serverOptions are the settings that the portal relies on. On the command line
// they win over postgresql.conf, where everything else may be tuned.
func serverOptions(f *folder, socket string, fast bool) []string {
	settings := []string{
		"listen_addresses=",
		"port=" + strconv.Itoa(port),
		"unix_socket_directories=" + quoteList(socket),
		"unix_socket_permissions=0700",
		f.marker(),
		"password_encryption=scram-sha-256",
		// Standard error, which the portal reads, in words it knows.
		"logging_collector=off", "log_destination=stderr", "log_line_prefix=", "lc_messages=C",
		"log_min_messages=warning",
		// Statements and details hold people's names and addresses.
		"log_min_error_statement=panic", "log_error_verbosity=terse",
	}
	if fast {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
			"wal_level=minimal", "max_wal_senders=0", "max_connections=200")
	}
	args := []string{"-D", f.data()}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// quoteList quotes the one element of a setting that is a list.
func quoteList(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// launch starts the server process.
func launch(ctx context.Context, p Programs, f *folder, w watch, socket string, fast bool, log *slog.Logger) (*server, error) {
	ctx = context.WithoutCancel(ctx) // it runs until it is stopped
	s := &server{data: f.data(), said: &output{keep: 30, log: log, ctx: ctx}, done: make(chan struct{})}
	cmd, leash, err := leashed(ctx, f.account, w, p.path("postgres"), serverOptions(f, socket, fast)...)
	if err != nil {
		return nil, err
	}
	cmd.Stderr = s.said
	cmd.WaitDelay = immediateWait // for processes of the server that outlive it
	if err := cmd.Start(); err != nil {
		leash.Close()
		return nil, fmt.Errorf("cannot start %s as %s: %w", p.path("postgres"), f.account.name, err)
	}
	s.cmd = cmd
	go func() {
		s.err = cmd.Wait()
		leash.release()
		close(s.done)
	}()
	return s, nil
}

// ready waits until the server takes connections. Recovering after a crash may
// take minutes, so only ctx limits it.
func (s *server) ready(ctx context.Context) error {
	started := time.Now()
	status := filepath.Join(s.data, "postmaster.pid")
	told := false
	return poll(ctx, func() (bool, error) {
		select {
		case <-s.done:
			return false, s.ended()
		default:
		}
		if !told && time.Since(started) > 10*time.Second {
			told = true
			s.said.log.InfoContext(ctx, "the database is still starting; after a crash it first recovers", "path", s.data)
		}
		b, err := os.ReadFile(status)
		if err != nil {
			return false, nil //nolint:nilerr // not yet there
		}
		// Line 1 is the pid and line 8 the status, since Postgres 10.
		lines := strings.Split(string(b), "\n")
		return len(lines) >= 8 && lines[0] == strconv.Itoa(s.cmd.Process.Pid) && strings.TrimSpace(lines[7]) == "ready", nil
	})
}

// ended is the error for a server that has ended by itself.
func (s *server) ended() error {
	err := s.err
	if err == nil {
		err = errors.New("exit status 0")
	}
	return &ServerError{Data: s.data, Output: s.said.tail(), Err: err}
}

// stop stops the server with the signal first, then with SIGQUIT, which is
// immediate, when it takes longer than fastWait or ctx. The next start then recovers.
func (s *server) stop(ctx context.Context, first syscall.Signal, log *slog.Logger) error {
	s.said.stop()
	after := context.WithoutCancel(ctx)
	for _, step := range []struct {
		ctx    context.Context
		signal syscall.Signal
		wait   time.Duration
	}{{ctx, first, fastWait}, {after, syscall.SIGQUIT, immediateWait}, {after, syscall.SIGKILL, immediateWait}} {
		// An error means that it has ended, which done tells as well.
		_ = s.cmd.Process.Signal(step.signal)
		limit, cancel := context.WithTimeout(step.ctx, step.wait)
		select {
		case <-s.done:
			cancel()
			return nil
		case <-limit.Done():
			cancel()
			log.WarnContext(ctx, "the database is slow to stop", "signal", step.signal.String(), "pid", s.cmd.Process.Pid)
		}
	}
	return fmt.Errorf("the Postgres server (pid %d) on %s does not end: kill it", s.cmd.Process.Pid, s.data)
}
