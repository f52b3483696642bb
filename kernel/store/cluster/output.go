package cluster

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// output takes what a program says, keeps the last lines and logs each.
type output struct {
	keep int          // lines kept
	log  *slog.Logger // nil: nothing is logged
	ctx  context.Context

	mu       sync.Mutex
	part     []byte // a line that has not ended yet
	last     []string
	stopping bool
}

// lineMax is where a line is cut.
const lineMax = 4096

// Write takes the next bytes. It never fails.
func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(b)
	for {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if room := lineMax - len(o.part); len(line) > room {
			line = line[:room]
		}
		o.part = append(o.part, line...)
		if !whole {
			return n, nil
		}
		o.line(string(bytes.TrimSpace(o.part)))
		o.part, b = o.part[:0], rest
	}
}

// line keeps and logs one line.
func (o *output) line(line string) {
	if line == "" {
		return
	}
	if o.last = append(o.last, line); len(o.last) > o.keep {
		o.last = slices.Delete(o.last, 0, 1)
	}
	if o.log == nil {
		return
	}
	level := slog.LevelDebug
	switch severity, _, _ := strings.Cut(line, ":"); severity {
	case "WARNING", "FATAL":
		// A stop ends every session with a FATAL, as it should.
		if !o.stopping {
			level = slog.LevelWarn
		}
	case "PANIC":
		level = slog.LevelError
	}
	o.log.Log(o.ctx, level, "postgres: "+line)
}

// stop says that the server is being stopped.
func (o *output) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stopping = true
}

// tail returns the last lines, apart by "\n".
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := o.last
	if len(o.part) > 0 {
		lines = append(slices.Clip(lines), string(o.part))
	}
	return strings.Join(lines, "\n")
}
