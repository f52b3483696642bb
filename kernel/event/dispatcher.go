package event

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Dispatcher brings events to the handlers of this process. Every node runs one; they share the lanes.
//
// [NewDispatcher] does no I/O. Then [Install], once for the portal, [Dispatcher.Start], and at the end [Dispatcher.Stop].
type Dispatcher struct {
	cfg  Config
	id   string
	subs map[string]map[protoreflect.FullName]Subscription
	// names are the keys of subs, sorted.
	names []string
	lanes lanes
	later later

	free      chan struct{} // one token for each worker that is busy
	wake      chan struct{} // holds one: look again
	listening atomic.Bool

	mu      sync.Mutex
	state   state
	stop    chan struct{}      // closed: take no more lanes
	cancel  context.CancelFunc // ends handlers too
	changed chan struct{}      // closed and replaced when a lane was let go
	wg      sync.WaitGroup

	stubborn time.Duration // how long Stop waits for handlers that were cancelled
}

type state int

const (
	fresh state = iota
	running
	stopped
)

// NewDispatcher checks cfg and the subscriptions. Several may have the same subscriber, with different types.
func NewDispatcher(cfg Config, subs ...Subscription) (*Dispatcher, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	d := &Dispatcher{
		cfg: cfg, id: uuid.NewString(),
		subs:    map[string]map[protoreflect.FullName]Subscription{},
		free:    make(chan struct{}, cfg.Workers),
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		changed: make(chan struct{}), stubborn: stubborn,
	}
	for _, s := range subs {
		if err := s.validate(); err != nil {
			return nil, err
		}
		types := d.subs[s.Subscriber]
		if types == nil {
			types = map[protoreflect.FullName]Subscription{}
			d.subs[s.Subscriber] = types
		}
		for _, t := range s.Types {
			if _, twice := types[t]; twice {
				return nil, fmt.Errorf("subscriber %s handles %s twice: give one of them another name", s.Subscriber, t)
			}
			types[t] = s
		}
	}
	d.names = slices.Sorted(maps.Keys(d.subs))
	d.lanes = lanes{db: cfg.Pool, now: cfg.Clock, lease: cfg.Lease, subscribers: d.names}
	d.later = later{d.lanes}
	d.later.now = cfg.Due
	return d, nil
}

// Start begins to deliver and returns. Deliveries end with Stop, or abruptly with ctx. A dispatcher starts once.
func (d *Dispatcher) Start(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state != fresh {
		return errors.New("event dispatcher: it was started or stopped before: make a new one")
	}
	d.state = running
	ctx, d.cancel = context.WithCancel(ctx)
	if len(d.names) == 0 {
		return nil
	}
	d.wg.Go(func() { d.listen(ctx) })
	d.wg.Go(func() { d.scout(ctx) })
	return nil
}

// stubborn is how long Stop waits for handlers that were cancelled, which have to give their lanes back.
const stubborn = 10 * time.Second

// Stop takes no more events and waits for the handlers under way; those that outlast ctx are cancelled, and the error is ctx's. Their
// events are delivered again elsewhere or later. A handler that does not heed its context is left behind after some
// seconds, and the error says so. Stopping before starting, or twice, is safe.
func (d *Dispatcher) Stop(ctx context.Context) error {
	d.mu.Lock()
	if d.state == running {
		close(d.stop)
	}
	d.state = stopped
	cancel := d.cancel
	d.mu.Unlock()
	if cancel == nil { // it never started
		return nil
	}
	done := make(chan struct{})
	go func() {
		d.wg.Wait()
		close(done)
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	cancel()
	left := time.NewTimer(d.stubborn)
	defer left.Stop()
	select {
	case <-done:
		return err
	case <-left.C:
		return errors.Join(err, fmt.Errorf("event dispatcher: a handler goes on %v after its context was cancelled", d.stubborn))
	}
}

// stopping tells whether no more events are to be taken.
func (d *Dispatcher) stopping(ctx context.Context) bool {
	select {
	case <-d.stop:
		return true
	default:
		return ctx.Err() != nil
	}
}

// nudge has the scout look again.
func (d *Dispatcher) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// let tells those in WaitDrained that a lane was let go.
func (d *Dispatcher) let() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.changed)
	d.changed = make(chan struct{})
}

// WaitDrained returns when nothing waits for this dispatcher's subscribers, parked lanes aside. It is for tests.
func (d *Dispatcher) WaitDrained(ctx context.Context) error {
	for {
		d.mu.Lock()
		changed := d.changed
		d.mu.Unlock()
		waiting, err := d.lanes.waiting(ctx)
		if err != nil || !waiting {
			return err
		}
		d.pause(ctx, changed, d.cfg.Poll)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}
