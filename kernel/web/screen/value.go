package screen

import (
	"math"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// label is what a field is called: the given key, or the message's own word for it, or the module's, or its name.
func (e *Env) label(f protoreflect.FieldDescriptor, key string) string {
	message := f.Parent().(protoreflect.MessageDescriptor)
	keys := []string{}
	if key != "" {
		keys = append(keys, key)
	}
	if text, ok := e.Text.First(append(keys, locale.FieldKeys(message, string(f.Name()))...)...); ok {
		return text
	}
	name := strings.TrimSuffix(strings.ReplaceAll(string(f.Name()), "_", " "), " id")
	return strings.ToUpper(name[:1]) + name[1:]
}

// state is an enum's value in words.
func (e *Env) state(v protoreflect.EnumValueDescriptor) string {
	enum := v.Parent().(protoreflect.EnumDescriptor)
	if text, ok := e.Text.First(locale.EnumKey(enum, string(v.Name()))); ok {
		return text
	}
	text := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(string(v.Name()), enumPrefix(enum)), "_", " "))
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// enumPrefix is what every value of an enum begins with: "CLIENT_STATUS_".
func enumPrefix(enum protoreflect.EnumDescriptor) string {
	return strings.TrimSuffix(string(enum.Values().Get(0).Name()), "UNSPECIFIED")
}

// value is a field's value as a reader sees it. What is not set gives the empty Value, which is shown as a dash.
func (e *Env) value(m protoreflect.Message, path fieldPath) ui.Value {
	f := path.last()
	v, ok := path.get(m)
	if !ok || meaning(f).GetSecret() {
		return ui.Value{}
	}
	if f.IsList() {
		return e.list(f, v.List())
	}
	if f.Message() != nil {
		if f.HasPresence() && !v.Message().IsValid() {
			return ui.Value{}
		}
		return e.message(f, v.Message())
	}
	return e.scalar(f, v)
}

func (e *Env) scalar(f protoreflect.FieldDescriptor, v protoreflect.Value) ui.Value {
	switch {
	case f.Enum() != nil:
		value := f.Enum().Values().ByNumber(v.Enum())
		if value == nil || value.Number() == 0 {
			return ui.Value{}
		}
		return e.stateValue(value)
	case f.Kind() == protoreflect.BoolKind:
		if v.Bool() {
			return ui.Value{Text: e.Text.T("kernel.yes")}
		}
		return ui.Value{Text: e.Text.T("kernel.no"), Dim: true}
	case f.Kind() == protoreflect.StringKind:
		return e.text(meaning(f).GetKind(), v.String())
	case f.Kind() == protoreflect.BytesKind:
		return ui.Value{}
	case f.Kind() == protoreflect.DoubleKind, f.Kind() == protoreflect.FloatKind:
		return ui.Value{Text: e.Text.Decimal(measured(v.Float()))}
	case f.Kind() == protoreflect.Uint32Kind, f.Kind() == protoreflect.Uint64Kind:
		return ui.Value{Text: e.Text.Number(int64(v.Uint()))}
	default:
		return ui.Value{Text: e.Text.Number(v.Int())}
	}
}

// measured is a measurement with as many digits as say something: 0.042, 1.25, 310.
func measured(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "0"
	}
	digits := 0
	for limit := 100.0; digits < 3 && math.Abs(v) < limit && v != 0; limit /= 10 {
		digits++
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

func (e *Env) text(kind kernelv1.Kind, text string) ui.Value {
	if text == "" {
		return ui.Value{}
	}
	if access.IsMasked(text) {
		return ui.Value{Text: text} // which leads nowhere
	}
	switch kind {
	case kernelv1.Kind_KIND_EMAIL:
		return ui.Value{Text: text, Href: "mailto:" + text}
	case kernelv1.Kind_KIND_PHONE:
		return ui.Value{Text: phone(text), Href: "tel:" + text}
	case kernelv1.Kind_KIND_URL:
		// Only what opens a page: a "javascript:" address is shown, never linked.
		if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") {
			return ui.Value{Text: strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(text, "https://"), "http://"), "/"), Href: text}
		}
	case kernelv1.Kind_KIND_IMAGE:
		if src := e.Image(text); src != "" {
			return ui.Value{Content: ui.Drawing(src)}
		}
	case kernelv1.Kind_KIND_MULTILINE:
		return ui.Value{Text: text, Lines: true}
	case kernelv1.Kind_KIND_TEXT_KEY:
		return ui.Value{Text: e.Text.T(text)}
	case kernelv1.Kind_KIND_DATE:
		if day, err := time.ParseInLocation(time.DateOnly, text, e.Text.Zone()); err == nil {
			return ui.Value{Text: e.Text.Date(day), DateTime: text}
		}
	case kernelv1.Kind_KIND_ROLE, kernelv1.Kind_KIND_STAFF_ROLE, kernelv1.Kind_KIND_ANY_ROLE:
		return ui.Value{Text: e.RoleTitle(text)}
	case kernelv1.Kind_KIND_COUNTRY:
		return ui.Value{Text: country(e.Text.Language(), text)}
	case kernelv1.Kind_KIND_LANGUAGE:
		if name, ok := e.Text.First("kernel.language." + text); ok {
			return ui.Value{Text: name}
		}
	case kernelv1.Kind_KIND_PERCENT:
		return ui.Value{Text: e.Text.Decimal(text) + "\u00a0%"}
	}
	return ui.Value{Text: text}
}

// phone groups an E.164 number for reading where the grouping is plain: +380 44 555 01 42.
func phone(number string) string {
	if strings.HasPrefix(number, "+380") && len(number) == 13 {
		return number[:4] + " " + number[4:6] + " " + number[6:9] + " " + number[9:11] + " " + number[11:]
	}
	return number
}

func (e *Env) stateValue(value protoreflect.EnumValueDescriptor) ui.Value {
	text := e.state(value)
	switch tone(value) {
	case kernelv1.Tone_TONE_GOOD:
		return ui.Value{Badges: []ui.Badge{{Text: text, Tone: ui.ToneGood, Icon: "done", Plain: true}}}
	case kernelv1.Tone_TONE_ATTENTION:
		return ui.Value{Badges: []ui.Badge{{Text: text, Tone: ui.ToneWarn, Icon: "clock"}}}
	case kernelv1.Tone_TONE_BAD:
		return ui.Value{Badges: []ui.Badge{{Text: text, Tone: ui.ToneBad, Icon: "alert"}}}
	case kernelv1.Tone_TONE_INFO:
		return ui.Value{Badges: []ui.Badge{{Text: text, Tone: ui.ToneInfo, Icon: "info"}}}
	}
	return ui.Value{Text: text}
}

func (e *Env) message(f protoreflect.FieldDescriptor, m protoreflect.Message) ui.Value {
	switch v := m.Interface().(type) {
	case *timestamppb.Timestamp:
		if !v.IsValid() || (v.GetSeconds() == 0 && v.GetNanos() == 0) {
			return ui.Value{}
		}
		at := v.AsTime()
		text := e.Text.Relative(at, e.Now)
		if meaning(f).GetKind() == kernelv1.Kind_KIND_EXACT_TIME {
			text = e.Text.DateTime(at)
		}
		return ui.Value{Text: text, DateTime: at.Format(time.RFC3339)}
	case *kernelv1.Money:
		return ui.Value{Money: &ui.Money{
			Amount: v.GetAmount(), Text: e.Text.Money(v.GetCurrencyCode(), v.GetAmount()), Currency: v.GetCurrencyCode(),
		}}
	}
	if r := resource(f.Message()); r != nil {
		if title := f.Message().Fields().ByName(protoreflect.Name(r.GetTitleField())); title != nil {
			return ui.Value{Text: m.Get(title).String()}
		}
	}
	return ui.Value{}
}

func (e *Env) list(f protoreflect.FieldDescriptor, l protoreflect.List) ui.Value {
	out := ui.Value{}
	var texts []string
	for i := range l.Len() {
		var one ui.Value
		if f.Message() != nil {
			one = e.message(f, l.Get(i).Message())
		} else {
			one = e.scalar(f, l.Get(i))
		}
		if meaning(f).GetKind() == kernelv1.Kind_KIND_TAG {
			out.Badges = append(out.Badges, ui.Badge{Text: one.Text})
			continue
		}
		if one.Text != "" {
			texts = append(texts, one.Text)
		}
		out.Badges = append(out.Badges, one.Badges...)
	}
	if len(texts) > 0 {
		out.Text = e.Text.List(texts...)
	}
	return out
}
