package numbergenerator

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

type numberRow struct {
	SeriesID, Text string
	N              int64
	Period, Module string
	Kind, ID       string
	Date, Time     time.Time
}

// ListNumbers lists what was given, the latest of a series first.
func (s *seriesService) ListNumbers(ctx context.Context, r *v1.ListNumbersRequest) (*v1.ListNumbersResponse, error) {
	w := &store.Where{}
	for _, asked := range []struct{ condition, value string }{
		{"series_id = ?::uuid", r.GetSeriesId()}, {"period = ?", r.GetPeriod()}, {"text = ?", r.GetText()}, {"document_id = ?::uuid", r.GetDocumentId()},
	} {
		if asked.value != "" {
			w.Add(asked.condition, asked.value)
		}
	}
	var series, period string
	var after int64
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &series, &period, &after); err != nil {
		return nil, err
	} else if on {
		w.Add("(series_id, period, n) < (?::uuid, ?::text, ?::bigint)", series, period, after)
	}
	n := store.PageSize(r.GetPageSize())
	most := w.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[numberRow], `
		select series_id::text, text, n, period, module, document_kind, document_id::text, on_date, time
		from numbergenerator.number`+w.String()+` order by series_id desc, period desc, n desc limit `+most, w.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListNumbersResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last numberRow) []any { return []any{last.SeriesID, last.Period, last.N} })
	for _, row := range rows {
		response.Numbers = append(response.Numbers, &v1.Number{
			SeriesId: row.SeriesID, Text: row.Text, Number: row.N, Period: row.Period, Module: row.Module, DocumentKind: row.Kind, DocumentId: row.ID,
			Date: row.Date.Format(time.DateOnly), GiveTime: timestamppb.New(row.Time),
		})
	}
	return response, err
}

type periodRow struct {
	Period               string
	First, Last          int64
	Given, Left, Missing int64
	From, To             []int64
}

// gapsTold is how many gaps of a period are named.
const gapsTold = 20

// ListPeriods looks for gaps: what was neither given nor left out by hand, from a period's first number to its last.
func (s *seriesService) ListPeriods(ctx context.Context, r *v1.ListPeriodsRequest) (*v1.ListPeriodsResponse, error) {
	w := &store.Where{}
	w.Add("c.series_id = ?::uuid", r.GetSeriesId())
	var period string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &period); err != nil {
		return nil, err
	} else if on {
		w.Add("c.period < ?::text", period)
	}
	n := store.PageSize(r.GetPageSize())
	most, told := w.Arg(n+1), w.Arg(gapsTold)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[periodRow], `
		select c.period, c.first, c.last, g.given, g.left_out, g.missing, g.froms, g.tos
		from numbergenerator.counter c
		cross join lateral (
			select count(*) filter (where kind = 'given') as given,
				coalesce(sum(upto - since + 1) filter (where kind = 'left out'), 0)::bigint as left_out,
				coalesce(sum(since - due) filter (where since > due), 0)::bigint as missing,
				coalesce((array_agg(due order by due) filter (where since > due))[1:`+told+`::int], '{}') as froms,
				coalesce((array_agg(since - 1 order by due) filter (where since > due))[1:`+told+`::int], '{}') as tos
			from (
				select since, upto, kind, lag(upto, 1, c.first - 1) over (order by since) + 1 as due
				from (
					select n as since, n as upto, 'given' as kind from numbergenerator.number d where d.series_id = c.series_id and d.period = c.period
					union all
					select since, upto, 'left out' from numbergenerator.skip k where k.series_id = c.series_id and k.period = c.period
					union all
					select c.last + 1, c.last + 1, 'next'
				) known
			) accounted
		) g`+w.String()+` order by c.period desc limit `+most, w.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListPeriodsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last periodRow) []any { return []any{last.Period} })
	for _, row := range rows {
		p := &v1.Period{
			SeriesId: r.GetSeriesId(), Period: row.Period, First: row.First, Last: row.Last, Given: row.Given, LeftOut: row.Left, Missing: row.Missing,
			State: v1.PeriodState_PERIOD_STATE_WHOLE,
		}
		if row.Missing > 0 {
			p.State = v1.PeriodState_PERIOD_STATE_GAPS
		}
		for i, from := range row.From {
			gap := fmt.Sprint(from)
			if row.To[i] > from {
				gap = fmt.Sprintf("%d–%d", from, row.To[i])
			}
			p.Gaps = append(p.Gaps, gap)
		}
		response.Periods = append(response.Periods, p)
	}
	return response, err
}
