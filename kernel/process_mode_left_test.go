package kernel_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel"
)

// envLong has tests kill as often as is promised, and not only often enough for every day.
const envLong = "CABINET_LONG"

func kills() int {
	if os.Getenv(envLong) != "" {
		return 100
	}
	return 15
}

// whatIsLeft remembers what there is, and later complains about what is there beside it: goroutines, and where /proc
// tells, descriptors, processes and the folder of sockets.
func whatIsLeft(t *testing.T) func(sockets string) {
	t.Helper()
	routines, files, processes := goleak.IgnoreCurrent(), descriptors(t), children(t)
	return func(sockets string) {
		t.Helper()
		require.NoError(t, goleak.Find(routines))
		require.Subset(t, processes, children(t), "no process is left")
		if runtime.GOOS == "linux" {
			require.LessOrEqual(t, descriptors(t), files, "no descriptor is left")
			require.NotEmpty(t, sockets)
			require.NoDirExists(t, sockets)
		}
	}
}

// descriptors counts the open files of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	if runtime.GOOS != "linux" {
		return 0
	}
	list, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(list)
}

// children are the processes that this one started and that run.
func children(t *testing.T) []int {
	t.Helper()
	found := []int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(t, err)
	for _, file := range stats {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		_, after, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(after); len(fields) > 1 && fields[1] == fmt.Sprint(os.Getpid()) {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
			require.NoError(t, err)
			found = append(found, pid)
		}
	}
	return found
}

// socketFolder is where the portal of a module's process keeps its sockets; empty where it cannot be told.
func socketFolder(t *testing.T, pid int) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		return ""
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	require.NoError(t, err)
	entries := strings.Split(string(environ), "\x00")
	i := slices.IndexFunc(entries, func(e string) bool { return strings.HasPrefix(e, "TMPDIR=") })
	require.GreaterOrEqual(t, i, 0)
	return filepath.Dir(strings.TrimPrefix(entries[i], "TMPDIR="))
}

// A program that says nothing holds up the portal, which can be told not to wait for it.
func TestStartIsGivenUp(t *testing.T) {
	mute := filepath.Join(t.TempDir(), "mute")
	require.NoError(t, os.WriteFile(mute, []byte("#!/bin/sh\nexec sleep 1000\n"), 0o700))
	for name, giveUp := range map[string]func(t *testing.T, p *kernel.Portal, cancel func()){
		"its caller": func(_ *testing.T, _ *kernel.Portal, cancel func()) { cancel() },
		"a stop":     func(t *testing.T, p *kernel.Portal, _ func()) { stop(t, p) },
	} {
		t.Run(name, func(t *testing.T) {
			dsn := database(t)
			before, processes := goleak.IgnoreCurrent(), children(t)
			options := with(t, assemble, fmt.Sprintf("modules: {mute: {path: %q}}", mute), "DATABASE_URL="+dsn)
			options.Timing.Start = time.Minute
			p, err := kernel.New(options)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() { failed <- p.Start(ctx) }()
			require.Eventually(t, func() bool { return len(children(t)) > len(processes) }, 30*time.Second, time.Millisecond)
			giveUp(t, p, cancel)
			require.Error(t, <-failed)
			require.Subset(t, processes, children(t), "the program is ended")
			stop(t, p) // twice is safe
			goleak.VerifyNone(t, before)
		})
	}
}
