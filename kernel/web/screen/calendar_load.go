package screen

import (
	"context"
	"net/url"
	"slices"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// How many things a page has at most, a month's view and any other. A month shows few of each day, and counts the rest.
const (
	mostThings   = 400
	mostOfMonth  = 1000
	calendarPage = 200 // things asked for at once, where the contract allows it
)

// thing is what a calendar shows.
type thing struct {
	m          protoreflect.Message
	key        string
	start, end time.Time // the same for a moment
	row        string
}

// long tells which things take days rather than hours.
func (t thing) long() bool { return t.end.Sub(t.start) >= 24*time.Hour }

// things asks for what is shown, with the filters of the address. Past the most it stops and says until when it has all.
func (s *Set) things(ctx context.Context, e *Env, sc *Screen, at calendarAt) (list []thing, until time.Time, err error) {
	most := mostThings
	if at.view == module.ViewMonth {
		most = mostOfMonth
	}
	cal := sc.calendar
	for token := ""; ; {
		request, _, err := sc.asked(ctx, e, e.Query)
		if err != nil {
			return nil, until, err
		}
		if err := sc.fillVars(e, request); err != nil {
			return nil, until, badRequest(err)
		}
		setInstant(request, cal.From, at.from())
		setInstant(request, cal.Until, at.until())
		response, next, err := sc.call.page(ctx, e, request, token)
		if err != nil {
			return nil, until, err
		}
		rows := response.Get(items(response.Descriptor())).List()
		for i := range rows.Len() {
			if one, ok := cal.thing(rows.Get(i).Message()); ok && one.start.Before(at.until()) && !one.end.Before(at.from()) {
				list = append(list, one)
			}
		}
		// A provider that gives a page with nothing and one to follow has lost its way.
		if next == "" || next == token || rows.Len() == 0 {
			break
		}
		if len(list) >= most {
			until = list[len(list)-1].start
			break
		}
		token = next
	}
	slices.SortStableFunc(list, func(a, b thing) int { return a.start.Compare(b.start) })
	return list, until, nil
}

// thing reads a listed message; ok is false for one that has no beginning.
func (c *calendar) thing(m protoreflect.Message) (t thing, ok bool) {
	t = thing{m: m, key: rowKey(m)}
	if t.start, ok = instantOf(m, c.start); !ok {
		return t, false
	}
	if t.end, ok = instantOf(m, c.end); !ok || t.end.Before(t.start) {
		t.end = t.start
	}
	if c.rows != nil {
		t.row = textOf(m, c.rows.field)
	}
	return t, true
}

// calendarRow is a resource.
type calendarRow struct{ id, title, second string }

// listRows asks for the resources: those that the filters choose, or all. Who may not list them has none.
func (c *calendarRows) list(ctx context.Context, e *Env) ([]calendarRow, error) {
	var list []calendarRow
	for token := ""; len(list) < mostThings; {
		request, err := c.call.request()
		if err != nil {
			return nil, err
		}
		response, next, err := c.call.page(ctx, e, request, token)
		if err != nil {
			return nil, err
		}
		rows := response.Get(items(response.Descriptor())).List()
		for i := range rows.Len() {
			m := rows.Get(i).Message()
			row := calendarRow{id: textOf(m, c.id), title: e.value(m, c.title).Text}
			if c.second != nil {
				row.second = e.value(m, c.second).Text
			}
			list = append(list, row)
		}
		if next == "" || next == token || rows.Len() == 0 {
			break
		}
		token = next
	}
	if chosen := e.Query[c.Filter]; c.Filter != "" && anySet(e.Query, []string{c.Filter}) {
		list = slices.DeleteFunc(list, func(r calendarRow) bool { return !slices.Contains(chosen, r.id) })
	}
	return list, nil
}

// shut is a time at which a row is closed, or all are.
type shut struct {
	start, end time.Time
	row, why   string
}

// list asks for the closed times between two instants.
func (c *calendarClosed) list(ctx context.Context, e *Env, from, until time.Time) ([]shut, error) {
	var list []shut
	for token := ""; ; {
		request, err := c.call.request()
		if err != nil {
			return nil, err
		}
		setInstant(request, c.From, from)
		setInstant(request, c.Until, until)
		response, next, err := c.call.page(ctx, e, request, token)
		if err != nil {
			return nil, err
		}
		rows := response.Get(items(response.Descriptor())).List()
		for i := range rows.Len() {
			m := rows.Get(i).Message()
			start, begins := instantOf(m, c.start)
			end, ends := instantOf(m, c.end)
			if !begins || !ends || !end.After(start) {
				continue
			}
			one := shut{start: start, end: end, row: textOf(m, c.row)}
			if c.title != nil {
				one.why = e.value(m, c.title).Text
			}
			list = append(list, one)
		}
		if next == "" || next == token || rows.Len() == 0 || len(list) >= mostShut {
			return list, nil
		}
		token = next
	}
}

// mostShut is how many closed times a page asks for: those of a month, of more resources than anybody looks at together.
const mostShut = 20_000

// page calls a List method for the page that a token names, as large as the contract allows.
func (c *call) page(ctx context.Context, e *Env, request protoreflect.Message, token string) (response protoreflect.Message, next string, err error) {
	fields := request.Descriptor().Fields()
	if f := fields.ByName("page_size"); f != nil && f.Kind() == protoreflect.Int32Kind {
		size := int32(calendarPage)
		if rules := constraints(f).GetInt32(); rules.HasLte() {
			size = min(size, rules.GetLte())
		}
		request.Set(f, protoreflect.ValueOfInt32(size))
	}
	if f := fields.ByName("page_token"); f != nil && token != "" {
		request.Set(f, protoreflect.ValueOfString(token))
	}
	if response, err = c.do(ctx, e, request); err != nil {
		return nil, "", err
	}
	if f := response.Descriptor().Fields().ByName("next_page_token"); f != nil {
		next = response.Get(f).String()
	}
	return response, next, nil
}

// setInstant puts an instant into a timestamp of a request, whichever copy of the contract it is of.
func setInstant(m protoreflect.Message, name string, t time.Time) {
	path, err := findIn(m.Descriptor(), name)
	if err != nil {
		return
	}
	for _, f := range path {
		m = m.Mutable(f).Message()
	}
	fields := m.Descriptor().Fields()
	stamp := timestamppb.New(t)
	m.Set(fields.ByName("seconds"), protoreflect.ValueOfInt64(stamp.GetSeconds()))
	m.Set(fields.ByName("nanos"), protoreflect.ValueOfInt32(stamp.GetNanos()))
}

// instantOf reads a timestamp; ok is false when it is not set.
func instantOf(m protoreflect.Message, path fieldPath) (t time.Time, ok bool) {
	if path == nil {
		return t, false
	}
	v, ok := path.get(m)
	if !ok || !v.Message().IsValid() {
		return t, false
	}
	var stamp timestamppb.Timestamp
	convert(v.Message(), &stamp)
	if !stamp.IsValid() || (stamp.GetSeconds() == 0 && stamp.GetNanos() == 0) {
		return t, false
	}
	return stamp.AsTime(), true
}

func textOf(m protoreflect.Message, path fieldPath) string {
	if path == nil {
		return ""
	}
	if v, ok := path.get(m); ok {
		return v.String()
	}
	return ""
}

// link is an address of this calendar: the filters stay, what else is given is changed. An empty value is left out.
func (e *Env) calendarLink(change ...string) string {
	values := clone(e.Query)
	values.Del(ui.MoveIDField)
	for i := 0; i+1 < len(change); i += 2 {
		if values.Del(change[i]); change[i+1] != "" {
			values.Set(change[i], change[i+1])
		}
	}
	return e.href(e.Path) + questioned(values)
}

func questioned(values url.Values) string {
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}
