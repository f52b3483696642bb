package web

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// watchEvery is how often the sessions behind open answers are asked after. Whoever is dismissed is out everywhere within
// a second: pages ask at each request, and what stays open is closed by this.
const watchEvery = 400 * time.Millisecond

// mostAsked is how many sessions one call asks after.
const mostAsked = 10_000

// watch closes answers that stay open, streams and long downloads, when the session they were given to ends. All of a
// node's cost one call each time, and none is made while nothing is open.
type watch struct {
	identity kernelv1.IdentityServiceClient
	ctx      context.Context //nolint:containedctx // the server's life

	mu   sync.Mutex
	open map[string]map[*context.CancelFunc]struct{} // by session
	runs bool
}

// add has cancel called when the session ends; forget is to be called when the answer does.
func (w *watch) add(sessionID string, cancel context.CancelFunc) (forget func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open[sessionID] == nil {
		w.open[sessionID] = map[*context.CancelFunc]struct{}{}
	}
	w.open[sessionID][&cancel] = struct{}{}
	if !w.runs {
		w.runs = true
		go w.run()
	}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if delete(w.open[sessionID], &cancel); len(w.open[sessionID]) == 0 {
			delete(w.open, sessionID)
		}
	}
}

// run asks until nothing is open any more.
func (w *watch) run() {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	for {
		select {
		case <-w.ctx.Done():
		case <-ticker.C:
		}
		w.mu.Lock()
		ids := slices.Collect(maps.Keys(w.open))
		w.runs = len(ids) > 0 && w.ctx.Err() == nil
		goOn := w.runs
		w.mu.Unlock()
		if !goOn {
			return
		}
		for some := range slices.Chunk(ids, mostAsked) {
			w.ask(some)
		}
	}
}

// ask closes what belongs to sessions that have ended. An answer that cannot be had ends nobody's session: the next one
// is asked for soon.
func (w *watch) ask(ids []string) {
	ctx, cancel := context.WithTimeout(access.With(w.ctx, access.AsKernel()), 10*time.Second)
	defer cancel()
	found, err := w.identity.FindEndedSessions(ctx, &kernelv1.FindEndedSessionsRequest{SessionIds: ids})
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range found.GetEndedIds() {
		for cancel := range w.open[id] {
			(*cancel)()
		}
	}
}
