package screen

import "google.golang.org/protobuf/reflect/protoreflect"

func (c *compiler) form(s *Screen) {
	where := s.name()
	for _, section := range s.Sections {
		for _, name := range section.Fields {
			path := c.find(where, s.call.input, name)
			if s.fields[name] = path; path != nil && isMoney(path.last()) && currencyBeside(path) == nil {
				c.fail(where, "asks for the money %s, which has no field %q beside it to say what it is in", name, currencyField)
			}
		}
	}
	about := s.call.input
	if s.Prefill != "" {
		if s.prefill = c.call(where, s.Prefill, nil); s.prefill != nil {
			about = s.prefill.output
			if f := subject(about); f != nil {
				about = f.Message()
			}
		}
	}
	for _, section := range s.Sections {
		c.section(where, about, section)
		c.rows(s, section)
		c.choices(s, section)
	}
	for _, name := range s.Lead {
		s.lead = append(s.lead, c.find(where, about, name))
	}
	s.actions = c.actions(where, s.Actions, about)
	if s.EditableFrom != "" && s.prefill != nil {
		c.find(where, s.prefill.output, s.EditableFrom)
	}
	if s.Reveal != "" {
		c.find(where, s.call.output, s.Reveal)
	}
	if s.Submit == "" {
		c.fail(where, "has no text for its button: set Submit")
	}
	if s.Preview != nil {
		s.preview = c.call(where, s.Preview.Method, nil)
	}
}

func (c *compiler) compare(s *Screen) {
	where := s.name()
	if s.prefill = c.call(where, s.Prefill, nil); s.prefill == nil {
		return
	}
	if comparisonOf(s.prefill.output) == nil {
		c.fail(where, "compares what %s gives, whose response has no cabinet.kernel.v1.Comparison", s.Prefill)
	}
	for _, name := range vars(s.Path) {
		c.find(where, s.prefill.input, name)
	}
	if f := s.call.input.Fields().ByName(fromFields); f == nil || !f.IsList() || f.Kind() != protoreflect.StringKind {
		c.fail(where, "sends %s which fields are taken from the right one, and its request has no repeated string %s", s.Method, fromFields)
	}
	s.actions = c.actions(where, s.Actions, s.prefill.output)
	if s.Submit == "" {
		c.fail(where, "has no text for its button: set Submit")
	}
}

func (c *compiler) importWizard(s *Screen) {
	where := s.name()
	if s.Import == nil {
		c.fail(where, "is an import without methods: set Import")
		return
	}
	s.Method = s.Import.Create
	s.imports = map[string]*call{}
	for step, method := range map[string]string{
		"create": s.Import.Create, "get": s.Import.Get, "check": s.Import.Check, "run": s.Import.Run, "rows": s.Import.Rows, "start": s.Import.Start,
	} {
		if step == "start" && method == "" {
			continue
		}
		s.imports[step] = c.call(where, method, nil)
	}
	s.call = s.imports["create"]
}
