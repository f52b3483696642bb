package screen

import (
	"cmp"
	"slices"
	"time"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// quarter is the step by which clocks change, in every zone there is.
const quarter = 15 * time.Minute

// An axis is the hours along which days are laid out. Days of one week may have different ones: when clocks go forward a day
// lacks an hour, and when they go back it has one twice. The axis has each hour that some day has, so that days stand side by
// side by what clocks show, and no hour is lost or laid over another.
type axis struct {
	days  []daily
	hours []axisHour
	first int // the first hour that is drawn, and the first one that is not any more
	last  int
}

// axisHour is an hour by the clock, and the how-manieth of that name in its day.
type axisHour struct{ hour, again int }

func (h axisHour) compare(other axisHour) int {
	return cmp.Or(cmp.Compare(h.hour, other.hour), cmp.Compare(h.again, other.again))
}

// clock is an instant as the axis knows it.
type clock struct {
	axisHour
	minute int
}

// daily is a day along the axis: its first instant, the first one that is not its any more, and its quarters by the clock in
// the order in which they pass.
type daily struct {
	day        time.Time
	begin, end time.Time
	clocks     []clock
}

func dailyOf(day time.Time) daily {
	d := daily{day: day, begin: dayBegins(day), end: dayBegins(day.AddDate(0, 0, 1))}
	times := map[int]int{} // how often an hour began
	for t := d.begin; t.Before(d.end); t = t.Add(quarter) {
		c := clock{axisHour{hour: t.Hour()}, t.Minute()}
		if last := len(d.clocks) - 1; last < 0 || d.clocks[last].hour != c.hour || d.clocks[last].minute >= c.minute {
			times[c.hour]++
		}
		c.again = times[c.hour] - 1
		d.clocks = append(d.clocks, c)
	}
	return d
}

// touches tells whether a thing is, in part, of the day. A moment is of the day that it is in.
func (d *daily) touches(start, end time.Time) bool {
	if !end.After(start) {
		return !start.Before(d.begin) && start.Before(d.end)
	}
	return start.Before(d.end) && end.After(d.begin)
}

// axisOf is the axis of some days.
func axisOf(days []time.Time) *axis {
	a := &axis{}
	seen := map[axisHour]bool{}
	for _, day := range days {
		d := dailyOf(day)
		for _, c := range d.clocks {
			if !seen[c.axisHour] {
				seen[c.axisHour] = true
				a.hours = append(a.hours, c.axisHour)
			}
		}
		a.days = append(a.days, d)
	}
	slices.SortFunc(a.hours, axisHour.compare)
	a.last = len(a.hours)
	return a
}

// at is how many minutes along the axis an instant of the day is. What is not of the day is at its begin or its end.
func (a *axis) at(d *daily, t time.Time) int {
	n := int(t.Sub(d.begin) / quarter)
	switch {
	case t.Before(d.begin):
		return 0
	case n >= len(d.clocks):
		return 60 * len(a.hours)
	}
	within := int(t.Sub(d.begin.Add(time.Duration(n)*quarter)) / time.Minute)
	return 60*a.index(d.clocks[n].axisHour) + d.clocks[n].minute + within
}

// span is the part of the day that a thing takes. Its end is where its last minute ends, which is not where the next hour
// begins when clocks go forward between the two.
func (a *axis) span(d *daily, start, end time.Time) span {
	s := span{begin: a.at(d, start), end: a.at(d, start)}
	if end.After(start) {
		s.end = min(a.at(d, end.Add(-time.Minute))+1, 60*len(a.hours))
	}
	return s
}

func (a *axis) index(h axisHour) int {
	i, _ := slices.BinarySearchFunc(a.hours, h, axisHour.compare)
	return i
}

// gaps are the hours of the axis that a day lacks.
func (a *axis) gaps(d *daily) []span {
	has := make([]bool, len(a.hours))
	for _, c := range d.clocks {
		has[a.index(c.axisHour)] = true
	}
	var out []span
	for i := range a.hours {
		if has[i] {
			continue
		}
		if n := len(out) - 1; n >= 0 && out[n].end == 60*i {
			out[n].end += 60
		} else {
			out = append(out, span{60 * i, 60*i + 60})
		}
	}
	return out
}

// span is a part of the axis, in minutes.
type span struct{ begin, end int }

// The day that is drawn when nothing says otherwise.
const (
	usualBegin = 8
	usualEnd   = 19
)

// fit draws only the hours that something happens in: those that are open, an hour around them, and all that holds things.
func (a *axis) fit(open, things []span) {
	first, last := 60*len(a.hours), 0
	for _, s := range open {
		first, last = min(first, s.begin-60), max(last, s.end+60)
	}
	if len(open) == 0 {
		first, last = 60*a.index(axisHour{hour: usualBegin}), 60*a.index(axisHour{hour: usualEnd})
	}
	for _, s := range things {
		first, last = min(first, s.begin), max(last, s.end)
	}
	a.first = max(first/60, 0)
	a.last = min((last+59)/60, len(a.hours))
}

// step is how exactly things are drawn, in minutes.
const step = 5

// place is where a part of the axis is drawn; ok is false when it is not.
func (a *axis) place(s span) (p ui.Place, ok bool) {
	begin, end := max(s.begin, 60*a.first), min(s.end, 60*a.last)
	if begin >= end {
		return p, false
	}
	begin, end = begin/step*step-60*a.first, (end+step-1)/step*step-60*a.first
	return ui.Place{Hour: begin / 60, Minute: begin % 60, Hours: (end - begin) / 60, Minutes: (end - begin) % 60}, true
}

// readable is how long a thing is drawn at least, in minutes: less has no room for its name.
const readable = 30

// atLeast makes a span longer that is shorter; where the day ends before that, it begins earlier.
func (s span) atLeast(least, end int) span {
	if s.end-s.begin < least {
		s.end = max(min(s.begin+least, end), s.begin+step)
		s.begin = max(0, min(s.begin, s.end-least))
	}
	return s
}

// mostLanes is how many things stand side by side at most.
const mostLanes = 12

// laid is where a thing stands beside others.
type laid struct {
	span
	lane, lanes int
	rest        bool // there is no lane left for it
}

// lay puts things that overlap side by side, in lanes: as many as it takes, most at most. A thing shorter than least takes as
// much room as that. The result is in the order of what is given.
func lay(things []span, least, most, end int) []laid {
	out := make([]laid, len(things))
	order := make([]int, len(things))
	for i, s := range things {
		out[i], order[i] = laid{span: s.atLeast(least, end)}, i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(out[i].begin, out[j].begin), cmp.Compare(out[j].end, out[i].end))
	})
	var group, lanes []int // the things that overlap, and when each of their lanes is free
	over := 0
	close := func() {
		for _, i := range group {
			out[i].lanes = len(lanes)
		}
		group, lanes = nil, nil
	}
	for _, i := range order {
		if out[i].begin >= over {
			close()
		}
		over = max(over, out[i].end)
		lane := slices.IndexFunc(lanes, func(free int) bool { return free <= out[i].begin })
		switch {
		case lane >= 0:
			lanes[lane] = out[i].end
		case len(lanes) < most:
			lane = len(lanes)
			lanes = append(lanes, out[i].end)
		default:
			out[i].rest = true
			continue
		}
		out[i].lane = lane
		group = append(group, i)
	}
	close()
	return out
}
