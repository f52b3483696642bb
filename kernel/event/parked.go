package event

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// Delivery is an event for one subscriber.
type Delivery struct{ Subscriber, EventID string }

// Parked is an event that failed too often, and holds up its lane.
type Parked struct {
	Delivery
	Type, Source, Key string
	// Time is when it happened.
	Time time.Time
	// Attempts is how often it failed.
	Attempts int
	// At is when it was parked, Error why; both empty for one that is parked no more.
	At    time.Time
	Error string
	// Waiting is the number of events in the lane, itself included, counted to 1,000.
	Waiting int
	// Handled is set for one that was handled since.
	Handled bool
}

// Selection says which parked events are meant: all to which all of it applies.
type Selection struct {
	// Deliveries are those themselves; nil for any. One that is not parked, or not the first of its lane, is passed over.
	Deliveries []Delivery
	// Subscriber; empty for any. Type is a message's full name or its last word; empty for any.
	Subscriber, Type string
	// From and Until bound when they were parked: not before From, before Until. Zero for no bound.
	From, Until time.Time
}

// firstWaiting is the event that the lane l waits for.
const firstWaiting = `(
	select o.id, o.seq, o.type, o.source, o.time from kernel.outbox o join kernel.subscription s on s.type = o.type and s.subscriber = l.subscriber
	where o.key = l.key and o.seq > l.done and o.seq > s.since order by o.seq limit 1
)`

// allWaiting is how many events wait in the lane l, counted to 1,000.
const allWaiting = `(
	select count(*) from (
		select from kernel.outbox o join kernel.subscription s on s.type = o.type and s.subscriber = l.subscriber
		where o.key = l.key and o.seq > l.done and o.seq > s.since limit 1000
	) w
)`

// likeEscaper keeps what LIKE would read as a pattern.
var likeEscaper = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// where is the selection as conditions on the lane l and the event o that it waits for.
func (s Selection) where() *store.Where {
	w := &store.Where{}
	w.Add("l.parked_at is not null")
	if s.Deliveries != nil {
		subscribers, ids := make([]string, len(s.Deliveries)), make([]string, len(s.Deliveries))
		for i, d := range s.Deliveries {
			subscribers[i], ids[i] = d.Subscriber, d.EventID
		}
		w.Add("(l.subscriber, o.id::text) in (select * from unnest(?::text[], ?::text[]))", subscribers, ids)
	}
	if s.Subscriber != "" {
		w.Add("l.subscriber = ?", s.Subscriber)
	}
	if s.Type != "" {
		w.Add("(o.type = ? or o.type like '%.' || ?)", s.Type, likeEscaper.Replace(s.Type))
	}
	if !s.From.IsZero() {
		w.Add("l.parked_at >= ?", s.From)
	}
	if !s.Until.IsZero() {
		w.Add("l.parked_at < ?", s.Until)
	}
	return w
}

// Parked lists up to limit parked events of all subscribers, the last parked first. after is the last of the page before,
// or nil.
func (d *Dispatcher) Parked(ctx context.Context, which Selection, after *Parked, limit int) ([]Parked, error) {
	w := which.where()
	if after != nil {
		w.Add("(l.parked_at < ? or l.parked_at = ? and (l.subscriber, l.key) > (?, ?))", after.At, after.At, after.Subscriber, after.Key)
	}
	most := w.Arg(limit)
	rows, err := d.cfg.Pool.Query(ctx, `
		select l.subscriber, o.id::text, o.type, o.source, l.key, o.time, l.attempts, l.parked_at, coalesce(l.error, ''), `+allWaiting+`
		from kernel.lane l cross join lateral `+firstWaiting+` o`+w.String()+`
		order by l.parked_at desc, l.subscriber, l.key limit `+most, w.Args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Parked, err error) {
		err = row.Scan(&p.Subscriber, &p.EventID, &p.Type, &p.Source, &p.Key, &p.Time, &p.Attempts, &p.At, &p.Error, &p.Waiting)
		return p, err
	})
}

// Delivered is how an event that was parked stands now; nil when there is no such event for the subscriber.
func (d *Dispatcher) Delivered(ctx context.Context, which Delivery) (*Parked, error) {
	p := Parked{Delivery: which}
	var first bool
	var at *time.Time
	err := d.cfg.Pool.QueryRow(ctx, `
		select o.type, o.source, l.key, o.time, l.done >= o.seq, coalesce(f.id = o.id, false), l.attempts, l.parked_at, coalesce(l.error, ''), `+allWaiting+`
		from kernel.outbox o join kernel.lane l on l.key = o.key left join lateral `+firstWaiting+` f on true
		where l.subscriber = $1 and o.id::text = $2
		  and exists (select from kernel.subscription s where s.subscriber = l.subscriber and s.type = o.type and o.seq > s.since)`,
		which.Subscriber, which.EventID).Scan(&p.Type, &p.Source, &p.Key, &p.Time, &p.Handled, &first, &p.Attempts, &at, &p.Error, &p.Waiting)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	switch {
	case err != nil:
		return nil, err
	case !first: // what the lane says is of another
		p.Attempts, p.Error, p.Waiting = 0, "", 0
	case at != nil:
		p.At = *at
	}
	return &p, nil
}

// Replay has parked events, and what waits behind them, delivered again, and returns how many there were. What was
// applied is not applied again.
func (d *Dispatcher) Replay(ctx context.Context, which Selection) (replayed int64, err error) {
	w := which.where()
	now := w.Arg(d.lanes.time())
	err = d.cfg.Pool.QueryRow(ctx, `
		with found as (
			select l.subscriber, l.key from kernel.lane l cross join lateral `+firstWaiting+` o`+w.String()+`
		), replayed as (
			update kernel.lane l set parked_at = null, attempts = 0, error = null, due = coalesce(`+now+`::timestamptz, statement_timestamp())
			from found where l.subscriber = found.subscriber and l.key = found.key and l.parked_at is not null returning 1
		)
		select count(*) from replayed`, w.Args...).Scan(&replayed)
	if err != nil || replayed == 0 {
		return 0, err
	}
	_, err = d.cfg.Pool.Exec(ctx, `select pg_notify('cabinet_event', '')`)
	return replayed, err
}
