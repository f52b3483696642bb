package screen

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/a-h/templ"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// sheet is what a calendar's page is drawn from.
type sheet struct {
	e    *Env
	sc   *Screen
	cal  *calendar
	at   calendarAt
	axis *axis // of the days shown; nil for a month

	things []thing
	rows   []calendarRow
	shut   []shut
	// until is the start of the last thing that was asked for, when there are more; zero when all are here.
	until time.Time
	down  bool // the rows or the closed times cannot be had just now

	mayMove, mayMake bool
}

// calendar shows a calendar, below a form that moves one of its things where a reader asked for it. form is that form as it
// was sent and refused, with what was wrong.
func (s *Set) calendar(ctx context.Context, e *Env, sc *Screen, form url.Values, refusal error) (*Page, error) {
	sh := &sheet{e: e, sc: sc, cal: sc.calendar, at: calendarOf(e.Query, sc.calendar.CalendarParts, e.Now, e.Text.Zone(), e.weekBegins())}
	sh.mayMove = sh.cal.move != nil && e.may(sh.cal.move)
	if target := s.byPath(sh.cal.New); sh.cal.New != "" {
		sh.mayMake = target == nil || target.Visible(e)
	}
	head := s.head(e, sc, e.Text.T(sc.Title), nil)
	bar, err := s.filterBar(ctx, e, sc)
	if err != nil {
		return nil, err
	}
	var filters templ.Component
	if bar != nil {
		bar.Hidden = append(bar.Hidden, ui.Hidden{Name: viewQuery, Value: string(sh.at.view)}, ui.Hidden{Name: dayQuery, Value: sh.at.day.Format(time.DateOnly)})
		if bar.Clear != nil {
			bar.Clear.Href = e.href(e.Path) + questioned(url.Values{viewQuery: {string(sh.at.view)}, dayQuery: {sh.at.day.Format(time.DateOnly)}})
		}
		filters = ui.FilterBar(*bar)
	}
	err = s.gather(ctx, sh)
	if wrong := status.Code(err) == codes.InvalidArgument && anySet(e.Query, append([]string{sc.Search}, sc.Filters...)); wrong { // the filters stay, to be put right
		notice := ui.NoticeBox(ui.Notice{Tone: ui.ToneBad, Title: e.Text.T("kernel.form.invalid"), Text: strings.Join(e.said(sc.call, err), " ")})
		return &Page{Title: head.Title, Width: "wide", Body: ui.Join(ui.PageHead(head), filters, notice), Invalid: true}, nil
	}
	if err != nil {
		return nil, err
	}
	var live watching
	live.list(e, sc, e.Vars[clientField])
	if sh.cal.rows != nil {
		live.add(sh.cal.rows.call, "")
	}
	if sh.cal.closed != nil {
		live.add(sh.cal.closed.call, "")
	}
	move, found := sh.moveForm(form, refusal)
	body := ui.Join(ui.PageHead(head), filters, move, ui.CalendarHead(sh.bar()), sh.notices(), sh.draw(), sh.mover())
	return &Page{Title: head.Title, Width: "wide", Body: body, Live: live, Form: found, Invalid: refusal != nil}, nil
}

// gather asks for all that a sheet shows. Without its rows or closed times a calendar still says what is when.
func (s *Set) gather(ctx context.Context, sh *sheet) (err error) {
	e, cal := sh.e, sh.cal
	if sh.things, sh.until, err = s.things(ctx, e, sh.sc, sh.at); err != nil {
		return err
	}
	soften := func(err error) error {
		if err == nil || status.Code(err) == codes.PermissionDenied {
			return nil
		}
		if sh.down = down(err); sh.down {
			return nil
		}
		return err
	}
	if cal.rows != nil && e.may(cal.rows.call) {
		sh.rows, err = cal.rows.list(ctx, e)
		if err := soften(err); err != nil {
			return err
		}
	}
	if cal.closed != nil && e.may(cal.closed.call) && sh.at.view != module.ViewMonth {
		sh.shut, err = cal.closed.list(ctx, e, sh.at.from(), sh.at.until())
		if err := soften(err); err != nil {
			return err
		}
	}
	sh.axis = axisOf(sh.at.days)
	return nil
}

// weekBegins is the first day of the week where the reader is: their language says it.
func (e *Env) weekBegins() time.Weekday {
	if e.Text.Language() == "en" {
		return e.WeekBegins
	}
	return time.Monday
}

// bar is where a reader goes from here. A day that is today's own is left out of addresses, so that a kept one stays true.
func (sh *sheet) bar() ui.CalendarBar {
	e, at := sh.e, sh.at
	t := e.Text
	to := func(view module.CalendarView, day time.Time) string {
		return e.calendarLink(viewQuery, string(view), dayQuery, day.Format(time.DateOnly))
	}
	word := map[module.CalendarView]string{module.ViewWeek: "_week", module.ViewRowsWeek: "_week", module.ViewMonth: "_month"}[at.view]
	b := ui.CalendarBar{
		Title: sh.title(), Label: t.T("kernel.calendar.days"),
		Before: ui.Crumb{Label: t.T("kernel.calendar.earlier" + word), Href: to(at.view, at.turned(-1))},
		After:  ui.Crumb{Label: t.T("kernel.calendar.later" + word), Href: to(at.view, at.turned(1))},
		Today:  ui.Crumb{Label: t.T("kernel.calendar.today")},
	}
	today := noon(e.Now.In(at.zone), at.zone)
	if !at.holds(e.Now) || (at.view == module.ViewMonth && !at.in(today)) {
		b.Today.Href = e.calendarLink(viewQuery, string(at.view), dayQuery, "")
	}
	byRow := at.view == module.ViewRows || at.view == module.ViewRowsWeek
	day, week := module.ViewDay, module.ViewWeek
	if byRow {
		day, week = module.ViewRows, module.ViewRowsWeek
	}
	for _, v := range []struct {
		view module.CalendarView
		key  string
	}{{day, "day"}, {week, "week"}, {module.ViewMonth, "month"}} {
		b.Views = append(b.Views, ui.Tab{Label: t.T("kernel.calendar." + v.key), Href: to(v.view, at.day), Current: v.view == at.view})
	}
	if len(sh.rows) == 0 || at.view == module.ViewMonth {
		return b
	}
	plain, rows := module.ViewDay, module.ViewRows
	if at.view == module.ViewWeek || at.view == module.ViewRowsWeek {
		plain, rows = module.ViewWeek, module.ViewRowsWeek
	}
	b.RowsLabel = t.T("kernel.calendar.layout")
	b.Rows = []ui.Tab{
		{Label: t.T("kernel.calendar.columns"), Href: to(plain, at.day), Current: !byRow}, {Label: t.T(sh.cal.rows.Label), Href: to(rows, at.day), Current: byRow},
	}
	return b
}

// title says which days are shown.
func (sh *sheet) title() string {
	t, at := sh.e.Text, sh.at
	switch at.view {
	case module.ViewMonth:
		return upperFirst(t.Month(at.day))
	case module.ViewWeek, module.ViewRowsWeek:
		return t.Days(at.days[0], at.days[len(at.days)-1])
	}
	return upperFirst(t.WeekdayDate(at.day))
}

func upperFirst(text string) string {
	r, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[size:]
}

// notices say what the page cannot show, and what is unusual about its days.
func (sh *sheet) notices() templ.Component {
	t := sh.e.Text
	var list []templ.Component
	if !sh.until.IsZero() {
		list = append(list, ui.NoticeBox(ui.Notice{
			Tone: ui.ToneWarn, Title: t.T("kernel.calendar.too_many"), Text: t.T("kernel.calendar.too_many_hint", "time", t.DateTime(sh.until)),
		}))
	}
	if sh.down {
		list = append(list, sh.e.partDown())
	}
	if sh.at.view == module.ViewMonth {
		return ui.Join(list...)
	}
	for _, d := range sh.axis.days {
		switch long := d.end.Sub(d.begin); {
		case long < 24*time.Hour && long > 0:
			list = append(list, ui.Prose(t.T("kernel.calendar.clocks_forward", "date", t.Date(d.day))))
		case long > 24*time.Hour:
			list = append(list, ui.Prose(t.T("kernel.calendar.clocks_back", "date", t.Date(d.day))))
		}
	}
	return ui.Join(list...)
}

func (sh *sheet) draw() templ.Component {
	switch {
	case sh.at.view == module.ViewMonth:
		return ui.MonthBox(sh.month())
	case sh.at.view == module.ViewRows && len(sh.rows) > 0:
		return ui.RowsBox(sh.line())
	case sh.at.view == module.ViewRowsWeek && len(sh.rows) > 0:
		return ui.RowsBox(sh.grid())
	}
	return ui.DaysBox(sh.columns())
}

// slot is a thing as a day shows it; d is nil where the day does not matter.
func (sh *sheet) slot(t thing, d *daily) ui.Slot {
	e := sh.e
	out := ui.Slot{Key: t.key, Title: e.value(t.m, sh.cal.title).Text, Time: sh.when(t), Start: t.start.Format(time.RFC3339)}
	if sh.cal.second != nil {
		out.Second = e.value(t.m, sh.cal.second).Text
	}
	if out.Title == "" {
		out.Title, out.Second = cmp.Or(out.Second, "—"), ""
	}
	if sh.cal.state != nil {
		out.State = e.value(t.m, sh.cal.state).Text
		for _, badge := range e.value(t.m, sh.cal.state).Badges {
			if out.State, out.Tone = badge.Text, badge.Tone; badge.Tone == ui.ToneWarn || badge.Tone == ui.ToneBad {
				out.Icon = badge.Icon
			}
		}
	}
	if to, ok := expand(sh.cal.Link, e.from(t.m)); ok && to != "" {
		out.Href = e.href(to)
	}
	if d != nil {
		out.Key += d.day.Format("-2006-01-02")
		out.Earlier, out.Later = t.start.Before(d.begin), t.end.After(d.end)
	}
	if sh.movable(t) {
		out.Move = &ui.SlotMove{
			ID: t.key, Label: e.Text.T("kernel.calendar.move", "title", out.Title, "time", out.Time),
			Href: e.calendarLink(ui.MoveIDField, t.key), Time: t.start.In(sh.at.zone).Format("15:04"),
		}
	}
	return out
}

// when says from when to when a thing is, with its days where they differ.
func (sh *sheet) when(t thing) string {
	text, zone := sh.e.Text, sh.at.zone
	start, end := t.start.In(zone), t.end.In(zone)
	if !end.After(start) {
		return text.Time(start)
	}
	if last := end.Add(-time.Minute); noon(start, zone).Equal(noon(last, zone)) {
		return text.Time(start) + "–" + text.Time(end)
	}
	if dayBegins(noon(start, zone)).Equal(t.start) && dayBegins(noon(end, zone)).Equal(t.end) {
		return text.DayMonthShort(start) + " – " + text.DayMonthShort(end.Add(-time.Minute))
	}
	return text.DayMonthShort(start) + ", " + text.Time(start) + " – " + text.DayMonthShort(end) + ", " + text.Time(end)
}

// newHref is where an empty time leads; empty where nothing can be put.
func (sh *sheet) newHref(row string, day time.Time, clock string) string {
	if !sh.mayMake {
		return ""
	}
	to, ok := expand(sh.cal.New, func(name string) string {
		switch name {
		case "row":
			return row
		case "day":
			return day.Format(time.DateOnly)
		case "time":
			return clock
		}
		return sh.e.Vars[name]
	})
	if !ok {
		return ""
	}
	return sh.e.href(to)
}

// newOn is the link of a day, or of a row, to where something is put into it.
func (sh *sheet) newOn(row string, day time.Time, what string) ui.Crumb {
	href := sh.newHref(row, day, "")
	if href == "" || day.Before(noon(sh.e.Now.In(sh.at.zone), sh.at.zone)) {
		return ui.Crumb{}
	}
	return ui.Crumb{Label: sh.e.Text.T("kernel.calendar.new_on", "what", sh.e.Text.T(sh.cal.NewLabel), "date", what), Href: href}
}

// day is a day without what is on it.
func (sh *sheet) day(day time.Time) ui.CalendarDay {
	t := sh.e.Text
	num := t.Number(int64(day.Day()))
	return ui.CalendarDay{
		Day: day.Format(time.DateOnly), Name: t.WeekdayShort(day.Weekday()), Num: num, Said: strings.TrimPrefix(t.Date(day), num),
		Href:  sh.e.calendarLink(viewQuery, string(module.ViewDay), dayQuery, day.Format(time.DateOnly)),
		Today: day.Equal(noon(sh.e.Now.In(sh.at.zone), sh.at.zone)),
	}
}

// of are the things of a day, and of a row where there is one.
func (sh *sheet) of(d *daily, in func(thing) bool) []thing {
	var list []thing
	for _, t := range sh.things {
		if d.touches(t.start, t.end) && in(t) {
			list = append(list, t)
		}
	}
	return list
}

func anyRow(thing) bool { return true }

func inRow(id string) func(thing) bool { return func(t thing) bool { return t.row == id } }

// others tells which things have none of the rows.
func (sh *sheet) others(t thing) bool {
	return !slices.ContainsFunc(sh.rows, func(r calendarRow) bool { return r.id == t.row })
}
