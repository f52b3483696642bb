package booking

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// business is the number under which hours are the business's own.
const business = 0

// timetable is when resources are open on some days.
type timetable struct {
	weeks      map[int32][]string
	exceptions map[int32][]exceptionRow
}

// timetable reads what holds for resources on the days between two instants.
func (m *Module) timetable(ctx context.Context, q store.Querier, from, until time.Time, resources ...resourceRow) (timetable, error) {
	c := timetable{weeks: map[int32][]string{}, exceptions: map[int32][]exceptionRow{}}
	numbers := []int32{business}
	for _, r := range resources {
		numbers = append(numbers, r.No)
	}
	weeks, err := store.Query(ctx, q, pgx.RowToStructByPos[weekRow], `select `+weekFields+` from booking.hours where resource_no = any($1)`, numbers)
	if err != nil {
		return c, err
	}
	for _, w := range weeks {
		c.weeks[w.No] = w.Days
	}
	first, last := from.In(m.host.Zone), until.In(m.host.Zone)
	exceptions, err := store.Query(ctx, q, pgx.RowToStructByPos[exceptionRow], exceptionRows+`
		where e.resource_no = any($1) and e.day <= $3::date and e.until_day >= $2::date`,
		numbers, first.Format(time.DateOnly), last.Format(time.DateOnly))
	for _, e := range exceptions {
		c.exceptions[e.No] = append(c.exceptions[e.No], e)
	}
	return c, err
}

// on is when a resource is open on a day, and why if that is an exception.
func (c timetable) on(r resourceRow, day time.Time) (openings []minutes, reason string) {
	text := day.Format(time.DateOnly)
	for _, no := range []int32{r.No, business} {
		for _, e := range c.exceptions[no] {
			if e.Day <= text && text <= e.UntilDay {
				return mustDay(e.Hours), e.Reason
			}
		}
	}
	return c.usual(r, day.Weekday()), ""
}

// usual is when a resource is open on a day of the week.
func (c timetable) usual(r resourceRow, weekday time.Weekday) []minutes {
	for _, no := range []int32{r.No, business} {
		if week := c.weeks[no]; week != nil {
			return mustDay(week[(int(weekday)+6)%7]) // Monday first
		}
	}
	return []minutes{{int(r.Opens), int(r.Closes)}}
}

// mustDay reads hours that were checked when they were written.
func mustDay(text string) []minutes {
	day, err := readDay(text)
	if err != nil {
		return nil
	}
	return day
}

// open is when a resource is open on the days between two instants, the days whole.
func (m *Module) open(c timetable, r resourceRow, from, until time.Time) []span {
	var found []span
	for day := from.In(m.host.Zone); day.Before(until); day = nextDay(day) {
		openings, _ := c.on(r, day)
		found = append(found, instants(day, openings)...)
	}
	return joined(found)
}

// shut is a time in which a resource is closed, and why.
type shut struct {
	span
	reason string
}

// closed is when a resource is closed between two instants.
func (m *Module) closed(c timetable, r resourceRow, from, until time.Time) []shut {
	var found []shut
	add := func(start, end time.Time, reason string) {
		start, end = later(start, from), earlier(end, until)
		if !start.Before(end) {
			return
		}
		if n := len(found); n > 0 && found[n-1].end.Equal(start) && found[n-1].reason == reason {
			found[n-1].end = end
			return
		}
		found = append(found, shut{span{start, end}, reason})
	}
	for day := from.In(m.host.Zone); day.Before(until); day = nextDay(day) {
		openings, reason := c.on(r, day)
		last := opening(day, 0)
		for _, s := range joined(instants(day, openings)) {
			add(last, s.start, reason)
			last = s.end
		}
		add(last, nextDay(day), reason)
	}
	return found
}

// nextDay is the first instant of the day after an instant's.
func nextDay(t time.Time) time.Time {
	return opening(time.Date(t.Year(), t.Month(), t.Day()+1, 12, 0, 0, 0, t.Location()), 0)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
