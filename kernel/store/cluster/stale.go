//go:build unix

package cluster

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is what can be learnt of a process of any user.
type process struct {
	alive   bool   // false also for one that has ended and was not reaped
	command string // its command line, the arguments apart by a space or a zero byte
}

// marker is the part of a server's command line that tells whose it is.
func (f *folder) marker() string { return "cluster_name=cabinet-" + f.name() }

// takeOver deals with the postmaster.pid that is there although no portal runs. The server
// it names may still run, because its watcher was killed too or is stopping it
// just now; then it is stopped. Otherwise the number means nothing any more.
func takeOver(ctx context.Context, f *folder, log *slog.Logger) error {
	root, err := os.OpenRoot(f.data())
	if err != nil {
		return err
	}
	defer root.Close()
	text, err := root.ReadFile("postmaster.pid")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || pid == 0 {
		// Cut off by a crash. Postgres would not start with it.
		return root.Remove("postmaster.pid")
	}
	pid = max(pid, -pid) // negative in single-user mode
	p := lookUp(ctx, pid)
	switch {
	case p.alive && strings.Contains(p.command, f.marker()):
		log.WarnContext(ctx, "stopping the server that a killed portal left behind", "pid", pid)
		return stopLeft(ctx, f, pid)
	case p.alive && isServer(p.command) && strings.Contains(p.command, f.data()):
		return &InUseError{Dir: f.data(), PID: pid, Server: true}
	}
	// The process may have ended, or the number may be another process's by now,
	// in which case Postgres would not start. Removing the file would also
	// skip Postgres's own check that no process still uses the shared memory which the file
	// names, so only the number is changed: to ours, as Postgres takes its
	// parent's number for stale.
	name := ".postmaster.pid-" + rand.Text()
	text = append([]byte(strconv.Itoa(os.Getpid())+"\n"), rest...)
	if err := root.WriteFile(name, text, 0o600); err != nil {
		return err
	}
	if f.account.other {
		if err := root.Lchown(name, f.account.uid, f.account.gid); err != nil {
			return err
		}
	}
	return root.Rename(name, "postmaster.pid")
}

// isServer reports whether a command line is one of Postgres's server.
func isServer(command string) bool {
	program, _, _ := strings.Cut(command, "\x00")
	program, _, _ = strings.Cut(program, " -")
	switch filepath.Base(program) {
	case "postgres", "postmaster":
		return true
	}
	return false
}

// stopLeft stops the server pid, at first kindly.
func stopLeft(ctx context.Context, f *folder, pid int) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, fastWait}, {syscall.SIGQUIT, immediateWait}} {
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("cannot stop the server (pid %d) that a killed portal left behind: %w", pid, err)
		}
		ended, cancel := context.WithTimeout(ctx, step.wait)
		err := poll(ended, func() (bool, error) {
			p := lookUp(ctx, pid)
			return !p.alive || !strings.Contains(p.command, f.marker()), nil
		})
		cancel()
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return &InUseError{Dir: f.data(), PID: pid, Server: true}
}
