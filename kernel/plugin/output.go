package plugin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// longestLine is how much of one line of output is kept, in bytes.
	longestLine = 16 << 10
	// mostOutput is how much a process may write in outputWindow, in bytes; more is no log but a defect.
	mostOutput   = 32 << 20
	outputWindow = time.Minute
)

var errFlood = errors.New("it wrote more than 32 MiB of output in a minute")

// output reads what a process writes, puts it into the portal's log, and says when it is too much.
type output struct {
	log   *slog.Logger
	now   func() time.Time
	flood func()

	mu    sync.Mutex
	since time.Time
	bytes int64
	over  bool
}

// follow reads one of the process's outputs to its end.
func (o *output) follow(ctx context.Context, from io.Reader) {
	lines := bufio.NewReaderSize(from, longestLine)
	for {
		line, more, err := lines.ReadLine()
		n := len(line)
		text := bytes.Clone(line)
		for more && err == nil { // the rest of a line that is too long
			var rest []byte
			rest, more, err = lines.ReadLine()
			n += len(rest)
			if o.count(len(rest)) {
				continue
			}
		}
		if n > 0 && !o.count(len(line)) {
			o.write(ctx, text)
		}
		if err != nil {
			return
		}
	}
}

// count adds to what was written; true when it is too much and nothing is logged any more.
func (o *output) count(n int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := o.now(); now.Sub(o.since) > outputWindow {
		o.since, o.bytes = now, 0
	}
	o.bytes += int64(n)
	if o.bytes > mostOutput && !o.over {
		o.over = true
		o.flood()
	}
	return o.over
}

// Write takes what reached go-plugin's own streams.
func (o *output) Write(text []byte) (int, error) {
	for line := range bytes.Lines(text) {
		if line = bytes.TrimSpace(line); len(line) > 0 && !o.count(len(line)) {
			o.write(context.Background(), line[:min(len(line), longestLine)]) //nolint:forbidigo // a writer has no context
		}
	}
	return len(text), nil
}

// write puts a line into the log: a JSON record by its level and attributes, anything else as it stands.
func (o *output) write(ctx context.Context, line []byte) {
	var record map[string]any
	if err := json.Unmarshal(line, &record); err != nil {
		o.log.InfoContext(ctx, "output", "line", string(line))
		return
	}
	level, message := slog.LevelInfo, "output"
	var attrs []slog.Attr
	for key, v := range record {
		switch key {
		case "time", "@timestamp", "@module":
		case "level", "@level":
			if text, ok := v.(string); ok {
				_ = level.UnmarshalText([]byte(text)) // an unknown one stays Info
			}
		case "msg", "@message":
			if text, ok := v.(string); ok {
				message = text
			}
		default:
			attrs = append(attrs, slog.Any(key, v))
		}
	}
	o.log.LogAttrs(ctx, level, message, attrs...)
}
