package finsystem

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// Which of a file's entries are known. Entries that are alike have one fingerprint and are told apart by counting; and what of them a statement
// tells of is known, unless that statement and the file's have no entry in common: one ends where the other begins, or others between them say so.
// In which order statements are brought in does not count, nor what was undone in between.

// before is what a statement that was brought in says of an account.
type before struct {
	beforeRow
	first, last *statement.Statement
}

type beforeRow struct {
	Statement, File       string
	Digest                []byte
	Opening, Closing      *int64
	Currency              string
	OpeningDate           *time.Time
	LastOpening           *int64
	LastDate, ClosingDate *time.Time
	Name, Number          string
	Entries               int
}

// told is an entry that is known.
type told struct {
	Statement, Fingerprint string
	Occurrence             int
	Amount                 int64
}

// countOn says of a file's entries which of those that are alike they are, and what of it the balances speak against.
func countOn(ctx context.Context, tx *store.Tx, f *readFile) error {
	for _, a := range f.accounts {
		if len(a.entries) == 0 {
			continue
		}
		rows, err := a.before(ctx, tx)
		if err != nil {
			return err
		}
		prints := make([]string, len(a.entries))
		for i, e := range a.entries {
			prints[i] = e.Fingerprint
		}
		known, err := store.Query(ctx, tx, pgx.RowToStructByPos[told], `
			select statement_id::text, fingerprint, occurrence, amount from finsystem.statement_entries
			where fingerprint = any ($1) and state <> 'undone' order by fingerprint, occurrence`, prints)
		if err != nil {
			return err
		}
		a.count(known, a.apart(rows))
		for _, b := range rows {
			if err := a.doubt(ctx, tx, f, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// before are the statements of the account whose days the file's touch.
func (a *readAccount) before(ctx context.Context, tx *store.Tx) ([]*before, error) {
	first, last := a.entries[0].BookingDate, a.entries[0].BookingDate
	for _, e := range a.entries {
		if e.BookingDate.Before(first) {
			first = e.BookingDate
		}
		if e.BookingDate.After(last) {
			last = e.BookingDate
		}
	}
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[beforeRow], `
		select s.id::text, s.file_name, x.digest, case when x.opening_currency = x.closing_currency then x.opening end, x.closing, x.closing_currency,
			case when x.opening = x.last_opening then x.last_opening_date else s.from_date end, x.last_opening, x.last_opening_date, x.closing_date,
			x.last_name, x.last_number, x.entries
		from finsystem.statement_accounts x join finsystem.statements s on s.id = x.statement_id and not s.undone
		where x.account = $1 and x.currency_code = $2 and coalesce(s.to_date >= $3, true) and coalesce(s.from_date <= $4, true)
		order by x.statement_id`, a.number, a.first.Currency, first.AddDate(0, 0, -1), last.AddDate(0, 0, 1))
	if err != nil {
		return nil, err
	}
	out := make([]*before, len(rows))
	for i, row := range rows {
		if out[i], err = row.statements(a.first.Account, a.first.Currency); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// statements are its first one and its last one, as far as is known of them.
func (r beforeRow) statements(account, currency string) (*before, error) {
	b := &before{
		beforeRow: r,
		first:     &statement.Statement{Account: account, Currency: currency, ID: r.Name, Number: r.Number},
		last:      &statement.Statement{Account: account, Currency: currency, ID: r.Name, Number: r.Number},
	}
	for _, one := range []struct {
		to    **statement.Balance
		units *int64
		date  *time.Time
	}{{&b.first.Opening, r.Opening, r.OpeningDate}, {&b.first.Closing, r.Closing, r.ClosingDate}, {&b.last.Opening, r.LastOpening, r.LastDate}, {&b.last.Closing, r.Closing, r.ClosingDate}} {
		if one.units == nil || one.date == nil {
			continue
		}
		amount, err := money.Decimal(r.Currency, *one.units)
		if err != nil {
			return nil, err
		}
		*one.to = &statement.Balance{Amount: amount, Currency: r.Currency, Date: *one.date}
	}
	return b, nil
}

// apart are the statements that have no entry in common with the file: those that it follows, and that follow it, one after the other.
func (a *readAccount) apart(rows []*before) map[string]bool {
	digest := a.digest()
	earlier, later := map[string]bool{}, map[string]bool{}
	reach := func(reached map[string]bool, first *statement.Statement, next func(at *statement.Statement, b *before) *statement.Statement) {
		for todo := []*statement.Statement{first}; len(todo) > 0; todo = todo[1:] {
			for _, b := range rows {
				if reached[b.Statement] || a.same(b, digest) {
					continue
				}
				if at := next(todo[0], b); at != nil {
					reached[b.Statement], todo = true, append(todo, at)
				}
			}
		}
	}
	reach(earlier, a.first, func(at *statement.Statement, b *before) *statement.Statement {
		if at.Follows(b.last) {
			return b.first
		}
		return nil
	})
	reach(later, a.last, func(at *statement.Statement, b *before) *statement.Statement {
		if b.first.Follows(at) {
			return b.last
		}
		return nil
	})
	apart := map[string]bool{}
	for _, b := range rows {
		if earlier[b.Statement] != later[b.Statement] { // where balances come again, both may seem so
			apart[b.Statement] = true
		}
	}
	return apart
}

// same tells whether a statement is the file's: word for word, or of the same name, days and balances.
func (a *readAccount) same(b *before, digest []byte) bool {
	if slices.Equal(b.Digest, digest) {
		return true
	}
	alike := func(one, other *statement.Balance) bool {
		return one != nil && other != nil && one.Currency == other.Currency && one.Amount.Cmp(other.Amount) == 0 && one.Date.Equal(other.Date)
	}
	return a.last.ID == b.Name && a.last.Number == b.Number && alike(a.first.Opening, b.first.Opening) && alike(a.last.Closing, b.last.Closing)
}

// count says which of those that are alike the file's entries are: first those that are known, but for what was told of by a statement that has no entry
// in common with the file; then further ones. What has a reference of the bank's own is known wherever it was told of.
func (a *readAccount) count(known []told, apart map[string]bool) {
	alike := map[string][]told{}
	for _, k := range known {
		alike[k.Fingerprint] = append(alike[k.Fingerprint], k)
	}
	for _, e := range a.entries {
		nth, taken := e.Occurrence, map[int]bool{}
		for _, k := range alike[e.Fingerprint] {
			taken[k.Occurrence] = true
			if !e.referenced && apart[k.Statement] {
				continue
			}
			if nth--; nth == 0 {
				e.Occurrence, e.knownOf = k.Occurrence, k.Statement
			}
		}
		for at := 1; nth > 0; at++ {
			if !taken[at] {
				nth--
				e.Occurrence = at
			}
		}
	}
}

// doubt says that entries of the file are taken for those of a statement although the balances of both, which agree with their entries, say that they are
// others: then something is lost, and a hand has to see it.
func (a *readAccount) doubt(ctx context.Context, tx *store.Tx, f *readFile, b *before) error {
	opening, closing := a.first.Opening, a.last.Closing
	if opening == nil || closing == nil || b.Opening == nil || b.Closing == nil || opening.Currency != b.Currency || closing.Currency != b.Currency ||
		opening.Units()+a.in+a.out != closing.Units() {
		return nil
	}
	var others []int64 // of the file's entries
	shared, sum := map[told]bool{}, int64(0)
	for _, e := range a.entries {
		if e.knownOf != b.Statement {
			others = append(others, e.Amount)
			continue
		}
		shared[told{b.Statement, e.Fingerprint, e.Occurrence, e.Amount}] = true
		sum += e.Amount
	}
	if len(shared) == 0 || *b.Closing-sum == opening.Units() || closing.Units()-sum == *b.Opening { // the one goes on where the other ends, or before
		return nil
	}
	all, err := store.Query(ctx, tx, pgx.RowToStructByPos[told], `select statement_id::text, fingerprint, occurrence, amount from finsystem.statement_entries
		where statement_id = $1 and account = $2 and currency_code = $3 and state <> 'undone'`, b.Statement, a.number, a.first.Currency)
	if err != nil {
		return err
	}
	var itsOthers []int64
	total := *b.Opening
	for _, k := range all {
		if total += k.Amount; !shared[k] {
			itsOthers = append(itsOthers, k.Amount)
		}
	}
	switch {
	case len(all) != b.Entries || total != *b.Closing: // it told of some that were known before, which nothing says any more
		return nil
	case len(others) == 0 && comesTo(itsOthers, opening.Units()-*b.Opening), len(itsOthers) == 0 && comesTo(others, *b.Opening-opening.Units()): // the one is within the other
		return nil
	}
	amount, err := money.Decimal(b.Currency, sum)
	f.mismatches = append(f.mismatches, fmt.Sprintf("statement of %s: %d entries that sum to %s %s are taken for those of %s, though by the balances they are others: "+
		"bring in what the bank says of the time between, and then this file again", a.number, len(shared), amount, b.Currency, b.File))
	return err
}

// comesTo tells whether some of the amounts come to a sum. Of so many that it would take long to say they may.
func comesTo(amounts []int64, sum int64) bool {
	const most = 4096
	sums := map[int64]bool{0: true}
	for _, amount := range amounts {
		for _, one := range slices.Collect(maps.Keys(sums)) {
			sums[one+amount] = true
		}
		if len(sums) > most {
			return true
		}
	}
	return sums[sum]
}
