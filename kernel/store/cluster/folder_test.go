//go:build unix

package cluster

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func atoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	require.NoError(t, err)
	return n
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestTwoAtOnce(t *testing.T) {
	t.Parallel()
	dir := config(t, openTemp(t)).Dir
	p := startPortal(t, "portal", dir, dir, nil)
	require.NotZero(t, p.pid, p.line)
	before := snapshot(t, p.data)

	_, err := start(t.Context(), Config{Dir: dir}, options{elsewhere: dir})
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, p.cmd.Process.Pid, inUse.PID)
	require.False(t, inUse.Server)
	require.Equal(t, filepath.Join(dir, "postgres"), inUse.Dir)
	require.ErrorContains(t, err, itoa(p.cmd.Process.Pid))
	require.ErrorContains(t, err, dir)

	// By another name of the same folder too.
	link := dir + "-link"
	require.NoError(t, os.Symlink(dir, link))
	_, err = start(t.Context(), Config{Dir: link}, options{elsewhere: dir})
	require.ErrorAs(t, err, &inUse)

	require.Equal(t, before, snapshot(t, p.data))
	require.Equal(t, "1", query(t, p.dsn, "select '1'"))
	p.in.Close()
	require.NoError(t, p.cmd.Wait())
	mustStart(t, Config{Dir: dir}, options{})
}

// Many at the very same time: one gets the folder, all others the error.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	type result struct {
		c   *Cluster
		err error
	}
	results := make(chan result)
	for range 6 {
		go func() {
			c, err := start(t.Context(), cfg, options{elsewhere: dir})
			results <- result{c, err}
		}()
	}
	var running []*Cluster
	for range 6 {
		r := <-results
		if r.err == nil {
			running = append(running, r.c)
			continue
		}
		var inUse *InUseError
		require.ErrorAs(t, r.err, &inUse)
		require.Equal(t, os.Getpid(), inUse.PID)
	}
	require.Len(t, running, 1)
	require.Equal(t, "1", query(t, running[0].DSN(), "select '1'"))
	require.NoError(t, running[0].Stop(t.Context()))
}

// A folder that was let go of is free at once, though a child of this process that was just forked still has the files
// of its locks: until such a child runs its program, it has all that this process has.
func TestFolderIsFreeAfterClose(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	first, err := openFolder(t.Context(), dir, dir, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	child, err := syscall.Dup(int(first.locks[0].Fd()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, syscall.Close(child)) })
	first.close()

	second, err := openFolder(t.Context(), dir, dir, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	second.close()
}

// A copy of a folder, made while it runs, is a cluster of its own.
func TestCopiedFolder(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	first := mustStart(t, cfg, options{})
	other := filepath.Join(dir, "copy")
	require.NoError(t, exec.Command("cp", "-a", cfg.Dir, other).Run())
	cfg.Dir = other
	second := mustStart(t, cfg, options{})
	require.NotEqual(t, first.socket, second.socket)
	require.Equal(t, "1", query(t, first.DSN(), "select '1'"))
	require.Equal(t, "1", query(t, second.DSN(), "select '1'"))
	require.NoError(t, first.Err())
}

func TestOtherMajor(t *testing.T) {
	t.Parallel()
	for name, version := range map[string]string{"newer": "99", "older": "9"} {
		t.Run(name, func(t *testing.T) {
			dir := openTemp(t)
			cfg := config(t, dir)
			first := mustStart(t, cfg, options{})
			require.NoError(t, first.Stop(t.Context()))
			require.NoError(t, os.WriteFile(filepath.Join(first.Data(), "PG_VERSION"), []byte(version+"\n"), 0o600))
			before := snapshot(t, cfg.Dir)

			_, err := start(t.Context(), cfg, options{elsewhere: dir})
			var wrong *MajorError
			require.ErrorAs(t, err, &wrong)
			require.Equal(t, itoa(wrong.Need), version)
			require.Equal(t, first.Data(), wrong.Data)
			require.NotEmpty(t, wrong.Have)
			require.ErrorContains(t, err, "written by Postgres "+version)
			require.ErrorContains(t, err, "pg_upgrade")
			require.Equal(t, before, snapshot(t, cfg.Dir))
		})
	}
}

func TestNotACluster(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	data := filepath.Join(cfg.Dir, "postgres", "data")
	require.NoError(t, os.MkdirAll(data, 0o755))
	if a, err := chooseAccount(filepath.Join(dir, "none")); err == nil {
		require.NoError(t, a.give(data))
	}
	require.NoError(t, os.WriteFile(filepath.Join(data, "letters"), []byte("dear"), 0o600))
	_, err := start(t.Context(), cfg, options{elsewhere: dir})
	var wrong *FolderError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, data, wrong.Path)
	require.FileExists(t, filepath.Join(data, "letters"))
}

// Root, with a data folder that nobody else can reach.
func TestRootBelowAClosedFolder(t *testing.T) {
	asRoot(t)
	t.Parallel()
	dir := openTemp(t)
	home := filepath.Join(dir, "root's home")
	require.NoError(t, os.Mkdir(home, 0o700))
	cfg := config(t, home)
	away := filepath.Join(dir, "var lib")
	var log syncBuffer
	cfg.Log = logTo(&log)

	first := mustStart(t, cfg, options{elsewhere: away})
	require.Equal(t, away, filepath.Dir(filepath.Dir(first.Data())))
	require.Contains(t, log.String(), first.folder.base)
	require.NotZero(t, owner(t, first.Data()))
	require.Equal(t, owner(t, first.Data()), processOwner(t, first.server.cmd.Process.Pid))
	execute(t, first.DSN(), "create table kept as select 42 as n")
	require.NoError(t, first.Stop(t.Context()))

	second := mustStart(t, cfg, options{elsewhere: filepath.Join(dir, "changed since")})
	require.Equal(t, first.Data(), second.Data())
	require.Equal(t, "42", query(t, second.DSN(), "select n::text from kept"))

	// A copy of the folder shares the data and must not run beside it.
	other := cfg
	other.Dir = filepath.Join(home, "copy")
	require.NoError(t, exec.Command("cp", "-a", cfg.Dir, other.Dir).Run())
	_, err := start(t.Context(), other, options{elsewhere: away})
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse)
	require.Equal(t, first.folder.base, inUse.Dir)
	require.NoError(t, second.Stop(t.Context()))

	// Data that went missing is not replaced by an empty cluster.
	require.NoError(t, os.Rename(first.folder.base, first.folder.base+"-moved"))
	_, err = start(t.Context(), cfg, options{elsewhere: away})
	var missing *FolderError
	require.ErrorAs(t, err, &missing)
	require.Equal(t, first.folder.base, missing.Path)
	require.NoDirExists(t, first.folder.base)
}

// Root, with a data folder that others can pass into, and after it was closed.
func TestRootInAnOpenFolder(t *testing.T) {
	asRoot(t)
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	c := mustStart(t, cfg, options{})
	require.Equal(t, filepath.Join(cfg.Dir, "postgres", "data"), c.Data())
	require.NotZero(t, owner(t, c.Data()))
	require.NoError(t, c.Stop(t.Context()))

	require.NoError(t, os.Chmod(dir, 0o700))
	_, err := start(t.Context(), cfg, options{elsewhere: dir})
	var closed *FolderError
	require.ErrorAs(t, err, &closed)
	require.Contains(t, closed.Problem, "chmod o+x")
}

// The whole as an ordinary user, killed and started again.
func TestAsAUser(t *testing.T) {
	asRoot(t)
	t.Parallel()
	dir := openTemp(t)
	user := account{name: "nobody", uid: 65534, gid: 65534, other: true} // initdb needs one with a name
	home := filepath.Join(dir, "home of a user")
	require.NoError(t, user.ownDir(home, 0o700))
	cfg := filepath.Join(home, "portal")

	p := startPortal(t, "portal", cfg, "/nowhere", &user, "HOME="+home)
	require.NotZero(t, p.pid, p.line)
	require.Equal(t, filepath.Join(cfg, "postgres", "data"), p.data)
	require.Equal(t, user.uid, owner(t, p.data))
	require.Equal(t, user.uid, processOwner(t, p.pid))
	execute(t, p.dsn, "create table kept as select 42 as n")
	p.kill(t)
	gone(t, p.pid)

	again := startPortal(t, "portal", cfg, "/nowhere", &user, "HOME="+home)
	require.NotZero(t, again.pid, again.line)
	require.Equal(t, "42", query(t, again.dsn, "select n::text from kept"))
	again.in.Close()
	require.NoError(t, again.cmd.Wait())

	// Root does not work in a user's folder, where the user could put links.
	_, err := start(t.Context(), Config{Dir: cfg}, options{elsewhere: dir})
	var wrong *FolderError
	require.ErrorAs(t, err, &wrong)
	require.ErrorContains(t, err, "start it as that user")

	throwaway := startPortal(t, "throwaway", "", "", &user, "HOME="+home)
	require.NotZero(t, throwaway.pid, throwaway.line)
	require.DirExists(t, filepath.Join(home, ".cache", "cabinet-templates"))
	throwaway.kill(t)
	gone(t, throwaway.pid)
	require.NoError(t, poll(t.Context(), func() (bool, error) {
		_, err := os.Stat(throwaway.data)
		return os.IsNotExist(err), nil
	}))
	require.NoError(t, os.RemoveAll(filepath.Dir(filepath.Dir(throwaway.data))))
}

// processOwner returns the uid a process runs as.
func processOwner(t *testing.T, pid int) int {
	t.Helper()
	out, err := exec.Command("ps", "-o", "uid=", "-p", itoa(pid)).Output()
	require.NoError(t, err)
	return atoi(t, strings.TrimSpace(string(out)))
}

// What others put in the way of the socket's folder is not used.
func TestSocketFolder(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	me := account{name: "me", uid: os.Geteuid(), gid: os.Getegid()}
	f := &folder{account: me}
	var wrong *FolderError

	target := filepath.Join(dir, "target")
	require.NoError(t, os.Mkdir(target, 0o700))
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink(target, link))
	_, err := socketDir(f, link)
	require.ErrorAs(t, err, &wrong)

	open := filepath.Join(dir, "open")
	require.NoError(t, os.Mkdir(open, 0o700))
	require.NoError(t, os.Chmod(open, 0o755))
	_, err = socketDir(f, open)
	require.ErrorAs(t, err, &wrong)

	_, err = socketDir(f, filepath.Join(dir, strings.Repeat("long", 25)))
	require.ErrorContains(t, err, "longer than 103 bytes")

	if os.Geteuid() == 0 {
		foreign := filepath.Join(dir, "foreign")
		require.NoError(t, os.Mkdir(foreign, 0o700))
		require.NoError(t, os.Chown(foreign, 54321, 54321))
		_, err = socketDir(f, foreign)
		require.ErrorAs(t, err, &wrong)
	}

	good, err := socketDir(f, target)
	require.NoError(t, err)
	require.Equal(t, target, good)
}

func TestHomeOthersMayWriteTo(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	home := filepath.Join(dir, "postgres")
	require.NoError(t, os.Mkdir(home, 0o700))
	require.NoError(t, os.Chmod(home, 0o777))
	_, err := start(t.Context(), Config{Dir: dir}, options{elsewhere: dir})
	var wrong *FolderError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, home, wrong.Path)
}
