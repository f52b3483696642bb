package plugin

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMemoryOfAProcess(t *testing.T) {
	before, ok := Memory(os.Getpid())
	require.True(t, ok)
	require.Greater(t, before, uint64(1<<20))
	const more = 64 << 20
	held := make([]byte, more)
	for i := 0; i < len(held); i += 1024 {
		held[i] = 1 // or nothing is given
	}
	after, ok := Memory(os.Getpid())
	require.True(t, ok)
	require.Greater(t, after, before+more/2)
	runtime.KeepAlive(held)

	gone := exec.CommandContext(t.Context(), "true")
	require.NoError(t, gone.Run())
	for _, pid := range []int{0, -1, gone.Process.Pid} {
		_, ok = Memory(pid)
		require.False(t, ok, pid)
	}
}

func TestWhatIsNoStatm(t *testing.T) {
	for _, text := range []string{"", "1", "1 x 3", "1 99999999999999999999 3", "1 -2"} {
		_, ok := resident([]byte(text))
		require.False(t, ok, text)
	}
}
