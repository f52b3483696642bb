package booking

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// minutes is an opening of a day: minutes since midnight.
type minutes struct{ opens, closes int }

// span is a time from start to end.
type span struct{ start, end time.Time }

// touches tells whether two times have something in common.
func (s span) touches(start, end time.Time) bool { return s.start.Before(end) && start.Before(s.end) }

// readDay reads the hours of a day as people write them: "09:00–13:00, 14:00-18:00"; nothing, or what stands for it, is closed.
func readDay(text string) ([]minutes, error) {
	var found []minutes
	for part := range strings.SplitSeq(text, ",") {
		part = strings.Join(strings.Fields(strings.NewReplacer("–", "-", "—", "-", "−", "-").Replace(part)), "")
		if part == "" {
			continue
		}
		from, to, two := strings.Cut(part, "-")
		opens, okFrom := clock(from)
		closes, okTo := clock(to)
		switch {
		case !two || !okFrom || !okTo:
			return nil, fmt.Errorf("%q is no time of a day: write it as 09:00-18:00", part)
		case opens >= closes:
			return nil, fmt.Errorf("%q ends before it begins", part)
		case len(found) > 0 && opens < found[len(found)-1].closes:
			return nil, fmt.Errorf("%q begins before the one before it ends", part)
		}
		found = append(found, minutes{opens, closes})
	}
	return found, nil
}

// clock reads a time of day: "9:00", "09:30", "24:00".
func clock(text string) (minute int, ok bool) {
	hours, rest, found := strings.Cut(text, ":")
	if !found || len(hours) < 1 || len(hours) > 2 || len(rest) != 2 {
		return 0, false
	}
	for _, r := range hours + rest {
		if r < '0' || r > '9' {
			return 0, false
		}
	}
	minute = minuteOf(text, -1)
	return minute, minute >= 0 && minute <= 24*60 && rest < "60"
}

// writeDay writes the hours of a day as everybody reads them.
func writeDay(day []minutes) string {
	texts := make([]string, len(day))
	for i, m := range day {
		texts[i] = minuteText(m.opens) + "–" + minuteText(m.closes)
	}
	return strings.Join(texts, ", ")
}

// instants are a day's openings as instants. On a day when clocks go forward, what falls into the time that is skipped
// begins or ends where that ends; a time that is there twice belongs to the opening both times.
func instants(day time.Time, openings []minutes) []span {
	var found []span
	for _, o := range openings {
		s := span{opening(day, o.opens), closing(day, o.closes)}
		if s.start.Before(s.end) {
			found = append(found, s)
		}
	}
	return found
}

// opening is the first instant of a minute of a day.
func opening(day time.Time, minute int) time.Time {
	if t, ok := at(day, minute); ok {
		return t
	}
	return skipped(day, minute)
}

// closing is the last instant of a minute of a day.
func closing(day time.Time, minute int) time.Time {
	t, ok := at(day, minute)
	if !ok {
		return skipped(day, minute)
	}
	if _, end := t.ZoneBounds(); !end.IsZero() && end.Sub(t) <= 3*time.Hour {
		_, before := t.Zone()
		_, after := end.Zone()
		if again := t.Add(time.Duration(before-after) * time.Second); after < before && !again.Before(end) {
			return again
		}
	}
	return t
}

// skipped is the instant at which clocks go forward over a minute of a day.
func skipped(day time.Time, minute int) time.Time {
	t := time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, day.Location())
	start, end := t.ZoneBounds()
	if !start.IsZero() && t.Sub(start) <= 3*time.Hour {
		return start
	}
	return end
}

// joined makes one of times that touch each other. They come in order.
func joined(spans []span) []span {
	var found []span
	for _, s := range spans {
		if n := len(found); n > 0 && !s.start.After(found[n-1].end) {
			if s.end.After(found[n-1].end) {
				found[n-1].end = s.end
			}
			continue
		}
		found = append(found, s)
	}
	return found
}

// within tells whether a time lies in one of others.
func within(spans []span, start, end time.Time) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return !start.Before(s.start) && !end.After(s.end) })
}
