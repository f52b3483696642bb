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

// settledAccounts are the accounts of a client whose postings are settled with the client: its own, and those of its agreements and services. What
// moves between them is nothing to settle, and bonuses are no money.
const settledAccounts = "finsystem.accounts where client_id = $1 and currency_code = $2 and kind = any (finsystem.settled_kinds())"

// settled is what came to a client before a statement's days, and what the statement's lines come to.
type settled struct{ Opening, Debits, Credits int64 }

func (u settled) closing() int64 { return u.Opening + u.Credits - u.Debits }

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

// settleSQL takes sums and lines at one moment: of $1, the client, in $2, from $3 to $4. What came before the first day, and what the lines come to, is what
// days come to that were summed, and what was posted since. A posting that is not the client's, and moved its balance all the same, is a line without words:
// sums and lines agree.
const settleSQL = `
	with settled as (select id from ` + settledAccounts + `), sums as (
		select coalesce(sum(amount) filter (where effective_date < $3), 0)::bigint as opening, coalesce(sum(debits) filter (where effective_date >= $3), 0)::bigint as debits,
			coalesce(sum(credits) filter (where effective_date >= $3), 0)::bigint as credits
		from (
			select effective_date, credits - debits as amount, debits, credits from finsystem.client_days where client_id = $1 and currency_code = $2 and effective_date <= $4
			union all
			select effective_date, amount, greatest(-amount, 0), greatest(amount, 0) from (
				select effective_date, posting_id, sum(amount) as amount from finsystem.unsummed_entries((select array_agg(id) from settled))
				where effective_date <= $4 group by 1, 2
			) posting
		) d
	)
	select s.*, l.posting_id, l.effective_date, p.kind, p.memo, d.kind, coalesce(nullif(d.number, ''), y.reference, ''), l.amount
	from sums s left join (
		finsystem.settled_entries((select array_agg(id) from settled), $3, $4, $5, $6, $7) l left join finsystem.postings p on p.id = l.posting_id
		left join finsystem.documents d on d.id = p.about_id left join finsystem.payments y on y.id = p.about_id
	) on true
	order by l.effective_date, l.posting_id`

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
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[row], settleSQL, st.client, st.currency, st.span.first, st.span.last, day, id, most)
	if err != nil {
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
