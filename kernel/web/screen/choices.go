package screen

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// redrawField is the name of the button that draws a form again, with what its writer has chosen by then.
const redrawField = "redraw"

// choice is what a form offers for a field, checked against its contract.
type choice struct {
	module.Choice
	call         *call
	value, label fieldPath
	asks         map[string]fieldPath
}

// choices checks what a section offers for its fields.
func (c *compiler) choices(s *Screen, section module.Section) {
	where := s.name()
	for name, declared := range section.Choices {
		if !covers(section, name) {
			c.fail(where, "has choices for the field %q, which its section %q lacks", name, section.Title)
			continue
		}
		one := &choice{Choice: declared, call: c.call(where, declared.Method, declared.Fixed)}
		if one.call == nil {
			continue
		}
		item := items(one.call.output)
		if item == nil {
			c.fail(where, "offers for %s what %s gives, whose response has no one repeated message", name, declared.Method)
			continue
		}
		one.value, one.label = c.find(where, item.Message(), declared.Value), c.find(where, item.Message(), declared.Label)
		one.asks = map[string]fieldPath{}
		for asked, has := range declared.Asks {
			if !covers(section, asked) {
				c.fail(where, "asks for the field %q with some choices of %s, which its section %q lacks", asked, name, section.Title)
			}
			one.asks[asked] = c.find(where, item.Message(), has)
		}
		for to, from := range declared.Bind {
			c.find(where, one.call.input, to)
			c.find(where, s.call.input, from)
		}
		if s.choices == nil {
			s.choices = map[string]*choice{}
		}
		s.choices[name] = one
	}
}

// offer makes a field one to choose: among what the method gives for what the form says now. What the writer had chosen
// stays, also when it is offered no more: it is theirs, and the method says what is wrong with it. What the form does not ask for is
// taken from the thing as it is at present.
func (s *Set) offer(ctx context.Context, e *Env, sc *Screen, c *choice, field *ui.Field, values url.Values, present protoreflect.Message) error {
	given, many := field.Value, field.Kind == ui.FieldTags
	first := ui.Option{Label: e.Text.T("kernel.form.choose")}
	field.Options, field.Hint = nil, "" // which tells how to type it
	if !many {
		field.Kind = ui.FieldSelect
	}
	request, err := c.call.request()
	if err != nil {
		return err
	}
	asked := true
	for to, from := range c.Bind {
		value := values.Get(from)
		if value == "" {
			value = e.Vars[from]
		}
		if value == "" && sc.fields[from] == nil { // not asked for: it is what it was
			value = e.from(present)(from)
		}
		path, err := findIn(request.Descriptor(), to)
		if err != nil {
			return err
		}
		if value == "" && !slices.Contains(c.Optional, from) {
			asked = false
		} else if err := fill(request, path, []string{value}); err != nil {
			asked = false // said beside that field
		}
	}
	if asked && e.may(c.call) {
		setKnown(request, "page_size", protoreflect.ValueOfInt32(mostChoices))
		response, err := c.call.do(ctx, e, request)
		switch status.Code(err) {
		case codes.OK:
			list := response.Get(items(response.Descriptor())).List()
			for i := range list.Len() {
				m := list.Get(i).Message()
				field.Options = append(field.Options, ui.Option{Value: strings.Join(typed(m, c.value), ""), Label: e.value(m, c.label).Text, Asks: c.asked(m)})
			}
			if len(field.Options) == 0 && c.None != "" {
				first.Label = e.Text.T(c.None)
			}
		case codes.InvalidArgument, codes.NotFound:
		default:
			return err
		}
	} else if c.First != "" {
		first.Label = e.Text.T(c.First)
	}
	if many {
		e.offerMany(c, field, first.Label, values[field.Name], asked)
		return nil
	}
	if given != "" && !slices.ContainsFunc(field.Options, func(o ui.Option) bool { return o.Value == given }) {
		label := given
		if c.Value != c.Label {
			label = e.Text.T("kernel.form.chosen_before")
		}
		field.Options = append([]ui.Option{{Value: given, Label: label}}, field.Options...)
	}
	field.Options = append([]ui.Option{first}, field.Options...)
	for i := range field.Options {
		field.Options[i].Selected = field.Options[i].Value == given
	}
	return nil
}

// asked are the fields that a row asks for.
func (c *choice) asked(row protoreflect.Message) (fields []string) {
	for field, path := range c.asks {
		if path.has(row) {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// askBy ties fields to the choices that ask for them, and leaves out those that none does, unless something is wrong with them.
func (sc *Screen) askBy(fields []ui.Field) []ui.Field {
	for name, c := range sc.choices {
		at := slices.IndexFunc(fields, func(f ui.Field) bool { return f.Name == name })
		if at < 0 || len(c.asks) == 0 {
			continue
		}
		options := fields[at].Options
		fields = slices.DeleteFunc(fields, func(f ui.Field) bool {
			return c.asks[f.Name] != nil && f.Error == "" && !slices.ContainsFunc(options, func(o ui.Option) bool { return slices.Contains(o.Asks, f.Name) })
		})
		for i := range fields {
			if c.asks[fields[i].Name] != nil {
				fields[i].AskedBy = name
			}
		}
	}
	return fields
}

// offerMany is offer for a field that takes several.
func (e *Env) offerMany(c *choice, field *ui.Field, none string, chosen []string, asked bool) {
	if len(field.Options) == 0 && (!asked && c.First != "" || asked && c.None != "") {
		field.Hint = none
	}
	for i := range field.Options {
		field.Options[i].Selected = slices.Contains(chosen, field.Options[i].Value)
	}
	for _, given := range chosen {
		if given == "" || slices.ContainsFunc(field.Options, func(o ui.Option) bool { return o.Value == given }) {
			continue
		}
		label := given
		if c.Value != c.Label {
			label = e.Text.T("kernel.form.chosen_before")
		}
		field.Options = append(field.Options, ui.Option{Value: given, Label: label, Selected: true})
	}
}

// mostChoices is how many things a field offers.
const mostChoices = 200

// Redraws tells whether a form came back only to be drawn again: for choices that depend on what was chosen, or for a row
// more or less.
func (s *Set) Redraws(sc *Screen, form url.Values) bool {
	return sc.Redraw != "" && form.Get(redrawField) != "" || sc.rowButton(form)
}

// Redraw draws a form again with what its writer has typed. Nothing is sent anywhere.
func (s *Set) Redraw(ctx context.Context, e *Env, sc *Screen, form url.Values) (*Page, error) {
	return s.back(ctx, e, sc, sc.gathered(form, true), nil, nil)
}
