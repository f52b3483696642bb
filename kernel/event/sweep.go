package event

import (
	"context"
	"fmt"
	"time"
)

// Retention is for how long handled events and their inbox rows are kept.
const Retention = 30 * 24 * time.Hour

// Sweep removes events from before the given time that no lane waits for, their inbox rows, and lanes that were idle since. It
// works in small transactions and holds up nobody. Schedules that no module declared since go too. It returns how many events went. Call it daily with time.Now().Add(-Retention).
func (d *Dispatcher) Sweep(ctx context.Context, before time.Time) (events int64, err error) {
	const at = 5000
	for {
		var n int64
		err := d.cfg.Pool.QueryRow(ctx, `
			with old as (
				select o.seq from kernel.outbox o
				where o.time < $1 and not exists (
					select from kernel.subscription s join kernel.lane l on l.subscriber = s.subscriber and l.key = o.key
					where s.type = o.type and l.done < l.last and l.done < o.seq
				)
				order by o.time limit $2 for update skip locked
			), gone as (
				delete from kernel.outbox o using old where o.seq = old.seq returning o.id
			), forgotten as (
				delete from kernel.inbox i using gone where i.event_id = gone.id
			)
			select count(*) from gone`, before, at).Scan(&n)
		events += n
		if err != nil {
			return events, fmt.Errorf("sweep events: %w", err)
		}
		if n < at {
			break
		}
	}
	for {
		tag, err := d.cfg.Pool.Exec(ctx, `
			with old as (
				select l.subscriber, l.key from kernel.lane l
				where l.due < $1 and l.lease is null and (
					l.done >= l.last and l.parked_at is null
					or not exists (select from kernel.subscription s where s.subscriber = l.subscriber)
				)
				limit $2 for update skip locked
			)
			delete from kernel.lane l using old where l.subscriber = old.subscriber and l.key = old.key`, before, at)
		if err != nil {
			return events, fmt.Errorf("sweep lanes: %w", err)
		}
		if tag.RowsAffected() < at {
			break
		}
	}
	if _, err := d.cfg.Pool.Exec(ctx, `delete from kernel.schedule where off_at < $1`, before); err != nil {
		return events, fmt.Errorf("sweep schedules: %w", err)
	}
	return events, nil
}
