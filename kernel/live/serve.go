package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// message is what a browser is sent. The version is the event's id.
type message struct {
	// Of are topics, each alone or with a space and a client.
	Of []string `json:"of,omitempty"`
	// Again stands for everything.
	Again bool `json:"again,omitempty"`
	// In is the time within which to ask again, in milliseconds.
	In int64 `json:"in,omitempty"`
}

// Serve serves a stream of server-sent events to the user of a session, until they go, the session ends or draining
// does. An error, ErrOver among them, is one from before anything was answered. A browser gives what it has seen in the header Last-Event-ID or, when it comes first, as "since" in the query.
// An event "over" is the last: it is not worth coming back until something else happens.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, token string, draining context.Context) error {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(draining, cancel)()
	since := r.Header.Get("Last-Event-ID")
	if since == "" {
		since = r.URL.Query().Get("since")
	}
	s, err := h.Open(ctx, token, since)
	if err != nil {
		return err
	}
	defer s.Close()
	out := &sender{ResponseController: http.NewResponseController(w), w: w, within: h.cfg.Write}
	_ = out.SetReadDeadline(time.Time{}) // the request is read; without a limit there is none to lift
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store, no-transform")
	header.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	// Browsers that lost the same node come back one after the other.
	if !out.send("retry: %d\n\n", 1000+rand.N(2000)) {
		return nil
	}
	beat := time.NewTicker(h.cfg.Beat)
	defer beat.Stop()
	checked := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			if time.Since(checked) >= h.cfg.Recheck {
				checked = time.Now()
				s.recheck()
			}
			beat := ":\n\n"
			if version, ok := s.idle(); ok { // an id alone tells nothing, and the browser keeps it
				beat = "id: " + version + "\n\n"
			}
			if !out.send("%s", beat) {
				return nil
			}
			continue
		case <-s.Ready():
		}
		told, ok, err := s.Take(ctx)
		switch {
		case errors.Is(err, ErrOver):
			out.send("event: over\ndata: {}\n\n")
			return nil
		case err != nil:
			return nil //nolint:nilerr // the reader went, or the node drains
		case !ok:
			continue
		}
		body, err := json.Marshal(message{Of: told.Topics, Again: told.Again, In: told.Spread.Milliseconds()})
		if err != nil {
			return err
		}
		if !out.send("id: %s\ndata: %s\n\n", told.Version, body) {
			return nil
		}
	}
}

// sender writes events to one reader, who has a time to take each.
type sender struct {
	*http.ResponseController
	w      http.ResponseWriter
	within time.Duration
}

// send tells whether the reader took it.
func (s *sender) send(format string, args ...any) bool {
	_ = s.SetWriteDeadline(time.Now().Add(s.within)) // a writer without deadlines has none to miss
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return false
	}
	return s.Flush() == nil
}
