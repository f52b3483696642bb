package screen

import (
	"fmt"
	"slices"
	"time"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// How many stand side by side in a column of a week, in a row's cell of a week, and in a cell of a month.
const (
	mostOfWeek     = 3
	mostOfCell     = 6
	mostOfMonthDay = 3
)

// columns are days side by side.
func (sh *sheet) columns() ui.CalendarDays {
	sh.fit()
	out := ui.CalendarDays{Label: sh.title(), Hours: sh.hours(), Rest: sh.e.Text.T("kernel.calendar.rest")}
	lanes := mostLanes
	if len(sh.axis.days) > 1 {
		lanes = mostOfWeek
	}
	for i := range sh.axis.days {
		d := &sh.axis.days[i]
		day := sh.ground(d, "", sh.closedAll(d))
		day.Empty = sh.e.Text.T("kernel.calendar.empty_day")
		if len(sh.axis.days) == 1 {
			day.Href = ""
		}
		day.New = sh.newOn("", d.day, sh.e.Text.WeekdayDate(d.day))
		var hourly []thing
		for _, t := range sh.of(d, anyRow) {
			if t.long() {
				day.Whole = append(day.Whole, sh.slot(t, d))
			} else {
				hourly = append(hourly, t)
			}
		}
		var rest int
		day.Slots, day.Rest = sh.lay(d, hourly, lanes, readable, readable)
		if rest = len(day.Rest); rest > 0 && len(sh.axis.days) > 1 {
			day.Rest, day.More = nil, ui.Crumb{Label: sh.more(rest), Href: day.Href}
		}
		out.Days = append(out.Days, day)
	}
	return out
}

func (sh *sheet) more(n int) string {
	return sh.e.Text.Plural("kernel.calendar.more", int64(n), "n", sh.e.Text.Number(int64(n)))
}

// lay places a day's things along its hours. Each is drawn at least least long, and has its lane for itself for at least room.
func (sh *sheet) lay(d *daily, things []thing, lanes, least, room int) (placed, rest []ui.Slot) {
	spans := make([]span, len(things))
	for i, t := range things {
		spans[i] = sh.axis.span(d, t.start, t.end)
	}
	end := 60 * sh.axis.last
	for i, l := range lay(spans, room, lanes, end) {
		one := sh.slot(things[i], d)
		place, ok := sh.axis.place(spans[i].atLeast(least, end))
		if l.rest || !ok {
			rest = append(rest, one)
			continue
		}
		one.Place = place
		one.Place.Lane, one.Place.Lanes = l.lane, l.lanes
		placed = append(placed, one)
	}
	return placed, rest
}

// fit has the sheet draw the hours in which something can be or is.
func (sh *sheet) fit() {
	var open, things []span
	for i := range sh.axis.days {
		d := &sh.axis.days[i]
		if len(sh.shut) > 0 {
			open = append(open, outside(sh.closedAll(d), 60*len(sh.axis.hours))...)
		}
		for _, t := range sh.of(d, anyRow) {
			if t.long() {
				continue
			}
			s := sh.axis.span(d, t.start, t.end)
			switch {
			case t.start.Before(d.begin):
				s.begin = max(s.begin, s.end-60)
			case t.end.After(d.end):
				s.end = min(s.end, s.begin+60)
			}
			s.end = max(s.end, s.begin+readable)
			things = append(things, s)
		}
	}
	sh.axis.fit(open, things)
}

func (sh *sheet) hours() []ui.Hour {
	var out []ui.Hour
	for _, h := range sh.axis.hours[sh.axis.first:sh.axis.last] {
		out = append(out, ui.Hour{Text: fmt.Sprintf("%02d:00", h.hour), Clock: fmt.Sprintf("%02d", h.hour)})
	}
	return out
}

// ground is a day with what lies below its things: closed times, hours that it lacks, hours that are free, and now.
func (sh *sheet) ground(d *daily, row string, closed []closedSpan) ui.CalendarDay {
	day := sh.day(d.day)
	var taken []span
	for _, s := range sh.axis.gaps(d) {
		if p, ok := sh.axis.place(s); ok {
			day.Shades = append(day.Shades, ui.Shade{Place: p, Gap: true})
		}
		taken = append(taken, s)
	}
	for _, s := range closed {
		if p, ok := sh.axis.place(s.span); ok {
			day.Shades = append(day.Shades, ui.Shade{Place: p, Text: s.why})
		}
		taken = append(taken, s.span)
	}
	day.Off = len(outside(closed, 60*len(sh.axis.hours))) == 0
	if now := sh.axis.at(d, sh.e.Now); day.Today {
		if p, ok := sh.axis.place(span{now, now + step}); ok {
			p.Hours, p.Minutes = 0, 0
			day.Now = &p
		}
	}
	for i := sh.axis.first; i < sh.axis.last; i++ {
		hour := span{60 * i, 60*i + 60}
		h := sh.axis.hours[i]
		if h.again > 0 || covered(hour, taken) || !sh.e.Now.Before(d.begin.Add(time.Duration(h.hour+1)*time.Hour)) {
			continue
		}
		clock := fmt.Sprintf("%02d:00", h.hour)
		if href := sh.newHref(row, d.day, clock); href != "" {
			p, _ := sh.axis.place(hour)
			day.Free = append(day.Free, ui.FreeTime{Place: p, Href: href, Text: clock})
		}
	}
	return day
}

// nameOfLine is how much of a line a thing's name takes, in minutes.
const nameOfLine = 100

// line is a day along a line, one row for each resource.
func (sh *sheet) line() ui.CalendarRows {
	sh.fit()
	d := &sh.axis.days[0]
	out := ui.CalendarRows{Caption: sh.caption(), Head: sh.e.label(sh.cal.rows.field.last(), ""), Hours: sh.hours(), Free: sh.e.Text.T("kernel.calendar.free")}
	add := func(r calendarRow, in func(thing) bool, closed []closedSpan) {
		day := sh.ground(d, r.id, closed)
		day.Off = false
		day.Slots, day.Rest = sh.lay(d, sh.of(d, in), mostLanes, step*3, nameOfLine)
		for _, s := range day.Slots {
			day.Lanes = max(day.Lanes, s.Place.Lanes)
		}
		if n := len(day.Rest); n > 0 {
			day.More = ui.Crumb{Label: sh.more(n), Href: day.Href}
		}
		out.Rows = append(out.Rows, ui.CalendarRow{ID: r.id, Title: r.title, Second: r.second, New: sh.newFor(r), Days: []ui.CalendarDay{day}})
	}
	for _, r := range sh.rows {
		add(r, inRow(r.id), sh.closedOf(d, r.id))
	}
	if len(sh.of(d, sh.others)) > 0 {
		add(calendarRow{title: sh.e.Text.T("kernel.calendar.others")}, sh.others, nil)
	}
	return out
}

// grid is a week, one row for each resource.
func (sh *sheet) grid() ui.CalendarRows {
	sh.fit()
	out := ui.CalendarRows{Caption: sh.caption(), Head: sh.e.label(sh.cal.rows.field.last(), ""), Free: sh.e.Text.T("kernel.calendar.free")}
	for _, day := range sh.at.days {
		head := sh.day(day)
		head.Href = sh.e.calendarLink(viewQuery, string(module.ViewRows), dayQuery, head.Day)
		out.Days = append(out.Days, head)
	}
	add := func(r calendarRow, in func(thing) bool) {
		row := ui.CalendarRow{ID: r.id, Title: r.title, Second: r.second, New: sh.newFor(r)}
		for i := range sh.axis.days {
			d := &sh.axis.days[i]
			day := out.Days[i]
			closed := sh.closedOf(d, r.id)
			day.Off = len(closed) > 0 && len(outside(closed, 60*len(sh.axis.hours))) == 0
			things := sh.of(d, in)
			for n, t := range things {
				if n == mostOfCell && len(things) > mostOfCell+1 {
					day.More = ui.Crumb{Label: sh.more(len(things) - n), Href: day.Href}
					break
				}
				slot := sh.slot(t, d)
				if slot.Second == r.title { // which the row says
					slot.Second = ""
				}
				day.Slots = append(day.Slots, slot)
			}
			day.TakenOf = 60 * (sh.axis.last - sh.axis.first)
			for _, s := range sh.taken(d, things) {
				day.Taken = append(day.Taken, ui.Part{At: s.begin - 60*sh.axis.first, Long: s.end - s.begin})
			}
			if href := sh.newHref(r.id, d.day, ""); href != "" && !day.Off && r.id != "" && sh.e.Now.Before(d.end) {
				day.Free = []ui.FreeTime{{Href: href, Text: "+"}}
			}
			row.Days = append(row.Days, day)
		}
		out.Rows = append(out.Rows, row)
	}
	for _, r := range sh.rows {
		add(r, inRow(r.id))
	}
	if slices.ContainsFunc(sh.things, sh.others) {
		add(calendarRow{title: sh.e.Text.T("kernel.calendar.others")}, sh.others)
	}
	return out
}

func (sh *sheet) caption() string {
	return sh.e.Text.T(sh.sc.Title) + ", " + sh.title() + ", " + sh.e.Text.T(sh.cal.rows.Label)
}

// newFor is the link of a row to where something is put into it, on the day that the page is about or today.
func (sh *sheet) newFor(r calendarRow) ui.Crumb {
	if r.id == "" {
		return ui.Crumb{}
	}
	day := sh.at.days[0]
	if today := noon(sh.e.Now.In(sh.at.zone), sh.at.zone); day.Before(today) {
		if day = today; !sh.at.holds(sh.e.Now) {
			return ui.Crumb{}
		}
	}
	return sh.newOn(r.id, day, r.title)
}

// taken are the parts of a day that its things take, each minute once, as far as it is drawn.
func (sh *sheet) taken(d *daily, things []thing) []span {
	var out []span
	for _, t := range things {
		s := sh.axis.span(d, t.start, t.end)
		s.begin, s.end = max(s.begin, 60*sh.axis.first), min(s.end, 60*sh.axis.last)
		if s.begin < s.end {
			out = append(out, s)
		}
	}
	return union(out)
}

// month is weeks one below the other.
func (sh *sheet) month() ui.CalendarMonth {
	t := sh.e.Text
	out := ui.CalendarMonth{Caption: t.T(sh.sc.Title) + ", " + sh.title()}
	for _, day := range sh.at.days[:7] {
		out.Names = append(out.Names, ui.Name{Short: t.WeekdayShort(day.Weekday()), Whole: t.Weekday(day.Weekday())})
	}
	for i := range sh.axis.days {
		d := &sh.axis.days[i]
		day := sh.day(d.day)
		day.Off = !sh.at.in(d.day)
		things := sh.of(d, anyRow)
		day.Said = t.Plural("kernel.calendar.day_of", int64(len(things)), "date", day.Said, "n", t.Number(int64(len(things))))
		for n, one := range things {
			if n == mostOfMonthDay && len(things) > mostOfMonthDay+1 {
				day.More = ui.Crumb{Label: sh.more(len(things) - n), Href: day.Href}
				break
			}
			slot := sh.slot(one, d)
			slot.Second = ""
			if !one.long() {
				slot.Time = t.Time(one.start)
			}
			day.Slots = append(day.Slots, slot)
		}
		if href := sh.newHref("", d.day, ""); href != "" && sh.e.Now.Before(d.end) {
			day.Free = []ui.FreeTime{{Href: href}}
		}
		if i%7 == 0 {
			out.Weeks = append(out.Weeks, nil)
		}
		out.Weeks[i/7] = append(out.Weeks[i/7], day)
	}
	return out
}
