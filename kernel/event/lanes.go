package event

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrLeaseLost is the cause of a handler's cancelled context when its dispatcher was silent for longer than the lease, and
// another may have the lane.
var ErrLeaseLost = errors.New("the lease of the lane was lost")

// lanes is the SQL about lanes. Every statement is a transaction of its own and touches what its lease covers.
type lanes struct {
	db          *pgxpool.Pool
	now         func() time.Time // nil: the database's
	lease       time.Duration
	subscribers []string
}

// lane is a leased lane.
type lane struct {
	Subscriber string
	Key        string
	Lease      string
	Attempts   int
}

// record is a row of the outbox.
type record struct {
	seq     int64
	id      string
	source  string
	kind    string
	time    time.Time
	due     *time.Time
	payload []byte
}

// time is the clock's, or nil for the database's.
func (s lanes) time() *time.Time {
	if s.now == nil {
		return nil
	}
	t := s.now()
	return &t
}

// take leases up to n due lanes. One whose lease ran out had a process that was killed or stalled: that counts as an attempt.
func (s lanes) take(ctx context.Context, n int) ([]lane, error) {
	rows, err := s.db.Query(ctx, `
		with due as (
			select subscriber, key, lease from kernel.lane
			where done < last and parked_at is null and due <= coalesce($1::timestamptz, statement_timestamp())
			  and (leased_until is null or leased_until <= coalesce($1::timestamptz, statement_timestamp()))
			  and subscriber = any($2)
			order by due limit $3 for update skip locked
		)
		update kernel.lane l set
			lease = gen_random_uuid(), leased_until = coalesce($1::timestamptz, statement_timestamp()) + $4::interval,
			attempts = l.attempts + (due.lease is not null)::int
		from due where l.subscriber = due.subscriber and l.key = due.key
		returning l.subscriber, l.key, l.lease::text, l.attempts`, s.time(), s.subscribers, n, s.lease)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[lane])
}

// fetch returns up to n events that wait in the lane, and what done becomes when there are none.
func (s lanes) fetch(ctx context.Context, l lane, n int) (events []record, last int64, err error) {
	// One snapshot for both: an event that commits later raises last, so that nothing takes the lane for empty.
	rows, err := s.db.Query(ctx, `
		select l.last, o.seq, o.id::text, o.source, o.type, o.time, o.due, o.payload
		from kernel.lane l left join lateral (
			select o.seq, o.id, o.source, o.type, o.time, o.due, o.payload
			from kernel.outbox o join kernel.subscription s on s.type = o.type and s.subscriber = l.subscriber
			where o.key = l.key and o.seq > l.done and o.seq > s.since
			order by o.seq limit $4
		) o on true
		where l.subscriber = $1 and l.key = $2 and l.lease = $3
		order by o.seq`, l.Subscriber, l.Key, l.Lease, n)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	found := false
	for rows.Next() {
		found = true
		var seq *int64
		var id, source, kind *string
		var at, due *time.Time
		var payload []byte
		if err := rows.Scan(&last, &seq, &id, &source, &kind, &at, &due, &payload); err != nil {
			return nil, 0, err
		}
		if seq != nil {
			events = append(events, record{*seq, *id, *source, *kind, *at, due, payload})
		}
	}
	if rows.Err() == nil && !found {
		return nil, 0, ErrLeaseLost
	}
	return events, last, rows.Err()
}

// done passes the event numbered seq. The lease is renewed when more wait, and let go otherwise.
func (s lanes) done(ctx context.Context, l lane, seq int64) (more bool, err error) {
	err = s.db.QueryRow(ctx, `
		update kernel.lane set done = greatest(done, $4), attempts = 0, error = null,
			lease = case when last > $4 then lease end,
			leased_until = case when last > $4 then coalesce($5::timestamptz, statement_timestamp()) + $6::interval end
		where subscriber = $1 and key = $2 and lease = $3
		returning last > $4`, l.Subscriber, l.Key, l.Lease, seq, s.time(), s.lease).Scan(&more)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrLeaseLost
	}
	return more, err
}

// renew prolongs the lease.
func (s lanes) renew(ctx context.Context, l lane) error {
	return s.change(ctx, `
		update kernel.lane set leased_until = coalesce($4::timestamptz, statement_timestamp()) + $5::interval
		where subscriber = $1 and key = $2 and lease = $3`, l, s.time(), s.lease)
}

// release gives the lane back, to be due again after a while.
func (s lanes) release(ctx context.Context, l lane, after time.Duration) error {
	return s.change(ctx, `
		update kernel.lane set lease = null, leased_until = null, due = coalesce($4::timestamptz, statement_timestamp()) + $5::interval
		where subscriber = $1 and key = $2 and lease = $3`, l, s.time(), after)
}

// fail gives the lane back with what went wrong, to be due again after a while.
func (s lanes) fail(ctx context.Context, l lane, what string, after time.Duration) error {
	return s.change(ctx, `
		update kernel.lane set lease = null, leased_until = null, attempts = attempts + 1, error = $6,
			due = coalesce($4::timestamptz, statement_timestamp()) + $5::interval
		where subscriber = $1 and key = $2 and lease = $3`, l, s.time(), after, what)
}

// park gives the lane back, not to be due until it is replayed.
func (s lanes) park(ctx context.Context, l lane, what string, attempts int) error {
	return s.change(ctx, `
		update kernel.lane set lease = null, leased_until = null, error = $5, attempts = $6,
			parked_at = coalesce($4::timestamptz, statement_timestamp())
		where subscriber = $1 and key = $2 and lease = $3`, l, s.time(), what, attempts)
}

func (s lanes) change(ctx context.Context, sql string, l lane, args ...any) error {
	tag, err := s.db.Exec(ctx, sql, append([]any{l.Subscriber, l.Key, l.Lease}, args...)...)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrLeaseLost
	}
	return err
}

// waiting tells whether some lane that is not parked has events.
func (s lanes) waiting(ctx context.Context) (yes bool, err error) {
	err = s.db.QueryRow(ctx, `
		select exists (select from kernel.lane where done < last and parked_at is null and subscriber = any($1))`,
		s.subscribers).Scan(&yes)
	return yes, err
}
