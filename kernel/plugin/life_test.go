//go:build linux

package plugin_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// alive tells whether a process runs; one that has ended and was not asked for its end does not.
func alive(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(text), ") ")
	return err == nil && !strings.HasPrefix(after, "Z")
}

// gone waits until a process has ended.
func gone(t *testing.T, pid int, within time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool { return !alive(pid) }, within, 5*time.Millisecond, "process %d runs on", pid)
}

func socketsOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	require.NoError(t, err)
	_, after, found := strings.Cut(string(text), "TMPDIR=")
	require.True(t, found)
	dir, _, _ := strings.Cut(after, "\x00")
	return filepath.Dir(dir)
}

func TestAProcessEndsWithItsPortalHoweverThatEnds(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envMode+"=portal")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pid int
	_, err = fmt.Fscan(bufio.NewReader(out), &pid)
	require.NoError(t, err)
	require.True(t, alive(pid))
	sockets := socketsOf(t, pid)
	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	gone(t, pid, 2*time.Second)

	// What a killed portal cannot clear away, the next one does, once it is sure that nobody is there.
	require.DirExists(t, sockets)
	newWorld(t, quick)
	require.DirExists(t, sockets, "it may be one that is being made")
	long := time.Now().Add(-time.Hour)
	require.NoError(t, os.Chtimes(sockets, long, long))
	newWorld(t, quick)
	require.NoDirExists(t, sockets)
}

// Linux ends a child with the thread that forked it, and threads end.
func TestAProcessOutlivesTheThreadThatAskedForIt(t *testing.T) {
	w := newWorld(t, quick)
	started := make(chan *plugin.Process)
	thread := make(chan int, 1)
	go func() {
		runtime.LockOSThread() // and ends with the goroutine
		thread <- syscall.Gettid()
		started <- w.start(t, "") //nolint:testifylint // its failures end the goroutine, and the test by its limit
	}()
	tid, p := <-thread, <-started
	require.Eventually(t, func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/self/task/%d", tid))
		return err != nil || tid == os.Getpid() // the first thread never ends
	}, 10*time.Second, time.Millisecond)
	got, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.NoError(t, err)
	require.Equal(t, int64(p.Status().PID), got.GetPid())
	require.Equal(t, 0, p.Status().Restarts)
}

func TestStartIsGivenUp(t *testing.T) {
	for name, giveUp := range map[string]func(w *world, cancel func()){
		"the context ends":   func(_ *world, cancel func()) { cancel() },
		"the host is closed": func(w *world, _ func()) { require.NoError(t, w.host.Close(t.Context())) },
	} {
		t.Run(name, func(t *testing.T) {
			timing := quick
			timing.Start = time.Minute
			w := newWorld(t, timing)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			before := len(childrenOf(t))
			failed := make(chan error, 1)
			go func() {
				_, err := w.host.Start(ctx, spec("mute"))
				failed <- err
			}()
			require.Eventually(t, func() bool { return len(childrenOf(t)) > before }, 10*time.Second, time.Millisecond)
			giveUp(w, cancel)
			require.ErrorContains(t, <-failed, "module things: ")
			require.Len(t, childrenOf(t), before)
			require.Empty(t, w.host.Processes())
		})
	}
	t.Run("before it began", func(t *testing.T) {
		w := newWorld(t, quick)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.host.Start(ctx, spec(""))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("after the host was closed", func(t *testing.T) {
		w := newWorld(t, quick)
		require.NoError(t, w.host.Close(t.Context()))
		_, err := w.host.Start(t.Context(), spec(""))
		require.ErrorContains(t, err, "the host is closed")
	})
	t.Run("stopped while it is started anew", func(t *testing.T) {
		w := newWorld(t, steady())
		p := w.start(t, "")
		changed := p.Changed()
		require.NoError(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
		<-changed
		require.NoError(t, p.Stop(t.Context()))
		require.Equal(t, plugin.Stopped, p.Status().State)
		require.Equal(t, 0, p.Status().PID)
	})
}

// childrenOf are the processes that this one started and that run.
func childrenOf(t *testing.T) []string {
	t.Helper()
	tasks, err := filepath.Glob("/proc/self/task/*/children")
	require.NoError(t, err)
	var found []string
	for _, file := range tasks {
		text, _ := os.ReadFile(file) // the thread may have ended
		found = append(found, strings.Fields(string(text))...)
	}
	return found
}

func TestRestartsLeaveNothing(t *testing.T) {
	restarts := times(200, 1000)
	w := newWorld(t, steady())
	p := w.start(t, "")
	sockets := socketsOf(t, p.Status().PID)
	count := func() (files, sock int) {
		open, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		left, err := os.ReadDir(sockets)
		require.NoError(t, err)
		return len(open), len(left)
	}
	again := func(n int) {
		for range n {
			s := wait(t, p, plugin.Ready)
			changed := p.Changed()
			require.NoError(t, syscall.Kill(s.PID, syscall.SIGKILL))
			<-changed
		}
		wait(t, p, plugin.Ready)
		_, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
		require.NoError(t, err)
	}
	again(1)
	files, left := count()
	routines, others := goleak.IgnoreCurrent(), runtime.NumGoroutine()
	again(restarts)
	filesNow, leftNow := count()
	require.LessOrEqual(t, filesNow, files+2, "descriptors") // a connection more or less
	require.Equal(t, left, leftNow, "files in the folder of sockets")
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= others+2 }, 10*time.Second, time.Millisecond, "goroutines")
	require.Equal(t, restarts+1, p.Status().Restarts)
	require.Len(t, childrenOf(t), 1)
	require.NoError(t, w.host.Close(t.Context()))
	require.NoError(t, goleak.Find(routines))
	require.NoDirExists(t, sockets)
}
