package screen

import (
	"cmp"
	"context"
	"net/url"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// Fields that an integrator added are one field of a contract, a repeated FieldValue. A screen that names it shows each
// of them: a fact, an input, a column, a filter. What there are says the screen's method Extra.

func isExtra(f protoreflect.FieldDescriptor) bool {
	return f.IsList() && f.Message() != nil && f.Message().FullName() == (*kernelv1.FieldValue)(nil).ProtoReflect().Descriptor().FullName()
}

// definitions are the fields that the integrator added, as far as the reader sees them.
func (s *Screen) definitions(ctx context.Context, e *Env) ([]*kernelv1.FieldDefinition, error) {
	if s.extra == nil || !e.may(s.extra) {
		return nil, nil
	}
	response, err := s.extra.do(ctx, e, newMessage(s.extra.input))
	if err != nil {
		return nil, err
	}
	list := response.Get(items(s.extra.output)).List()
	out := make([]*kernelv1.FieldDefinition, 0, list.Len())
	for i := range list.Len() {
		if d, ok := list.Get(i).Message().Interface().(*kernelv1.FieldDefinition); ok {
			out = append(out, d)
		}
	}
	return out, nil
}

// title is what the integrator calls something in the reader's language.
func (e *Env) title(titles map[string]string) string {
	return cmp.Or(titles[e.Text.Language()], titles["en"])
}

// extraName is what an input or a filter is called: "extra.tier".
func extraName(field string, d *kernelv1.FieldDefinition) string { return field + "." + d.GetId() }

// extraOf is what a message has in a field of the integrator's.
func extraOf(m protoreflect.Message, path fieldPath, d *kernelv1.FieldDefinition) string {
	v, ok := path.get(m)
	if !ok {
		return ""
	}
	for i := range v.List().Len() {
		if one, ok := v.List().Get(i).Message().Interface().(*kernelv1.FieldValue); ok && one.GetId() == d.GetId() {
			return one.GetValue()
		}
	}
	return ""
}

// extraValue is that value in words.
func (e *Env) extraValue(d *kernelv1.FieldDefinition, value string) ui.Value {
	switch {
	case value == "":
		return ui.Value{}
	case d.GetType() == kernelv1.FieldType_FIELD_TYPE_BOOLEAN:
		if value == "true" {
			return ui.Value{Text: e.Text.T("kernel.yes")}
		}
		return ui.Value{Text: e.Text.T("kernel.no"), Dim: true}
	case d.GetType() == kernelv1.FieldType_FIELD_TYPE_NUMBER, d.GetType() == kernelv1.FieldType_FIELD_TYPE_DECIMAL:
		return ui.Value{Text: e.Text.Money("", value)} // with the language's own signs
	case d.GetType() == kernelv1.FieldType_FIELD_TYPE_DATE:
		return e.text(kernelv1.Kind_KIND_DATE, value)
	case d.GetType() == kernelv1.FieldType_FIELD_TYPE_CHOICE:
		for _, c := range d.GetChoices() {
			if c.GetId() == value {
				return ui.Value{Text: e.title(c.GetTitles())}
			}
		}
	}
	return ui.Value{Text: value}
}

// choicesOf are the values that a field can have, where they are few.
func (e *Env) choicesOf(d *kernelv1.FieldDefinition) []ui.Option {
	switch d.GetType() {
	case kernelv1.FieldType_FIELD_TYPE_BOOLEAN:
		return []ui.Option{{Value: "true", Label: e.Text.T("kernel.yes")}, {Value: "false", Label: e.Text.T("kernel.no")}}
	case kernelv1.FieldType_FIELD_TYPE_CHOICE:
		var out []ui.Option
		for _, c := range d.GetChoices() {
			out = append(out, ui.Option{Value: c.GetId(), Label: e.title(c.GetTitles())})
		}
		return out
	}
	return nil
}

// extraInput is how a form asks for a field of the integrator's.
func (e *Env) extraInput(name string, d *kernelv1.FieldDefinition, value string) ui.Field {
	out := ui.Field{Name: extraName(name, d), Label: e.title(d.GetTitles()), Value: value, Required: d.GetRequired(), Half: true}
	switch d.GetType() {
	case kernelv1.FieldType_FIELD_TYPE_NUMBER:
		out.Kind, out.Step = ui.FieldNumber, "1"
	case kernelv1.FieldType_FIELD_TYPE_DECIMAL:
		out.Kind = ui.FieldNumber
	case kernelv1.FieldType_FIELD_TYPE_DATE:
		out.Kind = ui.FieldDate
	case kernelv1.FieldType_FIELD_TYPE_CHOICE, kernelv1.FieldType_FIELD_TYPE_BOOLEAN:
		out.Kind = ui.FieldSelect
		out.Options = append([]ui.Option{{Label: e.Text.T("kernel.form.choose")}}, e.choicesOf(d)...)
	default:
		out.Half = false
	}
	return out
}

// fillExtra puts what a form or an address has for fields of the integrator's into a request; sent tells whether
// anything was.
func fillExtra(m protoreflect.Message, name string, path fieldPath, values url.Values, defs []*kernelv1.FieldDefinition, wanted func(*kernelv1.FieldDefinition, string) bool) (sent bool) {
	parent := m
	for _, step := range path[:len(path)-1] {
		parent = parent.Mutable(step).Message()
	}
	for _, d := range defs {
		given, ok := values[extraName(name, d)]
		if !ok || !wanted(d, given[len(given)-1]) {
			continue
		}
		one := &kernelv1.FieldValue{Id: d.GetId(), Value: given[len(given)-1]}
		parent.Mutable(path.last()).List().Append(protoreflect.ValueOfMessage(one.ProtoReflect()))
		sent = true
	}
	return sent
}

// filtering tells whether an address filters by a field.
func filtering(d *kernelv1.FieldDefinition, value string) bool {
	return d.GetSearchable() && value != ""
}

// extraChips are the filters by fields of the integrator's.
func (e *Env) extraChips(name string, defs []*kernelv1.FieldDefinition) []ui.Filter {
	var out []ui.Filter
	for _, d := range defs {
		if !d.GetSearchable() {
			continue
		}
		chip := ui.Filter{Name: extraName(name, d), Label: e.title(d.GetTitles()), Kind: ui.FilterOne}
		now := e.Query.Get(chip.Name)
		if chip.Options = e.choicesOf(d); chip.Options == nil {
			chip.Kind, chip.Text, chip.Summary = ui.FilterText, now, now
		}
		for i, o := range chip.Options {
			if chip.Options[i].Selected = o.Value == now && now != ""; chip.Options[i].Selected {
				chip.Summary = o.Label
			}
		}
		out = append(out, chip)
	}
	return out
}

// withExtra puts the integrator's listed fields into the place of the column that stands for all of them.
func (s *Screen) withExtra(ctx context.Context, e *Env) ([]column, error) {
	at := slices.IndexFunc(s.columns, func(c column) bool { return isExtra(c.path.last()) })
	if at < 0 {
		return s.columns, nil
	}
	defs, err := s.definitions(ctx, e)
	if err != nil {
		return nil, err
	}
	var expanded []column
	for _, d := range defs {
		if d.GetListed() {
			expanded = append(expanded, column{Column: module.Column{Field: s.columns[at].Field, Place: s.columns[at].Place}, path: s.columns[at].path, extra: d})
		}
	}
	return slices.Concat(s.columns[:at], expanded, s.columns[at+1:]), nil
}
