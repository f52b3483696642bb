//go:build unix

package cluster

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stagingPrefix begins the names of folders in which data is made before it
// gets its own name.
const stagingPrefix = ".new-"

// locales are tried in turn: macOS before 14 has no C.UTF-8.
var locales = []string{"C.UTF-8", "C"}

// initOptions are the options of initdb, without the folder, the password and the locale.
func initOptions(fast bool) []string {
	options := []string{
		"--username=postgres", "--encoding=UTF8", "--lc-messages=C",
		"--auth=scram-sha-256", "--no-instructions",
	}
	if fast {
		return append(options, "--no-sync", "--wal-segsize=1")
	}
	return append(options, "--data-checksums")
}

// dataMajor returns the major version that wrote the data, or 0 when there is none yet.
func dataMajor(data string) (int, error) {
	info, err := os.Lstat(data)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	b, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	major, bad := strconv.Atoi(strings.TrimSpace(string(b)))
	if !info.IsDir() || err != nil || bad != nil {
		return 0, &FolderError{data, "is not the data of a Postgres cluster, its PG_VERSION says no version:" +
			" put it back from a backup, or move it away to begin with no data; nothing was changed"}
	}
	return major, nil
}

// stage makes data in a folder of another name below base, by make, and gives it
// its own name once it is whole: data that is there is whole data. Before that, finish is called.
func stage(base string, a account, make func(staging string) error, finish func() error) error {
	// Left by portals that were killed; the lock says that none is at work now.
	left, err := filepath.Glob(filepath.Join(globEscape(base), stagingPrefix+"*"))
	if err != nil {
		return err
	}
	for _, dir := range left {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	staging := filepath.Join(base, stagingPrefix+strings.ToLower(rand.Text()))
	if err := a.ownDir(staging, 0o700); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(staging) }()
	if err := make(staging); err != nil {
		return err
	}
	made := filepath.Join(staging, "data")
	info, err := os.Lstat(made)
	if err != nil {
		return err
	}
	if !info.IsDir() || int(info.Sys().(*syscall.Stat_t).Uid) != a.uid {
		return &FolderError{made, "was replaced by something else while it was made"}
	}
	if err := finish(); err != nil {
		return err
	}
	if err := os.Rename(made, filepath.Join(base, "data")); err != nil {
		return err
	}
	return syncDir(base)
}

// globEscape makes a path mean itself in a glob.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// initdb makes staging/data with initdb.
func initdb(ctx context.Context, p Programs, a account, staging, password string, fast bool) error {
	// By os.Root, as the folder is another user's when the portal is root.
	root, err := os.OpenRoot(staging)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, locale := range locales {
		err = initdbLocale(ctx, root, p, a, staging, password, locale, fast)
		var failed *InitError
		if !errors.As(err, &failed) || !strings.Contains(failed.Output, "invalid locale") {
			return err
		}
	}
	return err
}

// tuned ends the postgresql.conf of a new cluster, whose owner may change it. Where much is written, a checkpoint after each half gigabyte costs more than the
// changes: each page is written to the log whole when it changes first after one.
const tuned = "\n# What the portal began with.\nmax_wal_size = 4GB\n"

func tune(staging *os.Root) error {
	f, err := staging.OpenFile(filepath.Join("data", "postgresql.conf"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(tuned)
	return errors.Join(err, f.Close())
}

func initdbLocale(ctx context.Context, root *os.Root, p Programs, a account, staging, password, locale string, fast bool) error {
	if err := root.WriteFile("password", []byte(password+"\n"), 0o600); err != nil {
		return err
	}
	defer func() { _ = root.Remove("password") }()
	if a.other {
		if err := root.Lchown("password", a.uid, a.gid); err != nil {
			return err
		}
	}
	data := filepath.Join(staging, "data")
	args := append(initOptions(fast), "--locale="+locale, "--pwfile="+filepath.Join(staging, "password"), "--pgdata="+data)
	said := &output{keep: 30}
	cmd, leash, err := leashed(ctx, a, watch{signal: "KILL"}, p.path("initdb"), args...)
	if err != nil {
		return err
	}
	defer leash.Close()
	cmd.Stdout, cmd.Stderr = said, said
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 5 * time.Second
	err = cmd.Run()
	leash.release()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("initdb was stopped: %w", context.Cause(ctx))
	case err != nil:
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return err
		}
		if strings.Contains(said.tail(), "could not look up effective user ID") {
			err = fmt.Errorf("%w (uid %d has no name: give it a line in /etc/passwd, or set DATABASE_URL)", err, a.uid)
		}
		return &InitError{Data: data, Output: said.tail(), Err: err}
	case !fast:
		return tune(root)
	}
	return nil
}
