package live

import (
	"context"
	"embed"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Migrations are the goose files of what live updates need in the schema kernel, numbered from 0200, in the folder
// "migrations".
//
//go:embed migrations/*.sql
var Migrations embed.FS

// Config is what a node's hub needs. Fields without a default are required.
type Config struct {
	// Pool connects as the kernel's role. The hub keeps one connection beside it.
	Pool   *pgxpool.Pool
	Topics *Topics
	// Identify says whose session a token is now. Its error wraps ErrOver when it is nobody's any more.
	Identify func(ctx context.Context, token string) (access.Principal, error)
	// Log receives what happens. Default: nothing is logged.
	Log *slog.Logger

	// Gather is how long changes are gathered before they are told. Default: 20 ms.
	Gather time.Duration
	// Linger is how long after a change the node goes on looking before it sleeps. Default: 500 ms.
	Linger time.Duration
	// Rest is how long it sleeps at most. Default: 30 s.
	Rest time.Duration
	// Again is how long it waits before it connects again. Default: 500 ms.
	Again time.Duration
	// Keep is how long notes are kept for browsers that come back. Default: 2 minutes.
	Keep time.Duration
	// Beat is how often a stream that has nothing to tell says so, for the proxies between. Default: 25 s.
	Beat time.Duration
	// Recheck is how often a session is asked for whether it has ended by itself. Default: 1 minute.
	Recheck time.Duration
	// Write is how long a reader may take to take what was sent. Default: 10 s.
	Write time.Duration
	// Streams is how many a session may have; one more ends the oldest. Default: 4.
	Streams int
}

// ErrOver is why a stream ended: its session did, or the same browser opened too many.
var ErrOver = errors.New("live: the stream is over")

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		to *time.Duration
		by time.Duration
	}{
		{&c.Gather, 20 * time.Millisecond}, {&c.Linger, 500 * time.Millisecond}, {&c.Rest, 30 * time.Second}, {&c.Again, 500 * time.Millisecond},
		{&c.Keep, 2 * time.Minute}, {&c.Beat, 25 * time.Second}, {&c.Recheck, time.Minute}, {&c.Write, 10 * time.Second},
	} {
		if *d.to <= 0 {
			*d.to = d.by
		}
	}
	if c.Streams <= 0 {
		c.Streams = 4
	}
	return c
}

// Hub tells the streams of one node what changed. Its life: [New], [Hub.Start], [Hub.Stop].
type Hub struct {
	cfg  Config
	node string
	down bool // our row says that we sleep; of the one goroutine that follows

	mu       sync.Mutex
	streams  map[*Stream]struct{}
	sessions map[string][]*Stream // oldest first
	ages     []age                // oldest first
	// version is what a page that is made now has seen.
	version snapshot

	cancel context.CancelFunc
	done   chan struct{}
}

// New checks nothing and starts nothing.
func New(cfg Config) *Hub {
	return &Hub{cfg: cfg.withDefaults(), node: uuid.NewString(), streams: map[*Stream]struct{}{}, sessions: map[string][]*Stream{}}
}

// Start listens from its return on. Without the database it returns all the same, and streams stay silent until it is
// back.
func (h *Hub) Start(ctx context.Context) {
	ctx, h.cancel = context.WithCancel(ctx)
	h.done = make(chan struct{})
	tried := make(chan struct{})
	go func() {
		defer close(h.done)
		h.listen(ctx, sync.OnceFunc(func() { close(tried) }))
	}()
	<-tried
}

// Stop ends listening. Streams end with their requests. Stopping before starting, or twice, is safe.
func (h *Hub) Stop(ctx context.Context) error {
	if h.cancel == nil {
		return nil
	}
	h.cancel()
	select {
	case <-h.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Version is what a page that is made from now on will have seen: a browser gives it when it opens its stream. It is
// empty as long as none is known.
func (h *Hub) Version() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.version) > maxVersion {
		return ""
	}
	return string(h.version)
}

// Open opens a stream for the user of a session, who has seen since. ErrOver when it is nobody's session. The caller
// ends the stream with [Stream.Close].
func (h *Hub) Open(ctx context.Context, token, since string) (*Stream, error) {
	s := &Stream{hub: h, token: token, ready: make(chan struct{}, 1), told: map[string]struct{}{}}
	// Known to the hub before anything is asked: what is committed from here on reaches it.
	h.mu.Lock()
	h.streams[s] = struct{}{}
	h.mu.Unlock()
	err := h.enter(ctx, s, snapshot(since))
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// enter finds out whose a stream is, and what they missed.
func (h *Hub) enter(ctx context.Context, s *Stream, since snapshot) error {
	who, err := h.cfg.Identify(ctx, s.token)
	if err != nil {
		return err
	}
	h.mu.Lock()
	s.who = who
	h.crowd(s)
	h.mu.Unlock()
	notes, ok, err := h.missed(ctx, since)
	if err != nil {
		return err
	}
	if ok {
		return h.tellOf(ctx, notes, []*Stream{s})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.again(0)
	return nil
}

// crowd ends the oldest stream of a session that has too many: most often nobody is at its other end any more.
func (h *Hub) crowd(s *Stream) {
	of := append(h.sessions[s.who.SessionID], s)
	if len(of) > h.cfg.Streams {
		of[0].end()
		of = of[1:]
	}
	h.sessions[s.who.SessionID] = of
}

// Count is how many streams are open.
func (h *Hub) Count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}

// begin has everybody ask again: what was committed before nobody was told.
func (h *Hub) begin(at snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.version, h.ages = at, []age{{at, time.Now()}}
	spread := spreadOf(len(h.streams))
	for s := range h.streams {
		s.doubt++ // of who they are, too
		s.again(spread)
	}
}

// still says that nothing was committed up to a snapshot.
func (h *Hub) still(at snapshot) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.version = at
}
