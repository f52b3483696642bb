package event

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

func collect(name string, into chan<- int64) Subscription {
	return On(name, func(_ context.Context, e Event, m *wrapperspb.Int64Value) error { into <- m.Value; return nil })
}

func TestANewSubscriberHearsOnlyWhatComesAfter(t *testing.T) {
	old, fresh := make(chan int64, 99), make(chan int64, 99)
	first, second := collect("shop.first", old), collect("shop.second", fresh)
	w := newWorld(t, first)
	w.publish("a", 1)
	// A publisher that is under way: the installation waits for it, so that it falls on one side.
	installed := make(chan error, 1)
	err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(2)))
		tx.BeforeCommit(func(ctx context.Context) error {
			go func() { installed <- Install(ctx, w.owner, installation(first, second)) }()
			require.Eventually(t, func() bool {
				return w.count(`select count(*) from pg_locks where not granted and relation = 'kernel.subscription'::regclass`) == 1
			}, 5*time.Second, time.Millisecond)
			return nil
		})
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, recv(t, installed))
	w.publish("a", 3)
	d := w.start(Config{}, first, second)
	w.drained(d)
	require.Len(t, old, 3)
	require.Len(t, fresh, 1)
	require.EqualValues(t, 3, <-fresh)
}

func TestASubscriberTakesOnAndDropsTypes(t *testing.T) {
	got := make(chan any, 99)
	numbers := On("shop.hear", func(_ context.Context, e Event, m *wrapperspb.Int64Value) error { got <- m.Value; return nil })
	words := On("shop.hear", func(_ context.Context, e Event, m *wrapperspb.StringValue) error { got <- m.Value; return nil })
	w := newWorld(t, numbers)
	say := func(s string) {
		require.NoError(t, w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
			return Publish(ctx, tx, "a", wrapperspb.String(s))
		}))
	}
	w.publish("a", 1)
	say("before")
	w.install(numbers, words)
	say("after")
	w.publish("a", 2)
	d := w.start(Config{}, numbers, words)
	w.drained(d)
	close(got)
	var all []any
	for v := range got {
		all = append(all, v)
	}
	require.Equal(t, []any{int64(1), "after", int64(2)}, all, "one lane, in order, without what was not wanted yet")
	require.NoError(t, d.Stop(t.Context()))

	w.publish("a", 3)
	w.install(words) // what waits is not wanted any more
	w.drained(w.start(Config{}, words))
}

func TestInstallTwiceChangesNothing(t *testing.T) {
	sub := collect("shop.hear", make(chan int64, 9))
	w := newWorld(t, sub)
	state := `select string_agg(x, ',' order by x) from (
		select s::text || xmin from kernel.subscription s union all select r::text || xmin from kernel.event_role r
		union all select t::text || xmin from kernel.event_type t) x(x)`
	var before, after string
	require.NoError(t, w.owner.QueryRow(t.Context(), state).Scan(&before))
	done := make(chan error, 8)
	for range cap(done) { // nodes that start together
		go func() { done <- Install(t.Context(), w.owner, installation(sub)) }()
	}
	for range cap(done) {
		require.NoError(t, recv(t, done))
	}
	require.NoError(t, w.owner.QueryRow(t.Context(), state).Scan(&after))
	require.Equal(t, before, after)

	in := installation(sub)
	delete(in.Roles, "bank_all")
	require.NoError(t, Install(t.Context(), w.owner, in))
	require.Equal(t, "42501", code(w.bank.publish(t.Context(), "a", 1)), "a module that was switched off is silent")
}

func TestSubscriptionsAreChecked(t *testing.T) {
	w := newWorld(t)
	good := collect("shop.hear", nil)
	_, err := NewDispatcher(Config{Pool: w.owner}, good, good)
	require.ErrorContains(t, err, "twice")
	for _, change := range []func(*Subscription){
		func(s *Subscription) { s.Subscriber = "hear" },
		func(s *Subscription) { s.Subscriber = "Shop.hear" },
		func(s *Subscription) { s.Module = "" },
		func(s *Subscription) { s.Module = "bank" }, // whose purpose it would take
		func(s *Subscription) { s.Timeout = -1 },
		func(s *Subscription) { s.Types = nil },
		func(s *Subscription) { s.Types = []protoreflect.FullName{"a b"} },
		func(s *Subscription) { s.Handle = nil },
	} {
		bad := good
		change(&bad)
		_, err = NewDispatcher(Config{Pool: w.owner}, bad)
		require.Error(t, err)
		require.Error(t, Install(t.Context(), w.owner, installation(bad)))
	}
	_, err = NewDispatcher(Config{})
	require.ErrorContains(t, err, "pool")
	_, err = NewDispatcher(Config{Pool: w.owner, Workers: -1})
	require.ErrorContains(t, err, "Workers")
	_, err = NewDispatcher(Config{Pool: w.owner, Poll: -1})
	require.ErrorContains(t, err, "Poll")
}

func TestSweepKeepsWhatWaits(t *testing.T) {
	sub := collect("shop.hear", make(chan int64, 99))
	w := newWorld(t, sub)
	for n := range int64(5) {
		w.publish("handled", n)
		w.publish("parked", n)
	}
	d := w.start(Config{}, sub)
	w.drained(d)
	require.NoError(t, d.Stop(t.Context()))
	_, err := w.owner.Exec(t.Context(), `update kernel.lane set parked_at = now(), done = (select seq from kernel.outbox where key = 'parked' order by seq limit 1 offset 1),
		last = last + 1000 where key = 'parked'`)
	require.NoError(t, err)
	w.publish("waiting", 1)

	n, err := d.Sweep(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	require.Zero(t, n, "all of it is young")
	n, err = d.Sweep(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 7, n)
	require.Equal(t, 3, w.count(`select count(*) from kernel.outbox where key = 'parked'`))
	require.Equal(t, 1, w.count(`select count(*) from kernel.outbox where key = 'waiting'`))
	require.Equal(t, 2, w.count(`select count(*) from kernel.lane`))

	w.publish("handled", 6) // a lane that was swept begins anew, behind what it had
	require.Equal(t, 1, w.count(`select count(*) from kernel.outbox o join kernel.lane l using (key) where key = 'handled' and o.seq > l.done and l.done < l.last`))

	w.install() // the subscriber is gone
	n, err = d.Sweep(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
	require.Zero(t, w.count(`select count(*) from kernel.lane`))
}
