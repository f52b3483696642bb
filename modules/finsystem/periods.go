package finsystem

import "time"

// calendar is the periods of a service: each begins so many months after the one before, on a day of the month that is taken for the
// month's last where it has no such day. Every period is reckoned from the first, so that one that begins on the 31st does so again after a February.
type calendar struct {
	// month counts from year 0.
	month, day, every int
}

// monthsOf is how many months a period has.
var monthsOf = map[string]int{"month": 1, "quarter": 3, "year": 12}

// calendarOf returns the periods of a service that begins on a day: from that day, or calendar months, quarters or years from
// a day of the month.
func calendarOf(period string, billingDay int, start time.Time) calendar {
	c := calendar{month: start.Year()*12 + int(start.Month()) - 1, day: start.Day(), every: monthsOf[period]}
	if billingDay > 0 {
		c.day = billingDay
		c.month -= c.month % c.every
		if c.begin(0).After(start) {
			c.month -= c.every
		}
	}
	return c
}

// begin is the first day of a period.
func (c calendar) begin(i int) time.Time {
	month := c.month + i*c.every
	first := time.Date(month/12, time.Month(month%12+1), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, min(c.day, first.AddDate(0, 1, -1).Day())-1)
}

// at is the period in which a day lies.
func (c calendar) at(day time.Time) int {
	i := (day.Year()*12 + int(day.Month()) - 1 - c.month) / c.every
	for c.begin(i).After(day) {
		i--
	}
	for !c.begin(i + 1).After(day) {
		i++
	}
	return i
}

// daysFrom is how many days there are from one to another, both counted.
func daysFrom(first, last time.Time) int { return int(last.Sub(first)/(24*time.Hour)) + 1 }

// pause is days on which a service was not there: from From until the day before Until, "2006-01-02", or on and on.
type pause struct {
	From  string `json:"from"`
	Until string `json:"until,omitempty"`
}

// served is on how many days, of those from one to another, a service was there.
func served(first, last, start time.Time, end *time.Time, pauses []pause) int {
	if start.After(first) {
		first = start
	}
	if end != nil && end.Before(last) {
		last = *end
	}
	days := max(0, daysFrom(first, last))
	for _, p := range pauses {
		from, _ := time.Parse(time.DateOnly, p.From)
		off := last
		if until, err := time.Parse(time.DateOnly, p.Until); err == nil && until.AddDate(0, 0, -1).Before(last) {
			off = until.AddDate(0, 0, -1)
		}
		if from.Before(first) {
			from = first
		}
		days -= max(0, daysFrom(from, off))
	}
	return max(0, days)
}
