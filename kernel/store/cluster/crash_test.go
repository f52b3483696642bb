//go:build unix

package cluster

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// The portal is killed; the server goes away by itself, and the next start has the data.
func TestKilledPortal(t *testing.T) {
	t.Parallel()
	dir := config(t, openTemp(t)).Dir
	p := startPortal(t, "portal", dir, dir, nil)
	require.NotZero(t, p.pid, p.line)
	execute(t, p.dsn, "create table kept as select 42 as n")
	p.kill(t)
	gone(t, p.pid)
	require.NoFileExists(t, filepath.Join(p.data, "postmaster.pid"), "it was not a clean shutdown")

	again := mustStart(t, Config{Dir: dir}, options{})
	require.Equal(t, "42", query(t, again.DSN(), "select n::text from kept"))
}

// The next start does not wait for the watcher of the killed portal to be done.
func TestKilledPortalIsStartedAgainAtOnce(t *testing.T) {
	t.Parallel()
	dir := config(t, openTemp(t)).Dir
	p := startPortal(t, "portal", dir, dir, nil)
	require.NotZero(t, p.pid, p.line)
	execute(t, p.dsn, "create table kept as select 42 as n")
	p.kill(t)
	again := mustStart(t, Config{Dir: dir}, options{})
	require.Equal(t, "42", query(t, again.DSN(), "select n::text from kept"))
	require.False(t, lookUp(t.Context(), p.pid).alive)
}

// Portal, watcher and server are killed, as when the machine's memory is full: recovery.
func TestKilledWithTheServer(t *testing.T) {
	t.Parallel()
	dir := config(t, openTemp(t)).Dir
	p := startPortal(t, "portal", dir, dir, nil)
	require.NotZero(t, p.pid, p.line)
	execute(t, p.dsn, "set synchronous_commit = on; create table kept as select 42 as n; insert into kept select 1 from generate_series(1, 1000)")
	killWatcher(t, p.pid)
	require.NoError(t, syscall.Kill(p.pid, syscall.SIGKILL))
	p.kill(t)
	gone(t, p.pid)
	require.FileExists(t, filepath.Join(p.data, "postmaster.pid"))

	again := mustStart(t, Config{Dir: dir}, options{})
	require.Equal(t, "1001", query(t, again.DSN(), "select count(*)::text from kept"))
}

// Portal and watcher are killed, the server runs on: the next start stops it.
func TestServerLeftBehind(t *testing.T) {
	t.Parallel()
	dir := config(t, openTemp(t)).Dir
	p := startPortal(t, "portal", dir, dir, nil)
	require.NotZero(t, p.pid, p.line)
	execute(t, p.dsn, "create table kept as select 42 as n")
	killWatcher(t, p.pid)
	p.kill(t)
	require.True(t, lookUp(t.Context(), p.pid).alive, "the server ended although nobody was there to end it")
	require.Equal(t, "42", query(t, p.dsn, "select n::text from kept"))

	var log syncBuffer
	again := mustStart(t, Config{Dir: dir, Log: logTo(&log)}, options{})
	require.False(t, lookUp(t.Context(), p.pid).alive)
	require.Contains(t, log.String(), "stopping the server that a killed portal left behind")
	require.Equal(t, "42", query(t, again.DSN(), "select n::text from kept"))
}

// A process of a killed server still uses the data: the start waits until it has ended.
func TestProcessOfAKilledServer(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	first := mustStart(t, cfg, options{})
	conn, err := pgx.Connect(t.Context(), first.DSN())
	require.NoError(t, err)
	backend := int(conn.PgConn().PID())
	require.NoError(t, syscall.Kill(backend, syscall.SIGSTOP))
	defer func() { _ = syscall.Kill(backend, syscall.SIGCONT) }()
	require.NoError(t, syscall.Kill(first.server.cmd.Process.Pid, syscall.SIGKILL))
	gone(t, first.server.cmd.Process.Pid)
	first.folder.close() // as if the portal had been killed with it
	require.NoError(t, conn.PgConn().Conn().Close())

	waited := false
	cfg.Log = slog.New(slog.NewTextHandler(writerFunc(func(b []byte) (int, error) {
		if bytes.Contains(b, []byte("waiting for what is left of a killed server")) {
			waited = true
			return len(b), syscall.Kill(backend, syscall.SIGCONT)
		}
		return len(b), nil
	}), nil))
	c := mustStart(t, cfg, options{})
	require.True(t, waited)
	require.Equal(t, "1", query(t, c.DSN(), "select '1'"))
	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, first.Stop(t.Context()))
}

// writerFunc is a function as an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// killWatcher kills the watcher of a server.
func killWatcher(t *testing.T, server int) {
	t.Helper()
	all := watchers(t, server)
	require.Len(t, all, 1, "watchers of server %d", server)
	require.NoError(t, syscall.Kill(all[0], syscall.SIGKILL))
	gone(t, all[0])
}

// watchers lists the watchers of a server, which are in its process group.
func watchers(t *testing.T, server int) (pids []int) {
	t.Helper()
	out, err := exec.Command("ps", "-A", "-o", "pid=,pgid=,stat=,args=").Output()
	require.NoError(t, err)
	for _, line := range strings.Split(string(out), "\n") {
		fields := strings.Fields(line)
		if !strings.Contains(line, "cabinet-watch") || strings.HasPrefix(fields[2], "Z") {
			continue
		}
		if pid := atoi(t, fields[0]); atoi(t, fields[1]) == server && pid != server {
			pids = append(pids, pid)
		}
	}
	return pids
}

// A stale postmaster.pid names a number that is by now another process's.
func TestStalePID(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	first := mustStart(t, cfg, options{})
	execute(t, first.DSN(), "create table kept as select 42 as n")
	text, err := os.ReadFile(filepath.Join(first.Data(), "postmaster.pid"))
	require.NoError(t, err)
	require.NoError(t, first.Stop(t.Context()))

	// A process of the server's own user, the only kind that keeps Postgres from starting.
	stranger := exec.Command("/bin/cat")
	stranger.SysProcAttr = first.folder.account.attr()
	hold, err := stranger.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, stranger.Start())
	defer func() { hold.Close(); _ = stranger.Wait() }()

	dead := exec.Command("/bin/true")
	require.NoError(t, dead.Run())

	zombie := exec.Command("/bin/cat")
	zombie.SysProcAttr = first.folder.account.attr()
	require.NoError(t, zombie.Start()) // its input is empty: it ends, and is reaped below
	defer func() { _ = zombie.Wait() }()
	gone(t, zombie.Process.Pid)
	require.NoError(t, syscall.Kill(zombie.Process.Pid, 0), "the zombie has been reaped")

	for name, pid := range map[string]int{
		"another process":   stranger.Process.Pid,
		"ended":             dead.Process.Pid,
		"ended, not reaped": zombie.Process.Pid,
		"the portal":        os.Getpid(),
		"pid 1":             1,
		"negative":          -stranger.Process.Pid,
	} {
		t.Run(name, func(t *testing.T) {
			pidFile(t, first.Data(), text, pid)
			c := mustStart(t, cfg, options{})
			require.Equal(t, "42", query(t, c.DSN(), "select n::text from kept"))
			require.NoError(t, c.Stop(t.Context()))
		})
	}
	require.True(t, lookUp(t.Context(), stranger.Process.Pid).alive, "a stranger was stopped")

	t.Run("empty", func(t *testing.T) {
		path := filepath.Join(first.Data(), "postmaster.pid")
		require.NoError(t, os.WriteFile(path, nil, 0o600))
		c := mustStart(t, cfg, options{})
		require.NoError(t, c.Stop(t.Context()))
	})
	t.Run("the socket's lock", func(t *testing.T) {
		require.NoError(t, first.folder.account.ownDir(first.socket, 0o700))
		lock := filepath.Join(first.socket, ".s.PGSQL.5432.lock")
		_, rest, _ := bytes.Cut(text, []byte("\n"))
		require.NoError(t, os.WriteFile(lock, append([]byte(itoa(stranger.Process.Pid)+"\n"), rest...), 0o600))
		require.NoError(t, first.folder.account.give(lock))
		c := mustStart(t, cfg, options{})
		require.NoError(t, c.Stop(t.Context()))
	})
}

// A server somebody started by hand is neither stopped nor joined.
func TestServerStartedByHand(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	first := mustStart(t, cfg, options{})
	require.NoError(t, first.Stop(t.Context()))
	p, err := FindPrograms(t.Context(), "", 0)
	require.NoError(t, err)
	require.NoError(t, first.folder.account.ownDir(first.socket, 0o700))
	defer os.RemoveAll(first.socket)

	hand := exec.Command(p.path("postgres"), "-D", first.Data(), "-k", first.socket, "-h", "")
	hand.SysProcAttr = first.folder.account.attr()
	hand.Env, hand.Dir = environment(), "/"
	require.NoError(t, hand.Start())
	ended := make(chan struct{})
	s := &server{cmd: hand, data: first.Data(), said: &output{keep: 1, log: cfg.Log}, done: ended}
	go func() { s.err = hand.Wait(); close(ended) }()
	defer func() { _ = hand.Process.Signal(syscall.SIGINT); <-ended }()
	require.NoError(t, s.ready(t.Context()))

	_, err = start(t.Context(), cfg, options{elsewhere: dir})
	var inUse *InUseError
	require.ErrorAs(t, err, &inUse)
	require.True(t, inUse.Server)
	require.Equal(t, hand.Process.Pid, inUse.PID)
	require.True(t, lookUp(t.Context(), hand.Process.Pid).alive)
}

// Killed in initdb: what was half made is not taken for a cluster.
func TestKilledInInitdb(t *testing.T) {
	t.Parallel()
	dir := config(t, openTemp(t)).Dir
	cmd := exec.Command(testBinary())
	cmd.Env = append(os.Environ(), childEnv+"=portal", "CHILD_DIR="+dir, "CHILD_ELSEWHERE="+dir)
	require.NoError(t, cmd.Start())
	half := filepath.Join(globEscape(dir), "postgres", stagingPrefix+"*", "data", "PG_VERSION")
	require.NoError(t, poll(t.Context(), func() (bool, error) {
		made, err := filepath.Glob(half)
		return len(made) > 0, err
	}))
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	require.NoDirExists(t, filepath.Join(dir, "postgres", "data"))
	made, err := filepath.Glob(half)
	require.NoError(t, err)
	require.Len(t, made, 1)

	// initdb must not go on by itself.
	staging := filepath.Dir(made[0])
	require.NoError(t, poll(t.Context(), func() (bool, error) {
		out, err := exec.Command("ps", "-A", "-o", "stat=,args=").Output()
		for _, line := range strings.Split(string(out), "\n") {
			if strings.Contains(line, staging) && !strings.HasPrefix(line, "Z") {
				return false, err
			}
		}
		return true, err
	}))

	c := mustStart(t, Config{Dir: dir, Fast: true}, options{})
	require.Equal(t, "1", query(t, c.DSN(), "select '1'"))
	require.NoDirExists(t, staging)
}

// A test binary is killed: its server stops, its data goes, the rest goes with the next.
func TestKilledTestBinary(t *testing.T) {
	t.Parallel()
	p := startPortal(t, "throwaway", "", "", nil)
	require.NotZero(t, p.pid, p.line)
	require.Equal(t, "1", query(t, p.dsn, "select '1'"))
	p.kill(t)
	gone(t, p.pid)
	require.NoError(t, poll(t.Context(), func() (bool, error) {
		left, err := filepath.Glob(filepath.Join(p.data, "*"))
		return len(left) == 0, err
	}))
	alive, err := ForTests(t.Context())
	require.NoError(t, err)
	defer alive.Stop(context.Background())
	require.NoDirExists(t, filepath.Dir(filepath.Dir(p.data)))

	// Sweeping leaves alone what is in use.
	next, err := ForTests(t.Context())
	require.NoError(t, err)
	defer next.Stop(context.Background())
	require.Equal(t, "1", query(t, alive.DSN(), "select '1'"))
	require.NoError(t, next.Stop(t.Context()))
	require.NoError(t, alive.Stop(t.Context()))
}
