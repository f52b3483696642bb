package serve

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// EnvClock names a file that says what time it is, as RFC 3339 writes it. It is for tests, which move the clock of a
// module's process by replacing the file: the module asks for the time at each use, and so does this. Without the
// variable, as in every portal, it is the machine's clock.
const EnvClock = "CABINET_CLOCK"

// clock is the process's.
func clock() (func() time.Time, error) {
	path := os.Getenv(EnvClock)
	if path == "" {
		return time.Now, nil
	}
	last, err := readClock(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EnvClock, err)
	}
	var mu sync.Mutex
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		// A test that has ended takes the file with it: what is still under way keeps the last time.
		if now, err := readClock(path); err == nil {
			last = now
		}
		return last
	}, nil
}

func readClock(path string) (time.Time, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
}
