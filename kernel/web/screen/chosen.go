package screen

import (
	"context"
	"net/url"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// Rows that were chosen in a list go to a form as a hidden field that takes many ids. All that match the list's filters
// are chosen by the filters themselves, which the form asks the list for: no address carries a thousand ids.

// Query parameters of a form that is for all that match: the list's name, and its query.
const (
	allField   = "all"
	fromField  = "from"
	matchField = "match"
)

// namedAtMost is how many of the chosen a form names.
const namedAtMost = 5

// manyForm checks the form that an action on many rows leads to.
func (c *compiler) manyForm(at string, a module.Action, about protoreflect.MessageDescriptor) {
	form := c.set.byPath(a.Path)
	if form == nil || form.Kind != module.Form {
		c.fail(at, "is for many rows and leads to %s, which is no form", a.Path)
		return
	}
	method := c.call(at, form.Method, nil)
	if method == nil {
		return
	}
	for to, from := range a.Bind {
		path := c.find(at, method.input, to)
		c.find(at, about, from)
		switch {
		case path == nil:
		case !path.last().IsList() || !meaning(path.last()).GetHidden() || constraints(path.last()).GetRepeated().GetMaxItems() == 0:
			c.fail(at, "is for many rows: the field %s of its form has to be repeated, hidden and limited", to)
		case !form.asks(to):
			c.fail(at, "is for many rows: put %s among the fields of %s", to, form.name())
		}
	}
}

// asks tells whether a field is among a form's own.
func (s *Screen) asks(name string) bool {
	return slices.ContainsFunc(s.Sections, func(section module.Section) bool { return slices.Contains(section.Fields, name) })
}

// isChosen tells whether a form's field holds what was chosen in a list.
func isChosen(path fieldPath) bool {
	f := path.last()
	return f.IsList() && meaning(f).GetHidden() && meaning(f).GetRefersTo() != ""
}

// matchingButton offers all that match a list's filters, where they are more than the page; what it needs is put into
// hidden.
func (s *Set) matchingButton(e *Env, sc *Screen, response protoreflect.Message, query url.Values, hidden *[]ui.Hidden) *ui.Button {
	fields := response.Descriptor().Fields()
	next := fields.ByName("next_page_token")
	if len(query[tokens]) == 0 && (next == nil || response.Get(next).String() == "") {
		return nil
	}
	match := clone(query)
	for _, own := range []string{tokens, ofField, sc.Order, "descending"} {
		match.Del(own)
	}
	*hidden = append(*hidden, ui.Hidden{Name: fromField, Value: sc.name()}, ui.Hidden{Name: matchField, Value: match.Encode()})
	label := e.Text.T("kernel.list.all_matching")
	size, more := fields.ByName("total_size"), fields.ByName("total_is_more")
	if size != nil && (more == nil || !response.Get(more).Bool()) {
		label = e.Text.Plural("kernel.list.n_matching", response.Get(size).Int())
	}
	return &ui.Button{Label: label, Name: allField, Value: "1", Small: true}
}

// matching are the ids of all that match the filters of the list that led to a form, as its reader sees them; cut when
// there are more than the form's field takes.
func (s *Set) matching(ctx context.Context, e *Env, form *Screen, name string) (ids []string, cut bool, err error) {
	list, ok := s.screens[e.Query.Get(fromField)]
	if !ok || list.Kind != module.List || !list.Visible(e) {
		return nil, false, nil
	}
	i := slices.IndexFunc(list.actions, func(a action) bool { return a.Many && a.call == nil && s.byPath(a.Path) == form })
	query, bad := url.ParseQuery(e.Query.Get(matchField))
	if i < 0 || bad != nil {
		return nil, false, nil //nolint:nilerr // what is no query asks for nothing
	}
	most := int(constraints(form.fields[name].last()).GetRepeated().GetMaxItems()) //nolint:gosec // of a contract, checked when compiled
	request, _, err := list.asked(ctx, e, query)
	if err != nil {
		return nil, false, err
	}
	setKnown(request, "page_size", protoreflect.ValueOfInt32(200))
	for {
		response, err := list.call.do(ctx, e, request)
		if err != nil {
			return nil, false, err
		}
		rows := response.Get(items(response.Descriptor())).List()
		for row := range rows.Len() {
			if len(ids) == most {
				return ids, true, nil
			}
			ids = append(ids, bound(rows.Get(row).Message(), list.actions[i].Bind[name]))
		}
		next := response.Descriptor().Fields().ByName("next_page_token")
		if next == nil || response.Get(next).String() == "" || rows.Len() == 0 {
			return ids, false, nil
		}
		setKnown(request, "page_token", response.Get(next))
	}
}

// cutNotice says that more match than can be taken at once.
func cutNotice(e *Env, cut bool) []ui.Notice {
	if !cut {
		return nil
	}
	return []ui.Notice{{Tone: ui.ToneWarn, Title: e.Text.T("kernel.form.chosen_cut"), Text: e.Text.T("kernel.form.chosen_cut_hint")}}
}

// chosenField says how many were chosen, and names some.
func (s *Set) chosenField(ctx context.Context, e *Env, name string, path fieldPath, ids []string) ui.Field {
	var names []string
	for _, id := range ids[:min(len(ids), namedAtMost)] {
		if title, ok := s.title(ctx, e, meaning(path.last()).GetRefersTo(), id); ok {
			names = append(names, title)
		}
	}
	out := ui.Field{Kind: ui.FieldReadOnly, Name: name, Label: e.Text.Plural("kernel.form.chosen", int64(len(ids))), Value: e.Text.List(names...)}
	if rest := len(ids) - len(names); rest > 0 && len(names) > 0 {
		out.Value = e.Text.Plural("kernel.form.chosen_more", int64(rest), "names", out.Value)
	}
	return out
}

// noneChosen leads back to where rows can be chosen.
func (s *Set) noneChosen(e *Env, sc *Screen) *Page {
	title := e.Text.T(sc.Title)
	empty := ui.Empty{Icon: "check", Title: e.Text.T("kernel.form.none_chosen"), Text: e.Text.T("kernel.form.none_chosen_hint")}
	if parent := s.screens[sc.Parent]; parent != nil {
		if to, ok := expand(parent.Path, e.from(nil)); ok {
			empty.Actions = []ui.Button{{Label: e.Text.T(parent.Title), Href: e.href(to)}}
		}
	}
	return &Page{Title: title, Width: "slim", Body: ui.Join(ui.PageHead(s.head(e, sc, title, nil)), ui.Nothing(empty))}
}

// previewField is the name of a form's second button.
const previewField = "preview"

// showPreview asks what a form's second button is for, and shows the form again with the answer.
func (s *Set) showPreview(ctx context.Context, e *Env, sc *Screen, form url.Values, back func(error) (*Page, error)) (*Page, error) {
	request, err := sc.preview.request()
	if err != nil {
		return nil, err
	}
	for name, path := range sc.fields {
		into, err := findIn(sc.preview.input, name)
		if err != nil {
			continue
		}
		if isExtra(path.last()) {
			defs, err := sc.definitions(ctx, e)
			if err != nil {
				return nil, err
			}
			fillExtra(request, name, into, form, defs, filtering)
			continue
		}
		if r := sc.rows[name]; r != nil {
			err = r.fill(request, into, name, form)
		} else {
			err = fill(request, into, form[name])
		}
		if err != nil {
			return back(badRequest(err))
		}
	}
	// Which thing it is that the form changes.
	for _, name := range sc.hidden() {
		if into, err := findIn(sc.preview.input, name); err == nil && form.Get(name) != "" && sc.fields[name] == nil {
			if err := fill(request, into, form[name]); err != nil {
				return back(badRequest(err))
			}
		}
	}
	response, err := sc.preview.do(ctx, e, request)
	switch {
	case returnsToForm(err):
		return back(err)
	case err != nil:
		return nil, err
	}
	var present protoreflect.Message
	editable, err := s.prefill(ctx, e, sc, url.Values{}, &present)
	if err != nil {
		return nil, err
	}
	said := ui.Notice{Tone: ui.ToneInfo, Title: e.Text.T(sc.Preview.Said, append(figures(response), words(response)...)...)}
	return s.formPage(ctx, e, sc, form, editable, present, nil, nil, said)
}

// figures are the numbers of a response as placeholders of a text.
func figures(m protoreflect.Message) []any {
	var out []any
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if !f.IsList() && (f.Kind() == protoreflect.Int32Kind || f.Kind() == protoreflect.Int64Kind) {
			out = append(out, string(f.Name()), m.Get(f).Int())
		}
	}
	return out
}

// words are the texts of a response as placeholders, but for secrets.
func words(m protoreflect.Message) []any {
	var out []any
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		if f := fields.Get(i); !f.IsList() && f.Kind() == protoreflect.StringKind && !meaning(f).GetSecret() {
			out = append(out, string(f.Name()), m.Get(f).String())
		}
	}
	return out
}

// namesOf are the titles of the things that a field refers to, as far as its reader may know them.
func (s *Set) namesOf(ctx context.Context, e *Env, m protoreflect.Message, path fieldPath) []string {
	v, ok := path.get(m)
	if !ok {
		return nil
	}
	var names []string
	for i := range v.List().Len() {
		if title, ok := s.title(ctx, e, meaning(path.last()).GetRefersTo(), v.List().Get(i).String()); ok {
			names = append(names, title)
		}
	}
	return names
}
