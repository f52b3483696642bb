package event

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// still is a clock that stands until it is moved.
type still struct {
	mu sync.Mutex
	at time.Time
}

func (s *still) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *still) set(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = at
}

// nightly is a schedule whose runs are written down: as n the minute of the planned time.
func nightly(w **world, s Schedule, then func() error) Subscription {
	s.Title = "shop.nightly"
	return OnSchedule("shop.nightly", s, func(ctx context.Context, e Event, due *kernelv1.ScheduleDue) error {
		err := Apply(ctx, (*w).shop, func(ctx context.Context, tx *testTx) error {
			return note(ctx, tx, e, due.GetDueTime().AsTime().Unix()/60)
		})
		if err == nil && !e.Due.Equal(due.GetDueTime().AsTime()) {
			err = errors.New("the event is due at another time than the run")
		}
		if err == nil && then != nil {
			err = then()
		}
		return err
	})
}

// installAt installs subscriptions as a portal that starts at a time.
func (w *world) installAt(c *still, zone *time.Location, subs ...Subscription) error {
	in := installation(subs...)
	in.Zone, in.Now = zone, c.now
	return Install(w.tb.Context(), w.owner, in)
}

// ran are the planned times of the runs that were applied, in the order they were.
func (w *world) ran(zone *time.Location) (out []string) {
	for _, n := range w.effects("shop.nightly") {
		out = append(out, time.Unix(n*60, 0).In(zone).Format("2 15:04"))
	}
	return out
}

// caughtUp waits until no run is due by the clock, and none waits.
func (w *world) caughtUp(c *still, ds ...*Dispatcher) {
	w.tb.Helper()
	require.Eventually(w.tb, func() bool {
		return w.count(`select count(*) from kernel.schedule where next <= $1 and off_at is null`, c.now()) == 0
	}, 20*time.Second, 2*time.Millisecond)
	for _, d := range ds {
		w.drained(d)
	}
}

var quick = Config{Poll: 5 * time.Millisecond, Backoff: time.Millisecond, MaxBackoff: 2 * time.Millisecond}

func (c *still) config() Config {
	cfg := quick
	cfg.Due = c.now
	return cfg
}

// In Kyiv clocks go forward at 3:00 on 29 March.
func TestAScheduleRunsInThePortalsZone(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	var w *world
	sub := nightly(&w, Schedule{Cron: "30 3 * * *", CatchUp: CatchUpOnce}, nil)
	w = newWorld(t)
	c := &still{at: time.Date(2026, 3, 27, 12, 0, 0, 0, kyiv)}
	require.NoError(t, w.installAt(c, kyiv, sub))
	a, b := w.start(c.config(), sub), w.start(c.config(), sub)
	for _, at := range []time.Time{
		time.Date(2026, 3, 28, 3, 29, 59, 0, kyiv), time.Date(2026, 3, 28, 3, 30, 0, 0, kyiv), time.Date(2026, 3, 29, 2, 59, 0, 0, kyiv),
		time.Date(2026, 3, 29, 4, 0, 1, 0, kyiv), time.Date(2026, 3, 30, 3, 31, 0, 0, kyiv), time.Date(2026, 3, 30, 12, 0, 0, 0, kyiv),
	} {
		c.set(at)
		w.caughtUp(c, a, b)
	}
	require.Equal(t, []string{"28 03:30", "29 04:00", "30 03:30"}, w.ran(kyiv))
	require.Equal(t, 1, w.count(`select count(*) from kernel.schedule where last = $1 and next = $2`,
		time.Date(2026, 3, 30, 3, 30, 0, 0, kyiv), time.Date(2026, 3, 31, 3, 30, 0, 0, kyiv)))
	require.Equal(t, 3, w.count(`select count(*) from kernel.outbox where source = 'kernel'`))
}

// Many dispatchers find the same times due at once, again and again: each is run once.
func TestARunIsPublishedOnceAmongMany(t *testing.T) {
	var w *world
	sub := nightly(&w, Schedule{Cron: "* * * * *", CatchUp: CatchUpEach}, nil)
	w = newWorld(t)
	start := time.Date(2026, 5, 5, 12, 0, 30, 0, time.UTC)
	c := &still{at: start}
	require.NoError(t, w.installAt(c, time.UTC, sub))
	var ds []*Dispatcher
	for range 5 {
		ds = append(ds, w.start(c.config(), sub))
	}
	// Beside them, the same statement from many sides at the very same moment.
	var racers sync.WaitGroup
	for minute := 1; minute <= 30; minute++ {
		c.set(start.Add(time.Duration(minute) * time.Minute))
		for range 8 {
			racers.Go(func() {
				if err := ds[0].later.publish(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		racers.Wait()
	}
	w.caughtUp(c, ds...)
	want := []int64{}
	for minute := int64(1); minute <= 30; minute++ {
		want = append(want, start.Unix()/60+minute)
	}
	require.Equal(t, want, w.effects("shop.nightly"))
}

func TestCatchUpAfterDowntime(t *testing.T) {
	kyiv := zone(t, "Europe/Kyiv")
	stopped, back := time.Date(2026, 1, 5, 12, 0, 0, 0, kyiv), time.Date(2026, 1, 9, 12, 0, 0, 0, kyiv)
	for name, c := range map[string]struct {
		s    Schedule
		back time.Time
		want []string
	}{
		"skip":                  {Schedule{CatchUp: CatchUpSkip}, back, []string{"10 03:00"}},
		"skip, but only just":   {Schedule{CatchUp: CatchUpSkip}, time.Date(2026, 1, 9, 3, 0, 59, 0, kyiv), []string{"9 03:00", "10 03:00"}},
		"once":                  {Schedule{CatchUp: CatchUpOnce}, back, []string{"9 03:00", "10 03:00"}},
		"each":                  {Schedule{CatchUp: CatchUpEach}, back, []string{"6 03:00", "7 03:00", "8 03:00", "9 03:00", "10 03:00"}},
		"each, to a limit":      {Schedule{CatchUp: CatchUpEach, Most: 2}, back, []string{"8 03:00", "9 03:00", "10 03:00"}},
		"nothing was missed":    {Schedule{CatchUp: CatchUpEach}, stopped.Add(time.Hour), []string{"6 03:00", "7 03:00", "8 03:00", "9 03:00", "10 03:00"}},
		"nothing, and run once": {Schedule{CatchUp: CatchUpOnce}, stopped.Add(time.Hour), []string{"10 03:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			var w *world
			c.s.Cron = "0 3 * * *"
			sub := nightly(&w, c.s, nil)
			w = newWorld(t)
			clock := &still{at: stopped}
			require.NoError(t, w.installAt(clock, kyiv, sub))
			clock.set(c.back)
			require.NoError(t, w.installAt(clock, kyiv, sub)) // a portal that starts again
			d := w.start(clock.config(), sub)
			w.caughtUp(clock, d)
			clock.set(time.Date(2026, 1, 10, 3, 0, 0, 0, kyiv))
			w.caughtUp(clock, d)
			require.Equal(t, c.want, w.ran(kyiv))
		})
	}
}

// A run that keeps failing parks its lane. Others do not pile up behind it; replayed, it runs once.
func TestRunsDoNotPileUpBehindOneThatFails(t *testing.T) {
	for rule, waiting := range map[CatchUp]int{CatchUpOnce: 1, CatchUpSkip: 1, CatchUpEach: 3} {
		t.Run(string(rule), func(t *testing.T) {
			var w *world
			var mu sync.Mutex
			broken := true
			s := Schedule{Cron: "0 * * * *", CatchUp: rule}
			if rule == CatchUpEach {
				s.Most = 3
			}
			sub := nightly(&w, s, nil)
			works := sub.Handle
			sub.Handle = func(ctx context.Context, e Event) error {
				mu.Lock()
				defer mu.Unlock()
				if broken {
					return errors.New("not today")
				}
				return works(ctx, e)
			}
			w = newWorld(t)
			start := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC)
			c := &still{at: start}
			require.NoError(t, w.installAt(c, time.UTC, sub))
			cfg := c.config()
			cfg.MaxAttempts = 2
			d := w.start(cfg, sub)
			for hour := range 24 {
				c.set(start.Add(time.Duration(hour+1) * time.Hour))
				w.caughtUp(c, d)
				if hour == 0 {
					require.Eventually(t, func() bool { return w.count(`select count(*) from kernel.lane where parked_at is not null`) == 1 }, 10*time.Second, time.Millisecond)
				}
			}
			require.Equal(t, waiting, w.count(`select count(*) from kernel.outbox`))
			mu.Lock()
			broken = false
			mu.Unlock()
			n, err := d.Replay(t.Context(), Selection{Subscriber: "shop.nightly"})
			require.NoError(t, err)
			require.EqualValues(t, 1, n)
			w.drained(d)
			require.Len(t, w.ran(time.UTC), waiting)
			require.Equal(t, "5 13:00", w.ran(time.UTC)[0])
		})
	}
}

func TestSchedulesAreInstalledAsTheyAreDeclared(t *testing.T) {
	kyiv, berlin := zone(t, "Europe/Kyiv"), zone(t, "Europe/Berlin")
	var w *world
	at := func(cron string) Subscription { return nightly(&w, Schedule{Cron: cron, CatchUp: CatchUpOnce}, nil) }
	w = newWorld(t)
	c := &still{at: time.Date(2026, 1, 5, 12, 0, 0, 0, kyiv)}
	next := func() string {
		var at time.Time
		require.NoError(t, w.owner.QueryRow(t.Context(), `select next from kernel.schedule`).Scan(&at))
		return at.In(kyiv).Format("2 15:04")
	}
	require.NoError(t, w.installAt(c, kyiv, at("0 3 * * *")))
	require.Equal(t, "6 03:00", next())
	// A week later, unchanged: what was missed is still to come.
	c.set(c.now().AddDate(0, 0, 7))
	require.NoError(t, w.installAt(c, kyiv, at("0 3 * * *")))
	require.Equal(t, "6 03:00", next())
	// Another time, or another zone, counts from now.
	require.NoError(t, w.installAt(c, kyiv, at("0 4 * * *")))
	require.Equal(t, "13 04:00", next())
	require.NoError(t, w.installAt(c, berlin, at("0 4 * * *")))
	require.Equal(t, "13 05:00", next())
	// No more declared, it is not run, also by a dispatcher of a node that still knows it.
	require.NoError(t, w.installAt(c, berlin))
	old := w.start(c.config(), at("0 4 * * *"))
	c.set(c.now().AddDate(0, 0, 7))
	require.NoError(t, old.later.publish(t.Context()))
	var unknown *UnknownScheduleError
	require.ErrorAs(t, old.RunSchedule(t.Context(), "shop.nightly", "0192f0c0-0000-7000-8000-000000000001"), &unknown)
	require.Zero(t, w.count(`select count(*) from kernel.outbox`))
	require.Equal(t, 1, w.count(`select count(*) from kernel.schedule where off_at is not null`))
	// Back, it catches up.
	require.NoError(t, w.installAt(c, berlin, at("0 4 * * *")))
	w.caughtUp(c, old)
	require.Equal(t, []string{"19 04:00"}, w.ran(berlin))
	// Away for long, it is forgotten.
	require.NoError(t, w.installAt(c, berlin))
	_, err := old.Sweep(t.Context(), c.now().Add(-time.Second))
	require.NoError(t, err)
	require.Equal(t, 1, w.count(`select count(*) from kernel.schedule`))
	_, err = old.Sweep(t.Context(), c.now().Add(time.Second))
	require.NoError(t, err)
	require.Zero(t, w.count(`select count(*) from kernel.schedule`))
}

func TestSchedulesThatCannotBeKeptAreRefused(t *testing.T) {
	w := newWorld(t)
	ran := func(context.Context, Event, *kernelv1.ScheduleDue) error { return nil }
	for want, sub := range map[string]Subscription{
		`schedule shop.nightly: cron "at three": write five fields`: OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "at three", CatchUp: CatchUpOnce}, ran),
		"cannot be read":           OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "0 25 * * *", CatchUp: CatchUpOnce}, ran),
		"no such day":              OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "0 0 31 2 *", CatchUp: CatchUpOnce}, ran),
		"it has no title":          OnSchedule("shop.nightly", Schedule{Cron: "@daily", CatchUp: CatchUpOnce}, ran),
		`the rule for missed runs`: OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "@daily"}, ran),
		"at most 5 runs":           OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "@daily", CatchUp: CatchUpOnce, Most: 5}, ran),
		"at most 5000 runs":        OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "@daily", CatchUp: CatchUpEach, Most: 5000}, ran),
		"use OnSchedule":           On("shop.nightly", ran), // it would hear those of all
		"call it module.purpose":   OnSchedule("nightly", Schedule{Title: "t", Cron: "@daily", CatchUp: CatchUpOnce}, ran),
	} {
		require.ErrorContains(t, Install(t.Context(), w.owner, installation(sub)), want)
		_, err := NewDispatcher(Config{Pool: w.owner}, sub)
		require.ErrorContains(t, err, want)
	}
	require.Zero(t, w.count(`select count(*) from kernel.schedule`))
}

// Two schedules do not hear of each other, and a run by hand is one more.
func TestARunByHand(t *testing.T) {
	began, resume := make(chan *kernelv1.ScheduleDue, 9), make(chan struct{}, 9)
	sub := OnSchedule("shop.nightly", Schedule{Title: "t", Cron: "@daily", CatchUp: CatchUpOnce}, func(_ context.Context, _ Event, due *kernelv1.ScheduleDue) error {
		began <- due
		<-resume
		return nil
	})
	other := OnSchedule("shop.other", Schedule{Title: "t", Cron: "@daily", CatchUp: CatchUpOnce}, func(context.Context, Event, *kernelv1.ScheduleDue) error {
		began <- nil
		return nil
	})
	w := newWorld(t, sub, other)
	d := w.start(quick, sub, other)
	const id = "0192f0c0-0000-7000-8000-00000000000"
	require.NoError(t, d.RunSchedule(t.Context(), "shop.nightly", id+"1"))
	due := recv(t, began)
	require.True(t, due.GetByHand())
	require.Equal(t, "shop.nightly", due.GetSchedule())
	require.ErrorIs(t, d.RunSchedule(t.Context(), "shop.nightly", id+"2"), ErrUnderWay)
	require.NoError(t, d.RunSchedule(t.Context(), "shop.nightly", id+"1"), "asked again")
	var unknown *UnknownScheduleError
	require.ErrorAs(t, d.RunSchedule(t.Context(), "shop.never", id+"3"), &unknown)
	resume <- struct{}{}
	w.drained(d)
	require.NoError(t, d.RunSchedule(t.Context(), "shop.nightly", id+"1"), "asked again, late")
	w.drained(d)
	require.Empty(t, began)
	require.NoError(t, d.RunSchedule(t.Context(), "shop.nightly", id+"2"))
	recv(t, began)
	resume <- struct{}{}
	w.drained(d)
	require.Equal(t, 2, w.count(`select count(*) from kernel.outbox`))
	require.Equal(t, 2, w.count(`select count(*) from kernel.schedule where last is null`), "the plan is as it was")
}

// The portal is killed in the middle of a run: the next one runs it again, and its effect is there once.
func TestARunOnceWhenKilled(t *testing.T) {
	for _, point := range []string{"before apply", "before commit", "after commit"} {
		t.Run(point, func(t *testing.T) {
			var w *world
			sub := killing(func() testStore { return w.shop }, func(string) {})
			w = newWorld(t, sub)
			_, err := w.owner.Exec(t.Context(), `update kernel.schedule set next = clock_timestamp() - interval '1 second'`)
			require.NoError(t, err)
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "EVENT_TEST_CHILD="+point, "EVENT_TEST_OWNER="+dsnOf(w.name, ""), "EVENT_TEST_PORTAL="+dsnOf(w.name, "portal"))
			cmd.Stderr = os.Stderr
			var exit *exec.ExitError
			require.ErrorAs(t, cmd.Run(), &exit)
			require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
			require.Equal(t, 1, w.count(`select count(*) from kernel.outbox`), "it was published")
			c := &clock{}
			cfg := quick
			cfg.Clock = c.now
			d := w.start(cfg, sub)
			c.advance(time.Minute)
			w.drained(d)
			require.Len(t, w.effects("shop.killing"), 1)
			rows, err := w.owner.Query(t.Context(), `select event from work.effect`)
			require.NoError(t, err)
			ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.Equal(t, 1, w.count(`select count(*) from kernel.outbox where id::text = $1`, ids[0]), fmt.Sprint(ids))
		})
	}
}

// killing is a schedule that runs once a year, and calls what it was given for each point of its run.
func killing(shop func() testStore, at func(point string)) Subscription {
	return OnSchedule("shop.killing", Schedule{Title: "t", Cron: "@yearly", CatchUp: CatchUpOnce}, func(ctx context.Context, e Event, _ *kernelv1.ScheduleDue) error {
		at("before apply")
		err := Apply(ctx, shop(), func(ctx context.Context, tx *testTx) error {
			if err := note(ctx, tx, e, 1); err != nil {
				return err
			}
			at("before commit")
			return nil
		})
		if err == nil {
			at("after commit")
		}
		return err
	})
}
