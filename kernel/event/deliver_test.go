package event

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Eight publishers, three dispatchers with three workers each and handlers that fail at every point: each effect is there
// once, and in the order in which the publishers committed.
func TestOrderAndEffectOnceUnderFailures(t *testing.T) {
	const publishers, each, keys = 8, 125, 40
	var failures, calls atomic.Int64
	var w *world
	flaky := func(point int) error {
		if rand.IntN(30) != 0 {
			return nil
		}
		failures.Add(1)
		if point == 1 && rand.IntN(2) == 0 {
			panic("by chance")
		}
		return fmt.Errorf("by chance at %d", point)
	}
	hear := func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		calls.Add(1)
		if err := flaky(0); err != nil {
			return err
		}
		err := Apply(ctx, w.shop, func(ctx context.Context, tx *testTx) error {
			if err := note(ctx, tx, e, m.Value); err != nil {
				return err
			}
			return flaky(1) // rolls back
		})
		if err != nil {
			return err
		}
		return flaky(2) // committed, and comes again
	}
	sub := On("shop.hear", hear)
	w = newWorld(t, sub)
	cfg := Config{Workers: 3, Backoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, MaxAttempts: 1000, Turn: 5, Poll: 50 * time.Millisecond}
	var ds []*Dispatcher
	for range 3 {
		ds = append(ds, w.start(cfg, sub))
	}
	var published atomic.Int64
	var wg sync.WaitGroup
	for range publishers {
		wg.Go(func() {
			for range each {
				picked := rand.Perm(keys)[:1+rand.IntN(3)]
				slices.Sort(picked)
				err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
					for _, k := range picked {
						key := fmt.Sprint("key-", k)
						var n int64
						err := tx.QueryRow(ctx, `insert into work.counter as c values ($1, 1) on conflict (key) do update set n = c.n + 1 returning n`, key).Scan(&n)
						if err != nil {
							return err
						}
						defer published.Add(1)
						if err := Publish(ctx, tx, key, wrapperspb.Int64(n)); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, d := range ds {
		w.drained(d)
	}
	require.EqualValues(t, published.Load(), w.count(`select count(*) from work.effect`))
	require.EqualValues(t, published.Load(), w.count(`select count(*) from kernel.inbox`))
	for k := range keys {
		got := w.effects(fmt.Sprint("key-", k))
		for i, n := range got {
			require.EqualValues(t, i+1, n, "key %d: %v", k, got)
		}
		require.Equal(t, w.count(`select coalesce(max(n), 0) from work.counter where key = $1`, fmt.Sprint("key-", k)), len(got))
	}
	require.Greater(t, failures.Load(), int64(50))
	t.Logf("%d events, %d deliveries, %d failures", published.Load(), calls.Load(), failures.Load())
}

func TestAHandlerActsAsItsModule(t *testing.T) {
	type seen struct {
		p    access.Principal
		d    access.Decision
		e    Event
		inTx bool
	}
	got := make(chan seen, 2)
	sub := On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		got <- seen{access.From(ctx), access.DecisionFrom(ctx), e, access.InTx(ctx)}
		return nil
	})
	w := newWorld(t, sub)
	w.start(Config{}, sub)
	w.publish("a", 7)
	s := recv(t, got)
	require.Equal(t, access.AsModule("shop"), s.p)
	require.Equal(t, access.Decision{Allowed: true, Reach: access.All}, s.d)
	require.False(t, s.inTx)
	require.Equal(t, "bank", s.e.Source)
	require.Equal(t, int64Type, s.e.Type)
	require.Equal(t, "a", s.e.Key)
	require.Equal(t, byte('7'), s.e.ID[14], "a UUIDv7")
	require.Equal(t, time.UTC, s.e.Time.Location())
	require.WithinDuration(t, time.Now(), s.e.Time, time.Minute)
}

func TestApplyNeedsADelivery(t *testing.T) {
	w := newWorld(t)
	err := Apply(t.Context(), w.shop, func(context.Context, *testTx) error { return nil })
	require.ErrorIs(t, err, ErrNoDelivery)
}

// An effect may publish: the chain holds as each link does.
func TestAnEffectPublishes(t *testing.T) {
	got := make(chan string, 1)
	var w *world
	subs := []Subscription{
		On("shop.first", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
			return Apply(ctx, w.shop, func(ctx context.Context, tx *testTx) error {
				return Publish(ctx, tx, e.Key, wrapperspb.String(fmt.Sprint("n", m.Value)))
			})
		}),
		On("bank.second", func(_ context.Context, e Event, m *wrapperspb.StringValue) error {
			got <- e.Source + m.Value
			return nil
		}),
	}
	w = newWorld(t, subs...)
	w.start(Config{}, subs...)
	w.publish("a", 3)
	require.Equal(t, "shopn3", recv(t, got))
}

func TestParkedAndReplayed(t *testing.T) {
	var broken atomic.Bool
	broken.Store(true)
	var tries atomic.Int64
	var w *world
	sub := On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		if e.Key == "bad" && m.Value == 2 && broken.Load() {
			tries.Add(1)
			return errors.New("the\x00 gateway said no")
		}
		return Apply(ctx, w.shop, func(ctx context.Context, tx *testTx) error { return note(ctx, tx, e, m.Value) })
	})
	w = newWorld(t, sub)
	for n := range int64(4) {
		w.publish("bad", n+1)
		w.publish("good", n+1)
	}
	d := w.start(Config{MaxAttempts: 3, Backoff: time.Millisecond, MaxBackoff: time.Millisecond}, sub)
	w.drained(d)
	require.EqualValues(t, 3, tries.Load())
	require.Equal(t, []int64{1}, w.effects("bad"), "what comes after waits")
	require.Equal(t, []int64{1, 2, 3, 4}, w.effects("good"))

	parked, err := d.Parked(t.Context(), Selection{}, nil, 10)
	require.NoError(t, err)
	require.Len(t, parked, 1)
	require.WithinDuration(t, time.Now(), parked[0].At, time.Minute)
	require.Equal(t, Parked{
		Delivery: Delivery{"shop.hear", parked[0].EventID}, Type: string(int64Type), Source: "bank", Key: "bad", Time: parked[0].Time, At: parked[0].At,
		Waiting: 3, Attempts: 3, Error: "the� gateway said no",
	}, parked[0])
	require.Equal(t, 1, w.count(`select count(*) from kernel.outbox where id = $1 and payload = '\x0802'`, parked[0].EventID), "the one that failed")
	still, err := d.Delivered(t.Context(), parked[0].Delivery)
	require.NoError(t, err)
	require.Equal(t, parked[0], *still)
	bad := Selection{Deliveries: []Delivery{parked[0].Delivery}}
	replay := func(which Selection) int64 {
		n, err := d.Replay(t.Context(), which)
		require.NoError(t, err)
		return n
	}

	w.publish("bad", 5) // does not set it going
	w.drained(d)
	require.EqualValues(t, 3, tries.Load())

	require.EqualValues(t, 1, replay(bad))
	w.drained(d)
	require.EqualValues(t, 6, tries.Load(), "as many attempts again")

	broken.Store(false)
	require.EqualValues(t, 1, replay(bad))
	w.drained(d)
	require.Equal(t, []int64{1, 2, 3, 4, 5}, w.effects("bad"))
	require.Zero(t, replay(bad), "it is parked no more")
	still, err = d.Delivered(t.Context(), parked[0].Delivery)
	require.NoError(t, err)
	require.True(t, still.Handled)
	require.Zero(t, still.At)
	gone, err := d.Delivered(t.Context(), Delivery{"shop.never", parked[0].EventID})
	require.NoError(t, err)
	require.Nil(t, gone)
}

// Many at once have everything replayed: each effect is there once.
func TestReplayedByManyAtOnce(t *testing.T) {
	const keys = 30
	var broken atomic.Bool
	broken.Store(true)
	var w *world
	sub := On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		err := Apply(ctx, w.shop, func(ctx context.Context, tx *testTx) error { return note(ctx, tx, e, m.Value) })
		if err == nil && broken.Load() { // its effect is there, and it still fails
			err = errors.New("after it was applied")
		}
		return err
	})
	w = newWorld(t, sub)
	for k := range keys {
		w.publish(fmt.Sprint("key-", k), 1)
		w.publish(fmt.Sprint("key-", k), 2)
	}
	d := w.start(Config{MaxAttempts: 1, Poll: 10 * time.Millisecond}, sub)
	w.drained(d)
	var list []Parked
	for { // in pages, each once
		var after *Parked
		if len(list) > 0 {
			after = &list[len(list)-1]
		}
		page, err := d.Parked(t.Context(), Selection{}, after, 7)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		list = append(list, page...)
	}
	require.Len(t, list, keys)
	seen := map[string]bool{}
	for i, p := range list {
		seen[p.Key] = true
		require.True(t, i == 0 || !p.At.After(list[i-1].At))
	}
	require.Len(t, seen, keys)
	// Bounds and names narrow it.
	for _, none := range []Selection{
		{Subscriber: "shop.never"}, {Type: "google.protobuf.StringValue"}, {Type: "Value"}, {Type: "Int%"}, {Type: "Int64_alue"}, {From: time.Now().Add(time.Hour)}, {Until: time.Now().Add(-time.Hour)}, {Deliveries: []Delivery{}},
	} {
		n, err := d.Replay(t.Context(), none)
		require.NoError(t, err)
		require.Zero(t, n, "%+v", none)
	}
	broken.Store(false)
	var replayed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			n, err := d.Replay(t.Context(), Selection{Subscriber: "shop.hear", Type: "Int64Value", From: time.Now().Add(-time.Hour), Until: time.Now().Add(time.Hour)})
			if err != nil {
				t.Error(err)
			}
			replayed.Add(n)
		})
	}
	wg.Wait()
	w.drained(d)
	require.EqualValues(t, keys, replayed.Load())
	for k := range keys {
		require.Equal(t, []int64{1, 2}, w.effects(fmt.Sprint("key-", k)))
	}
}

func TestLanesSayWhatTheyWaitFor(t *testing.T) {
	began, resume := make(chan struct{}, 9), make(chan struct{})
	sub := On("shop.hear", func(_ context.Context, e Event, _ *wrapperspb.Int64Value) error {
		switch e.Key {
		case "running":
			began <- struct{}{}
			<-resume
		case "failing", "parked":
			return errors.New("no")
		}
		return nil
	})
	w := newWorld(t, sub)
	d := w.start(Config{MaxAttempts: 2, Backoff: time.Hour, MaxBackoff: time.Hour, Poll: 10 * time.Millisecond}, sub)
	for _, key := range []string{"done", "failing", "parked", "running"} {
		w.publish(key, 1)
		w.publish(key, 2)
	}
	recv(t, began)
	require.Eventually(t, func() bool {
		return w.count(`select count(*) from kernel.lane where attempts = 1 and lease is null`) == 2
	}, 10*time.Second, time.Millisecond)
	_, err := w.owner.Exec(t.Context(), `update kernel.lane set due = clock_timestamp() where key = 'parked'`)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return w.count(`select count(*) from kernel.lane where parked_at is not null`) == 1 }, 10*time.Second, time.Millisecond)

	lanes, err := d.LanesAfter(t.Context(), "", nil, nil, 10)
	require.NoError(t, err)
	got := map[string]LaneState{}
	for _, l := range lanes {
		got[l.Key] = l.State
		require.Equal(t, 2, l.Waiting, l.Key)
		require.WithinDuration(t, time.Now(), *l.Oldest, time.Minute)
	}
	require.Equal(t, map[string]LaneState{"failing": LaneFailing, "parked": LaneParked, "running": LaneRunning}, got)
	lanes, err = d.LanesAfter(t.Context(), "shop.hear", []LaneState{LaneFailing, LaneParked}, nil, 1)
	require.NoError(t, err)
	require.Equal(t, "failing", lanes[0].Key)
	lanes, err = d.LanesAfter(t.Context(), "shop.hear", []LaneState{LaneFailing, LaneParked}, &lanes[0], 9)
	require.NoError(t, err)
	require.Len(t, lanes, 1)
	require.Equal(t, []any{"parked", "no", 2}, []any{lanes[0].Key, lanes[0].Error, lanes[0].Attempts})
	close(resume)
}

func TestBackoffGrowsAndEnds(t *testing.T) {
	d := &Dispatcher{cfg: Config{Backoff: 200 * time.Millisecond, MaxBackoff: 5 * time.Minute}}
	for n, most := range []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond} {
		for range 100 {
			got := d.backoff(n)
			require.LessOrEqual(t, got, most)
			require.GreaterOrEqual(t, got, most/2)
		}
	}
	for _, n := range []int{11, 29, 30, 64, 1000} {
		require.LessOrEqual(t, d.backoff(n), 5*time.Minute)
		require.GreaterOrEqual(t, d.backoff(n), 150*time.Second)
	}
}
