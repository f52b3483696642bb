package event

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sleep waits until there may be something to do. idle counts the looks that found nothing, from 1.
//
// It cannot oversleep: it says that it is asleep, then sees that no publisher is under way that began before and so
// would not notify, and then looks once more.
func (d *Dispatcher) sleep(ctx context.Context, idle int) error {
	if !d.listening.Load() {
		d.pause(ctx, d.wake, min(d.cfg.Poll, time.Second))
		return nil
	}
	// Getting up is seen to first, since lying down may be broken off after it was done.
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if err := d.lanes.getUp(ctx, d.id); err != nil {
			d.cfg.Log.WarnContext(ctx, "publishers keep notifying a dispatcher that is awake", "error", err)
		}
	}()
	// The row outlives a dispatcher that is killed by this much, and publishers notify in vain.
	if err := d.later.lieDown(ctx, d.id, d.cfg.Poll+10*time.Second); err != nil {
		return err
	}
	for {
		quiet, err := d.lanes.quiet(ctx)
		if err != nil {
			return err
		}
		next, any, err := d.next(ctx)
		if err != nil {
			return err
		}
		switch {
		case any && next <= 0 && idle == 1:
			return nil
		case any && next <= 0: // due, and not to be had: a publisher has the lane locked, or another dispatcher
			d.pause(ctx, d.wake, glance)
			return nil
		case !quiet:
			if d.pause(ctx, d.wake, glance) || d.stopping(ctx) {
				return nil
			}
		case any:
			d.pause(ctx, d.wake, min(next, d.cfg.Poll))
			return nil
		default:
			d.pause(ctx, d.wake, d.cfg.Poll)
			return nil
		}
	}
}

// next is in how long a lane, a job or a schedule is due; any is false when there is none.
func (d *Dispatcher) next(ctx context.Context) (in time.Duration, any bool, err error) {
	in, any, err = d.lanes.next(ctx)
	if err != nil {
		return 0, false, err
	}
	inLater, anyLater, err := d.later.next(ctx)
	if err != nil {
		return 0, false, err
	}
	if !any || anyLater && inLater < in {
		in = inLater
	}
	return in, any || anyLater, nil
}

// lieDown has publishers notify from now on, for as long as given.
func (s lanes) lieDown(ctx context.Context, id string, d time.Duration) error {
	_, err := s.db.Exec(ctx, `
		insert into kernel.asleep (dispatcher, until) values ($1, greatest(clock_timestamp(), $3::timestamptz) + $2)
		on conflict (dispatcher) do update set until = excluded.until`, id, d, s.time())
	return err
}

// getUp has publishers save themselves the trouble.
func (s lanes) getUp(ctx context.Context, id string) error {
	_, err := s.db.Exec(ctx, `delete from kernel.asleep where dispatcher = $1`, id)
	return err
}

// quiet tells whether no transaction is between its publishing and its end.
func (s lanes) quiet(ctx context.Context) (bool, error) {
	err := pgx.BeginFunc(ctx, s.db, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `lock table kernel.subscription in exclusive mode nowait`)
		return err
	})
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "55P03" { // lock_not_available
		return false, nil
	}
	return err == nil, err
}

// next returns in how long the next lane is due or its lease over; any is false when nothing waits.
func (s lanes) next(ctx context.Context) (in time.Duration, any bool, err error) {
	return until(s.db.QueryRow(ctx, `
		select extract(epoch from min(greatest(due, leased_until)) - coalesce($1::timestamptz, statement_timestamp()))::float8
		from kernel.lane where done < last and parked_at is null and subscriber = any($2)`, s.time(), s.subscribers))
}
