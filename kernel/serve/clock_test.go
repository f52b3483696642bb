package serve

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockFollowsItsFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "clock")
	t.Setenv(EnvClock, path)
	_, err := clock()
	require.ErrorContains(t, err, EnvClock, "a clock that was asked for and is not there is no reason to guess")

	at := time.Date(2026, 3, 2, 9, 0, 0, 1, time.UTC)
	write := func(at time.Time) {
		require.NoError(t, os.WriteFile(path, []byte(at.Format(time.RFC3339Nano)+"\n"), 0o600))
	}
	write(at)
	now, err := clock()
	require.NoError(t, err)
	require.Equal(t, at, now())
	write(at.Add(-time.Hour))
	require.Equal(t, at.Add(-time.Hour), now())
	require.NoError(t, os.Remove(path))
	require.Equal(t, at.Add(-time.Hour), now(), "without the file, the last time stays")
}

func TestClockIsTheMachinesOtherwise(t *testing.T) {
	t.Setenv(EnvClock, "")
	now, err := clock()
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), now(), time.Minute)
}
