package locale

import (
	"strconv"
	"time"
)

// Date writes the day of an instant in the localizer's zone: "23 November 2026", "23 листопада 2026 р.". The zero time
// is an empty text, here and below.
func (l *Localizer) Date(t time.Time) string { return l.date("locale.date", t) }

// DayMonth writes the day without its year: "23 November", "23 листопада".
func (l *Localizer) DayMonth(t time.Time) string { return l.date("locale.date_day_month", t) }

// DayMonthShort writes it for narrow columns: "23 Nov", "23 лист.".
func (l *Localizer) DayMonthShort(t time.Time) string {
	return l.date("locale.date_day_month_short", t)
}

// DateShort writes the day and its year for narrow columns: "23 Nov 2026", "23.11.2026".
func (l *Localizer) DateShort(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(l.zone).Format(l.format.shortDate)
}

// Month writes the month and its year, standing alone: "November 2026", "листопад 2026".
func (l *Localizer) Month(t time.Time) string { return l.date("locale.date_month", t) }

// DateTime writes day and time: "23 November 2026, 16:30".
func (l *Localizer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return l.T("locale.date_time", "date", l.Date(t), "time", l.Time(t))
}

// Time writes the time of day, from 0:00 to 23:59, as "16:30".
func (l *Localizer) Time(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(l.zone).Format("15:04")
}

// Day writes a day that has no time of day and so no zone: a date of birth, a day on which something is due.
func (l *Localizer) Day(year int, month time.Month, day int) string {
	// Noon in UTC, shown in UTC: no zone moves it to another day.
	utc := *l
	utc.zone = time.UTC
	return utc.Date(time.Date(year, month, day, 12, 0, 0, 0, time.UTC))
}

func (l *Localizer) date(key string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(l.zone)
	month := strconv.Itoa(int(t.Month()))
	return l.T(key,
		"d", strconv.Itoa(t.Day()), "yyyy", strconv.Itoa(t.Year()),
		"month", l.T("locale.month_of."+month), "mon", l.T("locale.month_short."+month), "name", l.T("locale.month."+month))
}

// Relative writes an instant as seen from now: "just now", "2 hours ago", "in 3 days", "yesterday"; beyond thirty days, the
// date. Days are those of the calendar in the localizer's zone.
func (l *Localizer) Relative(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	gap, direction := now.Sub(t), "ago"
	if gap < 0 {
		gap, direction = -gap, "in"
	}
	days := daysBetween(t.In(l.zone), now.In(l.zone))
	if days < 0 {
		days = -days
	}
	switch {
	case gap < time.Minute:
		return l.T("locale.now")
	case gap < time.Hour:
		return l.Plural("locale.minutes_"+direction, int64(gap/time.Minute))
	case days == 0 || gap < 12*time.Hour:
		return l.Plural("locale.hours_"+direction, int64(gap/time.Hour))
	case days == 1:
		return l.T("locale.day_" + direction)
	case days <= 30:
		return l.Plural("locale.days_"+direction, int64(days))
	}
	return l.Date(t)
}

// daysBetween counts the midnights from one day to another, however long the days are when clocks change.
func daysBetween(from, to time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(to).Sub(day(from)) / (24 * time.Hour))
}
