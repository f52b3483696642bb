//go:build linux

package plugin_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
	"github.com/opencabinet/cabinet/kernel/serve"
)

// byHand starts the program as somebody would in a debugger.
func byHand(t *testing.T, folder string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serve.EnvAttach+"="+folder)
	cmd.Stderr = t.Output()
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd
}

func TestAProgramThatSomebodyStartsIsAttachedTo(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "attach")
	timing := steady()
	timing.Health, timing.Answer, timing.Silent = 10*time.Millisecond, 50*time.Millisecond, 2
	w := newWorld(t, timing)
	type started struct {
		p   *plugin.Process
		err error
	}
	begun := make(chan started, 1)
	go func() { // the portal may be there first
		p, err := w.host.Start(t.Context(), plugin.Spec{ID: "things", Attach: folder})
		begun <- started{p, err}
	}()
	require.Eventually(t, func() bool { _, err := os.Stat(folder); return err == nil }, 5*time.Second, time.Millisecond)
	cmd := byHand(t, folder)
	s := <-begun
	require.NoError(t, s.err)
	w.open(t, s.p)
	require.NoError(t, s.p.Register(w.router))
	got, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.NoError(t, err)
	require.Equal(t, int64(cmd.Process.Pid), got.GetPid())
	require.True(t, s.p.Status().Attached)

	// A breakpoint: it does not answer, and lives.
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	wait(t, s.p, plugin.Degraded)
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	wait(t, s.p, plugin.Ready)
	require.Equal(t, cmd.Process.Pid, s.p.Status().PID)

	// The debugging ends, and begins anew: readers wait meanwhile.
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	wait(t, s.p, plugin.Starting)
	again := byHand(t, folder)
	got, err = w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.NoError(t, err)
	require.Equal(t, int64(again.Process.Pid), got.GetPid())

	// The portal ends: it lets the program go.
	require.NoError(t, s.p.Stop(t.Context()))
	require.NoError(t, again.Wait())
	require.NoFileExists(t, filepath.Join(folder, "things.json"))
}

func TestNobodyAttachesWhereOthersMayWrite(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.Chmod(folder, 0o777))
	w := newWorld(t, quick)
	_, err := w.host.Start(t.Context(), plugin.Spec{ID: "things", Attach: folder})
	require.ErrorContains(t, err, "closed to others")

	timing := quick
	timing.Attach = time.Millisecond
	w = newWorld(t, timing)
	_, err = w.host.Start(t.Context(), plugin.Spec{ID: "things", Attach: filepath.Join(folder, "own")})
	require.ErrorContains(t, err, "nobody started it")
}
