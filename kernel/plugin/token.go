package plugin

import (
	"context"
	"crypto/rand"
	"sync"
)

// tokens are the tickets by which a process's calls back are known. Each stands for one call that is being made to the
// process, or for the process's module itself, and is worth nothing once that has ended. None says anything by itself:
// what it stands for never leaves the host.
type tokens struct {
	mu    sync.RWMutex
	known map[string]ticket
}

// ticket is what a token stands for.
type ticket struct {
	module string
	// ctx is the provider's context of the call, whose principal, decision and depth go on with what it calls; or, for
	// the module itself, one in which it acts.
	ctx context.Context
	// own is set for what the module does by itself.
	own bool
}

func newTokens() *tokens { return &tokens{known: map[string]ticket{}} }

// issue makes a token; revoke ends it.
func (t *tokens) issue(k ticket) (token string, revoke func()) {
	token = rand.Text()
	t.mu.Lock()
	t.known[token] = k
	t.mu.Unlock()
	return token, func() {
		t.mu.Lock()
		delete(t.known, token)
		t.mu.Unlock()
	}
}

func (t *tokens) find(token string) (ticket, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	k, ok := t.known[token]
	return k, ok
}

// joined is a context with the values of one and the end of another, which is ended with the first too.
type joined struct {
	context.Context // ends
	values          context.Context
}

// Value is of the call that the token stands for.
func (j joined) Value(key any) any { return j.values.Value(key) }

// join continues a call: its values, until it or the call back ends.
func join(call, back context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(back)
	stop := context.AfterFunc(call, cancel)
	return joined{ctx, call}, func() { stop(); cancel() }
}
