package audit

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// longest is how much of a value is kept, in bytes.
const longest = 2000

// diff names the fields in which two states of a thing differ, with what they held. The two are of one message.
func diff(before, after protoreflect.Message) []store.FieldChange {
	var changes []store.FieldChange
	fields := before.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !told(f) {
			continue
		}
		b, a := value(f, before.Get(f)), value(f, after.Get(f))
		if b == a {
			continue
		}
		changes = append(changes, store.FieldChange{
			Field: string(f.Name()), Before: short(b), After: short(a), Staff: access.MeaningOf(f).GetStaffOnly(),
		})
	}
	return changes
}

// told tells whether a change of a field says something to somebody: not what is secret or hidden, what the entry says of the
// thing anyway, and what only says
// that there was a change.
func told(f protoreflect.FieldDescriptor) bool {
	m := access.MeaningOf(f)
	switch {
	case m.GetSecret(), m.GetHidden(), f.Kind() == protoreflect.BytesKind, f.IsMap():
		return false
	case m.GetKind() == kernelv1.Kind_KIND_ID, m.GetKind() == kernelv1.Kind_KIND_REVISION, m.GetClientId():
		return false
	}
	return f.Name() != "update_time" && f.Name() != "last_seen_time" && f.Name() != "create_time"
}

// value writes a field's value as text: equal texts are equal values. Secrets within it are left out.
func value(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	if !f.IsList() {
		return one(f, v)
	}
	parts := make([]string, v.List().Len())
	for i := range parts {
		parts[i] = one(f, v.List().Get(i))
	}
	return strings.Join(parts, ", ")
}

func one(f protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case f.Enum() != nil:
		if v.Enum() == 0 {
			return ""
		}
		if d := f.Enum().Values().ByNumber(v.Enum()); d != nil {
			return string(d.Name())
		}
		return strconv.Itoa(int(v.Enum()))
	case f.Message() == nil:
		if f.Kind() != protoreflect.BoolKind && f.Kind() != protoreflect.StringKind && v.Equal(f.Default()) {
			return ""
		}
		return v.String()
	case !v.Message().IsValid():
		return ""
	}
	switch m := v.Message().Interface().(type) {
	case *timestamppb.Timestamp:
		return m.AsTime().Format(time.RFC3339)
	case *kernelv1.Money:
		return m.GetAmount() + " " + m.GetCurrencyCode()
	}
	var parts []string
	fields := v.Message().Descriptor().Fields()
	for i := range fields.Len() {
		inner := fields.Get(i)
		if !told(inner) || !v.Message().Has(inner) {
			continue
		}
		if text := value(inner, v.Message().Get(inner)); text != "" {
			parts = append(parts, string(inner.Name())+": "+text)
		}
	}
	return strings.Join(parts, "; ")
}

// short cuts a long text between letters.
func short(text string) string {
	if len(text) <= longest {
		return text
	}
	cut := longest
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
