package socket

import (
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFolder(t *testing.T) {
	dir, err := Folder("cabs")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(dir)) }()
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	require.LessOrEqual(t, len(filepath.Join(dir, "control.sock")), 103)
}

// What killed portals left goes, and nothing else.
func TestSweep(t *testing.T) {
	parent, err := os.MkdirTemp("/tmp", "cabs-")
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(parent)) }()
	var listeners []net.Listener
	folder := func(name string, mode os.FileMode, sockets ...string) string {
		dir := filepath.Join(parent, name)
		require.NoError(t, os.Mkdir(dir, mode))
		for _, s := range sockets {
			l, err := net.Listen("unix", filepath.Join(dir, s))
			require.NoError(t, err)
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			listeners = append(listeners, l)
		}
		return dir
	}
	dead := folder("cab-dead", 0o700, "host.sock")
	half := folder("cab-half", 0o700, "a.sock", "b.sock")
	open, others, empty := folder("cab-open", 0o755, "host.sock"), folder("cabx-dead", 0o700, "host.sock"), folder("cab-empty", 0o700)
	for i, l := range listeners {
		if i != 2 { // of half
			require.NoError(t, l.Close())
		}
	}
	sweep(parent, "cab", time.Now())
	require.DirExists(t, dead, "it is too young to tell")
	sweep(parent, "cab", time.Now().Add(2*sweepAfter))
	require.NoDirExists(t, dead)
	for _, dir := range []string{half, open, others, empty} {
		require.DirExists(t, dir)
	}
	require.NoError(t, listeners[2].Close())
	sweep(parent, "cab", time.Now().Add(2*sweepAfter))
	require.NoDirExists(t, half)
}

func TestGone(t *testing.T) {
	dir := t.TempDir()
	_, err := net.Dial("unix", filepath.Join(dir, "nobody"))
	require.True(t, Gone(err))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	_, err = net.Dial("unix", filepath.Join(dir, "file"))
	require.True(t, Gone(err), "connecting to a file is refused")
	require.False(t, Gone(os.ErrPermission))
}
