package kernel_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
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
