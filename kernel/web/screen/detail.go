package screen

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// relatedSize is how many rows of a related list a detail shows.
const relatedSize = 20

// detail shows one thing: its facts in sections, and the lists that belong to it.
func (s *Set) detail(ctx context.Context, e *Env, sc *Screen) (*Page, error) {
	request, err := sc.call.request()
	if err != nil {
		return nil, err
	}
	if err := sc.fillVars(e, request); err != nil {
		return nil, badRequest(err)
	}
	response, err := sc.call.do(ctx, e, request)
	if err != nil {
		return nil, err
	}
	m := about(response)
	title := e.Text.T(sc.Title)
	if sc.heading != nil {
		if v, ok := sc.heading.get(m); ok && v.String() != "" {
			title = v.String()
		}
	}
	head := s.head(e, sc, title, m)
	if sc.heading != nil {
		head.Avatar = &ui.Avatar{Name: title, Org: true, Size: "l"}
	}
	if sc.state != nil {
		head.Badges = e.value(m, sc.state).Badges
	}
	var main, aside []templ.Component
	for i, section := range sc.Sections {
		facts := s.facts(ctx, e, sc, m, section.Fields)
		if len(facts) == 0 {
			continue
		}
		kind := ui.FactsKind("")
		if section.Aside {
			kind = ui.FactsRows
		}
		box := ui.SectionBox{ID: "s" + strconv.Itoa(i), Title: e.textOr(section.Title, sc.Title), HideTitle: section.Title == "", Content: ui.Facts(kind, facts)}
		if section.Aside {
			aside = append(aside, ui.Section(box))
		} else {
			main = append(main, ui.Section(box))
		}
	}
	lists, err := s.relatedLists(ctx, e, sc, m)
	if err != nil {
		return nil, err
	}
	main = append(main, lists...)
	body := ui.Join(main...)
	if len(aside) > 0 {
		body = ui.Columns("", ui.Join(main...), ui.Join(aside...))
	}
	return &Page{Title: title, Body: ui.Join(ui.PageHead(head), body), Live: s.watched(e, sc, m)}, nil
}

func (e *Env) textOr(key, otherwise string) string {
	if key == "" {
		key = otherwise
	}
	return e.Text.T(key)
}

// facts lays fields out. A field for staff alone is left out for a contact, for whom it is always empty.
func (s *Set) facts(ctx context.Context, e *Env, sc *Screen, m protoreflect.Message, names []string) []ui.Fact {
	var facts []ui.Fact
	for _, name := range names {
		path := sc.fields[name]
		f := path.last()
		if meaning(f).GetHidden() || (meaning(f).GetStaffOnly() && !e.sees(module.ForStaff)) {
			continue
		}
		v := e.value(m, path)
		if to := meaning(f).GetRefersTo(); to != "" && v.Text != "" {
			v = s.reference(ctx, e, to, v.Text)
		}
		facts = append(facts, ui.Fact{Label: e.label(f, ""), Value: v})
	}
	return facts
}

// reference shows what an id refers to by its title, leading to its page. A reader who may not see the thing sees a
// dash: an id is nothing to read.
func (s *Set) reference(ctx context.Context, e *Env, message, id string) ui.Value {
	title, ok := s.title(ctx, e, message, id)
	if !ok {
		return ui.Value{}
	}
	v := ui.Value{Text: title}
	if detail := s.detailOf(message); detail != nil && detail.Visible(e) {
		if to, ok := expand(detail.Path, func(string) string { return id }); ok {
			v.Href = e.href(to)
		}
	}
	return v
}

// relatedLists shows the lists that belong to a thing. One that its reader may not call is left out; one that cannot
// be had just now says so, and the rest of the page stands.
func (s *Set) relatedLists(ctx context.Context, e *Env, sc *Screen, m protoreflect.Message) ([]templ.Component, error) {
	var parts []templ.Component
	for i, r := range sc.related {
		if !r.screen.Visible(e) {
			continue
		}
		bind := map[string]string{}
		for to, from := range r.bind {
			path, err := findIn(m.Descriptor(), from)
			if err != nil {
				return nil, err
			}
			if v, ok := path.get(m); ok {
				bind[to] = plain(path.last(), v)
			}
		}
		id := "r" + strconv.Itoa(i)
		box := ui.SectionBox{ID: id, Title: e.Text.T(r.screen.Title)}
		inner := *e
		inner.Vars = merge(e.Vars, bind)
		for _, a := range r.screen.actions {
			if a.Row || a.call != nil || !s.offered(&inner, a, nil) {
				continue
			}
			if to, ok := expand(a.Path, inner.from(nil)); ok {
				box.Actions = append(box.Actions, ui.Button{Label: e.Text.T(a.Label), Icon: a.Icon, Href: e.href(to), Small: true})
			}
		}
		table, _, err := s.table(ctx, &inner, r.screen, e.Query, id, bind, relatedSize)
		switch {
		case down(err):
			box.Content = e.partDown()
		case err != nil:
			return nil, err
		default:
			table.Wide = false
			box.Content = ui.List(*table)
		}
		parts = append(parts, ui.Section(box))
	}
	return parts, nil
}

func merge(a, b map[string]string) map[string]string {
	out := make(map[string]string, len(a)+len(b))
	for k, v := range a {
		out[k] = v
	}
	for k, v := range b {
		out[k] = v
	}
	return out
}

// title asks for a thing's title, as the reader.
func (s *Set) title(ctx context.Context, e *Env, message, id string) (string, bool) {
	thing := s.message(message)
	if thing == nil {
		return "", false
	}
	r := resource(thing)
	if r.GetGetMethod() == "" {
		return "", false
	}
	c := compiler{methods: s.methods, set: s}
	getter := c.call("reference to "+message, r.GetGetMethod(), nil)
	if getter == nil || !e.may(getter) {
		return "", false
	}
	request := newMessage(getter.input)
	setKnown(request, idName(thing), protoreflect.ValueOfString(id))
	response, err := getter.do(ctx, e, request)
	if err != nil {
		return "", false
	}
	m := about(response)
	title := m.Descriptor().Fields().ByName(protoreflect.Name(r.GetTitleField()))
	if title == nil || byKind(m.Descriptor(), kernelv1.Kind_KIND_ID) == nil {
		return "", false
	}
	return m.Get(title).String(), true
}
