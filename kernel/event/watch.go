package event

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// LaneState is what a lane waits for.
type LaneState string

// The states.
const (
	LaneWaiting LaneState = "waiting" // for its turn
	LaneRunning LaneState = "running" // for the handler
	LaneFailing LaneState = "failing" // to be tried again
	LaneParked  LaneState = "parked"  // to be replayed
)

// Lane is the events about one thing that wait for one subscriber.
type Lane struct {
	Subscriber, Key string
	State           LaneState
	// Waiting is how many, counted to 1,000; Oldest when the first happened.
	Waiting int
	Oldest  *time.Time
	// Attempts is how often the first failed, Error why the last time.
	Attempts int
	Error    string
	// Due is when it is tried next.
	Due time.Time
}

// LanesAfter lists up to limit lanes in which events wait, by subscriber and key. subscriber and states narrow it, empty
// for any; after is the last of the page before, or nil.
func (d *Dispatcher) LanesAfter(ctx context.Context, subscriber string, states []LaneState, after *Lane, limit int) ([]Lane, error) {
	w := &store.Where{}
	now := w.Arg(d.lanes.time())
	w.Add("exists (select from kernel.subscription s where s.subscriber = l.subscriber)")
	if subscriber != "" {
		w.Add("l.subscriber = ?", subscriber)
	}
	if len(states) > 0 {
		w.Add("l.state = any(?)", states)
	}
	if after != nil {
		w.Add("(l.subscriber, l.key) > (?, ?)", after.Subscriber, after.Key)
	}
	most := w.Arg(limit)
	// In two parts, each of which an index holds: most lanes have nothing that waits.
	rows, err := d.cfg.Pool.Query(ctx, `
		select l.subscriber, l.key, l.state, `+allWaiting+`, o.time, l.attempts, coalesce(l.error, ''), l.due
		from (
			select *, case when leased_until > coalesce(`+now+`::timestamptz, statement_timestamp()) then 'running'
				when attempts > 0 then 'failing' else 'waiting' end as state
			from kernel.lane where done < last and parked_at is null
			union all
			select *, 'parked' from kernel.lane where parked_at is not null
		) l left join lateral `+firstWaiting+` o on true`+w.String()+`
		order by l.subscriber, l.key limit `+most, w.Args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Lane])
}

// Lag is what waits for a module's subscribers.
type Lag struct {
	// Waiting is how many events, counted to 1,000 in each lane; Oldest when the first of them happened.
	Waiting int
	Oldest  time.Time
}

// Lags says for each module for which something waits how much does.
func (d *Dispatcher) Lags(ctx context.Context) (map[string]Lag, error) {
	rows, err := d.cfg.Pool.Query(ctx, `
		select m.module, sum(`+allWaiting+`)::bigint, min(o.time)
		from kernel.lane l
		join lateral (select module from kernel.subscription s where s.subscriber = l.subscriber limit 1) m on true
		join lateral `+firstWaiting+` o on true
		where l.done < l.last group by m.module`)
	if err != nil {
		return nil, err
	}
	lags := map[string]Lag{}
	var module string
	var lag Lag
	_, err = pgx.ForEachRow(rows, []any{&module, &lag.Waiting, &lag.Oldest}, func() error {
		lags[module] = lag
		return nil
	})
	return lags, err
}

// Planned is a schedule as it stands.
type Planned struct {
	Name, Module, Title, Cron string
	CatchUp                   CatchUp
	// Next is the planned time of the next run, Last of the last that the clock published.
	Next time.Time
	Last *time.Time
	// State is of the run that is not done yet; empty when there is none.
	State LaneState
}

// Schedules lists those that modules declare, by name.
func (d *Dispatcher) Schedules(ctx context.Context) ([]Planned, error) {
	rows, err := d.cfg.Pool.Query(ctx, `
		select s.name, s.module, s.title, s.cron, s.catch_up, s.next, s.last, case
			when l.parked_at is not null then 'parked' when l.done < l.last and l.attempts > 0 then 'failing' when l.done < l.last then 'running' else '' end
		from kernel.schedule s left join kernel.lane l on l.subscriber = s.name and l.key = s.name
		where s.off_at is null order by s.name`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[Planned])
}

// ErrUnderWay is the error of a run by hand while another waits, is under way or is parked.
var ErrUnderWay = errors.New("a run waits, is under way, or is parked")

// UnknownScheduleError is the error of a run of a schedule that no module declares.
type UnknownScheduleError struct{ Name string }

func (e *UnknownScheduleError) Error() string {
	return fmt.Sprintf("no module declares a schedule %q", e.Name)
}

// RunSchedule runs a schedule now, beside its plan. id is a UUID, and becomes the event's: asked again with the same one,
// it runs once. Errors: [ErrUnderWay], *UnknownScheduleError.
func (d *Dispatcher) RunSchedule(ctx context.Context, name, id string) error {
	return pgx.BeginFunc(ctx, d.cfg.Pool, func(tx pgx.Tx) error {
		now, err := clockOf(ctx, tx, d.cfg.Due)
		if err != nil {
			return err
		}
		payload, err := scheduleDue(name, now, true)
		if err != nil {
			return err
		}
		var known bool
		if err := tx.QueryRow(ctx, `select exists (select from kernel.outbox where id = $1 and key = $2)`, id, name).Scan(&known); err != nil || known {
			return err
		}
		var n *int
		err = tx.QueryRow(ctx, `select kernel.run($1, null, null, 1, $2, $3, $4)`, name, []string{id}, [][]byte{payload}, []time.Time{now}).Scan(&n)
		switch {
		case err != nil:
			return err
		case n == nil:
			return &UnknownScheduleError{name}
		case *n == 0:
			return ErrUnderWay
		}
		return nil
	})
}
