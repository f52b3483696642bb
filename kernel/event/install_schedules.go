package event

import (
	"cmp"
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// installSchedules makes the rows of schedules equal to what modules declare. The caller holds off other nodes.
func installSchedules(ctx context.Context, tx pgx.Tx, in Installation) error {
	zone := cmp.Or(in.Zone, time.UTC)
	now, err := clockOf(ctx, tx, in.Now)
	if err != nil {
		return err
	}
	names := []string{}
	for _, s := range in.Subscriptions {
		if s.Schedule == nil {
			continue
		}
		names = append(names, s.Subscriber)
		c, err := parseCron(s.Schedule.Cron, zone)
		if err != nil {
			return err
		}
		next := c.next(now)
		if next.IsZero() {
			next = never
		}
		_, err = tx.Exec(ctx, `
			insert into kernel.schedule as s (name, module, title, cron, zone, catch_up, most, next) values ($1, $2, $3, $4, $5, $6, $7, $8)
			on conflict (name) do update set
				module = excluded.module, title = excluded.title, cron = excluded.cron, zone = excluded.zone,
				catch_up = excluded.catch_up, most = excluded.most, off_at = null,
				next = case when (s.cron, s.zone) = (excluded.cron, excluded.zone) then s.next else excluded.next end
			where s.off_at is not null or (s.module, s.title, s.cron, s.zone, s.catch_up, s.most)
				<> (excluded.module, excluded.title, excluded.cron, excluded.zone, excluded.catch_up, excluded.most)`,
			s.Subscriber, s.Module, s.Schedule.Title, s.Schedule.Cron, zone.String(), s.Schedule.CatchUp, s.Schedule.most(), next)
		if err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, `update kernel.schedule set off_at = $2 where off_at is null and name <> all($1)`, names, now)
	return err
}

// clockOf is what time it is by a clock, or by the database's.
func clockOf(ctx context.Context, tx pgx.Tx, clock func() time.Time) (now time.Time, err error) {
	if clock != nil {
		return clock(), nil
	}
	err = tx.QueryRow(ctx, `select clock_timestamp()`).Scan(&now)
	return now, err
}
