package screen

import (
	"maps"
	"strings"

	"github.com/opencabinet/cabinet/kernel/module"
)

func (c *compiler) detail(s *Screen) {
	where := s.name()
	about := s.call.output
	if f := subject(about); f != nil {
		about = f.Message()
	}
	if s.Heading != "" {
		s.heading = c.find(where, about, s.Heading)
	}
	if s.MovedTo != "" {
		s.movedTo = c.find(where, about, s.MovedTo)
	}
	c.when(where, about, s.PersonWhen)
	if s.State != "" {
		s.state = c.find(where, about, s.State)
	}
	for _, section := range s.Sections {
		for _, name := range section.Fields {
			s.fields[name] = c.find(where, about, name)
		}
		c.section(where, about, section)
		c.rows(s, section)
	}
	for _, r := range s.Related {
		target := c.set.screens[r.Screen]
		if target == nil {
			c.fail(where, "relates to %q, which is no screen%s", r.Screen, nearest(r.Screen, c.names()))
			continue
		}
		for from := range maps.Values(r.Bind) {
			c.find(where, about, from)
		}
		s.related = append(s.related, related{screen: target, bind: r.Bind, tab: r.Tab, hint: r.Hint, when: r.When})
		c.when(where+" list "+r.Screen, about, r.When)
	}
	for _, name := range s.Lead {
		s.lead = append(s.lead, c.find(where, about, name))
	}
	for _, name := range s.Marks {
		s.marks = append(s.marks, c.find(where, about, name))
	}
	for _, t := range s.Tiles {
		compiled := c.tile(s.Module, t)
		if compiled == nil {
			continue
		}
		if t.Kind == module.Rows {
			c.fail(where, "shows rows in the tile %s: name their list in Related", t.ID)
		}
		for to, from := range t.Bind {
			c.find(where, compiled.call.input, to)
			c.find(where, about, from)
		}
		s.tiles = append(s.tiles, compiled)
	}
	s.actions = c.actions(where, s.Actions, about)
	if r := resource(about); r != nil && r.GetGetMethod() == s.Method {
		c.set.byGet[about.FullName()] = s
	}
}

func (c *compiler) tile(moduleID string, t module.Tile) *Tile {
	where := moduleID + " tile " + t.ID
	compiled := &Tile{Tile: t, Module: moduleID, call: c.call(where, t.Method, t.Fixed)}
	if compiled.call == nil {
		return nil
	}
	about := compiled.call.output
	switch t.Kind {
	case module.Rows:
		screen := t.Screen
		if !strings.Contains(screen, ".") {
			screen = moduleID + "." + screen
		}
		if compiled.screen = c.set.screens[screen]; compiled.screen == nil {
			c.fail(where, "shows rows of %q, which is no screen", t.Screen)
		}
	case module.Figures, module.Facts, module.Person:
		if f := subject(about); f != nil {
			about = f.Message()
		}
		for _, name := range t.Fields {
			compiled.fields = append(compiled.fields, c.find(where, about, name))
		}
	default:
		c.fail(where, "has the kind %q: use figures, rows, person or facts", t.Kind)
	}
	return compiled
}
