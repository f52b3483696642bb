package finsystem

import (
	"strconv"
	"strings"

	"github.com/opencabinet/cabinet/kernel/store"
)

// Lines of income and expense are entries of the business's own accounts of these kinds, above zero for what they are: what leaves an income account for a
// client's is income taken off, and what comes to it is income; an expense is what went out of its account. A statement that reads them begins with items, which are
// those accounts, and lines.

// summedLine are lines by days that were summed, and what was posted since. Only who reaches all rows has those.
const summedLine = `
	select SPAN as n, i.kind, i.code, (d.effective_date + ON)::date as day, d.branch_id, d.manager_id, d.amount * i.sign as amount, d.postings, d.firsts
	from items i join finsystem.own_days d on d.account_id = i.id and d.effective_date between FIRST and LAST
	union all
	select SPAN, i.kind, i.code, (d.effective_date + ON)::date, d.branch_id, d.manager_id, d.amount * i.sign, d.postings, d.firsts
	from items i join fresh d on d.account_id = i.id and d.effective_date between FIRST and LAST`

// entryLine are lines by postings: of the business's own accounts, by what came to them, or, where few clients among many are meant, of those clients' accounts, by
// what left them.
const entryLine = `
	select SPAN as n, i.kind, i.code, l.posting_id, (l.effective_date + ON)::date as day, l.client_id, SIGNl.amount * i.sign as amountPOSTED
	from items i join TABLE l on l.SIDE = i.id and l.effective_date between FIRST and LAST WHOSE JOINED`

// lines begin a statement that reads them, which has no arguments yet.
func (in income) lines(c *store.Where) string {
	if in.summed {
		const fresh = ", fresh as materialized (select * from finsystem.own_sums((select through from finsystem.summed), 9223372036854775807))"
		return in.each(c, fresh, summedLine)
	}
	return in.entries(c, "")
}

// entries begin a statement that reads lines by postings, of one client alone or of all whom the caller reaches.
func (in income) entries(c *store.Where, client string) string {
	side, sign, whose, posted, joined := "account_id", "", "", "", ""
	if client != "" || !in.all {
		side, sign, whose = "other_id", "-", "join finsystem.accounts a on a.id = l.account_id"
	}
	if client != "" {
		whose += " and a.client_id = " + c.Arg(client) + "::uuid"
	}
	if in.group.posted {
		posted, joined = ", p.branch_id, p.manager_id", "join finsystem.postings p on p.id = l.posting_id"
	}
	of := func(table string) string {
		return strings.NewReplacer("TABLE", table, "SIDE", side, "SIGN", sign, "WHOSE", whose, "POSTED", posted, "JOINED", joined).Replace(entryLine)
	}
	return in.each(c, ", fresh as materialized (select * from finsystem.unsummed_lines())", of("finsystem.day_lines")+" union all"+of("fresh"))
}

// each puts the days that are meant, and those that they are compared with, into lines: the days of a month before stand with those of the month.
func (in income) each(c *store.Where, with, line string) string {
	items := `with items as materialized (select id, kind, code, case kind when 'revenue' then 1 else -1 end as sign from finsystem.own_accounts(` +
		c.Arg(in.currency) + ", " + c.Arg(in.kinds) + `))` + with
	of := func(n int, s span, on string) string {
		return strings.NewReplacer("SPAN", strconv.Itoa(n), "FIRST", c.Arg(s.first)+"::date", "LAST", c.Arg(s.last)+"::date", "ON", c.Arg(on)+"::text::interval").Replace(line)
	}
	lines := of(1, in.span, "0")
	if in.compared {
		lines += " union all " + of(2, in.before, in.back.interval())
	}
	return items + ", lines as (" + lines + ")"
}
