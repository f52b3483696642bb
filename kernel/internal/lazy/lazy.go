// Package lazy has contexts whose end costs nothing until somebody waits for it. There is one for each call, and many
// providers never wait.
package lazy

import (
	"context"
	"sync"
	"time"
)

// Context ends with its parent, at its deadline, or with End, and has no values of its parent's. Begin must be called
// before anything else.
type Context struct {
	parent   context.Context
	deadline time.Time
	watch    func(cancel context.CancelFunc)

	mu      sync.Mutex
	waiting context.Context // made when somebody waits
	cancel  context.CancelFunc
	ended   bool
}

var _ context.Context = (*Context)(nil)

// Begin says what it ends with. watch, which may be nil, is called once when somebody first waits, to look for a further
// reason. End must be called, or the parent end.
func (c *Context) Begin(parent context.Context, deadline time.Time, watch func(cancel context.CancelFunc)) {
	c.parent, c.deadline, c.watch = parent, deadline, watch
}

// Parent is what it was begun with.
func (c *Context) Parent() context.Context { return c.parent }

// Value knows the one key by which the standard library looks for the context that a derived one ends with. Where it
// finds none it starts a goroutine for each.
func (c *Context) Value(key any) any {
	if _, ok := key.(*int); ok {
		return c.wait().Value(key)
	}
	return nil
}

// Deadline is always set.
func (c *Context) Deadline() (time.Time, bool) { return c.deadline, true }

// Done is closed at the end, for whichever reason.
func (c *Context) Done() <-chan struct{} { return c.wait().Done() }

// Err tells why it ended; nil while it has not.
func (c *Context) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.waiting != nil:
		return c.waiting.Err()
	case c.ended:
		return context.Canceled
	case c.parent.Err() != nil:
		return c.parent.Err()
	case !time.Now().Before(c.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

func (c *Context) wait() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting, c.cancel = context.WithDeadline(ending{c.parent}, c.deadline)
		switch {
		case c.ended:
			c.cancel()
		case c.watch != nil:
			c.watch(c.cancel)
		}
	}
	return c.waiting
}

// End tells whoever still waits that it is over.
func (c *Context) End() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.cancel != nil {
		c.cancel()
	}
}

// Ended tells whether End was called.
func (c *Context) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// ending is a context without its values.
type ending struct{ context.Context }

// Value returns nil.
func (ending) Value(any) any { return nil }

// AfterFunc is what the standard library calls instead of starting a goroutine.
func (e ending) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(e.Context, f) }
