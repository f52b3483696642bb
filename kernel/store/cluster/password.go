//go:build unix

package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"
)

// newPassword returns a password of 130 random bits, of capital letters and digits alone.
func newPassword() string { return rand.Text() }

// readPassword returns the superuser's password. An empty one means that it was lost.
func readPassword(path string) (string, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return strings.TrimSpace(string(b)), err
}

// resetPassword gives the superuser a new password, when the file with the old one
// was lost, for instance because only the data was restored from a backup.
// The server must not be running.
func resetPassword(ctx context.Context, p Programs, f *folder, log *slog.Logger) (string, error) {
	password := newPassword()
	said := &output{keep: 30}
	cmd, leash, err := leashed(ctx, f.account, watch{signal: "INT"}, p.path("postgres"),
		"--single", "-D", f.data(), "-c", "log_min_error_statement=panic", "postgres")
	if err != nil {
		return "", err
	}
	defer leash.Close()
	cmd.Stdin = strings.NewReader("alter role postgres with login password '" + password + "'\n")
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	err = cmd.Run()
	leash.release()
	if ctx.Err() != nil {
		return "", fmt.Errorf("setting a new superuser password was stopped: %w", context.Cause(ctx))
	}
	// In this mode a failed statement does not show in the exit status.
	if err != nil || strings.Contains(said.tail(), "ERROR:") {
		return "", &ServerError{Data: f.data(), Output: said.tail(), Err: fmt.Errorf("the lost superuser password could not be set anew: %w", err)}
	}
	log.WarnContext(ctx, "the superuser's password was lost and has been set anew", "path", f.password())
	return password, writeFile(f.password(), password+"\n")
}
