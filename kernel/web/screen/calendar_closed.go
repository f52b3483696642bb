package screen

import (
	"cmp"
	"slices"
)

// closedSpan is a closed time of a day, and why.
type closedSpan struct {
	span
	why string
}

// closedOf are the closed times of a row on a day.
func (sh *sheet) closedOf(d *daily, row string) []closedSpan {
	var out []closedSpan
	for _, c := range sh.shut {
		if (c.row == row || c.row == "") && d.touches(c.start, c.end) {
			out = append(out, closedSpan{sh.axis.span(d, c.start, c.end), c.why})
		}
	}
	return joined(out)
}

// closedAll are the times of a day at which every row is closed.
func (sh *sheet) closedAll(d *daily) []closedSpan {
	if len(sh.rows) == 0 {
		return sh.closedOf(d, "")
	}
	common := sh.closedOf(d, sh.rows[0].id)
	for _, r := range sh.rows[1:] {
		if len(common) == 0 {
			break
		}
		common = both(common, sh.closedOf(d, r.id))
	}
	return common
}

// joined puts closed times in order, and those that touch and are closed for one reason together.
func joined(list []closedSpan) []closedSpan {
	slices.SortStableFunc(list, func(a, b closedSpan) int { return cmp.Compare(a.begin, b.begin) })
	var out []closedSpan
	for _, c := range list {
		if n := len(out) - 1; n >= 0 && c.begin <= out[n].end && c.why == out[n].why {
			out[n].end = max(out[n].end, c.end)
		} else if c.begin < c.end {
			out = append(out, c)
		}
	}
	return out
}

// both are the times that are in two lists. Why is said where both say the same.
func both(a, b []closedSpan) []closedSpan {
	var out []closedSpan
	for _, x := range a {
		for _, y := range b {
			s := closedSpan{span: span{max(x.begin, y.begin), min(x.end, y.end)}}
			if s.begin >= s.end {
				continue
			}
			if x.why == y.why {
				s.why = x.why
			}
			out = append(out, s)
		}
	}
	return joined(out)
}

// outside are the parts of a day, so many minutes long, that no closed time covers.
func outside(closed []closedSpan, long int) []span {
	var out []span
	at := 0
	for _, c := range closed {
		if c.begin > at {
			out = append(out, span{at, c.begin})
		}
		at = max(at, c.end)
	}
	if at < long {
		out = append(out, span{at, long})
	}
	return out
}

// covered tells whether a span lies within what others cover together.
func covered(s span, by []span) bool {
	for _, u := range union(by) {
		if u.begin <= s.begin && s.end <= u.end {
			return true
		}
	}
	return false
}

// union puts spans that touch together, in order.
func union(list []span) []span {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.begin, b.begin) })
	var out []span
	for _, s := range list {
		if n := len(out) - 1; n >= 0 && s.begin <= out[n].end {
			out[n].end = max(out[n].end, s.end)
		} else {
			out = append(out, s)
		}
	}
	return out
}
