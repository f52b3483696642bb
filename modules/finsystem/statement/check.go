package statement

import (
	"fmt"

	"github.com/govalues/decimal"
)

// book is a statement that is being read, with what is counted and what the file says should come out.
type book struct {
	Statement
	open   bool
	booked tally
	left   tally // what is not booked
	stated []stated
	// found are contradictions that were met while reading.
	found []*Error
}

// tally is what came in and went out: how many bookings, and their sums without sign.
type tally struct {
	nIn, nOut int
	in, out   decimal.Decimal
}

// stated is a control figure of the file.
type stated struct {
	field string
	line  int
	value string
	sum   decimal.Decimal // where it is an amount
	// is: whether the figure agrees with a count
	is func(tally) bool
	// found is what the count comes to, in words.
	found func(tally) string
}

func (c *tally) add(amount decimal.Decimal) bool {
	var ok bool
	if amount.IsNeg() {
		c.nOut++
		c.out, ok = plus(c.out, amount.Neg())
	} else {
		c.nIn++
		c.in, ok = plus(c.in, amount)
	}
	return ok
}

func (c tally) net() decimal.Decimal {
	net, _ := plus(c.in, c.out.Neg()) // of two that are below 10^18, so it fits
	return net
}

// count takes what was booked as one. The sum of its parts is known to be exact.
func (b *book) count(entries []Entry) error {
	total, line, exact := decimal.Decimal{}, b.Line, true
	for _, e := range entries {
		var ok bool
		total, ok = plus(total, e.Amount)
		exact = exact && ok
		line = e.Line
		if e.Amount.IsNeg() {
			b.Out, ok = plus(b.Out, e.Amount)
		} else {
			b.In, ok = plus(b.In, e.Amount)
		}
		exact = exact && ok
	}
	b.Entries += len(entries)
	if !b.booked.add(total) || !exact {
		return beyond(line, "amount", "the entries sum to more than can be counted exactly: have the bank write a shorter period")
	}
	return nil
}

// check compares the file's control figures with what was counted.
func (b *book) check() []*Error {
	mismatches := b.found
	both := tally{nIn: b.booked.nIn + b.left.nIn, nOut: b.booked.nOut + b.left.nOut}
	both.in, _ = plus(b.booked.in, b.left.in)
	both.out, _ = plus(b.booked.out, b.left.out)
	for _, s := range b.stated {
		// Banks differ in whether totals have what is not booked.
		if !s.is(b.booked) && (b.NotBooked == 0 || !s.is(both)) {
			mismatches = append(mismatches, &Error{Kind: ErrMismatch, Line: s.line, Field: s.field, Value: shortened(s.value),
				Reason: fmt.Sprintf("the file's entries come to %s: it was cut or changed, so %s, or accept the mismatch", s.found(b.booked), anew)})
		}
	}
	if b.Opening == nil || b.Closing == nil || b.Opening.Currency != b.Currency || b.Closing.Currency != b.Currency {
		return mismatches
	}
	net := b.booked.net()
	if sum, ok := plus(b.Opening.Amount, net); !ok || sum.Cmp(b.Closing.Amount) != 0 {
		return append(mismatches, &Error{Kind: ErrMismatch, Line: b.Closing.Line, Field: "closing balance", Value: b.Closing.Amount.String(),
			Reason: fmt.Sprintf("the opening balance %s and %d entries that sum to %s make %s: the file was cut or changed, so %s, or accept the mismatch",
				b.Opening.Amount, b.Entries, net, sum, anew)})
	}
	b.Balanced = true
	return mismatches
}

// sayCount keeps a control figure that is a number of entries.
func (b *book) sayCount(field string, line, n int, of func(tally) int) {
	b.stated = append(b.stated, stated{field: field, line: line, value: fmt.Sprint(n),
		is:    func(c tally) bool { return of(c) == n },
		found: func(c tally) string { return fmt.Sprint(of(c)) },
	})
}

// saySum keeps a control figure that is an amount. Where banks take it in several ways, any of them will do.
func (b *book) saySum(field string, line int, sum decimal.Decimal, of ...func(tally) decimal.Decimal) {
	b.stated = append(b.stated, stated{field: field, line: line, value: sum.String(), sum: sum,
		is: func(c tally) bool {
			for _, one := range of {
				if one(c).Cmp(sum) == 0 {
					return true
				}
			}
			return false
		},
		found: func(c tally) string { return of[0](c).String() },
	})
}

func sumIn(c tally) decimal.Decimal  { return c.in }
func sumOut(c tally) decimal.Decimal { return c.out }
func sumAll(c tally) decimal.Decimal { all, _ := plus(c.in, c.out); return all }
func sumNet(c tally) decimal.Decimal { return c.net() }
func sumDif(c tally) decimal.Decimal { return c.net().Abs() }
func numIn(c tally) int              { return c.nIn }
func numOut(c tally) int             { return c.nOut }
func numAll(c tally) int             { return c.nIn + c.nOut }
