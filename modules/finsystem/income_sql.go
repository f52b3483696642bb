package finsystem

import (
	"strings"
	"time"
)

// Lines of income and expense are entries of the business's own accounts of these kinds, above zero for what they are: what leaves an income account for a
// client's is income taken off, and what comes to it is income; an expense is what went out of its account.

// incomeOf begins them: $1 the currency, $2 the kinds, $3 and $4 the first and last days, in order of n, and $5 what is added to a day of each, so that
// a month stands with the one it is compared with.
const incomeOf = `
	items as materialized (select id, kind, code, case kind when 'revenue' then 1 else -1 end as sign from finsystem.own_accounts($1, $2)),
	spans as materialized (select * from unnest($3::date[], $4::date[], $5::text[]::interval[]) with ordinality s(first, last, on_by, n))`

// summedLines are lines by days that were summed, and what was posted since. Only who reaches all rows has those.
const summedLines = incomeOf + `,
	lines as (
		select s.n, i.kind, i.code, (d.effective_date + s.on_by)::date as day, d.branch_id, d.manager_id, d.amount * i.sign as amount,
			d.postings, d.firsts
		from items i cross join spans s join finsystem.own_days d on d.account_id = i.id and d.effective_date between s.first and s.last
		union all
		select s.n, i.kind, i.code, (d.effective_date + s.on_by)::date, d.branch_id, d.manager_id, d.amount * i.sign, d.postings, d.firsts
		from finsystem.own_sums((select through from finsystem.summed), 9223372036854775807) d
		join items i on i.id = d.account_id join spans s on d.effective_date between s.first and s.last
	)`

// entryLines are lines by entries: those of the accounts that the caller sees, by the days that they count for, as far as the account on the other side is meant;
// and those of the business's own accounts whose other side is another one of these.
const entryLines = incomeOf + `,
	lines as (
		select s.n, i.kind, i.code, e.posting_id, (e.effective_date + s.on_by)::date as day, a.client_idPOSTED, -e.amount * i.sign as amount
		from finsystem.accounts a cross join spans s join finsystem.entries e on e.account_id = a.id and e.effective_date between s.first and s.last
		join items i on i.id = e.contra_id JOINED where a.currency_code = $1
		union all
		select s.n, i.kind, i.code, e.posting_id, (e.effective_date + s.on_by)::date, e.client_idPOSTED, e.amount * i.sign
		from items i cross join spans s join finsystem.entries e on e.account_id = i.id and e.effective_date between s.first and s.last JOINED
	)`

// lines begin a statement that reads them.
func (in income) lines() string {
	if in.summed {
		return "with " + summedLines
	}
	return in.entries()
}

// entries begin a statement that reads lines by entries.
func (in income) entries() string {
	posted, joined := "", ""
	if in.group.posted {
		posted, joined = ", p.branch_id, p.manager_id", "join finsystem.postings p on p.id = e.posting_id"
	}
	return "with " + strings.NewReplacer("POSTED", posted, "JOINED", joined).Replace(entryLines)
}

// args are those of lines.
func (in income) args() []any {
	first, last, on := []time.Time{in.span.first}, []time.Time{in.span.last}, []string{"0"}
	if in.compared {
		first, last, on = append(first, in.before.first), append(last, in.before.last), append(on, in.back.interval())
	}
	return []any{in.currency, in.kinds, first, last, on}
}
