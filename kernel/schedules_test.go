package kernel_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ticker is a module that is woken every night at three, writes that down, and plans a job for an hour later, which it
// writes down too. within is called in the middle of each run.
func ticker(within func()) *stub {
	m := &stub{says: module.Manifest{
		ID: "ticker", Publishes: []string{"google.protobuf.StringValue"},
		Migrations: fstest.MapFS{"0001_run.sql": {Data: []byte(`-- +goose Up
create table ticker.run (place bigint generated always as identity, what text not null, planned timestamptz not null);
select kernel.protect_all('ticker.run');`)}},
	}}
	m.register = func(r module.Registrar) {
		host := r.Host()
		note := func(ctx context.Context, tx *store.Tx, what string, planned time.Time) error {
			_, err := tx.Exec(ctx, `insert into ticker.run (what, planned) values ($1, $2)`, what, planned)
			return err
		}
		r.Handle(event.OnSchedule("ticker.tick", event.Schedule{Title: "ticker.tick", Cron: "0 3 * * *", CatchUp: event.CatchUpEach},
			func(ctx context.Context, e event.Event, due *kernelv1.ScheduleDue) error {
				return event.Apply(ctx, host.Store, func(ctx context.Context, tx *store.Tx) error {
					if err := note(ctx, tx, "tick", e.Due); err != nil {
						return err
					}
					if within != nil {
						within()
					}
					at := due.GetDueTime().AsTime().Add(time.Hour)
					return host.PublishAt(ctx, tx, at, "the ticker's", wrapperspb.String("an hour later"))
				})
			}))
		r.Handle(event.On("ticker.hear", func(ctx context.Context, e event.Event, m *wrapperspb.StringValue) error {
			return event.Apply(ctx, host.Store, func(ctx context.Context, tx *store.Tx) error { return note(ctx, tx, m.GetValue(), e.Due) })
		}))
	}
	return m
}

// ticked is what the ticker wrote down, in order.
func ticked(t testing.TB, dsn string) []string {
	t.Helper()
	return query(t, dsn, `select to_char(planned at time zone 'Europe/Kyiv', 'DD HH24:MI ') || what from ticker.run order by planned, place`)
}

// Two portals share a database, with the module in their own process or in one of its own. Clocks go forward on the 29th.
func TestSchedulesAcrossPortals(t *testing.T) {
	for mode, yaml := range map[string]string{"in process": "", "as a process": "modules:\n  ticker:\n    run: process\n"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dsn := database(t)
			kyiv, err := time.LoadLocation("Europe/Kyiv")
			require.NoError(t, err)
			clock := kerneltest.NewClock(time.Date(2026, 3, 27, 12, 0, 0, 0, kyiv))
			var portals [2]*kernel.Portal
			var starting sync.WaitGroup
			for i := range portals {
				options := with(t, of(doorman(), ticker(nil)), "time_zone: Europe/Kyiv\n"+yaml, "DATABASE_URL="+dsn)
				options.Now = clock.Now
				portals[i], err = kernel.New(options)
				require.NoError(t, err)
				starting.Go(func() {
					if err := portals[i].Start(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				})
			}
			starting.Wait()
			for _, p := range portals {
				t.Cleanup(func() { stop(t, p) })
			}
			var want []string
			for day := 28; day <= 31; day++ {
				clock.Move(24 * time.Hour)
				hour := "03:00"
				if day == 29 {
					hour = "04:00"
				}
				want = append(want, fmt.Sprintf("%d %s tick", day, hour))
				if hour == "03:00" {
					want = append(want, fmt.Sprintf("%d 04:00 an hour later", day))
				} else {
					want = append(want, fmt.Sprintf("%d 05:00 an hour later", day))
				}
				require.Eventually(t, func() bool { return len(ticked(t, dsn)) >= len(want) }, 20*time.Second, 20*time.Millisecond)
				require.Equal(t, want, ticked(t, dsn))
			}
			// Both stopped for days: each missed night is made up for, once.
			for _, p := range portals {
				stop(t, p)
			}
			clock.Move(3 * 24 * time.Hour)
			options := with(t, of(doorman(), ticker(nil)), "time_zone: Europe/Kyiv\n"+yaml, "DATABASE_URL="+dsn)
			options.Now = clock.Now
			again, err := kernel.New(options)
			require.NoError(t, err)
			require.NoError(t, again.Start(context.WithoutCancel(t.Context())))
			t.Cleanup(func() { stop(t, again) })
			require.Eventually(t, func() bool { return len(ticked(t, dsn)) >= len(want)+6 }, 20*time.Second, 20*time.Millisecond)
			require.Len(t, ticked(t, dsn), len(want)+6)
			stop(t, again)
			// Without the module nothing ticks.
			bare, err := kernel.New(with(t, of(doorman()), "time_zone: Europe/Kyiv", "DATABASE_URL="+dsn))
			require.NoError(t, err)
			require.NoError(t, bare.Start(context.WithoutCancel(t.Context())))
			stop(t, bare)
			require.Equal(t, []string{"ticker.tick"}, query(t, dsn, `select name from kernel.schedule where off_at is not null`))
		})
	}
}

// A portal is killed in the middle of a run. Another has the run once its lease is over, and its effect is there once.
func TestAPortalIsKilledInARun(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	p := launch(t, "ticker", "DATABASE_URL="+dsn)
	p.open(t)
	query(t, dsn, `update kernel.schedule set next = date_trunc('minute', now()) where name = 'ticker.tick'`)
	p.until(t, "ticking")
	p.kill(t)
	require.Empty(t, ticked(t, dsn))
	require.Equal(t, []string{"1"}, query(t, dsn, `select count(*)::text from kernel.lane where subscriber = 'ticker.tick' and lease is not null`))
	query(t, dsn, `update kernel.lane set leased_until = now() where subscriber = 'ticker.tick'`) // what half a minute does

	options := with(t, of(doorman(), ticker(nil)), "id: process", "DATABASE_URL="+dsn)
	next, err := kernel.New(options)
	require.NoError(t, err)
	require.NoError(t, next.Start(t.Context()))
	t.Cleanup(func() { stop(t, next) })
	require.Eventually(t, func() bool { return len(ticked(t, dsn)) > 0 }, 20*time.Second, 20*time.Millisecond)
	require.NoError(t, next.Events().WaitDrained(t.Context()))
	require.Len(t, ticked(t, dsn), 1)
	require.Equal(t, []string{"1"}, query(t, dsn, `select count(*)::text from kernel.job`), "the job of the run that was killed is not there")
}

func TestABadScheduleStopsThePortal(t *testing.T) {
	t.Parallel()
	for mode, yaml := range map[string]string{"in process": "", "as a process": "modules:\n  sloppy:\n    run: process\n"} {
		t.Run(mode, func(t *testing.T) {
			p, err := kernel.New(with(t, of(doorman(), sloppy()), yaml, "DATABASE_URL="+database(t)))
			require.NoError(t, err)
			err = p.Start(t.Context())
			require.ErrorContains(t, err, `schedule sloppy.tick: cron "every night": write five fields`)
			require.ErrorContains(t, err, `such as "30 3 * * *"`)
		})
	}
}

// sloppy is a module whose schedule nobody can keep.
func sloppy() *stub {
	return &stub{says: module.Manifest{ID: "sloppy"}, register: func(r module.Registrar) {
		r.Handle(event.OnSchedule("sloppy.tick", event.Schedule{Title: "sloppy.tick", Cron: "every night", CatchUp: event.CatchUpSkip},
			func(context.Context, event.Event, *kernelv1.ScheduleDue) error { return nil }))
	}}
}
