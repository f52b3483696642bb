package finsystem

import (
	"slices"
	"strings"
	"time"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// The orders that postings are listed in: as they were posted, and by the days that they count for.
const (
	asPosted = "posting_id desc, account_id desc"
	byDays   = "effective_date desc, posting_id desc"
)

// ofKind begins a condition on entries: those of postings of a kind.
const ofKind = "exists (select from finsystem.postings q where q.id = posting_id and q.kind = "

// pageOfEntries are entries in SQL, those of each posting in an account in one row, and the order that they come in.
type pageOfEntries struct{ sql, order string }

// entriesOf are the first entries of some, in an order of entries' columns.
func entriesOf(where, order, most string) pageOfEntries {
	return entriesFrom("finsystem.entries", where, order, most)
}

// entriesFrom are entries of a table that has their columns.
func entriesFrom(table, where, order, most string) pageOfEntries {
	group := strings.ReplaceAll(order, " desc", "")
	if !strings.Contains(group, "account_id") {
		group += ", account_id"
	}
	return pageOfEntries{`select posting_id, account_id, max(effective_date) as day, min(client_id::text) as client_id, sum(amount)::bigint as amount,
		(array_agg(balance order by line desc))[1] as balance from ` + table + where + " group by " + group + " order by " + order + " limit " + most, order}
}

// takenBack is how much of the posting p was taken back and not given again.
const takenBack = `(select coalesce(sum(r.amount - (select coalesce(sum(b.amount), 0) from finsystem.postings b where b.reverses = r.id)), 0)::bigint
			from finsystem.postings r where r.reverses = p.id)`

// postingsOfAccount are postings as accounts see them: what all their entries there come to, and the balance after the last one. Of a posting about another client
// there is nothing but that; see [Module.otherSides].
func postingsOfAccount(e pageOfEntries) string {
	return `
	select e.posting_id, e.client_id, coalesce(p.kind, ''), coalesce(p.memo, ''), coalesce(p.currency_code, ''), coalesce(p.effective_date, 'epoch'), coalesce(p.post_time, 'epoch'),
		(select d.id::text from finsystem.documents d where d.id = p.about_id), (select y.id::text from finsystem.payments y where y.id = p.about_id),
		p.reverses, p.actor_id::text, e.account_id, e.amount, e.balance,
		` + takenBack + `
	from (` + e.sql + `) e left join finsystem.postings p on p.id = e.posting_id order by ` + strings.NewReplacer("effective_date", "e.day", "posting_id", "e.posting_id", "account_id", "e.account_id").Replace(e.order)
}

// postingPage is a page of postings that is asked for.
type postingPage struct {
	sql  string
	size int
	key  func(last postingRow) []any
}

// postingPage is how a page of postings is read, whose accounts c has already: as far as it goes, however many there are. In the order in which they were posted it
// follows the entries; a single account's of some days, or of some kinds, go by the days that they count for.
func (s *ledgerService) postingPage(r *v1.ListPostingsRequest, c *store.Where, single *int64) (page postingPage, err error) {
	page.size = store.PageSize(r.GetPageSize())
	if single == nil || r.GetFromDate() == "" && r.GetToDate() == "" && len(r.GetKinds()) == 0 {
		if err := s.postingsAsked(r, c); err != nil {
			return page, err
		}
		var last, account int64
		if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &last, &account); err != nil {
			return page, err
		} else if on && single != nil {
			c.Add("posting_id < ?", last)
		} else if on {
			c.Add("posting_id <= ? and (posting_id, account_id) < (?, ?)", last, last, account)
		}
		page.key = func(last postingRow) []any { return []any{last.ID, last.Account} }
		page.sql = postingsOfAccount(entriesOf(c.String(), asPosted, c.Arg(page.size+1)))
		return page, nil
	}
	var day string
	var id int64
	on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &day, &id)
	if err != nil {
		return page, err
	}
	if r.GetAboutId() != "" {
		c.Add("posting_id = any(array(select q.id from finsystem.postings q where q.about_id = ?::uuid))", r.GetAboutId())
	}
	before := len(c.Conditions)
	if err := s.daysAsked(r, c); err != nil {
		return page, err
	}
	if on {
		c.Add("effective_date <= ?::date", day)
	}
	days := slices.Clone(c.Conditions[before:])
	if on {
		c.Add("(effective_date, posting_id) < (?::date, ?::bigint)", day, id)
	}
	page.key = func(last postingRow) []any { return []any{last.Date.Format(time.DateOnly), last.ID} }
	most := c.Arg(page.size + 1)
	if kinds := postingKinds.Texts(r.GetKinds()); len(kinds) > 0 {
		page.sql = postingsOfAccount(ofKinds(c, days, *single, kinds, most))
	} else {
		page.sql = postingsOfAccount(ofDays(c, *single, most))
	}
	return page, nil
}

// ofDays are entries of an account by the days that they count for, of those that c chooses: its lines, and what is not among them yet.
func ofDays(c *store.Where, account int64, most string) pageOfEntries {
	return byDay(`
		(`+entriesFrom("finsystem.day_lines", c.String(), byDays, most).sql+`)
		union all
		(`+entriesFrom("finsystem.unsummed_entries(array["+c.Arg(account)+"::bigint])", c.String(), byDays, most).sql+`)`, most)
}

// ofKinds are entries of an account of some kinds of postings, of those that c chooses. Which days have such postings was summed, and which ones they are, or, of
// many, between which they lie: so that no others are gone through. Those that were not summed yet are.
func ofKinds(c *store.Where, days []string, account int64, kinds []string, most string) pageOfEntries {
	meant, whose := c.Arg(kinds), c.Arg(account)
	summed := store.Where{Conditions: append(days, "client_id = (select client_id from finsystem.accounts where id = "+whose+")",
		"currency_code = (select currency_code from finsystem.accounts where id = "+whose+")", "kind = any("+meant+")")}
	of := func(table, and, order string) string {
		return "(" + entriesFrom(table, c.String()+" and "+and, order, most).sql + ")"
	}
	return byDay(`
		(select e.* from (select * from finsystem.client_days`+summed.String()+` order by effective_date desc) d cross join lateral (
			`+of("finsystem.entries", "posting_id = any (d.ids) and "+ofKind+"d.kind)", "posting_id desc")+`
			union all
			`+of("finsystem.day_lines", "d.ids is null and posting_id between d.first_id and d.last_id and day_lines.effective_date = d.effective_date and "+ofKind+"d.kind)", "posting_id desc")+`
		) e order by d.effective_date desc, e.posting_id desc limit `+most+`)
		union all
		`+of("finsystem.unsummed_entries(array["+whose+"])", ofKind+"any ("+meant+"))", byDays), most)
}

// byDay is a page of entries that come from several places, each with those that it has for it.
func byDay(from, most string) pageOfEntries {
	return pageOfEntries{"select * from (" + from + ") e order by day desc, posting_id desc limit " + most, byDays}
}
