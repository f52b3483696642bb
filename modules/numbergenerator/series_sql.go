package numbergenerator

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

type seriesRow struct {
	ID, Key, Name               string
	BranchID                    *string
	Pattern, Prefix, BranchCode string
	Restart                     string
	FirstNumber                 int64
	Next                        string
	UpdateTime                  time.Time
	Revision                    int64
}

// restarts are the kinds of beginning anew as the table has them.
var restarts = map[v1.Restart]string{v1.Restart_RESTART_NEVER: "never", v1.Restart_RESTART_YEARLY: "yearly", v1.Restart_RESTART_MONTHLY: "monthly"}

func (r seriesRow) series() *v1.Series {
	s := &v1.Series{
		Id: r.ID, Key: r.Key, Name: r.Name, Pattern: r.Pattern, Prefix: r.Prefix, BranchCode: r.BranchCode, FirstNumber: r.FirstNumber,
		Next: r.Next, UpdateTime: timestamppb.New(r.UpdateTime), Revision: r.Revision,
	}
	if r.BranchID != nil {
		s.BranchId = *r.BranchID
	}
	for restart, text := range restarts {
		if text == r.Restart {
			s.Restart = restart
		}
	}
	return s
}

// selectSeries reads series as they stand on the day $1. Counters are for those who reach all rows; others are shown no next.
const selectSeries = `
	select s.id::text, s.key, s.name, s.branch_id::text, s.pattern, s.prefix, s.branch_code, s.restart, s.first_number,
		numbergenerator.spell(s.pattern, s.prefix, s.branch_code, $1::date, coalesce(c.last + 1, s.first_number)), s.update_time, s.revision
	from numbergenerator.series s
	left join numbergenerator.counter c on c.series_id = s.id and c.period = numbergenerator.period(s.restart, $1::date)`

// findSeries reads one.
func (m *Module) findSeries(ctx context.Context, q store.Querier, id string) (*v1.Series, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[seriesRow], selectSeries+` where s.id = $2`, m.today(), id)
	if err != nil {
		return nil, store.NotFoundAs(err, errNoSeries)
	}
	return row.series(), nil
}

// today is the date in the portal's time zone.
func (m *Module) today() time.Time {
	y, month, d := m.host.Now().In(m.host.Zone).Date()
	return time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
}

// lockSeries has nobody else take numbers or change series until the transaction ends: first the counters, in the order of
// numbergenerator.take_v1.
func lockSeries(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `lock table numbergenerator.counter, numbergenerator.series in share row exclusive mode`)
	return err
}

// writeSeries inserts a series, or writes one over.
func writeSeries(ctx context.Context, tx *store.Tx, s *v1.Series) error {
	_, err := tx.Exec(ctx, `
		insert into numbergenerator.series (id, key, name, branch_id, pattern, prefix, branch_code, restart, first_number, update_time, revision)
		values ($1, $2, $3, nullif($4, '')::uuid, $5, $6, $7, $8, $9, $10, $11)
		on conflict (id) do update set name = excluded.name, pattern = excluded.pattern, prefix = excluded.prefix, branch_code = excluded.branch_code,
			restart = excluded.restart, first_number = excluded.first_number, update_time = excluded.update_time, revision = excluded.revision`,
		s.GetId(), s.GetKey(), s.GetName(), s.GetBranchId(), s.GetPattern(), s.GetPrefix(), s.GetBranchCode(), restarts[s.GetRestart()],
		s.GetFirstNumber(), s.GetUpdateTime().AsTime(), s.GetRevision())
	if store.Constraint(err) == "series_key_branch" {
		return errTaken
	}
	return err
}

// refuseClash refuses what could be given again: by another series, or because it was.
func refuseClash(ctx context.Context, q store.Querier, s *v1.Series, restartsOtherwise bool) error {
	met, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[struct{ Other, Given *string }],
		`select other::text, given from numbergenerator.clash(nullif($1, '')::uuid, $2, $3, $4, $5)`,
		s.GetId(), s.GetPattern(), s.GetPrefix(), s.GetBranchCode(), restartsOtherwise)
	switch {
	case err != nil:
		return err
	case met.Other != nil:
		return refuse(codes.AlreadyExists, "series.pattern", "refusal.meets", "another series could give the same number: have a prefix or a sign in the pattern tell them apart")
	case met.Given != nil:
		return refuse(codes.AlreadyExists, "series.pattern", "refusal.again", "a number that was given before could come again: have the pattern look otherwise, such as by another prefix")
	}
	return nil
}
