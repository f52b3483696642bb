package kerneltest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/serve"
)

// Clock stands still until a test moves it. It is for [Options.Clock]; its Now alone is for [Options.Now].
type Clock struct {
	mu    sync.Mutex
	now   time.Time
	files []clockFile
}

// clockFile is what modules' processes read the time from.
type clockFile struct {
	t    testing.TB
	path string
}

// NewClock returns a clock that stands at a moment.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is where the clock stands.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move turns the clock on, or back, for modules' processes too.
func (c *Clock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
	for _, f := range c.files {
		f.write(c.now)
	}
}

// env is what a process's environment says so that the process follows the clock while the test lasts.
func (c *Clock) env(t testing.TB) string {
	t.Helper()
	f := clockFile{t, filepath.Join(t.TempDir(), "clock")}
	c.mu.Lock()
	defer c.mu.Unlock()
	f.write(c.now)
	c.files = append(c.files, f)
	return serve.EnvClock + "=" + f.path
}

// write replaces the file at once: a process that reads meanwhile sees the time before or the time after.
func (f clockFile) write(at time.Time) {
	f.t.Helper()
	next := f.path + ".next"
	require.NoError(f.t, os.WriteFile(next, []byte(at.Format(time.RFC3339Nano)), 0o600))
	require.NoError(f.t, os.Rename(next, f.path))
}
