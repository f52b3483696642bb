package screen

import (
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
)

// calendar is a calendar that was checked against its contracts.
type calendar struct {
	*module.CalendarParts
	start, end, title, second, state fieldPath

	rows   *calendarRows // nil without
	closed *calendarClosed
	move   *call
	id     fieldPath // of a thing that can be moved
}

type calendarRows struct {
	*module.CalendarRows
	call              *call
	id, title, second fieldPath
	field             fieldPath // of the calendar's things
}

type calendarClosed struct {
	*module.CalendarClosed
	call                   *call
	start, end, row, title fieldPath
}

func (c *compiler) calendar(s *Screen) {
	where, parts := s.name(), s.Screen.Calendar
	if parts == nil {
		c.fail(where, "is a calendar without parts: set Calendar")
		return
	}
	item := items(s.call.output)
	if item == nil {
		c.fail(where, "lists %s, whose response has no one repeated message", s.Method)
		return
	}
	thing := item.Message()
	made := &calendar{CalendarParts: parts}
	s.calendar = made
	c.instant(where, "from", s.call.input, parts.From)
	c.instant(where, "until", s.call.input, parts.Until)
	made.start = c.instant(where, "start", thing, parts.Start)
	if parts.End != "" {
		made.end = c.instant(where, "end", thing, parts.End)
	}
	made.title = c.text(where, "title", thing, parts.Title)
	if parts.Second != "" {
		made.second = c.text(where, "second", thing, parts.Second)
	}
	if parts.State != "" {
		if made.state = c.find(where, thing, parts.State); made.state != nil && made.state.last().Enum() == nil {
			c.fail(where, "takes its colours from %s, which is no enum: set the state to one", made.state)
		}
	}
	if parts.First != "" && !knownView(parts.First, parts) {
		c.fail(where, "begins with the view %q: use day, week or month, and with rows also rows or rows-week", parts.First)
	}
	if parts.New != "" && parts.NewLabel == "" {
		c.fail(where, "leads an empty time to %s and does not say what is done there: set new_label", parts.New)
	}
	for _, name := range s.Filters {
		s.filters = append(s.filters, filter{name: name, path: c.find(where, s.call.input, name)})
	}
	if s.Search != "" {
		s.search = c.find(where, s.call.input, s.Search)
	}
	for _, name := range append([]string{s.Search}, s.Filters...) {
		if slices.Contains([]string{viewQuery, dayQuery, moveQuery}, name) {
			c.fail(where, "has the filter %q, which the address of a calendar says of itself", name)
		}
	}
	if parts.Rows != nil {
		made.rows = c.calendarRows(s, thing)
	}
	if parts.Closed != nil {
		made.closed = c.calendarClosed(where, parts.Closed)
	}
	if parts.Move != nil {
		c.calendarMove(where, made, thing)
	}
	s.actions = c.actions(where, s.Actions, thing)
	for _, a := range s.actions {
		if a.Row || a.Many {
			c.fail(where+" action "+a.ID, "is for rows, which a calendar has not: put it on the page that a thing leads to")
		}
	}
}

func (c *compiler) calendarRows(s *Screen, thing protoreflect.MessageDescriptor) *calendarRows {
	where, declared := s.name()+" rows", s.Screen.Calendar.Rows
	made := &calendarRows{CalendarRows: declared, call: c.call(where, declared.Method, declared.Fixed)}
	if made.call == nil {
		return nil
	}
	item := items(made.call.output)
	if item == nil {
		c.fail(where, "are listed by %s, whose response has no one repeated message", declared.Method)
		return nil
	}
	if made.id = idOf(item.Message()); made.id == nil {
		c.fail(where, "are listed by %s, and %s has no id", declared.Method, item.Message().FullName())
	}
	made.title = c.text(where, "title", item.Message(), declared.Title)
	if declared.Second != "" {
		made.second = c.text(where, "second", item.Message(), declared.Second)
	}
	made.field = c.text(where, "field", thing, declared.Field)
	if declared.Filter != "" && !slices.Contains(s.Filters, declared.Filter) {
		c.fail(where, "are chosen by the filter %q, which the calendar lacks: add it to Filters", declared.Filter)
	}
	if declared.Label == "" {
		c.fail(where, "have no name: set Label")
	}
	return made
}

func (c *compiler) calendarClosed(where string, declared *module.CalendarClosed) *calendarClosed {
	where += " closed times"
	made := &calendarClosed{CalendarClosed: declared, call: c.call(where, declared.Method, nil)}
	if made.call == nil {
		return nil
	}
	item := items(made.call.output)
	if item == nil {
		c.fail(where, "are listed by %s, whose response has no one repeated message", declared.Method)
		return nil
	}
	c.instant(where, "from", made.call.input, declared.From)
	c.instant(where, "until", made.call.input, declared.Until)
	made.start = c.instant(where, "start", item.Message(), declared.Start)
	made.end = c.instant(where, "end", item.Message(), declared.End)
	if declared.Row != "" {
		made.row = c.text(where, "row", item.Message(), declared.Row)
	}
	if declared.Title != "" {
		made.title = c.text(where, "title", item.Message(), declared.Title)
	}
	return made
}

func (c *compiler) calendarMove(where string, made *calendar, thing protoreflect.MessageDescriptor) {
	where, declared := where+" move", made.Move
	if made.move = c.call(where, declared.Method, nil); made.move == nil {
		return
	}
	input := made.move.input
	if made.id = idOf(thing); made.id == nil {
		c.fail(where, "moves %s, which has no id", thing.FullName())
	}
	c.text(where, "id", input, declared.ID)
	byInstant, byDay := declared.Start != "", declared.Day != "" && declared.Time != ""
	if byInstant == byDay || (!byDay && declared.Day+declared.Time != "") {
		c.fail(where, "does not say where the new time goes: set Start, or Day and Time")
	}
	if byInstant {
		c.instant(where, "start", input, declared.Start)
	}
	if byDay {
		c.text(where, "day", input, declared.Day)
		c.text(where, "time", input, declared.Time)
	}
	if declared.End != "" {
		if c.instant(where, "end", input, declared.End); made.end == nil {
			c.fail(where, "takes an end, and its things have none: set End of the calendar")
		}
	}
	if declared.Row != "" {
		if c.text(where, "row", input, declared.Row); made.rows == nil {
			c.fail(where, "takes a row, and the calendar has no rows: set Rows")
		}
	}
	for to, from := range declared.Bind {
		c.find(where, input, to)
		c.find(where, thing, from)
	}
	c.when(where, thing, declared.When)
}

// instant finds a field that holds a time.
func (c *compiler) instant(where, part string, m protoreflect.MessageDescriptor, name string) fieldPath {
	if name == "" {
		c.fail(where, "has no field for its %s: set %s", part, part)
		return nil
	}
	path := c.find(where, m, name)
	if path != nil && !isInstant(path.last()) {
		c.fail(where, "takes its %s from %s of %s, which is no google.protobuf.Timestamp", part, name, m.FullName())
		return nil
	}
	return path
}

func isInstant(f protoreflect.FieldDescriptor) bool {
	return !f.IsList() && f.Message() != nil && f.Message().FullName() == "google.protobuf.Timestamp"
}

// text finds a field that holds one text.
func (c *compiler) text(where, part string, m protoreflect.MessageDescriptor, name string) fieldPath {
	if name == "" {
		c.fail(where, "has no field for its %s: set %s", part, part)
		return nil
	}
	path := c.find(where, m, name)
	if path != nil && (path.last().Kind() != protoreflect.StringKind || path.last().IsList()) {
		c.fail(where, "takes its %s from %s of %s, which is no text", part, name, m.FullName())
		return nil
	}
	return path
}
