package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// soon is within how many days a payment is soon.
const soon = 7

type obligationRow struct {
	ID, ClientID, Number, Subject string
	Due                           time.Time
	Total, Left                   int64
}

func (r obligationRow) obligation(currency string, today time.Time) *v1.Obligation {
	o := &v1.Obligation{
		DocumentId: r.ID, ClientId: r.ClientID, Number: r.Number, Subject: r.Subject, DueDate: r.Due.Format(time.DateOnly),
		DaysLeft: int32(r.Due.Sub(today).Hours() / 24), State: v1.ObligationState_OBLIGATION_STATE_LATER, //nolint:gosec // days
		Total: money.Of(currency, r.Total), Due: money.Of(currency, r.Left),
	}
	switch {
	case o.GetDaysLeft() < 0:
		o.State = v1.ObligationState_OBLIGATION_STATE_OVERDUE
	case o.GetDaysLeft() <= soon:
		o.State = v1.ObligationState_OBLIGATION_STATE_SOON
	}
	return o
}

// ListObligations lists open invoices, what is due first coming first.
func (s *settlementService) ListObligations(ctx context.Context, r *v1.ListObligationsRequest) (*v1.ListObligationsResponse, error) {
	currency, err := s.currency(r.GetCurrencyCode())
	if err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("status = 'issued' and kind = 'invoice' and paid < total and paid < total - credited and currency_code = ?", currency)
	if client, err := clientMeant(ctx, r.GetClientId()); err == nil {
		c.Add("client_id = ?::uuid", client)
	}
	today := s.today()
	sums := store.Where{Args: append([]any{}, c.Args...)}
	now, end, next := sums.Arg(today), sums.Arg(monthOf(today).AddDate(0, 1, 0)), sums.Arg(monthOf(today).AddDate(0, 2, 0))
	type totals struct{ Overdue, ThisMonth, NextMonth, Later, Total int64 }
	t, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[totals], `
		select coalesce(sum(left_of) filter (where due_date < `+now+`), 0)::bigint, coalesce(sum(left_of) filter (where due_date >= `+now+` and due_date < `+end+`), 0)::bigint,
			coalesce(sum(left_of) filter (where due_date >= `+end+` and due_date < `+next+`), 0)::bigint, coalesce(sum(left_of) filter (where due_date >= `+next+`), 0)::bigint,
			coalesce(sum(left_of), 0)::bigint
		from (select due_date, total - credited - paid as left_of from finsystem.documents`+c.String()+`) d`, sums.Args...)
	if err != nil {
		return nil, err
	}
	var day, id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &day, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(due_date, id) > (?::date, ?::uuid)", day, id)
	}
	n := store.PageSize(r.GetPageSize())
	most := c.Arg(n + 1)
	rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[obligationRow], `
		select id::text, client_id::text, number, subject, due_date, total, total - credited - paid from finsystem.documents`+c.String()+`
		order by due_date, documents.id limit `+most, c.Args...)
	if err != nil {
		return nil, err
	}
	response := &v1.ListObligationsResponse{Totals: &v1.ObligationTotals{
		Overdue: money.Of(currency, t.Overdue), ThisMonth: money.Of(currency, t.ThisMonth), NextMonth: money.Of(currency, t.NextMonth),
		Later: money.Of(currency, t.Later), Total: money.Of(currency, t.Total),
	}}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last obligationRow) []any {
		return []any{last.Due.Format(time.DateOnly), last.ID}
	})
	for _, row := range rows {
		response.Obligations = append(response.Obligations, row.obligation(currency, today))
	}
	return response, err
}

// GetTurnover says what a client was charged and paid, by what is on the other side of its entries: where money is kept, or what is earned and spent. So what
// takes something back counts against what it takes back: a refund is less paid, a credit note or a voided act less charged.
func (s *settlementService) GetTurnover(ctx context.Context, r *v1.GetTurnoverRequest) (*v1.GetTurnoverResponse, error) {
	today := s.today()
	year := time.Date(today.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	quarter := time.Date(today.Year(), (today.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	st, err := s.statement(ctx, r.GetClientId(), r.GetCurrencyCode(), year.Format(time.DateOnly), today.Format(time.DateOnly))
	if err != nil {
		return nil, err
	}
	type turnover struct{ MonthCharged, MonthPaid, QuarterCharged, QuarterPaid, YearCharged, YearPaid int64 }
	t, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[turnover], `
		with moved as (
			select effective_date as day, charged, paid from finsystem.client_days where client_id = $1 and currency_code = $2 and effective_date between $3 and $4
			union all
			select e.effective_date, case when not o.paid then -e.amount else 0 end, case when o.paid then e.amount else 0 end
			from finsystem.unsummed_entries(array(select id from `+settledAccounts+`)) e
			join (select id, kind = any (finsystem.paid_kinds()) as paid from finsystem.own_accounts($2, finsystem.paid_kinds() || finsystem.charged_kinds())) o on o.id = e.contra_id
			where e.effective_date between $3 and $4
		)
		select coalesce(sum(charged) filter (where day >= $6), 0)::bigint, coalesce(sum(paid) filter (where day >= $6), 0)::bigint,
			coalesce(sum(charged) filter (where day >= $5), 0)::bigint, coalesce(sum(paid) filter (where day >= $5), 0)::bigint,
			coalesce(sum(charged), 0)::bigint, coalesce(sum(paid), 0)::bigint
		from moved`, st.client, st.currency, st.span.first, st.span.last, quarter, monthOf(today))
	if err != nil {
		return nil, err
	}
	return &v1.GetTurnoverResponse{Turnover: &v1.Turnover{
		ClientId: st.client, CurrencyCode: st.currency,
		MonthCharged: money.Of(st.currency, t.MonthCharged), MonthPaid: money.Of(st.currency, t.MonthPaid),
		QuarterCharged: money.Of(st.currency, t.QuarterCharged), QuarterPaid: money.Of(st.currency, t.QuarterPaid),
		YearCharged: money.Of(st.currency, t.YearCharged), YearPaid: money.Of(st.currency, t.YearPaid),
	}}, nil
}
