package screen

import (
	"cmp"
	"context"
	"maps"
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

// requestIDField is the field by which a create that is sent twice is done once.
const requestIDField = "request_id"

// askedPrefix and a field's name say that a form asked for the field: a box that is not checked sends nothing itself.
const askedPrefix = "asked_"

// form shows a form: empty, or with the present values where the screen names the method that gives them. What stands
// in the address prefills it.
func (s *Set) form(ctx context.Context, e *Env, sc *Screen) (*Page, error) {
	values := url.Values{}
	var present protoreflect.Message
	editable, err := s.prefill(ctx, e, sc, values, &present)
	if err != nil {
		return nil, err
	}
	if sc.call.input.Fields().ByName(requestIDField) != nil {
		values.Set(requestIDField, e.NewID())
	}
	names, err := sc.inputs(ctx, e)
	if err != nil {
		return nil, err
	}
	for _, h := range keepWas(present, values, names) {
		values.Set(h.Name, h.Value)
	}
	for name := range sc.fields {
		if r := sc.rows[name]; r != nil {
			if rows, _ := r.read(name, e.Query); rows != nil {
				r.write(name, values, rows)
			}
		} else if given, ok := e.Query[name]; ok {
			values[name] = given
		}
	}
	many := false
	for name, path := range sc.fields {
		if !isChosen(path) {
			continue
		}
		if e.Query.Get(allField) != "" {
			if values[name], many, err = s.matching(ctx, e, sc, name); err != nil {
				return nil, err
			}
		}
		if len(values[name]) == 0 {
			return s.noneChosen(e, sc), nil
		}
	}
	page, err := s.formPage(ctx, e, sc, values, editable, present, nil, nil, cutNotice(e, many)...)
	if err == nil && present != nil {
		var live watching
		live.add(sc.prefill, "")
		page.Live, page.Form = live, true
	}
	return page, err
}

// prefill reads the present values into values. editable is nil when every field can be changed.
func (s *Set) prefill(ctx context.Context, e *Env, sc *Screen, values url.Values, present *protoreflect.Message) (editable []string, err error) {
	if sc.prefill == nil {
		return nil, nil
	}
	request := newMessage(sc.prefill.input)
	for _, name := range vars(sc.Path) {
		if path, err := findIn(request.Descriptor(), name); err == nil {
			if err := fill(request, path, []string{e.Vars[name]}); err != nil {
				return nil, badRequest(err)
			}
		}
	}
	response, err := sc.prefill.do(ctx, e, request)
	if err != nil {
		return nil, err
	}
	m := about(response)
	*present = m
	for name := range sc.fields {
		path, err := findIn(m.Descriptor(), name)
		if err != nil {
			continue
		}
		if r := sc.rows[name]; r != nil {
			r.write(name, values, r.typed(m, path))
			continue
		}
		if values[name] = typed(m, path); !isExtra(path.last()) {
			continue
		}
		defs, err := sc.definitions(ctx, e)
		if err != nil {
			return nil, err
		}
		for _, d := range defs {
			values.Set(extraName(name, d), extraOf(m, path, d))
		}
	}
	for _, kind := range []kernelv1.Kind{kernelv1.Kind_KIND_ID, kernelv1.Kind_KIND_REVISION} {
		if f := byKind(m.Descriptor(), kind); f != nil {
			values.Set(string(f.Name()), m.Get(f).String())
		}
	}
	if sc.EditableFrom == "" {
		return nil, nil
	}
	path, err := find(response.Descriptor(), sc.EditableFrom)
	if err != nil {
		return nil, err
	}
	editable = []string{}
	if v, ok := path.get(response); ok {
		for i := range v.List().Len() {
			editable = append(editable, v.List().Get(i).String())
		}
	}
	return editable, nil
}

// typed writes a field's value as its reader would type it.
func typed(m protoreflect.Message, path fieldPath) []string {
	v, ok := path.get(m)
	f := path.last()
	if !ok {
		return nil
	}
	switch {
	case isMoney(f):
		return moneyTyped(m, path)
	case isExtra(f):
		return nil // each is asked for by itself
	}
	if f.HasOptionalKeyword() && len(path) == 1 && !m.Has(f) {
		return nil // nothing is said, which is not nought
	}
	if !f.IsList() {
		return []string{plain(f, v)}
	}
	var out []string
	for i := range v.List().Len() {
		item := v.List().Get(i)
		if f.Enum() != nil {
			out = append(out, string(f.Enum().Values().ByNumber(item.Enum()).Name()))
			continue
		}
		out = append(out, item.String())
	}
	return out
}

// formPage draws the form with values and, after a refusal, with what was wrong; notes are said beside inputs.
func (s *Set) formPage(ctx context.Context, e *Env, sc *Screen, values url.Values, editable []string, present protoreflect.Message, refusal error, notes map[string]string, notices ...ui.Notice) (*Page, error) {
	title := e.Text.T(sc.Title)
	form := ui.Form{
		ID: "form", Action: e.href(e.Path), CSRF: e.CSRF, Guard: true, Multipart: sc.sendsFile(), Notices: notices,
		Submit: ui.Button{Label: e.Text.T(sc.Submit), Kind: ui.ButtonPrimary, Busy: e.Text.T("kernel.form.busy")},
	}
	if parent := s.screens[sc.Parent]; parent != nil {
		if to, ok := expand(parent.Path, e.from(present)); ok {
			form.Others = []ui.Button{{Label: e.Text.T("kernel.cancel"), Href: e.href(to), Kind: ui.ButtonQuiet}}
		}
	}
	if sc.preview != nil && e.may(sc.preview) {
		form.Others = append([]ui.Button{{Label: e.Text.T(sc.Preview.Label), Name: previewField, Value: "1", SkipChecks: true}}, form.Others...)
	}
	if sc.Redraw != "" {
		form.Others = append([]ui.Button{{Label: e.Text.T(sc.Redraw), Name: redrawField, Value: "1", SkipChecks: true}}, form.Others...)
	}
	for _, hidden := range sc.hidden() {
		if v := values.Get(hidden); v != "" && sc.fields[hidden] == nil {
			form.Hidden = append(form.Hidden, ui.Hidden{Name: hidden, Value: v})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if strings.HasPrefix(name, wasPrefix) {
			form.Hidden = append(form.Hidden, ui.Hidden{Name: name, Value: values.Get(name)})
		}
	}
	wrong := map[string]string{}
	if refusal != nil {
		wrong = e.violations(sc.call.input, refusal)
	}
	shown := map[string]bool{}
	var extraErrors []ui.ErrorItem
	draw := &drawing{sc: sc, values: values, editable: editable, present: present, wrong: wrong, shown: shown, notes: notes}
	for i, section := range sc.Sections {
		if present != nil && !holds(section.When, present) {
			continue
		}
		box := ui.FormSection{ID: "f" + string(rune('a'+i))}
		if section.Title != "" {
			box.Title = e.Text.T(section.Title)
		}
		for _, name := range section.Fields {
			path := sc.fields[name]
			if meaning(path.last()).GetStaffOnly() && !e.sees(module.ForStaff) {
				continue
			}
			if meaning(path.last()).GetHidden() {
				for _, v := range values[name] {
					form.Hidden = append(form.Hidden, ui.Hidden{Name: name, Value: v})
				}
				if isChosen(path) {
					box.Fields = append(box.Fields, s.chosenField(ctx, e, name, path, values[name]))
				}
				continue
			}
			if sc.rows[name] != nil {
				field, err := s.rowsField(ctx, e, draw, section, name)
				if err != nil {
					return nil, err
				}
				if box.Fields = append(box.Fields, field); field.Kind == ui.FieldRows {
					form.Hidden = append(form.Hidden, ui.Hidden{Name: askedPrefix + name, Value: "1"})
				}
				continue
			}
			if isExtra(path.last()) {
				defs, err := sc.definitions(ctx, e)
				if err != nil {
					return nil, err
				}
				for _, d := range defs {
					field := e.extraInput(name, d, values.Get(extraName(name, d)))
					at := path.String() + "." + d.GetId()
					if field.Error = cmp.Or(wrong[at], notes[field.Name]); field.Error != "" {
						shown[at] = true
						extraErrors = append(extraErrors, ui.ErrorItem{Text: field.Label + ": " + field.Error, Field: field.FieldID()})
					}
					box.Fields = append(box.Fields, field)
				}
				continue
			}
			field, err := s.field(ctx, e, name, path, values[name], sc.choices[name] != nil)
			if err != nil {
				return nil, err
			}
			e.named(&field, section, name, present)
			if offered := sc.choices[name]; offered != nil {
				if err := s.offer(ctx, e, sc, offered, &field, values, present); err != nil {
					return nil, err
				}
			}
			if editable != nil && !slices.Contains(editable, name) {
				field.Kind, field.Required = ui.FieldReadOnly, false
			}
			if sc.prefill != nil && e.locks(path.last(), sc.call) {
				field.Kind, field.Required, field.Hint = ui.FieldReadOnly, false, e.Text.T("kernel.masked.hint")
			}
			if text, ok := wrong[path.String()]; ok {
				field.Error = text
				shown[path.String()] = true
			} else if notes[name] != "" {
				field.Error = notes[name]
				extraErrors = append(extraErrors, ui.ErrorItem{Text: field.Label + ": " + field.Error, Field: field.FieldID()})
			}
			box.Fields = append(box.Fields, field)
			if field.Kind == ui.FieldCheckbox || field.Kind == ui.FieldTags {
				form.Hidden = append(form.Hidden, ui.Hidden{Name: askedPrefix + name, Value: "1"})
			}
		}
		box.Fields = sc.askBy(box.Fields)
		form.Sections = append(form.Sections, box)
	}
	if refusal != nil {
		form.Errors = e.summary(sc, wrong, shown, refusal)
		if len(notes) > 0 {
			form.Errors.Title, form.Errors.Items = e.Text.T("kernel.form.clashes"), nil
		}
		form.Errors.Items = append(append(form.Errors.Items, extraErrors...), draw.problems...)
	}
	if sc.Audience == module.ForAnybody {
		return s.boxed(ctx, e, sc, title, form, present, refusal != nil), nil
	}
	head := s.head(e, sc, title, present)
	if lead := s.leadOf(ctx, e, sc, present); lead != "" {
		head.Lead = lead
	}
	if tabs := sc.choice(e, title); tabs != nil {
		return &Page{Title: title, Width: "slim", Body: ui.Join(ui.PageHead(head), tabs, ui.FormBox(form)), Invalid: refusal != nil}, nil
	}
	return &Page{Title: title, Width: "slim", Body: ui.Join(ui.PageHead(head), ui.FormBox(form)), Invalid: refusal != nil}, nil
}

// hidden are the fields that a form carries along unseen.
func (s *Screen) hidden() []string {
	names := []string{requestIDField}
	about := s.call.input
	if f := subject(about); f != nil {
		about = f.Message()
	}
	for _, kind := range []kernelv1.Kind{kernelv1.Kind_KIND_ID, kernelv1.Kind_KIND_REVISION} {
		if f := byKind(about, kind); f != nil {
			names = append(names, string(f.Name()))
		}
	}
	return names
}

func (e *Env) summary(sc *Screen, wrong map[string]string, shown map[string]bool, refusal error) *ui.ErrorSummary {
	out := &ui.ErrorSummary{Title: e.Text.T("kernel.form.invalid")}
	said := map[string]bool{}
	for _, section := range sc.Sections {
		for _, name := range section.Fields {
			path := sc.fields[name]
			if text, ok := wrong[path.String()]; ok && shown[path.String()] && !said[name] {
				said[name] = true
				out.Items = append(out.Items, ui.ErrorItem{Text: e.label(path.last(), section.Labels[name]) + ": " + text, Field: ui.Field{Name: name}.FieldID()})
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(wrong)) {
		if !shown[path] {
			out.Items = append(out.Items, ui.ErrorItem{Text: wrong[path]})
		}
	}
	if len(wrong) == 0 {
		text := status.Convert(refusal).Message()
		if status.Code(refusal) == codes.Aborted {
			text = e.Text.T("kernel.form.changed_meanwhile")
		}
		out.Items = append(out.Items, ui.ErrorItem{Text: text})
	}
	return out
}
