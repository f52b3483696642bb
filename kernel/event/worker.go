package event

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
)

// batch is how many events are fetched at once.
const batch = 32

// maxError is how much of an error's text is kept, in bytes.
const maxError = 2000

// errNotHere says that this node's code does not know an event's type for the subscriber; another node's may.
var errNotHere = errors.New("this node has no handler for the event's type")

// ErrAway is the error of a handler whose process is not there now. The event comes again in a moment, and was not tried:
// a process that stays away parks nothing.
var ErrAway = errors.New("the subscriber's process is away")

// awayFor is how long an event waits before its subscriber's process is asked again.
const awayFor = time.Second

// work empties a lane, or works it for a turn.
func (d *Dispatcher) work(ctx context.Context, l lane) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer d.keep(ctx, l, cancel)()
	if d.stopping(ctx) {
		d.yield(ctx, l, 0)
		return
	}
	if l.Attempts >= d.cfg.MaxAttempts {
		d.giveUp(ctx, l, "", l.Attempts, errors.New("the process ended, or was silent, each time that it handled the event"))
		return
	}
	for handled := 0; ; {
		events, last, err := d.lanes.fetch(ctx, l, min(batch, d.cfg.Turn))
		if err != nil {
			d.abandon(ctx, l, err)
			return
		}
		if len(events) == 0 { // its subscriber does not want the type any more
			more, err := d.finish(ctx, l, last)
			if err != nil || !more {
				d.abandon(ctx, l, err)
				return
			}
			continue
		}
		for _, e := range events {
			if handled++; handled > d.cfg.Turn || d.stopping(ctx) {
				d.yield(ctx, l, 0)
				return
			}
			if err := d.handle(ctx, l, e); err != nil {
				d.failed(ctx, l, e, err)
				return
			}
			more, err := d.finish(ctx, l, e.seq)
			if err != nil || !more {
				d.abandon(ctx, l, err)
				return
			}
			l.Attempts = 0
		}
	}
}

// handle calls the handler, as the subscriber's module and with no transaction held.
func (d *Dispatcher) handle(ctx context.Context, l lane, r record) (err error) {
	s, ok := d.subs[l.Subscriber][protoreflect.FullName(r.kind)]
	if !ok {
		return errNotHere
	}
	t, err := d.cfg.Types.FindMessageByName(protoreflect.FullName(r.kind))
	if err != nil {
		return fmt.Errorf("%s is no message that is known here: %w", r.kind, err)
	}
	msg := t.New().Interface()
	if err := proto.Unmarshal(r.payload, msg); err != nil {
		return fmt.Errorf("the payload is no %s: %w", r.kind, err)
	}
	limit := cmp.Or(s.Timeout, d.cfg.Timeout)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the handler took longer than %v", limit))
	defer cancel()
	ctx = access.With(ctx, access.AsModule(s.Module))
	ctx = access.WithDecision(ctx, access.Decision{Allowed: true, Reach: access.All})
	ctx = context.WithValue(ctx, deliveryKey{}, delivery{l.Subscriber, r.id})
	ctx, end := d.span(ctx, l.Subscriber, r)
	defer func() { end(err) }()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the handler panicked: %v\n%s", p, debug.Stack())
		} else if err != nil && ctx.Err() != nil {
			err = fmt.Errorf("%w (%w)", err, context.Cause(ctx))
		}
	}()
	e := Event{ID: r.id, Source: r.source, Type: protoreflect.FullName(r.kind), Key: l.Key, Time: r.time.UTC(), Payload: msg}
	if r.due != nil {
		e.Due = r.due.UTC()
	}
	return s.Handle(ctx, e)
}

// finish passes an event, trying for as long as the lease may last: the effect is committed, and the lane would otherwise
// stand still until the lease is over.
func (d *Dispatcher) finish(ctx context.Context, l lane, seq int64) (more bool, err error) {
	err = d.insist(ctx, func(ctx context.Context) (err error) {
		more, err = d.lanes.done(ctx, l, seq)
		return err
	})
	return more, err
}

// failed has the event come again later, or parks the lane.
func (d *Dispatcher) failed(ctx context.Context, l lane, r record, err error) {
	log := d.cfg.Log.With("subscriber", l.Subscriber, "key", l.Key, "event", r.id, "type", r.kind)
	switch {
	case errors.Is(context.Cause(ctx), ErrLeaseLost):
		log.WarnContext(ctx, "an event's handler was stopped: its lease was lost", "error", err)
		return
	case ctx.Err() != nil: // the portal stops: no fault of the event
		d.yield(ctx, l, 0)
		return
	case errors.Is(err, ErrAway):
		log.WarnContext(ctx, "an event waits: its subscriber's process is away", "error", err)
		d.yield(ctx, l, awayFor)
		return
	case errors.Is(err, errNotHere):
		log.WarnContext(ctx, "an event is left to other nodes", "error", err)
		d.yield(ctx, l, d.cfg.MaxBackoff)
		return
	case l.Attempts+1 >= d.cfg.MaxAttempts:
		d.giveUp(ctx, l, r.id, l.Attempts+1, err)
		return
	}
	wait := d.backoff(l.Attempts)
	log.WarnContext(ctx, "an event's handler failed", "attempt", l.Attempts+1, "again_in", wait, "error", err)
	d.settle(ctx, l, func(ctx context.Context) error { return d.lanes.fail(ctx, l, text(err), wait) })
}

// giveUp parks the lane.
func (d *Dispatcher) giveUp(ctx context.Context, l lane, id string, attempts int, err error) {
	d.cfg.Log.ErrorContext(ctx, "an event keeps failing: its lane is parked until it is replayed",
		"subscriber", l.Subscriber, "key", l.Key, "event", id, "attempts", attempts, "error", err)
	d.settle(ctx, l, func(ctx context.Context) error { return d.lanes.park(ctx, l, text(err), attempts) })
}

// yield gives the lane back as it is.
func (d *Dispatcher) yield(ctx context.Context, l lane, after time.Duration) {
	d.settle(ctx, l, func(ctx context.Context) error { return d.lanes.release(ctx, l, after) })
}

// abandon ends the work on a lane that is let go already (err is nil), lost, or out of reach.
func (d *Dispatcher) abandon(ctx context.Context, l lane, err error) {
	switch {
	case err == nil:
	case errors.Is(err, ErrLeaseLost):
		d.cfg.Log.WarnContext(ctx, "a lane's lease was lost", "subscriber", l.Subscriber, "key", l.Key)
	default:
		if ctx.Err() == nil {
			d.cfg.Log.ErrorContext(ctx, "a lane cannot be worked for now", "subscriber", l.Subscriber, "key", l.Key, "error", err)
		}
		d.yield(ctx, l, time.Second)
	}
}

// settle writes what became of a lane, also when ctx is over, and has the scout look at the new state.
func (d *Dispatcher) settle(ctx context.Context, l lane, write func(ctx context.Context) error) {
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(d.cfg.Lease, 5*time.Second))
	defer cancel()
	if err := d.insist(limit, write); err != nil && !errors.Is(err, ErrLeaseLost) {
		d.cfg.Log.ErrorContext(ctx, "a lane stands still until its lease is over", "subscriber", l.Subscriber, "key", l.Key, "error", err)
	}
	d.nudge()
}

// insist tries again while the database is away, until the lease is certainly over.
func (d *Dispatcher) insist(ctx context.Context, write func(ctx context.Context) error) error {
	over := time.Now().Add(d.cfg.Lease)
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := write(ctx)
		if err == nil || errors.Is(err, ErrLeaseLost) || ctx.Err() != nil || time.Now().Add(wait).After(over) {
			return err
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
		}
	}
}

// keep renews the lease until the returned function is called. When it is lost, the work is cancelled.
func (d *Dispatcher) keep(ctx context.Context, l lane, cancel context.CancelCauseFunc) (end func()) {
	over := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(max(d.cfg.Lease/3, time.Millisecond))
		defer tick.Stop()
		renewed := time.Now()
		for {
			select {
			case <-over:
				return
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			limit, stop := context.WithTimeout(ctx, max(d.cfg.Lease/3, time.Millisecond))
			err := d.lanes.renew(limit, l)
			stop()
			switch {
			case err == nil:
				renewed = time.Now()
			case errors.Is(err, ErrLeaseLost) || time.Since(renewed) >= d.cfg.Lease-d.cfg.Lease/3:
				cancel(ErrLeaseLost)
				return
			}
		}
	})
	return func() {
		close(over)
		wg.Wait()
		cancel(nil)
	}
}

// backoff is the wait after a failure that followed n others.
func (d *Dispatcher) backoff(n int) time.Duration {
	wait := d.cfg.MaxBackoff
	if n < 30 {
		wait = min(wait, d.cfg.Backoff<<n)
	}
	return wait/2 + rand.N(wait/2+1)
}

// text is what is kept of an error.
func text(err error) string {
	s := strings.ReplaceAll(strings.ToValidUTF8(err.Error(), "�"), "\x00", "�")
	if len(s) > maxError {
		s = strings.ToValidUTF8(s[:maxError], "")
	}
	return s
}
