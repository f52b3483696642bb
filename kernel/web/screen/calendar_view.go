package screen

import (
	"net/url"
	"time"

	"github.com/opencabinet/cabinet/kernel/module"
)

// What the address of a calendar says: how it is laid out and which day it is about.
const (
	viewQuery = "view"
	dayQuery  = "day"
)

// calendarYears is how far from today a calendar can be turned: beyond it there is nothing but addresses for robots.
const calendarYears = 50

// calendarAt is what a calendar shows: a view, the day that it is about, and the days shown for it. Days are named by their
// noon, which every zone has once.
type calendarAt struct {
	view module.CalendarView
	day  time.Time
	days []time.Time
	zone *time.Location
}

// calendarOf reads an address. What it cannot mean is passed over: the reader sees today.
func calendarOf(query url.Values, parts *module.CalendarParts, now time.Time, zone *time.Location, begins time.Weekday) calendarAt {
	at := calendarAt{view: parts.First, day: noon(now.In(zone), zone), zone: zone}
	if at.view == "" {
		at.view = module.ViewWeek
	}
	if view := module.CalendarView(query.Get(viewQuery)); knownView(view, parts) {
		at.view = view
	}
	if day, ok := readDay(query.Get(dayQuery), now, zone); ok {
		at.day = day
	}
	at.days = at.shown(begins)
	return at
}

func knownView(view module.CalendarView, parts *module.CalendarParts) bool {
	switch view {
	case module.ViewDay, module.ViewWeek, module.ViewMonth:
		return true
	case module.ViewRows, module.ViewRowsWeek:
		return parts.Rows != nil
	}
	return false
}

// readDay reads a day, "2026-11-30".
func readDay(text string, now time.Time, zone *time.Location) (time.Time, bool) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < now.Year()-calendarYears || day.Year() > now.Year()+calendarYears {
		return time.Time{}, false
	}
	return noon(day, zone), true
}

// noon names the day that an instant has in its own zone.
func noon(t time.Time, zone *time.Location) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 12, 0, 0, 0, zone)
}

// dayBegins is the first instant of a day. Where clocks go forward at midnight it is not 0:00.
func dayBegins(day time.Time) time.Time {
	zone := day.Location()
	t := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	// Clocks that go forward then give the last hour of the day before. A zone has left out a whole day, too.
	for range 24 * time.Hour / quarter {
		if !t.Before(day) || t.Day() == day.Day() {
			break
		}
		t = t.Add(quarter)
	}
	for before := t.Add(-quarter); before.Day() == day.Day(); before = t.Add(-quarter) {
		t = before
	}
	return t
}

// shown are the days of the view.
func (at calendarAt) shown(begins time.Weekday) []time.Time {
	first, n := at.day, 1
	switch at.view {
	case module.ViewWeek, module.ViewRowsWeek:
		first, n = weekOf(at.day, begins), 7
	case module.ViewMonth:
		month := at.day.AddDate(0, 0, 1-at.day.Day())
		first = weekOf(month, begins)
		last := weekOf(month.AddDate(0, 1, -1), begins)
		for n = 7; first.AddDate(0, 0, n-7).Before(last); n += 7 {
		}
	}
	days := make([]time.Time, n)
	for i := range days {
		days[i] = first.AddDate(0, 0, i)
	}
	return days
}

// weekOf is the first day of the week that a day is in.
func weekOf(day time.Time, begins time.Weekday) time.Time {
	return day.AddDate(0, 0, -(int(day.Weekday()-begins)+7)%7)
}

// from and until are the first instant that is shown and the first one that is not any more.
func (at calendarAt) from() time.Time { return dayBegins(at.days[0]) }

func (at calendarAt) until() time.Time {
	return dayBegins(at.days[len(at.days)-1].AddDate(0, 0, 1))
}

// holds tells whether a day is among those shown.
func (at calendarAt) holds(t time.Time) bool { return !t.Before(at.from()) && t.Before(at.until()) }

// turned is the day that the page before (-1) or after (1) this one is about.
func (at calendarAt) turned(by int) time.Time {
	switch at.view {
	case module.ViewWeek, module.ViewRowsWeek:
		return at.day.AddDate(0, 0, 7*by)
	case module.ViewMonth:
		return at.day.AddDate(0, by, 1-at.day.Day())
	}
	return at.day.AddDate(0, 0, by)
}

// in tells whether a day is of the month that a month's view is about.
func (at calendarAt) in(day time.Time) bool { return day.Month() == at.day.Month() }
