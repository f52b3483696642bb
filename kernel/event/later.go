package event

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
)

// promoted is how many jobs are published at once.
const promoted = 200

// later is the SQL about what is due later. It goes by a clock of its own: see [Config.Due].
type later struct {
	lanes
}

// publish publishes jobs and runs of schedules whose time has come. Every statement is a transaction of its own that does
// all or nothing, so a dispatcher that is killed in between leaves what it would have done to the others.
func (s later) publish(ctx context.Context) error {
	var now time.Time
	var jobs, runs bool
	err := s.db.QueryRow(ctx, `
		with t as (select coalesce($1::timestamptz, statement_timestamp()) as now)
		select now, exists (select from kernel.job where due <= now),
			exists (select from kernel.schedule where next <= now and off_at is null and name = any($2))
		from t`, s.time(), s.subscribers).Scan(&now, &jobs, &runs)
	if err != nil {
		return err
	}
	for n := promoted; jobs && n >= promoted; {
		if err := s.db.QueryRow(ctx, `select kernel.promote($1, $2)`, now, promoted).Scan(&n); err != nil {
			return fmt.Errorf("publish jobs: %w", err)
		}
	}
	if !runs {
		return nil
	}
	rows, err := s.db.Query(ctx, `
		select name, cron, zone, catch_up, most, next from kernel.schedule
		where next <= $1 and off_at is null and name = any($2)`, now, s.subscribers)
	if err != nil {
		return err
	}
	due, err := pgx.CollectRows(rows, pgx.RowToStructByPos[planned])
	if err != nil {
		return err
	}
	for _, p := range due {
		if err := s.fire(ctx, p, now); err != nil {
			return fmt.Errorf("schedule %s: %w", p.Name, err)
		}
	}
	return nil
}

// never is when a schedule is due that is due no more.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// fire publishes the runs of a schedule up to now, unless another dispatcher has.
func (s later) fire(ctx context.Context, p planned, now time.Time) error {
	runs, following, err := p.runs(now)
	if err != nil {
		return err
	}
	if following.IsZero() {
		following = never
	}
	ids, payloads := make([]string, len(runs)), make([][]byte, len(runs))
	for i, at := range runs {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		ids[i] = id.String()
		if payloads[i], err = scheduleDue(p.Name, at, false); err != nil {
			return err
		}
	}
	_, err = s.db.Exec(ctx, `select kernel.run($1, $2, $3, $4, $5, $6, $7)`, p.Name, p.Next, following, p.Most, ids, payloads, runs)
	return err
}

func scheduleDue(name string, at time.Time, byHand bool) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(&kernelv1.ScheduleDue{Schedule: name, DueTime: timestamppb.New(at), ByHand: byHand})
}

// next is in how long something is due; any is false when nothing is.
func (s later) next(ctx context.Context) (in time.Duration, any bool, err error) {
	return until(s.db.QueryRow(ctx, `
		select extract(epoch from least(
			(select min(due) from kernel.job),
			(select min(next) from kernel.schedule where off_at is null and name = any($2))
		) - coalesce($1::timestamptz, statement_timestamp()))::float8`, s.time(), s.subscribers))
}

// until reads a number of seconds, if there is one.
func until(row pgx.Row) (in time.Duration, any bool, err error) {
	var seconds *float64
	if err := row.Scan(&seconds); err != nil || seconds == nil {
		return 0, false, err
	}
	const longest = 365 * 24 * 3600 // of what is later it is enough to know that it is
	return time.Duration(min(*seconds, longest) * float64(time.Second)), true, nil
}
