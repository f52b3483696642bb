package event

import (
	"context"
	"time"

	"github.com/opencabinet/cabinet/kernel/internal/pglisten"
)

// glance is how long the scout waits between two looks when something is about to come.
const glance = 10 * time.Millisecond

// scout leases lanes for as many workers as are free, and sleeps when it finds none.
func (d *Dispatcher) scout(ctx context.Context) {
	found := time.Time{}  // when something was found last
	idle := 0             // looks without a find since
	looked := time.Time{} // when it was looked for what is due later
	for {
		n := d.reserve(ctx)
		if n == 0 {
			return
		}
		if time.Since(looked) >= glance {
			d.bring(ctx)
			looked = time.Now()
		}
		got, err := d.take(ctx, n)
		for range n - len(got) {
			<-d.free
		}
		for _, l := range got {
			d.wg.Go(func() {
				defer d.let()
				defer func() { <-d.free }()
				d.work(ctx, l)
			})
		}
		switch {
		case err != nil:
			if !d.stopping(ctx) {
				d.cfg.Log.ErrorContext(ctx, "events cannot be looked for, trying again", "error", err)
			}
			d.pause(ctx, nil, time.Second)
		case len(got) > 0:
			found, idle = time.Now(), 0
		case time.Since(found) < d.cfg.Linger:
			d.pause(ctx, d.wake, glance)
		default:
			idle++
			if err := d.sleep(ctx, idle); err != nil && !d.stopping(ctx) {
				d.cfg.Log.ErrorContext(ctx, "the event dispatcher cannot sleep, looking again", "error", err)
				d.pause(ctx, nil, time.Second)
			}
		}
	}
}

// bring publishes what has come due. What goes wrong with one thing, such as a schedule whose row somebody spoilt, does
// not keep events from being delivered.
func (d *Dispatcher) bring(ctx context.Context) {
	if err := d.later.publish(ctx); err != nil && !d.stopping(ctx) {
		d.cfg.Log.ErrorContext(ctx, "jobs and schedules cannot be published, trying again", "error", err)
	}
}

// take leases lanes, to the end: one that was broken off by stopping could have leased some that nobody would then work,
// or give back, until their leases are over.
func (d *Dispatcher) take(ctx context.Context, n int) ([]lane, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), min(d.cfg.Lease, 5*time.Second))
	defer cancel()
	return d.lanes.take(ctx, n)
}

// reserve waits for a free worker and takes all that are free: at least one, or none when stopping.
func (d *Dispatcher) reserve(ctx context.Context) int {
	if d.stopping(ctx) {
		return 0
	}
	select {
	case <-ctx.Done():
		return 0
	case <-d.stop:
		return 0
	case d.free <- struct{}{}:
	}
	for n := 1; ; n++ {
		select {
		case d.free <- struct{}{}:
		default:
			return n
		}
	}
}

// pause waits for the signal, which may be nil, for at most limit. Stopping ends it. It tells whether the signal came.
func (d *Dispatcher) pause(ctx context.Context, signal <-chan struct{}, limit time.Duration) bool {
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-signal:
		return true
	case <-t.C:
	case <-ctx.Done():
	case <-d.stop:
	}
	return false
}

// listen turns notifications into nudges, over a connection of its own that is made again when it breaks.
func (d *Dispatcher) listen(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.wg.Go(func() {
		select {
		case <-d.stop:
			cancel()
		case <-ctx.Done():
		}
	})
	for {
		err := pglisten.Each(ctx, d.cfg.Pool, "cabinet_event", func(context.Context) error {
			d.listening.Store(true)
			d.nudge()
			return nil
		})
		d.listening.Store(false)
		d.nudge()
		if d.stopping(ctx) {
			return
		}
		d.cfg.Log.WarnContext(ctx, "events are not notified for now, looking every while instead", "every", d.cfg.Poll, "error", err)
		d.pause(ctx, nil, time.Second)
	}
}
