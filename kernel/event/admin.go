package event

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Retention is for how long handled events and their inbox rows are kept.
const Retention = 30 * 24 * time.Hour

// Parked is a lane that waits for somebody to look at it.
type Parked struct {
	Subscriber, Key string
	// Waiting is the number of events in it.
	Waiting int64
	// Attempts is how often the first of them failed.
	Attempts int
	// At is when it was parked; Error why.
	At    time.Time
	Error string
}

// NotParkedError is the error of a replay of a lane that is not parked.
type NotParkedError struct{ Subscriber, Key string }

func (e *NotParkedError) Error() string {
	return fmt.Sprintf("replay: subscriber %s has no parked lane %q", e.Subscriber, e.Key)
}

// Parked lists up to limit parked lanes of all subscribers, the oldest first.
func (d *Dispatcher) Parked(ctx context.Context, limit int) ([]Parked, error) {
	rows, err := d.cfg.Pool.Query(ctx, `
		select l.subscriber, l.key, (
			select count(*) from kernel.outbox o join kernel.subscription s on s.type = o.type and s.subscriber = l.subscriber
			where o.key = l.key and o.seq > l.done and o.seq > s.since
		), l.attempts, l.parked_at, coalesce(l.error, '')
		from kernel.lane l where l.parked_at is not null order by l.parked_at limit $1`, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Parked])
}

// Replay has a parked lane delivered again, from the event that failed. Events whose effect was applied are not applied
// again. The error is a *NotParkedError when there is no such lane.
func (d *Dispatcher) Replay(ctx context.Context, subscriber, key string) error {
	tag, err := d.cfg.Pool.Exec(ctx, `
		with replayed as (
			update kernel.lane set parked_at = null, attempts = 0, error = null, due = coalesce($3::timestamptz, statement_timestamp())
			where subscriber = $1 and key = $2 and parked_at is not null returning subscriber
		)
		select pg_notify('cabinet_event', '') from replayed`, subscriber, key, d.lanes.time())
	if err == nil && tag.RowsAffected() == 0 {
		err = &NotParkedError{subscriber, key}
	}
	return err
}

// Sweep removes events from before the given time that no lane waits for, their inbox rows, and lanes that were idle since. It
// works in small transactions and holds up nobody. It returns how many events went. Call it daily with time.Now().Add(-Retention).
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
			return events, nil
		}
	}
}
