package screen

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// Two people may have the same form open. A form therefore carries what each field was when it was opened, and sends
// only what its writer changed. Told that somebody was faster, it puts the two together where they changed different
// fields, and else comes back with both values: what was typed in the field, the other one beside it.

// wasPrefix and a field's name hold what the field was when the form was opened.
const wasPrefix = "was_"

// inputs are the names of a form's inputs: the fields, and each of those that the integrator added.
func (s *Screen) inputs(ctx context.Context, e *Env) ([]string, error) {
	var names []string
	for name, path := range s.fields {
		if !isExtra(path.last()) {
			names = append(names, name)
			continue
		}
		defs, err := s.definitions(ctx, e)
		if err != nil {
			return nil, err
		}
		for _, d := range defs {
			names = append(names, extraName(name, d))
		}
	}
	slices.Sort(names)
	return names, nil
}

// single is an input's values as one text, alike however a browser sends them.
func single(values []string) string {
	return strings.TrimSpace(lineEnds.Replace(strings.Join(values, ", ")))
}

// typedInto is what a form has in a field; sent is false when it does not have the field at all.
func typedInto(form url.Values, name string) (text string, sent bool) {
	if given, ok := form[name]; ok {
		return single(given), true
	}
	return "", form.Has(askedPrefix + name)
}

// untouched tells whether a field is as it was when the form was opened. A form that does not say was written by hand:
// it means what it sends.
func untouched(form url.Values, name string) bool {
	was, known := form[wasPrefix+name]
	text, _ := typedInto(form, name)
	return known && (single(was) == text || text == "" && single(was) == "false")
}

// keepWas are the hidden inputs that remember what fields were. Only what counts its changes can conflict.
func keepWas(m protoreflect.Message, present url.Values, names []string) []ui.Hidden {
	if m == nil || byKind(m.Descriptor(), kernelv1.Kind_KIND_REVISION) == nil {
		return nil
	}
	var out []ui.Hidden
	for _, name := range names {
		out = append(out, ui.Hidden{Name: wasPrefix + name, Value: single(present[name])})
	}
	return out
}

// rebase puts what a writer typed on top of what the thing is now. Where both changed the same field to something else,
// what the other wrote is named in clashes, by input.
func rebase(form, present url.Values, names []string) (merged url.Values, clashes map[string]string) {
	merged, clashes = clone(form), map[string]string{}
	for _, name := range names {
		mine, sent := typedInto(form, name)
		now, was := single(present[name]), single(form[wasPrefix+name])
		switch {
		case !sent:
		case untouched(form, name):
			merged[name] = present[name]
			if len(present[name]) == 0 {
				merged[name] = []string{""}
			}
		case now != was && now != mine:
			clashes[name] = now
		}
		merged.Set(wasPrefix+name, now)
	}
	return merged, clashes
}

// resolve answers a writer who was too late: the form that can be sent again, and what is to be said beside its fields.
// again tells that nothing clashes, so that it can be sent at once.
func (s *Set) resolve(ctx context.Context, e *Env, sc *Screen, form url.Values, refusal error) (merged url.Values, notes map[string]string, again bool, err error) {
	if status.Code(refusal) != codes.Aborted || sc.prefill == nil || !hasPrefix(form, wasPrefix) {
		return form, nil, false, nil
	}
	names, err := sc.inputs(ctx, e)
	if err != nil {
		return nil, nil, false, err
	}
	present := url.Values{}
	var m protoreflect.Message
	if _, err := s.prefill(ctx, e, sc, present, &m); err != nil {
		return nil, nil, false, err
	}
	merged, clashes := rebase(form, present, names)
	sc.keepRows(merged, present)
	if f := byKind(m.Descriptor(), kernelv1.Kind_KIND_REVISION); f != nil {
		merged.Set(string(f.Name()), present.Get(string(f.Name())))
	}
	notes = map[string]string{}
	for name, now := range clashes {
		if who := changedBy(refusal, name); who != "" {
			notes[name] = e.Text.T("kernel.form.clash_by", "who", who, "value", e.inWords(sc, m, name, now))
		} else {
			notes[name] = e.Text.T("kernel.form.clash", "value", e.inWords(sc, m, name, now))
		}
	}
	return merged, notes, len(clashes) == 0, nil
}

func hasPrefix(form url.Values, prefix string) bool {
	for name := range form {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// changedBy is who a refusal says changed a field.
func changedBy(refusal error, input string) string {
	field, _, _ := strings.Cut(input, ".")
	for _, c := range module.ConflictOf(refusal).GetFields() {
		if c.GetField() == input || c.GetField() == field {
			return c.GetActor()
		}
	}
	return ""
}

// inWords is what a field holds now as people read it.
func (e *Env) inWords(sc *Screen, m protoreflect.Message, name, now string) string {
	if sc.fields[name] != nil {
		if path, err := findIn(m.Descriptor(), name); err == nil {
			v := e.value(m, path)
			if r := sc.rows[name]; r != nil {
				v, now = ui.Value{Text: e.rowsInWords(r, m, path)}, ""
			}
			words := []string{}
			for _, b := range v.Badges {
				words = append(words, b.Text)
			}
			if v.Text != "" {
				now = v.Text
			} else if len(words) > 0 {
				now = strings.Join(words, ", ")
			}
		}
	}
	if now == "" {
		return e.Text.T("kernel.form.clash_empty")
	}
	return now
}
