package event

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// hearing is a subscription that writes an effect, and at the event "2" calls what it was given for that point.
func hearing(shop *testStore, at func(point string)) Subscription {
	return On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		reach := func(point string) {
			if m.Value == 2 {
				at(point)
			}
		}
		reach("before apply")
		err := Apply(ctx, *shop, func(ctx context.Context, tx *testTx) error {
			if err := note(ctx, tx, e, m.Value); err != nil {
				return err
			}
			reach("before commit")
			return nil
		})
		if err == nil {
			reach("after commit")
		}
		return err
	})
}

// child is the test binary started again: a dispatcher that kills its own process at a point.
func child(ctx context.Context, point string) {
	connect := func(dsn string) *pgxpool.Pool {
		p, err := pgxpool.New(ctx, dsn+"&pool_max_conns=5")
		if err != nil {
			panic(err)
		}
		return p
	}
	shop := testStore{connect(os.Getenv("EVENT_TEST_PORTAL")), "shop_all"}
	die := func(p string) {
		if p == point {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	d, err := NewDispatcher(Config{Pool: connect(os.Getenv("EVENT_TEST_OWNER"))}, hearing(&shop, die), killing(func() testStore { return shop }, die))
	if err != nil {
		panic(err)
	}
	if err := d.Start(ctx); err != nil {
		panic(err)
	}
	select {}
}

func TestEffectOnceWhenKilled(t *testing.T) {
	for point, committed := range map[string]bool{"before apply": false, "before commit": false, "after commit": true} {
		t.Run(point, func(t *testing.T) {
			var shop testStore
			sub := hearing(&shop, func(string) {})
			w := newWorld(t, sub)
			shop = w.shop
			for n := range int64(3) {
				w.publish("a", n+1)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "EVENT_TEST_CHILD="+point, "EVENT_TEST_OWNER="+dsnOf(w.name, ""), "EVENT_TEST_PORTAL="+dsnOf(w.name, "portal"))
			cmd.Stderr = os.Stderr
			err := cmd.Run()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%v", err)

			want := []int64{1}
			if committed {
				want = []int64{1, 2}
			}
			require.Equal(t, want, w.effects("a"))
			require.Equal(t, 1, w.count(`select count(*) from kernel.lane where lease is not null and done < last`), "still leased by the dead")

			c := &clock{}
			d := w.start(Config{Clock: c.now, Poll: 20 * time.Millisecond}, sub)
			c.advance(time.Minute)
			w.drained(d)
			require.Equal(t, []int64{1, 2, 3}, w.effects("a"))
		})
	}
}

// A dispatcher stalls for longer than its lease, with and without its transaction open; another takes over; then the
// first goes on.
func TestEffectOnceWhenALeaseEnds(t *testing.T) {
	for _, point := range []string{"before apply", "before commit", "after commit"} {
		t.Run(point, func(t *testing.T) {
			reached, resume := make(chan struct{}), make(chan struct{})
			var shop testStore
			stalling := hearing(&shop, func(p string) {
				if p == point {
					reached <- struct{}{}
					<-resume
				}
			})
			w := newWorld(t, stalling)
			shop = w.shop
			c := &clock{}
			cfg := Config{Clock: c.now, Poll: 20 * time.Millisecond, Timeout: time.Hour, Workers: 1} // which stalls: a takes nothing back
			a := w.start(cfg, stalling)
			for n := range int64(3) {
				w.publish("a", n+1)
			}
			recv(t, reached)
			taken := make(chan struct{}, 1)
			b := w.start(cfg, On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
				select {
				case taken <- struct{}{}:
				default:
				}
				return Apply(ctx, shop, func(ctx context.Context, tx *testTx) error { return note(ctx, tx, e, m.Value) })
			}))
			lanes, err := b.lanes.take(t.Context(), 9)
			require.NoError(t, err)
			require.Empty(t, lanes, "the lease holds")
			c.advance(31 * time.Second)
			recv(t, taken)
			if point != "before commit" { // there b waits for a's transaction
				w.drained(b)
				require.Equal(t, []int64{1, 2, 3}, w.effects("a"))
			}
			close(resume)
			w.drained(a)
			require.NoError(t, a.Stop(t.Context()))
			require.Equal(t, []int64{1, 2, 3}, w.effects("a"))
		})
	}
}

// An effect that comes back after its records were swept is still not doubled.
func TestAnEffectIsNotDoubledAfterASweep(t *testing.T) {
	reached, resume := make(chan struct{}), make(chan struct{})
	var shop testStore
	stalling := hearing(&shop, func(p string) {
		if p == "before apply" {
			reached <- struct{}{}
			<-resume
		}
	})
	plain := hearing(&shop, func(string) {})
	w := newWorld(t, plain)
	shop = w.shop
	c := &clock{}
	cfg := Config{Clock: c.now, Poll: 20 * time.Millisecond, Timeout: time.Hour, Workers: 1} // which stalls: a takes nothing back
	a := w.start(cfg, stalling)
	w.publish("a", 1)
	w.publish("a", 2)
	recv(t, reached)
	c.advance(31 * time.Second)
	b := w.start(cfg, plain)
	w.drained(b)
	n, err := b.Sweep(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	require.Zero(t, w.count(`select count(*) from kernel.inbox`))
	close(resume)
	require.NoError(t, a.Stop(t.Context()))
	require.Equal(t, []int64{1, 2}, w.effects("a"))
}

func TestAnEventThatKillsItsProcessIsParked(t *testing.T) {
	called := make(chan struct{}, 9)
	sub := On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { called <- struct{}{}; return nil })
	w := newWorld(t, sub)
	w.publish("a", 1)
	c := &clock{}
	d := w.start(Config{Clock: c.now, MaxAttempts: 2, Workers: 1, Poll: time.Hour}) // no subscriptions: it does nothing
	dead := d.lanes
	dead.subscribers = []string{"shop.hear"}
	for range 2 { // two lives that end without a word
		got, err := dead.take(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, got, 1)
		c.advance(31 * time.Second)
	}
	d = w.start(Config{Clock: c.now, MaxAttempts: 2, Poll: 20 * time.Millisecond}, sub)
	w.drained(d)
	require.Empty(t, called)
	parked, err := d.Parked(t.Context(), Selection{}, nil, 1)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	require.Contains(t, parked[0].Error, "the process ended")
	n, err := d.Replay(t.Context(), Selection{Subscriber: "shop.hear"})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	recv(t, called)
}

func TestALostLeaseEndsTheHandler(t *testing.T) {
	began, ended := make(chan struct{}), make(chan error, 1)
	sub := On("shop.hear", func(ctx context.Context, e Event, _ *wrapperspb.Int64Value) error {
		close(began)
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return ctx.Err()
	})
	w := newWorld(t, sub)
	w.publish("a", 1)
	w.start(Config{Lease: 60 * time.Millisecond, Poll: time.Hour, Timeout: time.Hour}, sub)
	recv(t, began)
	// Renewed, it is not to be had; then somebody has it.
	_, err := w.owner.Exec(t.Context(), `update kernel.lane set lease = gen_random_uuid(), leased_until = 'infinity'`)
	require.NoError(t, err)
	require.ErrorIs(t, recv(t, ended), ErrLeaseLost)
}

func TestALongHandlerKeepsItsLease(t *testing.T) {
	began, resume := make(chan struct{}, 9), make(chan struct{})
	sub := On("shop.hear", func(ctx context.Context, e Event, _ *wrapperspb.Int64Value) error {
		began <- struct{}{}
		<-resume
		return ctx.Err()
	})
	w := newWorld(t, sub)
	w.publish("a", 1)
	// The time stands still but for what the test adds, so that a busy machine does not end the lease.
	const lease = 3 * time.Second
	start := time.Now().Add(time.Minute).Truncate(time.Millisecond)
	var ahead atomic.Int64
	cfg := Config{Lease: lease, Poll: 10 * time.Millisecond, Timeout: time.Hour,
		Clock: func() time.Time { return start.Add(time.Duration(ahead.Load())) }}
	a := w.start(cfg, sub)
	w.start(cfg, sub)
	recv(t, began)
	for range 4 {
		now := ahead.Add(int64(lease) * 3 / 4)
		require.Eventually(t, func() bool {
			var until time.Time
			return w.owner.QueryRow(t.Context(), `select leased_until from kernel.lane`).Scan(&until) == nil &&
				until.Equal(start.Add(time.Duration(now)+lease))
		}, 10*time.Second, 10*time.Millisecond, "it is renewed")
	}
	require.Empty(t, began, "nobody else took it in three times its lease")
	close(resume)
	w.drained(a)
	require.Empty(t, began)
}

// The database drops every connection, again and again: nothing is lost or doubled.
func TestConnectionsBreak(t *testing.T) {
	var shop testStore
	sub := hearing(&shop, func(string) {})
	w := newWorld(t, sub)
	shop = w.shop
	d := w.start(Config{Lease: 300 * time.Millisecond, Poll: 20 * time.Millisecond, Backoff: time.Millisecond, MaxAttempts: 1000}, sub)
	admin := pool(t, testDSN, 2)
	var want []int64
	for n := range int64(60) {
		for {
			var key *string
			_ = w.owner.QueryRow(t.Context(), `select max(key) from kernel.outbox where payload = $1`, []byte{8, byte(n + 1)}).Scan(&key)
			if key != nil { // it had committed, though the connection broke
				break
			}
			if err := w.bank.publish(t.Context(), "a", n+1); err == nil {
				break
			} else if errors.Is(err, context.Canceled) {
				require.NoError(t, err)
			}
		}
		want = append(want, n+1)
		if n%10 == 5 {
			_, err := admin.Exec(t.Context(), `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1`, w.name)
			require.NoError(t, err)
		}
	}
	require.Eventually(t, func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		return d.WaitDrained(ctx) == nil
	}, 20*time.Second, time.Millisecond)
	require.Equal(t, fmt.Sprint(want), fmt.Sprint(w.effects("a")))
}
