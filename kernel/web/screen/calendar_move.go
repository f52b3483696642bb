package screen

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/a-h/templ"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// moveQuery says in an address which thing is to be moved, and in a form which one was.
const moveQuery = ui.MoveIDField

// movable tells whether the reader may move a thing as it stands now.
func (sh *sheet) movable(t thing) bool {
	return sh.mayMove && t.key != "" && holds(sh.cal.Move.When, t.m)
}

// mover is the form that the script sends when a thing was dropped elsewhere.
func (sh *sheet) mover() templ.Component {
	if !sh.mayMove {
		return nil
	}
	return ui.Mover(ui.MoveForm{Action: sh.e.calendarLink(), CSRF: sh.e.CSRF, Hidden: sh.onceOnly()})
}

// onceOnly has a method that does once what is sent twice told so.
func (sh *sheet) onceOnly() []ui.Hidden {
	if sh.cal.move.once() {
		return []ui.Hidden{{Name: requestIDField, Value: sh.e.NewID()}}
	}
	return nil
}

// moveForm is the form by which a reader moves a thing without dragging it; nil when they asked for none. form and refusal
// are what they sent before.
func (sh *sheet) moveForm(form url.Values, refusal error) (box templ.Component, found bool) {
	e := sh.e
	id := e.Query.Get(moveQuery)
	if form != nil {
		id = form.Get(moveQuery)
	}
	if id == "" || !sh.mayMove {
		return nil, false
	}
	at := slices.IndexFunc(sh.things, func(t thing) bool { return t.key == id && sh.movable(t) })
	if at < 0 {
		return ui.NoticeBox(ui.Notice{Tone: ui.ToneWarn, Title: e.Text.T("kernel.calendar.move_gone")}), false
	}
	t := sh.things[at]
	slot := sh.slot(t, nil)
	start := t.start.In(sh.at.zone)
	typed := func(name, now string) string {
		if form.Has(name) {
			return form.Get(name)
		}
		return now
	}
	fields := []ui.Field{
		{Kind: ui.FieldDate, Name: ui.MoveDayField, Label: e.Text.T("kernel.calendar.move_day"), Value: typed(ui.MoveDayField, start.Format(time.DateOnly)), Required: true, Half: true, Autofocus: refusal == nil},
		{Kind: ui.FieldTime, Name: ui.MoveTimeField, Label: e.Text.T("kernel.calendar.move_time"), Value: typed(ui.MoveTimeField, start.Format("15:04")), Required: true, Half: true},
	}
	if sh.cal.Move.Row != "" && len(sh.rows) > 0 {
		row := ui.Field{Kind: ui.FieldSelect, Name: ui.MoveRowField, Label: e.label(sh.cal.rows.field.last(), ""), Value: typed(ui.MoveRowField, t.row)}
		for _, r := range sh.rows {
			row.Options = append(row.Options, ui.Option{Value: r.id, Label: r.title, Selected: r.id == row.Value})
		}
		fields = append(fields, row)
	}
	f := ui.Form{
		ID: "move", Action: e.calendarLink(), CSRF: e.CSRF, Hidden: append(sh.onceOnly(), ui.Hidden{Name: moveQuery, Value: id}, ui.Hidden{Name: ui.MoveWasField, Value: slot.Start}),
		Sections: []ui.FormSection{{Fields: fields}}, Submit: ui.Button{Label: e.Text.T("kernel.calendar.move_submit"), Kind: ui.ButtonPrimary},
		Others: []ui.Button{{Label: e.Text.T("kernel.cancel"), Href: e.calendarLink(), Kind: ui.ButtonQuiet}},
	}
	if refusal != nil {
		f.Errors = &ui.ErrorSummary{Title: e.Text.T("kernel.form.invalid")}
		for _, line := range sh.refused(refusal) {
			f.Errors.Items = append(f.Errors.Items, ui.ErrorItem{Text: line})
		}
	}
	return ui.Panel(ui.PanelBox{ID: "move-box", Title: e.Text.T("kernel.calendar.move", "title", slot.Title, "time", slot.Time), Content: ui.FormBox(f)}), true
}

func (sh *sheet) refused(err error) []string {
	var wrong *moveError
	if errors.As(err, &wrong) {
		return []string{sh.e.Text.T(wrong.key)}
	}
	return sh.e.said(sh.cal.move, err)
}

// moveError says what is wrong with a time that something was to be moved to.
type moveError struct{ key string }

func (e *moveError) Error() string { return e.key }

// takeMove takes what was dropped or sent by the form: to the method, and back to the calendar on the day it was moved to.
func (s *Set) takeMove(ctx context.Context, e *Env, sc *Screen, form url.Values) (*Page, error) {
	cal := sc.calendar
	if !e.sees(sc.Audience) {
		return nil, status.Error(codes.PermissionDenied, "this page is for others")
	}
	if cal.move == nil {
		return nil, notFound("nothing can be moved here")
	}
	start, err := movedTo(form, e.Now, e.Text.Zone())
	if err != nil {
		return s.calendar(ctx, e, sc, form, err)
	}
	sh := &sheet{e: e, sc: sc, cal: cal, mayMove: true, at: calendarOf(e.Query, cal.CalendarParts, e.Now, e.Text.Zone(), e.weekBegins())}
	if sh.things, _, err = s.things(ctx, e, sc, sh.at); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(sh.things, func(t thing) bool { return t.key == form.Get(moveQuery) && sh.movable(t) })
	if at < 0 {
		return s.calendar(ctx, e, sc, form, nil)
	}
	if was := form.Get(ui.MoveWasField); was != "" && was != sh.things[at].start.Format(time.RFC3339) {
		return s.calendar(ctx, e, sc, form, &moveError{"kernel.calendar.move_meanwhile"})
	}
	request, err := sh.moveRequest(sh.things[at], start, form)
	if err != nil {
		return nil, err
	}
	if _, err := cal.move.do(ctx, e, request); err != nil {
		if returnsToForm(err) {
			return s.calendar(ctx, e, sc, form, err)
		}
		return nil, err
	}
	page := &Page{Redirect: strings.TrimPrefix(e.calendarLink(viewQuery, string(sh.at.view), dayQuery, start.Format(time.DateOnly)), e.Base)}
	if page.Notice = e.Text.T("kernel.calendar.move_done"); cal.Move.Done != "" {
		page.Notice = e.Text.T(cal.Move.Done)
	}
	return page, nil
}

// moveRequest asks for a thing to be moved to a time, as long as it was, and to the row that was chosen.
func (sh *sheet) moveRequest(t thing, start time.Time, form url.Values) (protoreflect.Message, error) {
	move := sh.cal.Move
	request, err := sh.cal.move.request()
	if err != nil {
		return nil, err
	}
	values := map[string]string{move.ID: t.key}
	if move.Start != "" {
		setInstant(request, move.Start, start)
	} else {
		values[move.Day], values[move.Time] = start.Format(time.DateOnly), start.Format("15:04")
	}
	if move.End != "" {
		setInstant(request, move.End, start.Add(t.end.Sub(t.start)))
	}
	if move.Row != "" {
		if values[move.Row] = form.Get(ui.MoveRowField); values[move.Row] == "" {
			values[move.Row] = t.row
		}
	}
	for to, from := range move.Bind {
		values[to] = bound(t.m, from)
	}
	if sh.cal.move.once() {
		values[requestIDField] = form.Get(requestIDField)
	}
	for name, value := range values {
		path, err := findIn(request.Descriptor(), name)
		if err != nil {
			return nil, err
		}
		if err := fill(request, path, []string{value}); err != nil {
			return nil, badRequest(err)
		}
	}
	return request, nil
}

// movedTo is the instant that a form names by day and time. A time that there is twice is the first of the two.
func movedTo(form url.Values, now time.Time, zone *time.Location) (time.Time, error) {
	day, ok := readDay(form.Get(ui.MoveDayField), now, zone)
	if !ok {
		return time.Time{}, &moveError{"kernel.calendar.move_bad_day"}
	}
	clock, err := time.Parse("15:04", form.Get(ui.MoveTimeField))
	if err != nil {
		return time.Time{}, &moveError{"kernel.calendar.move_bad_time"}
	}
	d := dailyOf(day)
	for i, c := range d.clocks {
		if c.hour == clock.Hour() && c.minute == clock.Minute()/15*15 {
			return d.begin.Add(time.Duration(i)*quarter + time.Duration(clock.Minute()%15)*time.Minute), nil
		}
	}
	return time.Time{}, &moveError{"kernel.calendar.move_no_time"}
}
