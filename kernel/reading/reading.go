// Package reading notices who reads clients in a mass: it counts the rows about clients that members of staff are shown, and
// tells the heads of one who was shown more in an hour than is usual.
//
// Counting costs a call next to nothing: a number in memory. A node tells the database of a person once they were shown a
// tenth of the threshold, or after half a minute, and only the database knows the hour of all nodes. So an alert is late by
// a tenth of the threshold a node at most, and a node that is killed forgets half a minute.
package reading

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	// tellEvery is how long what a node counted may stay with it.
	tellEvery = 30 * time.Second
	// tellWithin is how long telling the database may take.
	tellWithin = 10 * time.Second
	// hour is what is looked back upon.
	hour = time.Hour
	// shards keep callers on many cores out of each other's way.
	shards = 16
)

// Alert is that somebody was shown a mass of rows.
type Alert struct {
	ID, UserID string
	Rows       int
	Time       time.Time
}

// Config is what counting needs. All of it is required.
type Config struct {
	DB *store.DB
	// Threshold is how many rows in an hour are too many.
	Threshold int
	// Publish tells who listens to events. It is called again for an alert that may have been told.
	Publish func(ctx context.Context, a Alert) error
	Now     func() time.Time
	Log     *slog.Logger
}

// Counter counts for one node.
type Counter struct {
	Config
	shards [shards]shard
	full   chan struct{} // told when somebody was shown enough to tell of
	ended  chan struct{}
}

type shard struct {
	mu sync.Mutex
	by map[string]*counted // user
}

type counted struct {
	who  access.Principal
	rows int
}

// New returns a counter that tells nobody before it is run.
func New(cfg Config) *Counter {
	c := &Counter{Config: cfg, full: make(chan struct{}, 1), ended: make(chan struct{})}
	for i := range c.shards {
		c.shards[i].by = map[string]*counted{}
	}
	return c
}

// Read counts rows that somebody was shown.
func (c *Counter) Read(who *access.Principal, rows int) {
	if rows <= 0 || who.UserID == "" {
		return
	}
	s := &c.shards[who.UserID[len(who.UserID)-1]%shards]
	s.mu.Lock()
	one := s.by[who.UserID]
	if one == nil {
		one = &counted{who: *who}
		s.by[who.UserID] = one
	}
	one.rows += rows
	full := one.rows*10 >= c.Threshold
	s.mu.Unlock()
	if full {
		select {
		case c.full <- struct{}{}:
		default: // it was told
		}
	}
}

// Run tells the database until ctx ends, and a last time then.
func (c *Counter) Run(ctx context.Context) {
	defer close(c.ended)
	tick := time.NewTicker(tellEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			c.Tell(context.WithoutCancel(ctx))
			return
		case <-tick.C:
		case <-c.full:
		}
		c.Tell(ctx)
	}
}

// Wait waits until a run has ended.
func (c *Counter) Wait(ctx context.Context) error {
	select {
	case <-c.ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Tell writes what was counted into the database. What cannot be written is counted further.
func (c *Counter) Tell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tellWithin)
	defer cancel()
	var errs []error
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		taken := s.by
		s.by = map[string]*counted{}
		s.mu.Unlock()
		for _, one := range taken {
			if err := c.tell(ctx, one); err != nil {
				errs = append(errs, err)
				c.Read(&one.who, one.rows)
			}
		}
	}
	if err := errors.Join(append(errs, c.publish(ctx))...); err != nil {
		c.Log.ErrorContext(ctx, "what people were shown is not counted yet", "error", err)
	}
}

// tell counts for a person in the database, and writes the alert and its entry in the audit log where that is too much.
func (c *Counter) tell(ctx context.Context, one *counted) error {
	now := c.Now()
	var shown int
	if err := c.DB.Pool().QueryRow(ctx, `
		with told as (insert into kernel.reading as r (user_id, minute, rows) values ($1, date_trunc('minute', $2::timestamptz), $3)
			on conflict (user_id, minute) do update set rows = r.rows + excluded.rows returning rows, minute)
		select (select rows from told) + coalesce(sum(rows), 0) from kernel.reading
		where user_id = $1 and minute > $4 and minute <> (select minute from told)`, one.who.UserID, now, one.rows, now.Add(-hour)).Scan(&shown); err != nil {
		return store.ErrorStatus(err)
	}
	if shown < c.Threshold {
		return nil
	}
	err := pgx.BeginFunc(ctx, c.DB.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('kernel.reading ' || $1, 0))", one.who.UserID); err != nil {
			return err
		}
		id := store.NewID()
		tag, err := tx.Exec(ctx, `insert into kernel.reading_alert (id, user_id, time, rows)
			select $1, $2, $3, $4 where not exists (select from kernel.reading_alert where user_id = $2 and time > $5)`,
			id, one.who.UserID, now, shown, now.Add(-hour))
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return c.audit(ctx, tx, one.who, id, shown)
	})
	if err != nil {
		// It was counted: it must not be counted again. The next rows of theirs look again.
		c.Log.ErrorContext(ctx, "a mass of rows was read and there is no alert yet", "user", one.who.UserID, "error", err)
	}
	return nil
}

// Method is what the audit log calls it.
const Method = "kernel.mass_reading"

func (c *Counter) audit(ctx context.Context, tx pgx.Tx, who access.Principal, id string, rows int) error {
	who.Via = nil
	ctx = access.WithChange(ctx, &access.Change{ID: id, Who: who, Module: "kernel", Method: Method})
	return c.DB.AuditOwn(ctx, tx, change("rows", rows), change("threshold", c.Threshold))
}

// change is a figure for the audit log.
func change(field string, n int) store.FieldChange {
	return store.FieldChange{Field: field, After: strconv.Itoa(n), Staff: true}
}

// publish tells of alerts that nobody was told of yet.
func (c *Counter) publish(ctx context.Context) error {
	rows, err := c.DB.Pool().Query(ctx, "select id::text, user_id::text, rows, time from kernel.reading_alert where not told order by id limit 100")
	if err != nil {
		return store.ErrorStatus(err)
	}
	alerts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Alert, err error) {
		return a, row.Scan(&a.ID, &a.UserID, &a.Rows, &a.Time)
	})
	if err != nil {
		return store.ErrorStatus(err)
	}
	for _, a := range alerts {
		if err := c.Publish(ctx, a); err != nil {
			return err
		}
		if _, err := c.DB.Pool().Exec(ctx, "update kernel.reading_alert set told = true where id = $1", a.ID); err != nil {
			return store.ErrorStatus(err)
		}
	}
	return nil
}

// Sweep deletes what is past looking back upon. It returns how many rows went.
func Sweep(ctx context.Context, db *store.DB, now time.Time) (int64, error) {
	tag, err := db.Pool().Exec(ctx, "delete from kernel.reading where minute < $1", now.Add(-2*hour))
	if err != nil {
		return 0, err
	}
	alerts, err := db.Pool().Exec(ctx, "delete from kernel.reading_alert where told and time < $1", now.Add(-2*hour))
	return tag.RowsAffected() + alerts.RowsAffected(), err
}
