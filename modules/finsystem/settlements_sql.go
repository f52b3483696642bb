package finsystem

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// settledAccounts are the accounts of a client whose postings are settled with the client: its own, and those of its agreements and services. What
// moves between them is nothing to settle, and bonuses are no money.
func settledAccounts(ctx context.Context, q store.Querier, client, currency string) ([]int64, error) {
	return store.Query(ctx, q, pgx.RowTo[int64], `
		select id from finsystem.accounts where client_id = $1 and currency_code = $2 and kind in ('client', 'agreement', 'service') order by id`, client, currency)
}

// settled is how a client stands now, what counts for days after a statement's, and what the statement's lines come to.
type settled struct{ Now, Later, Debits, Credits int64 }

func (u settled) closing() int64 { return u.Now - u.Later }
func (u settled) opening() int64 { return u.closing() - u.Credits + u.Debits }

type settledRow struct {
	ID           int64
	Date         time.Time
	Kind, Memo   *string
	DocumentKind *string
	Number       string
	Amount       int64
}

// lineKey is after which line a page begins.
type lineKey struct {
	Day     string
	ID      int64
	Balance int64
}

// settleSQL takes sums and lines at one moment. What came before the first day is not added up: it is what there is now, less what came since, and of
// most statements that is little. A posting that is not the client's, and moved its balance all the same, is a line without words: sums and lines agree.
const settleSQL = `
	select s.now, s.later, s.debits, s.credits, l.posting_id, l.effective_date, p.kind, p.memo, d.kind, coalesce(nullif(d.number, ''), y.reference, ''), l.amount
	from (
		select (select coalesce(sum(balance), 0)::bigint from finsystem.balances where account_id = any ($1)) as now,
			(select coalesce(sum(amount), 0)::bigint from finsystem.entries where WHOSE and effective_date > $3) as later,
			coalesce(-sum(amount) filter (where amount < 0), 0)::bigint as debits, coalesce(sum(amount) filter (where amount > 0), 0)::bigint as credits
		from (
			select sum(amount) as amount from finsystem.entries where WHOSE and effective_date between $2 and $3 group by effective_date, posting_id
		) posting
	) s left join (
		(
			select posting_id, effective_date, sum(amount)::bigint as amount from finsystem.entries
			where WHOSE and effective_date between $2 and $3 and ($4::date is null or (effective_date, posting_id) > ($4, $5))
			group by effective_date, posting_id having sum(amount) <> 0 order by effective_date, posting_id limit $6
		) l left join finsystem.postings p on p.id = l.posting_id
		left join finsystem.documents d on d.id = p.about_id left join finsystem.payments y on y.id = p.about_id
	) on true
	order by l.effective_date, l.posting_id`

// settleOf is the statement for so many accounts. One account's entries come in the order of the index, and a page is as far as they are read.
func settleOf(accounts int) string {
	whose := "account_id = any ($1)"
	if accounts == 1 {
		whose = "account_id = ($1::bigint[])[1]"
	}
	return strings.ReplaceAll(settleSQL, "WHOSE", whose)
}

// settle returns a statement's sums, and its lines after one.
func settle(ctx context.Context, q store.Querier, st stretch, after *lineKey, most int) (settled, []settledRow, error) {
	type row struct {
		settled
		ID                     *int64
		Date                   *time.Time
		Kind, Memo, DocumentOf *string
		Number                 string
		Amount                 *int64
	}
	var day *string
	var id *int64
	if after != nil {
		day, id = &after.Day, &after.ID
	}
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[row], settleOf(len(st.accounts)), st.accounts, st.span.first, st.span.last, day, id, most)
	if err != nil || len(rows) == 0 {
		return settled{}, nil, err
	}
	var out []settledRow
	for _, r := range rows {
		if r.ID != nil {
			out = append(out, settledRow{*r.ID, *r.Date, r.Kind, r.Memo, r.DocumentOf, r.Number, *r.Amount})
		}
	}
	return rows[0].settled, out, nil
}

func (r settledRow) line(currency string, balance int64) *v1.ReconciliationLine {
	l := &v1.ReconciliationLine{
		PostingId: strconv.FormatInt(r.ID, 10), EffectiveDate: r.Date.Format(time.DateOnly), Number: r.Number, Balance: money.Of(currency, balance),
	}
	if r.Kind != nil {
		l.Kind, l.Memo = postingKinds.Of(*r.Kind), *r.Memo
	}
	if r.DocumentKind != nil {
		l.DocumentKind = documentKinds.Of(*r.DocumentKind)
	}
	if r.Amount < 0 {
		l.Debit = money.Of(currency, -r.Amount)
	} else {
		l.Credit = money.Of(currency, r.Amount)
	}
	return l
}
