package screen

import (
	"context"
	"regexp"
	"strings"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// field draws one field of a form by what its contract says of it: kind, constraints, what it refers to. What is offered for it otherwise is not
// looked for here.
func (s *Set) field(ctx context.Context, e *Env, name string, path fieldPath, values []string, offered bool) (ui.Field, error) {
	f := path.last()
	out := ui.Field{Name: name, Label: e.label(f, ""), Value: strings.Join(values, ", ")}
	out.Required, out.MaxLength = limits(f)
	if hint, ok := e.Text.First(e.labelKey(f) + "_hint"); ok {
		out.Hint = hint
	}
	chosen := map[string]bool{}
	for _, v := range values {
		chosen[v] = true
	}
	switch {
	case isUpload(f) && !isPicture(f):
		out.Kind, out.Value, out.DropText = ui.FieldFile, "", e.Text.T("kernel.form.file_drop")
		return out, nil
	case isUpload(f):
		out.Kind, out.Value, out.Accept, out.DropText = ui.FieldFile, "", acceptImages, e.Text.T("kernel.form.image_drop")
		if out.Hint == "" {
			out.Hint = e.Text.T("kernel.form.image_hint")
		}
		return out, nil
	case f.Enum() != nil && f.IsList():
		var options []ui.Option
		for i := range f.Enum().Values().Len() {
			if v := f.Enum().Values().Get(i); v.Number() != 0 {
				options = append(options, ui.Option{Value: string(v.Name()), Label: e.state(v)})
			}
		}
		return e.choose(out, f, options, chosen), nil
	case f.Enum() != nil:
		out.Kind = ui.FieldSelect
		all := f.Enum().Values()
		if all.Len() <= 4 {
			out.Kind = ui.FieldChoice
		}
		for i := range all.Len() {
			v := all.Get(i)
			if v.Number() == 0 {
				text, ok := e.Text.First(locale.EnumKey(f.Enum(), string(v.Name())))
				if !ok {
					continue
				}
				out.Options = append(out.Options, ui.Option{Value: string(v.Name()), Label: text, Selected: out.Value == ""})
				continue
			}
			out.Options = append(out.Options, ui.Option{Value: string(v.Name()), Label: e.state(v), Selected: chosen[string(v.Name())]})
		}
		return out, nil
	case f.Kind() == protoreflect.BoolKind:
		out.Kind, out.Required = ui.FieldCheckbox, false
		out.Options = []ui.Option{{Value: "true", Selected: chosen["true"]}}
		return out, nil
	case meaning(f).GetRefersTo() != "" && offered:
		return e.choose(out, f, nil, chosen), nil
	case meaning(f).GetRefersTo() != "":
		options, err := s.references(ctx, e, meaning(f).GetRefersTo(), "")
		if err != nil {
			return out, err
		}
		if f.IsList() {
			return e.choose(out, f, options, chosen), nil
		}
		out.Kind = ui.FieldSelect
		none := e.Text.T("kernel.form.nobody")
		for _, key := range locale.FieldKeys(f.Parent().(protoreflect.MessageDescriptor), string(f.Name())) {
			if text, ok := e.Text.First(key + "_none"); ok {
				none = text // what refers to no person, or what leaving it empty means
				break
			}
		}
		if out.Required {
			none = e.Text.T("kernel.form.choose")
		}
		out.Options = append([]ui.Option{{Label: none}}, options...)
		return out, nil
	}
	if options, ok := e.known(f); ok {
		return e.choose(out, f, options, chosen), nil
	}
	if isMoney(f) {
		out.Kind, out.Half = ui.FieldMoney, true
		out.Required = constraints(f).GetRequired()
		return out, nil
	}
	out.Kind = fieldKind(f)
	if out.Kind == ui.FieldCode {
		out.Autocomplete = "one-time-code"
	}
	if f.IsList() && out.Kind == ui.FieldTextArea {
		out.Value = strings.Join(values, "\n")
		if out.Hint == "" {
			out.Hint = e.Text.T("kernel.form.lines_hint")
		}
	}
	if meaning(f).GetKind() == kernelv1.Kind_KIND_TAG && f.IsList() && out.Hint == "" {
		out.Hint = e.Text.T("kernel.form.tags_hint")
	}
	if f.Kind() == protoreflect.Int32Kind || f.Kind() == protoreflect.Int64Kind {
		out.Kind, out.Step = ui.FieldNumber, "1"
	}
	if isDecimal(f) {
		out.InputMode = "decimal"
	}
	out.Half = half(meaning(f).GetKind()) || (out.MaxLength > 0 && out.MaxLength <= shortText)
	if meaning(f).GetSecret() {
		out.Value = ""
		out.Autocomplete = "new-password"
		if strings.HasPrefix(string(f.Name()), "present") {
			out.Autocomplete = "current-password"
		}
	}
	return out, nil
}

// choose draws a field with known values: boxes where it takes many, a list where it takes one.
func (e *Env) choose(out ui.Field, f protoreflect.FieldDescriptor, options []ui.Option, chosen map[string]bool) ui.Field {
	out.Kind = ui.FieldSelect
	if f.IsList() {
		out.Kind, out.Value, out.Required = ui.FieldTags, "", false
	} else if out.Required {
		out.Options = append(out.Options, ui.Option{Label: e.Text.T("kernel.form.choose")})
	} else {
		out.Options = append(out.Options, e.nothing(meaning(f).GetKind()))
	}
	for _, o := range options {
		o.Selected = chosen[o.Value]
		out.Options = append(out.Options, o)
	}
	out.Half = out.Kind == ui.FieldSelect
	return out
}

// shortText is the longest text, in characters, that is content with half a row.
const shortText = 64

func fieldKind(f protoreflect.FieldDescriptor) ui.FieldKind {
	if meaning(f).GetSecret() {
		return ui.FieldPassword
	}
	switch meaning(f).GetKind() {
	case kernelv1.Kind_KIND_MULTILINE:
		return ui.FieldTextArea
	case kernelv1.Kind_KIND_EMAIL:
		return ui.FieldEmail
	case kernelv1.Kind_KIND_PHONE:
		return ui.FieldTel
	case kernelv1.Kind_KIND_URL:
		return ui.FieldURL
	case kernelv1.Kind_KIND_DATE:
		return ui.FieldDate
	case kernelv1.Kind_KIND_ONE_TIME_CODE:
		return ui.FieldCode
	}
	return ui.FieldText
}

// half tells which fields are short enough to share a row.
func half(kind kernelv1.Kind) bool {
	switch kind {
	case kernelv1.Kind_KIND_EMAIL, kernelv1.Kind_KIND_PHONE, kernelv1.Kind_KIND_DATE:
		return true
	}
	return false
}

// labelKey is the key a field's own words are looked up by.
func (e *Env) labelKey(f protoreflect.FieldDescriptor) string {
	return locale.FieldKeys(f.Parent().(protoreflect.MessageDescriptor), string(f.Name()))[0]
}

// constraints are what the contract asks of a field; nil, which asks for nothing, where it says nothing.
func constraints(f protoreflect.FieldDescriptor) *validate.FieldRules {
	rules, _ := proto.GetExtension(f.Options(), validate.E_Field).(*validate.FieldRules)
	return rules
}

// limits reads what a form should ask for from the contract's constraints; the kernel checks them all again.
func limits(f protoreflect.FieldDescriptor) (required bool, maxLength int) {
	rules := constraints(f)
	text := rules.GetString()
	required = rules.GetRequired() || (text.GetMinLen() > 0 && rules.GetIgnore() != validate.Ignore_IGNORE_IF_ZERO_VALUE)
	if pattern := text.GetPattern(); pattern != "" && rules.GetIgnore() != validate.Ignore_IGNORE_IF_ZERO_VALUE {
		matches, err := regexp.MatchString(pattern, "")
		required = required || (err == nil && !matches)
	}
	if (text.GetEmail() || text.GetUuid()) && rules.GetIgnore() != validate.Ignore_IGNORE_IF_ZERO_VALUE {
		required = true
	}
	return required, int(text.GetMaxLen())
}
