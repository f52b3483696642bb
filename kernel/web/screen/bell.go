package screen

import (
	"context"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
)

// bell is the count in the header, checked against its contract.
type bell struct {
	call   *call
	field  fieldPath
	screen *Screen
}

func (c *compiler) bell(m module.Manifest) {
	if m.Bell == nil {
		return
	}
	where := m.ID + " bell"
	if c.set.bell != nil {
		c.fail(where, "is a second one: switch off one of the modules that have a bell")
		return
	}
	b := &bell{call: c.call(where, m.Bell.Method, m.Bell.Fixed)}
	if b.call == nil {
		return
	}
	b.field = c.find(where, b.call.output, m.Bell.Field)
	if b.field != nil && !numeric(b.field.last()) {
		c.fail(where, "counts by %s, which is no number", m.Bell.Field)
	}
	name := m.Bell.Screen
	if !strings.Contains(name, ".") {
		name = m.ID + "." + name
	}
	if b.screen = c.set.screens[name]; b.screen == nil {
		c.fail(where, "leads to %q, which is no screen%s", m.Bell.Screen, nearest(name, c.names()))
	} else if len(vars(b.screen.Path)) > 0 {
		c.fail(where, "leads to %s, whose address is not complete", b.screen.Path)
	}
	c.set.bell = b
}

// Bell is what waits for a reader.
type Bell struct {
	Title string
	Path  string
	Count int64
	// Live are its topics.
	Live []string
}

// Bell asks what waits for the reader; nil when the portal has no bell, or none for them. A count that cannot be had
// just now is none: the page stands.
func (s *Set) Bell(ctx context.Context, e *Env) *Bell {
	b := s.bell
	if b == nil || !e.may(b.call) || !b.screen.Visible(e) {
		return nil
	}
	out := &Bell{Title: e.Text.T(b.screen.Title), Path: b.screen.Path}
	var live watching
	live.add(b.call, "")
	out.Live = live
	request, err := b.call.request()
	if err != nil {
		return out
	}
	response, err := b.call.do(ctx, e, request)
	if err != nil {
		return out
	}
	if v, ok := b.field.get(response); ok {
		out.Count = number(v)
	}
	return out
}

// number reads a count of any width.
func number(v protoreflect.Value) int64 {
	switch n := v.Interface().(type) {
	case int32:
		return int64(n)
	case int64:
		return n
	case uint32:
		return int64(n)
	case uint64:
		return int64(n) //nolint:gosec // nobody has so many
	}
	return 0
}
