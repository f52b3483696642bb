package locale

import (
	"strconv"
	"time"
)

// Weekday writes the name of the day of the week: "Monday", "понеділок".
func (l *Localizer) Weekday(day time.Weekday) string {
	return l.T("locale.weekday." + strconv.Itoa(isoDay(day)))
}

// WeekdayShort writes it for narrow columns: "Mon", "пн".
func (l *Localizer) WeekdayShort(day time.Weekday) string {
	return l.T("locale.weekday_short." + strconv.Itoa(isoDay(day)))
}

// isoDay counts from Monday, 1, to Sunday, 7.
func isoDay(day time.Weekday) int {
	if day == time.Sunday {
		return 7
	}
	return int(day)
}

// WeekdayDate writes a day with its name: "Monday, 23 November 2026".
func (l *Localizer) WeekdayDate(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return l.T("locale.date_weekday", "weekday", l.Weekday(t.In(l.zone).Weekday()), "date", l.Date(t))
}

// Days writes days from the first to the last one: "23–29 November 2026", "30 November – 6 December 2026".
func (l *Localizer) Days(first, last time.Time) string {
	first, last = first.In(l.zone), last.In(l.zone)
	switch {
	case first.Year() != last.Year():
		return l.Date(first) + " – " + l.Date(last)
	case first.Month() != last.Month():
		return l.DayMonth(first) + " – " + l.Date(last)
	case first.Day() != last.Day():
		return strconv.Itoa(first.Day()) + "–" + l.Date(last)
	}
	return l.Date(last)
}
