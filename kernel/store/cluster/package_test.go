//go:build unix

package cluster

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childEnv makes the test binary a portal: it starts what the variables say, prints one
// line and runs until its standard input ends.
const childEnv = "CABINET_CLUSTER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(child())
	}
	code := m.Run()
	os.Remove(testBinaryPath)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// child is a portal process. It prints "ready PID DATA DSN", or "error TEXT".
func child() int {
	ctx := context.Background()
	var c *Cluster
	var err error
	if os.Getenv(childEnv) == "throwaway" {
		c, err = ForTests(ctx)
	} else {
		c, err = start(ctx, Config{Dir: os.Getenv("CHILD_DIR"), Template: os.Getenv("CHILD_TEMPLATE"), Fast: true},
			options{elsewhere: os.Getenv("CHILD_ELSEWHERE")})
	}
	if err != nil {
		fmt.Printf("error %q\n", err)
		return 1
	}
	fmt.Printf("ready %d %q %s\n", c.server.cmd.Process.Pid, c.Data(), c.DSN())
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := c.Stop(ctx); err != nil {
		return 1
	}
	return 0
}

// portal is a child portal process.
type portal struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	line string // what it printed
	pid  int    // of its server
	data string
	dsn  string
}

// startPortal starts a child portal, as another user when a is not nil, and reads its line.
func startPortal(t *testing.T, kind, dir, elsewhere string, a *account, env ...string) *portal {
	t.Helper()
	cmd := exec.Command(testBinary())
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), append([]string{childEnv + "=" + kind, "CHILD_DIR=" + dir, "CHILD_ELSEWHERE=" + elsewhere}, env...)...)
	if a == nil {
		cache, err := testCache()
		require.NoError(t, err)
		cmd.Env = append(cmd.Env, "CHILD_TEMPLATE="+cache)
	} else {
		cmd.SysProcAttr = a.attr()
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err, "the child portal said nothing")
	p := &portal{cmd: cmd, in: in, line: strings.TrimSpace(line)}
	if strings.HasPrefix(line, "ready ") {
		_, err = fmt.Sscanf(line, "ready %d %q %s", &p.pid, &p.data, &p.dsn)
		require.NoError(t, err)
	}
	return p
}

// testBinaryPath is where a copy of this binary is put that every user may run.
var testBinaryPath = filepath.Join("/var/tmp", fmt.Sprintf("cabinet-cluster-test-%d-%d", os.Geteuid(), os.Getpid()))

// testBinary makes that copy, once.
var testBinary = sync.OnceValue(func() string {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	b, err := os.ReadFile(self)
	if err == nil {
		err = os.WriteFile(testBinaryPath, b, 0o755)
	}
	if err == nil {
		err = os.Chmod(testBinaryPath, 0o755) // whatever the umask
	}
	if err != nil {
		panic(err)
	}
	return testBinaryPath
})

// kill kills a portal as kill -9 does, and reaps it.
func (p *portal) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // says that it was killed
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, poll(ctx, func() (bool, error) { return !lookUp(ctx, pid).alive, nil }), "process %d still runs", pid)
}

// openTemp makes a temporary folder which other users can pass into, with a long way to it and a space in it.
func openTemp(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "cluster test-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

// config is one for a cluster below dir, copied from the cached template.
func config(t *testing.T, dir string) Config {
	t.Helper()
	cache, err := testCache()
	require.NoError(t, err)
	return Config{Dir: filepath.Join(dir, "a portal's"), Fast: true, Template: cache}
}

// mustStart starts a cluster that is stopped after the test.
func mustStart(t *testing.T, cfg Config, opt options) *Cluster {
	t.Helper()
	if opt.elsewhere == "" {
		opt.elsewhere = filepath.Join(cfg.Dir, "unused")
	}
	c, err := start(t.Context(), cfg, opt)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Stop(context.Background())) })
	return c
}

// query runs one statement and returns the one value it gives.
func query(t *testing.T, dsn, sql string) (text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&text))
	return text
}

// execute runs statements that give nothing.
func execute(t *testing.T, dsn, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), sql)
	require.NoError(t, err)
}

// snapshot lists every file below dir with its size and time of change.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && filepath.Base(path) != "portal.lock" {
			fmt.Fprintln(&b, path, info.Size(), info.Mode(), info.ModTime().UnixNano())
		}
		return err
	}))
	return b.String()
}

// asRoot skips a test that needs to be root.
func asRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
}

// owner returns the uid that a file belongs to.
func owner(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Lstat(path)
	require.NoError(t, err)
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

// logTo returns a logger that writes into b.
func logTo(b *syncBuffer) *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// syncBuffer is a buffer for many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// pidFile rewrites the first line of the postmaster.pid in data.
func pidFile(t *testing.T, data string, content []byte, pid int) {
	t.Helper()
	_, rest, found := bytes.Cut(content, []byte("\n"))
	require.True(t, found)
	path := filepath.Join(data, "postmaster.pid")
	require.NoError(t, os.WriteFile(path, append([]byte(strconv.Itoa(pid)+"\n"), rest...), 0o600))
	require.NoError(t, os.Lchown(path, owner(t, data), -1))
}
