package trail

import (
	"context"
	"strings"
	"time"
	"unicode"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/store"
)

// words says entries to one reader.
type words struct {
	*service
	names
	text *locale.Localizer
	// closed readers are told nothing of what is for staff.
	closed bool
}

func (s *service) words(ctx context.Context, n names) *words {
	asked := ""
	if md, ok := metadata.FromIncomingContext(ctx); ok {
		asked = strings.Join(md.Get("accept-language"), ",")
	}
	language := locale.Match(asked, "", "", s.Languages...)
	return &words{service: s, names: n, text: s.Texts.For(language, nil), closed: access.From(ctx).Kind == access.Contact}
}

// actor is what whoever did it is called.
func (w *words) actor(r row) string {
	switch access.Kind(r.ActorKind) {
	case access.Module:
		module := r.Module
		if len(r.Via) > 0 { // it called another
			module = r.Via[len(r.Via)-1]
		}
		return w.text.T("kernel.audit.module", "module", module)
	case access.Kernel:
		if r.Outcome == "refused" { // somebody did not come in
			return w.text.T("kernel.audit.nobody")
		}
		return w.text.T("kernel.audit.portal")
	case access.Nobody:
		return w.text.T("kernel.audit.nobody")
	}
	if name := w.people[r.ActorID]; name != "" {
		return name
	}
	return w.text.T("kernel.audit.former")
}

// sentence says an entry whole: who, what, which one, which of its fields.
func (w *words) sentence(r row, e *kernelv1.AuditEntry) string {
	actor := e.GetActor()
	if e.GetActedBy() != "" {
		actor = w.text.T("kernel.audit.acting", "actor", actor, "by", e.GetActedBy())
	}
	key, plain := deed(r.Method)
	refused := r.Outcome == "refused"
	var said string
	switch {
	case refused && w.text.Has(key+"_refused"):
		said, refused = w.text.T(key+"_refused", "actor", actor), false
	case w.text.Has(key):
		said = w.text.T(key, "actor", actor)
	default:
		said = w.text.T("kernel.audit.did", "actor", actor, "deed", plain)
	}
	if e.GetResource() != "" && e.GetResource() != e.GetActor() {
		said = w.text.T("kernel.audit.about", "said", said, "thing", e.GetResource())
	}
	if len(e.GetFields()) > 0 {
		said = w.text.T("kernel.audit.fields", "said", said, "fields", w.text.List(e.GetFields()...))
	}
	if refused {
		said = w.text.T("kernel.audit.refused", "said", said)
	}
	return said
}

// deed is the key of what a method does, "MODULE.audit.METHOD", and its words where no key is: "Create booking". A
// handler of events has the key "MODULE.audit.NAME".
func deed(method string) (key, plain string) {
	service, name, isMethod := strings.Cut(strings.TrimPrefix(method, "/"), "/")
	if !isMethod {
		module, rest, _ := strings.Cut(method, ".")
		return module + ".audit." + rest, strings.ReplaceAll(rest, "-", " ")
	}
	var out strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			out.WriteByte(' ')
			r = unicode.ToLower(r)
		}
		out.WriteRune(r)
	}
	return locale.ModuleOf(protoreflect.FullName(service)) + ".audit." + name, out.String()
}

func (w *words) reason(reason string) string {
	if reason == "" {
		return ""
	}
	if text, ok := w.text.First("kernel.audit.reason." + reason); ok {
		return text
	}
	return strings.ReplaceAll(reason, "_", " ")
}

// fields are the labels of the fields that changed, without those that are not for the reader.
func (w *words) fields(r row) []string {
	d := w.message(r.ResourceType)
	var out []string
	for _, name := range r.Fields {
		f := field(d, name)
		if w.closed && (f == nil || access.MeaningOf(f).GetStaffOnly()) {
			continue
		}
		out = append(out, w.label(d, name))
	}
	return out
}

func field(d protoreflect.MessageDescriptor, name string) protoreflect.FieldDescriptor {
	if d == nil {
		return nil
	}
	return d.Fields().ByName(protoreflect.Name(name))
}

// label is what a field is called: as pages label it, but as a part of a sentence.
func (w *words) label(d protoreflect.MessageDescriptor, name string) string {
	if d != nil {
		if text, ok := w.text.First(locale.FieldKeys(d, name)...); ok {
			return text
		}
	}
	if text, ok := w.text.First("kernel.audit.field." + name); ok {
		return text
	}
	return strings.ReplaceAll(name, "_", " ")
}

// changes says what fields held.
func (w *words) changes(ctx context.Context, kind string, changes []store.FieldChange) []*kernelv1.AuditChange {
	d := w.message(kind)
	var out []*kernelv1.AuditChange
	for _, c := range changes {
		f := field(d, c.Field)
		if w.closed && (c.Staff || f == nil || access.MeaningOf(f).GetStaffOnly()) {
			continue
		}
		before, after := w.value(ctx, f, c.Before), w.value(ctx, f, c.After)
		if kind, masked := w.masked(ctx, f); masked {
			before, after = access.Mask(kind, before), access.Mask(kind, after)
		}
		out = append(out, &kernelv1.AuditChange{Field: w.label(d, c.Field), Before: before, After: after})
	}
	return out
}

// masked tells whether the reader sees a field in part, here as on any page.
func (w *words) masked(ctx context.Context, f protoreflect.FieldDescriptor) (kernelv1.Kind, bool) {
	if f == nil {
		return 0, false
	}
	m := access.MeaningOf(f)
	return m.GetKind(), m.GetMaskedWithout() != "" && w.Policy.Masks(access.From(ctx), m.GetMaskedWithout(), access.DecisionFrom(ctx).Reach)
}

// value says what a field held, as pages show it.
func (w *words) value(ctx context.Context, f protoreflect.FieldDescriptor, value string) string {
	if value == "" || f == nil {
		return value
	}
	switch m := access.MeaningOf(f); {
	case f.Kind() == protoreflect.BoolKind:
		if value == "true" {
			return w.text.T("kernel.yes")
		}
		return w.text.T("kernel.no")
	case f.Enum() != nil:
		if text, ok := w.text.First(locale.EnumKey(f.Enum(), value)); ok {
			return text
		}
	case m.GetKind() == kernelv1.Kind_KIND_ROLE, m.GetKind() == kernelv1.Kind_KIND_STAFF_ROLE, m.GetKind() == kernelv1.Kind_KIND_ANY_ROLE:
		parts := strings.Split(value, ", ")
		for i, id := range parts {
			parts[i] = w.Policy.Title(id, w.text.Language(), w.text.T)
		}
		return strings.Join(parts, ", ")
	case m.GetRefersTo() != "":
		if title := w.title(ctx, thing{m.GetRefersTo(), value}); title != "" {
			return title
		}
	case f.Message() != nil && f.Message().FullName() == "google.protobuf.Timestamp":
		if at, err := time.Parse(time.RFC3339, value); err == nil {
			return w.text.DateTime(at)
		}
	case f.Message() != nil && f.Message().FullName() == "cabinet.kernel.v1.Money":
		if amount, currency, ok := strings.Cut(value, " "); ok && !f.IsList() {
			return w.text.MoneyText(currency, amount)
		}
	}
	return value
}
