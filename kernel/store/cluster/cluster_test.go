//go:build unix

package cluster

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// A new cluster without a template: initdb, then what the server is like.
func TestNewCluster(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	var log syncBuffer
	c := mustStart(t, Config{Dir: filepath.Join(dir, "a portal's"), Log: logTo(&log)}, options{})
	require.Equal(t, "", query(t, c.DSN(), "show listen_addresses"))
	require.Equal(t, "UTF8", query(t, c.DSN(), "show server_encoding"))
	require.Contains(t, locales, query(t, c.DSN(), "select datcollate from pg_database where datname = 'template1'"))
	require.Equal(t, "on", query(t, c.DSN(), "show data_checksums"))
	require.Equal(t, "on", query(t, c.DSN(), "show fsync"))
	require.Equal(t, "4GB", query(t, c.DSN(), "show max_wal_size"))
	require.Contains(t, query(t, c.DSN(), "show timezone"), "UTC")
	require.Equal(t, "postgres", query(t, c.DSN(), "select current_user || case when usesuper then '' else '?' end from pg_user where usename = current_user"))
	require.Equal(t, "scram-sha-256", query(t, c.DSN(), "select string_agg(distinct auth_method, ' ') from pg_hba_file_rules"))

	password, err := os.Stat(c.folder.password())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), password.Mode().Perm())
	socket, err := os.Lstat(c.socket)
	require.NoError(t, err)
	require.Equal(t, os.ModeDir|0o700, socket.Mode())
	u, err := url.Parse(c.DSN())
	require.NoError(t, err)
	secret, _ := u.User.Password()
	require.NotContains(t, log.String(), secret)
	require.Contains(t, log.String(), "database system is ready to accept connections")

	wrong := strings.Replace(c.DSN(), secret, "wrong", 1)
	_, err = pgx.Connect(t.Context(), wrong)
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "28P01", refused.Code)

	left, err := filepath.Glob(filepath.Join(globEscape(c.folder.base), stagingPrefix+"*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestStopTwiceAndFromMany(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	c := mustStart(t, config(t, dir), options{})
	require.Len(t, watchers(t, c.server.cmd.Process.Pid), 1)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := c.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			select {
			case <-c.Done():
			default:
				t.Error("Stop returned before the server ended")
			}
		})
	}
	all.Wait()
	require.NoError(t, c.Stop(t.Context()))
	require.NoError(t, c.Err())
	require.NoFileExists(t, filepath.Join(c.Data(), "postmaster.pid"))
	require.NoDirExists(t, c.socket)
	require.NoError(t, poll(t.Context(), func() (bool, error) {
		return len(watchers(t, c.server.cmd.Process.Pid)) == 0, nil
	}), "the watcher stays")
}

func TestStopWithAnEndedContextStillStops(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	c := mustStart(t, config(t, dir), options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, c.Stop(ctx))
	require.False(t, lookUp(t.Context(), c.server.cmd.Process.Pid).alive)
}

// The data is there after a stop and a start, with clients connected at the stop.
func TestDataStays(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	first := mustStart(t, cfg, options{})
	execute(t, first.DSN(), "create table kept as select 42 as n")
	conn, err := pgx.Connect(t.Context(), first.DSN())
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, first.Stop(t.Context()))

	second := mustStart(t, cfg, options{})
	require.Equal(t, "42", query(t, second.DSN(), "select n::text from kept"))
	require.Equal(t, first.DSN(), second.DSN())
}

func TestServerThatEndsByItself(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	c := mustStart(t, config(t, dir), options{})
	require.NoError(t, c.Err())
	require.NoError(t, syscall.Kill(c.server.cmd.Process.Pid, syscall.SIGKILL))
	<-c.Done()
	var ended *ServerError
	require.ErrorAs(t, c.Err(), &ended)
	require.Equal(t, c.Data(), ended.Data)
	require.NoError(t, c.Stop(t.Context()))

	// Its processes may still hold the shared memory: the next start waits for them.
	again := mustStart(t, c.cfg, options{})
	require.Equal(t, "1", query(t, again.DSN(), "select '1'"))
}

func TestContextEndsDuringStart(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	why := errors.New("the portal is asked to stop")
	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		_, err := start(ctx, config(t, dir), options{elsewhere: dir})
		require.ErrorIs(t, err, why)
	})
	t.Run("in initdb", func(t *testing.T) {
		cfg := config(t, dir)
		cfg.Template = ""
		cancelWhen(t, cfg, why, func() bool {
			made, _ := filepath.Glob(filepath.Join(cfg.Dir, "postgres", stagingPrefix+"*", "data", "base"))
			return len(made) > 0
		})
		entries, err := os.ReadDir(filepath.Join(cfg.Dir, "postgres"))
		require.NoError(t, err)
		for _, e := range entries {
			require.False(t, e.IsDir(), "%s was left", e.Name())
		}
	})
	t.Run("while the server starts", func(t *testing.T) {
		cfg := config(t, dir)
		pid := filepath.Join(cfg.Dir, "postgres", "data", "postmaster.pid")
		cancelWhen(t, cfg, why, func() bool {
			_, err := os.Stat(pid)
			return err == nil
		})
		require.NoFileExists(t, pid)
	})
	c := mustStart(t, config(t, dir), options{})
	require.Equal(t, "1", query(t, c.DSN(), "select '1'"))
}

// cancelWhen starts a cluster, cancels it as soon as when is true, and requires the cause.
func cancelWhen(t *testing.T, cfg Config, why error, when func() bool) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	watched := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(watched)
		limit, done := context.WithTimeout(ctx, 20*time.Second)
		defer done()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for !when() {
			select {
			case <-tick.C:
			case <-over:
				return
			case <-limit.Done():
				return
			}
		}
		cancel(why)
	}()
	_, err := start(ctx, cfg, options{elsewhere: cfg.Dir})
	close(over)
	<-watched
	require.ErrorIs(t, err, why)
}

func TestLostPasswordIsSetAnew(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cfg := config(t, dir)
	first := mustStart(t, cfg, options{})
	execute(t, first.DSN(), "create table kept as select 42 as n")
	require.NoError(t, first.Stop(t.Context()))
	require.NoError(t, os.Remove(first.folder.password()))

	second := mustStart(t, cfg, options{})
	require.NotEqual(t, first.DSN(), second.DSN())
	require.Equal(t, "42", query(t, second.DSN(), "select n::text from kept"))
	require.NoError(t, second.Stop(t.Context()))

	require.NoError(t, os.WriteFile(first.folder.password(), []byte("not it\n"), 0o600))
	_, err := start(t.Context(), cfg, options{elsewhere: dir})
	require.ErrorContains(t, err, first.folder.password())
	require.ErrorContains(t, err, "remove that file")
}

func TestInvalidConfig(t *testing.T) {
	t.Parallel()
	_, err := Start(t.Context(), Config{})
	require.ErrorContains(t, err, "Config.Dir is empty")
}

func TestForTests(t *testing.T) {
	t.Parallel()
	c, err := ForTests(t.Context())
	require.NoError(t, err)
	defer c.Stop(context.Background())
	require.Equal(t, "off", query(t, c.DSN(), "show fsync"))
	require.Equal(t, "200", query(t, c.DSN(), "show max_connections"))
	require.Equal(t, "C.UTF-8", query(t, c.DSN(), "select datcollate from pg_database where datname = 'postgres'"))
	require.NoError(t, c.Stop(t.Context()))
	require.NoDirExists(t, c.cfg.Dir)
}

// Many test binaries start at once, the first time too.
func TestTemplateIsMadeOnce(t *testing.T) {
	t.Parallel()
	dir := openTemp(t)
	cache := filepath.Join(dir, "cache")
	var all sync.WaitGroup
	clusters := make([]*Cluster, 3)
	for i := range clusters {
		all.Go(func() {
			c, err := start(t.Context(), Config{Dir: filepath.Join(dir, string(rune('a'+i))), Fast: true, Template: cache}, options{elsewhere: dir})
			if err != nil {
				t.Error(err)
				return
			}
			clusters[i] = c
		})
	}
	all.Wait()
	systems := map[string]bool{}
	for _, c := range clusters {
		require.NotNil(t, c)
		systems[query(t, c.DSN(), "select system_identifier::text from pg_control_system()")] = true
		require.NoError(t, c.Stop(t.Context()))
	}
	require.Len(t, systems, 1)
}
