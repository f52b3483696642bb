package main_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkStart measures from starting the program to its first page, whole, and the memory of its process then:
// with a cluster that has to be made and a story that has to be told, and with both there.
//
//	go test -run '^$' -bench Start -benchtime 5x ./examples/services
func BenchmarkStart(b *testing.B) {
	folder, err := os.MkdirTemp("/var/tmp", "cabinet-bench-")
	require.NoError(b, err)
	b.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(b, os.Chmod(folder, 0o711)) // as root the server runs as another user, who must pass through
	program := filepath.Join(folder, "services")
	build, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(b, err, "%s", build)

	b.Run("new_cluster", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			stop := firstPage(b, program, filepath.Join(folder, fmt.Sprint("new", n)))
			b.StopTimer()
			stop()
			b.StartTimer()
		}
	})
	b.Run("old_cluster", func(b *testing.B) {
		firstPage(b, program, filepath.Join(folder, "old"))()
		b.ResetTimer()
		for b.Loop() {
			stop := firstPage(b, program, filepath.Join(folder, "old"))
			b.StopTimer()
			stop()
			b.StartTimer()
		}
	})
}

// firstPage starts the program, waits for its first page and returns how to stop it.
func firstPage(b *testing.B, program, data string) (stop func()) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), program)
	cmd.Env = append(os.Environ(), "CABINET_DATA="+data, "CABINET_LISTEN=127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	address := ""
	lines := bufio.NewScanner(out)
	for address == "" && lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), " is open at "); ok {
			address, _, _ = strings.Cut(after, " ")
		}
	}
	require.NotEmpty(b, address, "the portal did not open")
	response, err := http.Get(address + "/sign-in")
	require.NoError(b, err)
	require.NoError(b, response.Body.Close())
	require.Equal(b, http.StatusOK, response.StatusCode)
	b.ReportMetric(float64(resident(b, cmd.Process.Pid))/(1<<20), "MiB-resident")
	return func() {
		require.NoError(b, cmd.Process.Signal(syscall.SIGTERM))
		for lines.Scan() { // until it has ended
		}
		require.NoError(b, cmd.Wait())
	}
}

// resident is the memory of a process in bytes, as Linux counts it; 0 elsewhere.
func resident(b *testing.B, pid int) int64 {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kib); err == nil {
			return kib << 10
		}
	}
	return 0
}
