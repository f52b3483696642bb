package numbergenerator

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// seriesService keeps series and tells what they gave. Numbers are taken by SQL: see the migration.
type seriesService struct {
	v1.UnimplementedSeriesServiceServer
	*Module
}

var _ v1.SeriesServiceServer = (*seriesService)(nil)

// ListSeries lists series by key.
func (s *seriesService) ListSeries(ctx context.Context, r *v1.ListSeriesRequest) (*v1.ListSeriesResponse, error) {
	w := &store.Where{Args: []any{s.today()}}
	if r.GetKey() != "" {
		w.Add("s.key = ?", r.GetKey())
	}
	var key, branch, id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &key, &branch, &id); err != nil {
		return nil, err
	} else if on {
		w.Add("(s.key, coalesce(s.branch_id::text, ''), s.id) > (?::text, ?::text, ?::uuid)", key, branch, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := w.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[seriesRow],
		selectSeries+w.String()+` order by s.key, coalesce(s.branch_id::text, ''), s.id limit `+most, w.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListSeriesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last seriesRow) []any {
		return []any{last.Key, last.series().GetBranchId(), last.ID}
	})
	for _, row := range rows {
		response.Series = append(response.Series, row.series())
	}
	return response, err
}

// GetSeries returns one.
func (s *seriesService) GetSeries(ctx context.Context, r *v1.GetSeriesRequest) (*v1.GetSeriesResponse, error) {
	series, err := s.findSeries(ctx, s.host.Store, r.GetId())
	return &v1.GetSeriesResponse{Series: series}, err
}

// everybodys refuses who does not reach all rows: what they would change is the whole business's.
func everybodys(ctx context.Context) error {
	if access.DecisionFrom(ctx).Reach != access.All {
		return errEverybodys
	}
	return nil
}

// CreateSeries adds a series.
func (s *seriesService) CreateSeries(ctx context.Context, r *v1.CreateSeriesRequest) (*v1.CreateSeriesResponse, error) {
	if err := everybodys(ctx); err != nil {
		return nil, err
	}
	var response *v1.CreateSeriesResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateSeriesResponse, error) {
			series := proto.CloneOf(r.GetSeries())
			series.Id, series.Revision, series.UpdateTime = store.NewID(), 1, timestamppb.New(s.host.Now())
			made, err := s.save(ctx, tx, nil, series)
			if err != nil {
				return nil, err
			}
			audit.About(tx, made)
			return &v1.CreateSeriesResponse{Series: made}, nil
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// save checks a series and writes it. before is how it was, nil for a new one.
func (s *seriesService) save(ctx context.Context, tx *store.Tx, before, series *v1.Series) (*v1.Series, error) {
	tidy(series)
	if err := module.Constrained("series", series); err != nil {
		return nil, err
	}
	if err := checkPattern(series); err != nil {
		return nil, err
	}
	if err := lockSeries(ctx, tx); err != nil {
		return nil, err
	}
	restartsOtherwise := before != nil && before.GetRestart() != series.GetRestart()
	if err := refuseClash(ctx, tx, series, restartsOtherwise); err != nil {
		// The key that is taken says more than a pattern like that of the series that has it.
		if taken, lookErr := s.isTaken(ctx, tx, series); lookErr == nil && taken {
			return nil, errTaken
		}
		return nil, err
	}
	if err := writeSeries(ctx, tx, series); err != nil {
		return nil, err
	}
	return s.findSeries(ctx, tx, series.GetId())
}

func (s *seriesService) isTaken(ctx context.Context, tx *store.Tx, series *v1.Series) (bool, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[bool],
		`select exists (select from numbergenerator.series where key = $1 and branch_id is not distinct from nullif($2, '')::uuid and id <> $3)`,
		series.GetKey(), series.GetBranchId(), series.GetId())
}

// changes are the fields of a series that an update can name.
var changes = map[string]func(to, from *v1.Series){
	"name":         func(to, from *v1.Series) { to.Name = from.GetName() },
	"pattern":      func(to, from *v1.Series) { to.Pattern = from.GetPattern() },
	"prefix":       func(to, from *v1.Series) { to.Prefix = from.GetPrefix() },
	"branch_code":  func(to, from *v1.Series) { to.BranchCode = from.GetBranchCode() },
	"restart":      func(to, from *v1.Series) { to.Restart = from.GetRestart() },
	"first_number": func(to, from *v1.Series) { to.FirstNumber = from.GetFirstNumber() },
}

// UpdateSeries changes the named fields. A change that is there already is none, whatever the revision.
func (s *seriesService) UpdateSeries(ctx context.Context, r *v1.UpdateSeriesRequest) (*v1.UpdateSeriesResponse, error) {
	if err := everybodys(ctx); err != nil {
		return nil, err
	}
	want := proto.CloneOf(r.GetSeries())
	if !store.IsID(want.GetId()) {
		return nil, errNoSeries
	}
	fields, err := module.Named(r.GetUpdateMask(), func(field string) bool { return changes[field] != nil }, ID+".refusal.nothing_named", ID+".refusal.no_field")
	if err != nil {
		return nil, err
	}
	tidy(want)
	out, err := s.hold(ctx, want.GetId(), func(ctx context.Context, tx *store.Tx, present *v1.Series) (*v1.Series, error) {
		after := proto.CloneOf(present)
		for _, field := range slices.Sorted(maps.Keys(changes)) {
			if slices.Contains(fields, field) {
				changes[field](after, want)
			}
		}
		switch {
		case proto.Equal(present, after):
			return present, nil
		case want.GetRevision() != 0 && want.GetRevision() != present.GetRevision():
			return nil, errMeanwhile
		}
		after.Revision, after.UpdateTime = after.Revision+1, timestamppb.New(s.host.Now())
		saved, err := s.save(ctx, tx, present, after)
		if err == nil {
			audit.Changed(tx, present, saved)
		}
		return saved, err
	})
	return &v1.UpdateSeriesResponse{Series: out}, err
}

// hold runs do with a series that nobody changes, or takes a number of, until it is done.
func (s *seriesService) hold(ctx context.Context, id string, do func(ctx context.Context, tx *store.Tx, present *v1.Series) (*v1.Series, error)) (*v1.Series, error) {
	var out *v1.Series
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := lockSeries(ctx, tx); err != nil {
			return err
		}
		present, err := s.findSeries(ctx, tx, id)
		if err != nil {
			return err
		}
		out, err = do(ctx, tx, present)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
