package event

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// plan has bank do a transaction.
func (w *world) plan(do func(ctx context.Context, tx *testTx)) {
	w.tb.Helper()
	require.NoError(w.tb, w.bank.Tx(w.tb.Context(), func(ctx context.Context, tx *testTx) error { do(ctx, tx); return nil }))
}

func (w *world) publishAt(at time.Time, key string, n int64) {
	w.tb.Helper()
	w.plan(func(ctx context.Context, tx *testTx) {
		require.NoError(w.tb, PublishAt(ctx, tx, at, key, wrapperspb.Int64(n)))
	})
}

// jobs are what waits for its time, by key, in order.
func (w *world) jobs(key string) []int64 {
	w.tb.Helper()
	rows, err := w.owner.Query(w.tb.Context(), `select payload from kernel.job where key = $1 order by due, place`, key)
	require.NoError(w.tb, err)
	payloads, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	require.NoError(w.tb, err)
	var out []int64
	for _, p := range payloads {
		var m wrapperspb.Int64Value
		require.NoError(w.tb, proto.Unmarshal(p, &m))
		out = append(out, m.Value)
	}
	return out
}

func TestAJobComesWhenItIsDue(t *testing.T) {
	heard := make(chan Event, 9)
	var w *world
	sub := On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		err := Apply(ctx, w.shop, func(ctx context.Context, tx *testTx) error { return note(ctx, tx, e, m.Value) })
		heard <- e
		return err
	})
	w = newWorld(t, sub)
	c := &clock{}
	w.start(Config{Clock: c.now, Poll: 10 * time.Millisecond}, sub)
	due := c.now().Add(time.Hour).Truncate(time.Millisecond)
	w.publishAt(due, "a", 1)
	w.publish("a", 2) // which does not wait for it
	first := recv(t, heard)
	require.Zero(t, first.Due)
	require.Equal(t, []int64{2}, w.effects("a"))
	c.advance(59 * time.Minute)
	w.publish("a", 3)
	recv(t, heard)
	require.Equal(t, []int64{1}, w.jobs("a"))
	c.advance(time.Minute)
	job := recv(t, heard)
	for job.Due.IsZero() { // one before it, whose lease was over before it was done: the clock went on by an hour
		job = recv(t, heard)
	}
	require.Equal(t, due.UTC(), job.Due)
	require.Equal(t, "bank", job.Source)
	require.Equal(t, []int64{2, 3, 1}, w.effects("a"))
	require.Empty(t, w.jobs("a"))
}

// It lies in a deep sleep, and is woken in time for a job that is planned meanwhile.
func TestASleeperWakesWhenAJobIsDue(t *testing.T) {
	heard := make(chan time.Time, 1)
	sub := On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { heard <- time.Now(); return nil })
	w := newWorld(t, sub)
	w.start(Config{Poll: time.Hour, Linger: -1}, sub)
	require.Eventually(t, func() bool { return w.count(`select count(*) from kernel.asleep`) == 1 }, 10*time.Second, time.Millisecond)
	due := time.Now().Add(400 * time.Millisecond)
	w.publishAt(due, "a", 1)
	at := recv(t, heard)
	require.False(t, at.Before(due), "it is %v early", due.Sub(at))
	require.Less(t, at.Sub(due), time.Second)
}

// Publishers and canceller, three dispatchers and handlers that fail: what was planned comes once and in the order of its
// time within its key; what was cancelled comes never.
func TestJobsComeOnceAndInOrder(t *testing.T) {
	const planners, each, keys = 6, 60, 12
	var w *world
	sub := On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		if rand.IntN(20) == 0 {
			return errors.New("by chance")
		}
		return Apply(ctx, w.shop, func(ctx context.Context, tx *testTx) error { return note(ctx, tx, e, m.Value) })
	})
	w = newWorld(t, sub)
	c := &clock{}
	start := c.now()
	var wg sync.WaitGroup
	want := make([]map[int64]bool, keys)
	var mu sync.Mutex
	for k := range keys {
		want[k] = map[int64]bool{}
	}
	for p := range planners {
		wg.Go(func() {
			for i := range each {
				k, n := rand.IntN(keys), int64(p*each+i)
				// The number says when it is due, so that the order shows in the effects.
				at := rand.Int64N(3600)*1000 + n
				key := fmt.Sprint("key-", k)
				sorry := errors.New("sorry")
				err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
					if err := PublishAt(ctx, tx, start.Add(time.Duration(at)*time.Millisecond), key, wrapperspb.Int64(at)); err != nil {
						return err
					}
					if i%7 == 0 {
						return sorry
					}
					return nil
				})
				if errors.Is(err, sorry) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				want[k][at] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	w.plan(func(ctx context.Context, tx *testTx) {
		require.NoError(t, Cancel(ctx, tx, "key-3", &wrapperspb.Int64Value{}))
	})
	clear(want[3])
	cfg := Config{Clock: c.now, Workers: 3, Backoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, MaxAttempts: 1000, Poll: 10 * time.Millisecond}
	var ds []*Dispatcher
	for range 3 {
		ds = append(ds, w.start(cfg, sub))
	}
	for range 12 { // time comes in pieces, so that keys are brought again and again
		c.advance(5 * time.Minute)
		require.Eventually(t, func() bool {
			return w.count(`select count(*) from kernel.job where due <= $1`, c.now()) == 0
		}, 30*time.Second, 5*time.Millisecond)
	}
	for _, d := range ds {
		w.drained(d)
	}
	for k := range keys {
		got := w.effects(fmt.Sprint("key-", k))
		require.Len(t, got, len(want[k]), "key %d", k)
		for i, n := range got {
			require.True(t, want[k][n])
			require.True(t, i == 0 || got[i-1] < n, "key %d: %d came before %d", k, got[max(0, i-1)], n)
		}
	}
	require.Zero(t, w.count(`select count(*) from kernel.job`))
}

func TestCancel(t *testing.T) {
	w := newWorld(t)
	at := time.Now().Add(time.Hour)
	int64s, sorry := &wrapperspb.Int64Value{}, errors.New("sorry")
	for n := range int64(3) {
		w.publishAt(at.Add(time.Duration(n)), "a", n)
	}
	w.publishAt(at, "b", 9)
	// Rolled back, it takes back nothing.
	require.ErrorIs(t, w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.NoError(t, Cancel(ctx, tx, "a", int64s))
		tx.BeforeCommit(func(context.Context) error { return sorry })
		return nil
	}), sorry)
	require.Equal(t, []int64{0, 1, 2}, w.jobs("a"))
	// Another module's type it cannot take back, and its own of the same key are others.
	err := w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error { return Cancel(ctx, tx, "a", int64s) })
	require.Equal(t, "42501", code(err))
	require.NoError(t, w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		return Cancel(ctx, tx, "a", &wrapperspb.StringValue{})
	}))
	require.Equal(t, []int64{0, 1, 2}, w.jobs("a"))
	// In one transaction the order of the calls counts.
	w.plan(func(ctx context.Context, tx *testTx) {
		require.NoError(t, PublishAt(ctx, tx, at, "a", wrapperspb.Int64(10)))
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(11))) // which is no job
		require.NoError(t, Cancel(ctx, tx, "a", int64s))
		require.NoError(t, PublishAt(ctx, tx, at, "a", wrapperspb.Int64(12)))
	})
	require.Equal(t, []int64{12}, w.jobs("a"))
	require.Equal(t, []int64{9}, w.jobs("b"))
	require.Equal(t, 1, w.count(`select count(*) from kernel.outbox`))
	w.plan(func(ctx context.Context, tx *testTx) { // nothing to take back
		require.NoError(t, Cancel(ctx, tx, "nothing", int64s))
		require.ErrorContains(t, Cancel(ctx, tx, "", int64s), "key is empty")
		require.ErrorContains(t, Cancel(ctx, tx, "a", nil), "nil")
		require.ErrorContains(t, PublishAt(ctx, tx, time.Time{}, "a", int64s), "no time")
	})
}

// Somebody has published to a lane and does not commit. Jobs for it wait, in their order; others come.
func TestALaneThatIsHeldHoldsUpNoOtherJobs(t *testing.T) {
	var shop testStore
	sub := hearing(&shop, func(string) {})
	w := newWorld(t, sub)
	shop = w.shop
	w.publish("held", 1)
	c := &clock{}
	d := w.start(Config{Clock: c.now, Poll: 10 * time.Millisecond}, sub)
	w.drained(d)
	began, end, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	commit := sync.OnceFunc(func() { close(end) })
	defer commit()
	go func() {
		ended <- w.bank.Tx(context.WithoutCancel(t.Context()), func(ctx context.Context, tx *testTx) error {
			tx.BeforeCommit(func(context.Context) error { close(began); <-end; return nil })
			b := &buffer{events: []pending{{id: "0192f0c0-0000-7000-8000-000000000001", kind: string(int64Type), key: "held", payload: []byte{8, 3}}}}
			return b.flush(ctx, tx)
		})
	}()
	<-began
	now := c.now()
	for n := range int64(3) {
		w.publishAt(now.Add(time.Duration(n)*time.Millisecond), "held", 4+n)
		w.publishAt(now, fmt.Sprint("free-", n), n)
	}
	c.advance(time.Second)
	require.Eventually(t, func() bool { return w.count(`select count(*) from work.effect where key like 'free-%'`) == 3 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, []int64{4, 5, 6}, w.jobs("held"))
	commit()
	require.NoError(t, <-ended)
	require.Eventually(t, func() bool { return len(w.effects("held")) == 5 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, []int64{1, 3, 4, 5, 6}, w.effects("held"))
}

// A dispatcher is killed while it publishes jobs: the next publishes all of them, once.
func TestJobsOfADispatcherThatIsKilledWhilePublishing(t *testing.T) {
	var shop testStore
	sub := hearing(&shop, func(string) {})
	w := newWorld(t, sub)
	shop = w.shop
	for n := range int64(3) {
		w.publishAt(time.Now().Add(-time.Minute), "a", n)
	}
	dying, err := w.owner.Acquire(t.Context())
	require.NoError(t, err)
	defer dying.Release()
	tx, err := dying.Begin(t.Context())
	require.NoError(t, err)
	var n int
	require.NoError(t, tx.QueryRow(t.Context(), `select kernel.promote(clock_timestamp(), 100)`).Scan(&n))
	require.Equal(t, 3, n)
	// Meanwhile nobody else has them.
	require.NoError(t, w.owner.QueryRow(t.Context(), `select kernel.promote(clock_timestamp(), 100)`).Scan(&n))
	require.Zero(t, n)
	_, err = pool(t, testDSN, 2).Exec(t.Context(), `select pg_terminate_backend($1)`, dying.Conn().PgConn().PID())
	require.NoError(t, err)
	w.start(Config{Poll: 10 * time.Millisecond}, sub)
	require.Eventually(t, func() bool { return len(w.effects("a")) == 3 }, 10*time.Second, 5*time.Millisecond)
	require.Equal(t, []int64{0, 1, 2}, w.effects("a"))
}

func TestAModulePlansItsOwnEventsAlone(t *testing.T) {
	w := newWorld(t)
	at := time.Now().Add(time.Hour)
	for _, store := range []testStore{w.shop, {w.bank.pool, "stray_all"}, {w.bank.pool, ""}} {
		err := store.Tx(t.Context(), func(ctx context.Context, tx *testTx) error { return PublishAt(ctx, tx, at, "a", wrapperspb.Int64(1)) })
		require.Equal(t, "42501", code(err), "as %q: %v", store.role, err)
	}
	require.Empty(t, w.jobs("a"))
	w.publishAt(at, "a", 1)
	for _, attack := range []string{
		`select * from kernel.job`, `delete from kernel.job`, `select * from kernel.schedule`, `update kernel.schedule set next = now()`,
		`select kernel.promote(now(), 1)`, `select kernel.event_publisher(array['google.protobuf.Int64Value'])`,
		`select kernel.emit(array[gen_random_uuid()], array['bank'], array['google.protobuf.Int64Value'], array['a'], array[''::bytea], null, null)`,
		`select kernel.run('bank.nightly', null, null, 1, array[gen_random_uuid()], array[''::bytea], array[now()])`,
	} {
		err := w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
			_, err := tx.Exec(ctx, attack)
			return err
		})
		require.Equal(t, "42501", code(err), attack)
	}
	require.Equal(t, []int64{1}, w.jobs("a"))
}
