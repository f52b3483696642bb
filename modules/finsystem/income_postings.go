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
	in, err := s.income(ctx, r.GetFromDate(), r.GetToDate(), r.GetCurrencyCode(), r.GetGroupBy(), v1.IncomeCompare_INCOME_COMPARE_NONE, kind)
	if err != nil {
		return nil, err
	}
	var day string
	var id int64
	on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &day, &id)
	if err != nil {
		return nil, err
	}
	n := store.PageSize(r.GetPageSize())
	response := &v1.ListReportPostingsResponse{Totals: &v1.ReportPostingTotals{Kind: kind, Amount: money.Of(in.currency, 0)}}
	var named v1.IncomeRow
	in.group.fill(&named, r.GetKey())
	response.Totals.Name = named.GetName()
	if in.summed {
		all, err := s.postingTotals(ctx, in, r.GetKey(), day, n+1)
		if err != nil {
			return nil, err
		}
		response.Totals.Amount, response.Totals.Postings = money.Of(in.currency, all.Amount), all.Postings
		if all.Enough != nil {
			in.span.first = *all.Enough
		}
	}
	client := ""
	if in.group.byClient && store.IsID(r.GetKey()) {
		client = r.GetKey()
	}
	if err := s.fewEnough(ctx, in, client); err != nil {
		return nil, err
	}
	c := &store.Where{}
	with, key := in.entries(c, client), c.Arg(r.GetKey())
	if on {
		c.Add("(day, posting_id) < (?::date, ?::bigint)", day, id)
	}
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[reportPostingRow], with+`,
		chosen as materialized (
			select l.posting_id, l.day, sum(l.amount)::bigint as amount from lines l where `+in.group.key+` = `+key+` group by 1, 2
		), page as (select * from chosen`+c.String()+` order by day desc, posting_id desc limit `+most+`)
		select t.amount, t.postings, p.id, l.day, p.kind, p.memo, p.client_id::text, l.amount
		from (select coalesce(sum(amount), 0)::bigint as amount, count(*) as postings from chosen) t
		left join (page l join finsystem.postings p on p.id = l.posting_id) on true
		order by l.day desc, p.id desc`, c.Args...)
	if err != nil {
		return nil, err
	}
	if !in.summed {
		response.Totals.Amount, response.Totals.Postings = money.Of(in.currency, rows[0].All), rows[0].Postings
	}
	if rows[0].ID == nil {
		return response, nil
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last reportPostingRow) []any {
		return []any{last.Date.Format(time.DateOnly), *last.ID}
	})
	for _, row := range rows {
		response.Postings = append(response.Postings, row.posting(in.currency))
	}
	return response, err
}

// postingTotals are what a row's postings come to, how many there are, and the day from which on there are enough of them for a page, where there are: of those
// before a day, or of all where that is empty.
type postingTotals struct {
	Amount, Postings int64
	Enough           *time.Time
}

func (s *reportService) postingTotals(ctx context.Context, in income, key, before string, most int) (postingTotals, error) {
	count := "l.firsts" // a posting with two items of income is one
	if in.by == v1.IncomeGroup_INCOME_GROUP_ITEM {
		count = "l.postings"
	}
	c := &store.Where{}
	with, meant := in.lines(c), c.Arg(key)
	if before != "" {
		c.Add("day < ?::date", before)
	}
	enough := c.Arg(most)
	return store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[postingTotals], with+`,
		chosen as materialized (select l.day, sum(l.amount) as amount, sum(`+count+`) as postings from lines l where `+in.group.key+` = `+meant+` group by 1)
		select coalesce(sum(amount), 0)::bigint, coalesce(sum(postings), 0)::bigint, (
			select max(day) from (select day, sum(postings) over (order by day desc) as so_far from chosen`+c.String()+`) d where so_far >= `+enough+`)
		from chosen`, c.Args...)
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
