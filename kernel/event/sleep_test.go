package event

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// sleepy never looks by itself in the time of a test, so that what is not notified is lost.
var sleepy = Config{Poll: time.Hour, Linger: -1}

func TestAPublishIsNotLostOnADispatcherThatLiesDown(t *testing.T) {
	got := make(chan int64, 1)
	sub := On("shop.hear", func(_ context.Context, e Event, m *wrapperspb.Int64Value) error { got <- m.Value; return nil })
	w := newWorld(t, sub)
	w.start(sleepy, sub)
	for i := range int64(1500) {
		for start, wait := time.Now(), time.Duration(rand.IntN(2000))*time.Microsecond; time.Since(start) < wait; {
			// spin: publish at every moment of its lying down
		}
		w.publish(fmt.Sprint("k", i%3), i)
		require.Equal(t, i, recv(t, got))
	}
}

// The window itself: the publisher has looked for sleepers and has not committed when the dispatcher lies down.
func TestACommitAfterTheDispatcherLayDown(t *testing.T) {
	got := make(chan int64, 9)
	sub := On("shop.hear", func(_ context.Context, e Event, m *wrapperspb.Int64Value) error { got <- m.Value; return nil })
	w := newWorld(t, sub)
	var d *Dispatcher
	var committed time.Time
	err := w.bank.Tx(t.Context(), func(ctx context.Context, tx *testTx) error {
		require.NoError(t, Publish(ctx, tx, "a", wrapperspb.Int64(1)))
		tx.BeforeCommit(func(context.Context) error {
			d = w.start(sleepy, sub)
			require.Eventually(t, func() bool { return w.count(`select count(*) from kernel.asleep`) == 1 }, 5*time.Second, time.Millisecond)
			committed = time.Now()
			return nil
		})
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, 1, recv(t, got))
	require.Less(t, time.Since(committed), time.Second)
	w.drained(d)
}

func TestADispatcherAwakeIsNotNotified(t *testing.T) {
	sub := On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { return nil })
	w := newWorld(t, sub)
	conn, err := w.owner.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	_, err = conn.Exec(t.Context(), `listen cabinet_event`)
	require.NoError(t, err)
	hear := func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := conn.Conn().WaitForNotification(ctx)
		return err == nil
	}
	w.publish("a", 1)
	require.False(t, hear(), "nobody is asleep")
	l := lanes{db: w.owner}
	id := "00000000-0000-7000-8000-000000000001"
	require.NoError(t, l.lieDown(t.Context(), id, time.Minute))
	w.publish("a", 2)
	require.True(t, hear())
	err = w.shop.Tx(t.Context(), func(ctx context.Context, tx *testTx) error { return Publish(ctx, tx, "a", wrapperspb.String("x")) })
	require.NoError(t, err)
	require.False(t, hear(), "nobody subscribes to it")
	require.NoError(t, l.lieDown(t.Context(), id, -time.Second))
	w.publish("a", 3)
	require.False(t, hear(), "a dispatcher that died asleep is forgotten")
	require.NoError(t, l.getUp(t.Context(), id))
}

func TestBackoffWakesASleeper(t *testing.T) {
	tried := make(chan struct{}, 9)
	sub := On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error {
		tried <- struct{}{}
		return errors.New("no")
	})
	w := newWorld(t, sub)
	cfg := sleepy
	cfg.Backoff, cfg.MaxBackoff, cfg.MaxAttempts = 20*time.Millisecond, 20*time.Millisecond, 4
	w.start(cfg, sub)
	w.publish("a", 1)
	for range 4 {
		recv(t, tried)
	}
}

func TestStop(t *testing.T) {
	began, resume := make(chan struct{}, 9), make(chan struct{})
	sub := On("shop.hear", func(ctx context.Context, e Event, m *wrapperspb.Int64Value) error {
		began <- struct{}{}
		select {
		case <-resume:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	w := newWorld(t, sub)
	d, err := NewDispatcher(Config{Pool: w.owner}, sub)
	require.NoError(t, err)
	require.NoError(t, d.Stop(t.Context()), "before it started")
	require.NoError(t, d.Stop(t.Context()))
	require.Error(t, d.Start(t.Context()), "after it stopped")

	w.publish("a", 1)
	w.publish("a", 2)
	d = w.start(sleepy, sub)
	require.Error(t, d.Start(t.Context()), "twice")
	recv(t, began)
	over, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("time is up"))
	require.ErrorContains(t, d.Stop(over), "time is up")
	require.NoError(t, d.Stop(t.Context()))
	require.Equal(t, 1, w.count(`select count(*) from kernel.lane where lease is null and done < last and attempts = 0 and due <= clock_timestamp()`),
		"given back, and no fault of the event")

	d = w.start(sleepy, sub)
	recv(t, began)
	stopped := make(chan error)
	go func() { stopped <- d.Stop(t.Context()) }()
	<-d.stop
	close(resume)
	require.NoError(t, recv(t, stopped), "waits for the handler")
	require.Empty(t, began, "takes no other")
	require.Equal(t, 1, w.count(`select count(*) from kernel.lane where lease is null and done < last`))
	require.Zero(t, w.count(`select count(*) from kernel.asleep`))
	w.drained(w.start(sleepy, sub))
}

func TestStopLeavesAStubbornHandler(t *testing.T) {
	began, resume := make(chan struct{}), make(chan struct{})
	sub := On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error {
		close(began)
		<-resume
		return nil
	})
	w := newWorld(t, sub)
	w.publish("a", 1)
	d := w.start(sleepy, sub)
	d.stubborn = 10 * time.Millisecond
	recv(t, began)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	err := d.Stop(over)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "a handler goes on")
	close(resume)
	require.NoError(t, d.Stop(t.Context()), "it has ended now")
}
