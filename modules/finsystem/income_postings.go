package finsystem

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

type reportPostingRow struct {
	// All is what all postings come to, Postings how many there are; ID and what follows are of one, and null where there is none.
	All, Postings int64
	ID            *int64
	Date          *time.Time
	Kind, Memo    *string
	ClientID      *string
	Amount        *int64
}

// ListReportPostings lists the postings of a report's row, newest first.
func (s *reportService) ListReportPostings(ctx context.Context, r *v1.ListReportPostingsRequest) (*v1.ListReportPostingsResponse, error) {
	kind := r.GetKind()
	if kind == v1.IncomeKind_INCOME_KIND_UNSPECIFIED {
		kind = v1.IncomeKind_INCOME_KIND_INCOME
	}
	in, err := s.income(r.GetFromDate(), r.GetToDate(), r.GetCurrencyCode(), r.GetGroupBy(), v1.IncomeCompare_INCOME_COMPARE_NONE, kind)
	if err != nil {
		return nil, err
	}
	c := &store.Where{Args: in.args()}
	key := c.Arg(r.GetKey())
	var day string
	var id int64
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &day, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(day, posting_id) < (?::date, ?)", day, id)
	}
	n := store.PageSize(r.GetPageSize())
	with, from := in.lines()
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[reportPostingRow], with+`,
		chosen as materialized (
			select l.posting_id, l.day, sum(l.amount)::bigint as amount from `+from+` where `+in.group.key+` = `+key+` group by 1, 2
		), page as (select * from chosen`+c.String()+` order by day desc, posting_id desc limit `+most+`)
		select t.amount, t.postings, p.id, l.day, p.kind, p.memo, p.client_id::text, l.amount
		from (select coalesce(sum(amount), 0)::bigint as amount, count(*) as postings from chosen) t
		left join (page l join finsystem.postings p on p.id = l.posting_id) on true
		order by l.day desc, p.id desc`, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListReportPostingsResponse{Totals: &v1.ReportPostingTotals{Kind: kind, Amount: money.Of(in.currency, 0)}}
	var named v1.IncomeRow
	in.group.fill(&named, r.GetKey())
	response.Totals.Name = named.GetName()
	if len(rows) > 0 {
		response.Totals.Amount, response.Totals.Postings = money.Of(in.currency, rows[0].All), rows[0].Postings
		if rows[0].ID == nil {
			return response, nil
		}
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last reportPostingRow) []any {
		return []any{last.Date.Format(time.DateOnly), *last.ID}
	})
	for _, row := range rows {
		response.Postings = append(response.Postings, row.posting(in.currency))
	}
	return response, err
}

func (r reportPostingRow) posting(currency string) *v1.ReportPosting {
	p := &v1.ReportPosting{
		PostingId: strconv.FormatInt(*r.ID, 10), EffectiveDate: r.Date.Format(time.DateOnly), Kind: postingKinds.Of(*r.Kind), Memo: *r.Memo,
		Amount: money.Of(currency, *r.Amount),
	}
	if r.ClientID != nil {
		p.ClientId = *r.ClientID
	}
	return p
}
