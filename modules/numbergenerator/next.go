package numbergenerator

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// SetNextNumber has a period go on at a number, and keeps what that leaves out.
func (s *seriesService) SetNextNumber(ctx context.Context, r *v1.SetNextNumberRequest) (*v1.SetNextNumberResponse, error) {
	if err := everybodys(ctx); err != nil {
		return nil, err
	}
	day := s.today()
	if r.GetDate() != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, r.GetDate()); err != nil || day.Year() < 2000 || day.Year() > 2099 {
			return nil, errDate
		}
	}
	out, err := s.hold(ctx, r.GetId(), func(ctx context.Context, tx *store.Tx, present *v1.Series) (*v1.Series, error) {
		period, err := store.QueryOne(ctx, tx, pgx.RowTo[string], `select numbergenerator.period($1, $2)`, restarts[present.GetRestart()], day)
		if err != nil {
			return nil, err
		}
		given, err := store.QueryOne(ctx, tx, pgx.RowTo[int64],
			`select coalesce(max(n), 0) from numbergenerator.number where series_id = $1 and period = $2`, r.GetId(), period)
		switch {
		case err != nil:
			return nil, err
		case r.GetNextNumber() <= given:
			return nil, errGiven
		}
		// What was left out after the last number that was given was so for nothing. Of a period in which none was, this is the
		// first, and nothing is left out.
		_, err = tx.Exec(ctx, `delete from numbergenerator.skip where series_id = $1 and period = $2 and since > $3`, r.GetId(), period, given)
		if err == nil && given > 0 && r.GetNextNumber() > given+1 {
			_, err = tx.Exec(ctx, `insert into numbergenerator.skip (series_id, period, since, upto, time) values ($1, $2, $3, $4, $5)`,
				r.GetId(), period, given+1, r.GetNextNumber()-1, s.host.Now())
		}
		if err != nil {
			return nil, err
		}
		_, err = tx.Exec(ctx, `
			insert into numbergenerator.counter as c (series_id, period, first, last) values ($1, $2, $3, $4)
			on conflict (series_id, period) do update set last = excluded.last, first = case when $5 then c.first else excluded.first end`,
			r.GetId(), period, r.GetNextNumber(), r.GetNextNumber()-1, given > 0)
		if err != nil {
			return nil, err
		}
		after, err := s.findSeries(ctx, tx, r.GetId())
		if err == nil {
			audit.Changed(tx, present, after)
		}
		return after, err
	})
	return &v1.SetNextNumberResponse{Series: out}, err
}

// PreviewSeries spells the next numbers of a series as it would be.
func (s *seriesService) PreviewSeries(ctx context.Context, r *v1.PreviewSeriesRequest) (*v1.PreviewSeriesResponse, error) {
	series, before := proto.CloneOf(r.GetSeries()), (*v1.Series)(nil)
	if series == nil {
		series = &v1.Series{}
	}
	if store.IsID(series.GetId()) {
		var err error
		if before, err = s.findSeries(ctx, s.host.Store, series.GetId()); err != nil && !errors.Is(err, errNoSeries) {
			return nil, err
		}
		// A form sends what it changes.
		series.BranchId = before.GetBranchId()
	} else {
		series.Id = ""
	}
	tidy(series)
	if err := module.Constrained("series", series, "pattern", "prefix", "branch_code", "restart", "first_number"); err != nil {
		return nil, err
	}
	if err := checkPattern(series); err != nil {
		return nil, err
	}
	if err := refuseClash(ctx, s.host.Store, series, before != nil && before.GetRestart() != series.GetRestart()); err != nil {
		return nil, err
	}
	day := s.today()
	told, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[struct{ Next, After, NextYear string }], `
		with said as (
			select $1::date as today, make_date(extract(year from $1::date)::int + 1, 1, 1) as later, $2::text as restart),
		due as (
			select today, later, numbergenerator.period(restart, today) = numbergenerator.period(restart, later) as goes_on,
				coalesce((select c.last + 1 from numbergenerator.counter c where c.series_id = nullif($6, '')::uuid and c.period = numbergenerator.period(restart, today)), $7::bigint) as n,
				coalesce((select c.last + 1 from numbergenerator.counter c where c.series_id = nullif($6, '')::uuid and c.period = numbergenerator.period(restart, later)), $7::bigint) as first
			from said)
		select numbergenerator.spell($3, $4, $5, today, n), numbergenerator.spell($3, $4, $5, today, n + 1),
			numbergenerator.spell($3, $4, $5, later, case when goes_on then n else first end)
		from due`,
		day, restarts[series.GetRestart()], series.GetPattern(), series.GetPrefix(), series.GetBranchCode(), series.GetId(), series.GetFirstNumber())
	if err != nil {
		return nil, err
	}
	return &v1.PreviewSeriesResponse{Next: told.Next, After: told.After, NextYear: told.NextYear}, nil
}
