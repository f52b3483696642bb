package event

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/adhocore/gronx"
)

// clockwork is a cron expression in a time zone.
//
// When clocks go forward, what was planned for the hour that is left out runs once, at the moment they do. When they go
// back, it runs in the first of the two hours alone, but what runs every hour runs in both.
type clockwork struct {
	expr   string
	zone   *time.Location
	hourly bool
}

// shortcuts are the words that may stand for an expression.
var shortcuts = []string{"@yearly", "@monthly", "@weekly", "@daily", "@hourly"}

// parseCron reads five fields, minute, hour, day of the month, month and day of the week, or one of the shortcuts.
func parseCron(expr string, zone *time.Location) (clockwork, error) {
	c := clockwork{expr: expr, zone: zone}
	fields := strings.Fields(expr)
	switch {
	case len(fields) == 5:
		c.hourly = slices.Contains([]string{"*", "*/1", "?"}, fields[1])
	case len(fields) == 1 && slices.Contains(shortcuts, expr):
		c.hourly = expr == "@hourly"
	default:
		return c, fmt.Errorf("cron %q: write five fields, minute, hour, day of the month, month and day of the week, such as \"30 3 * * *\", or one of %s",
			expr, strings.Join(shortcuts, ", "))
	}
	if !gronx.IsValid(expr) {
		_, err := gronx.NextTickAfter(expr, time.Unix(0, 0).UTC(), false)
		return c, fmt.Errorf("cron %q cannot be read: %w", expr, err)
	}
	if c.next(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return c, fmt.Errorf("cron %q: there is no such day", expr)
	}
	return c, nil
}

// next is the first moment after t; zero when there is none.
func (c clockwork) next(t time.Time) time.Time {
	t = t.In(c.zone)
	if c.hourly {
		return c.nextHourly(t)
	}
	// What the clock on the wall shows is a time without a zone, and so without gaps: UTC stands for that.
	for wall := onWall(t); ; {
		wall = tick(c.expr, wall, false)
		if wall.IsZero() {
			return wall
		}
		if at := c.moment(wall); at.After(t) {
			return at
		}
	}
}

// nextHourly goes along with real time: where the clocks are changed, it reads what they show then.
func (c clockwork) nextHourly(t time.Time) time.Time {
	from, incl := t, false
	for {
		wall := tick(c.expr, onWall(from), incl)
		if wall.IsZero() {
			return wall
		}
		at := from.Add(wall.Sub(onWall(from)))
		_, change := from.ZoneBounds()
		if change.IsZero() || at.Before(change) {
			return at
		}
		from, incl = change, true
	}
}

// tick is the first match after a time of the clock on the wall, or at it.
func tick(expr string, wall time.Time, incl bool) time.Time {
	if rest := wall.Sub(wall.Truncate(time.Minute)); incl && rest > 0 {
		wall = wall.Add(time.Minute - rest)
	}
	next, err := gronx.NextTickAfter(expr, wall, incl)
	if err != nil {
		return time.Time{}
	}
	return next
}

// onWall is what the clock on the wall shows, as if it were UTC.
func onWall(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}

// moment is when the clock on the wall shows a time: the first such moment, or when it jumps over it.
func (c clockwork) moment(wall time.Time) time.Time {
	var found []time.Time
	for _, near := range []time.Duration{-24 * time.Hour, 24 * time.Hour} { // clocks change less often than that
		_, offset := wall.Add(near).In(c.zone).Zone()
		found = append(found, wall.Add(-time.Duration(offset)*time.Second).In(c.zone))
	}
	slices.SortFunc(found, time.Time.Compare)
	for _, at := range found {
		if onWall(at).Equal(wall) {
			return at
		}
	}
	// By the clock of before it is that late after the change, which is where its present zone begins.
	change, _ := found[1].ZoneBounds()
	return change
}

// missed are the moments from first, which is one, to now, at most the last most of them.
func (c clockwork) missed(first, now time.Time, most int) []time.Time {
	// Most of a long time need not be walked through: begin late, and earlier when that was not enough.
	for back := time.Hour; ; back *= 4 {
		var runs []time.Time
		from := now.Add(-back)
		all := !from.After(first)
		if all {
			runs, from = []time.Time{first}, first
		}
		for at := c.next(from); !at.IsZero() && !at.After(now); at = c.next(at) {
			runs = append(runs, at)
		}
		if all || len(runs) >= most {
			return runs[max(0, len(runs)-most):]
		}
	}
}
