package screen

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

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
	title := sc.nameOf(e, m)
	if to, moved := sc.movedAway(e, m); moved {
		return &Page{Redirect: to, Notice: e.Text.T("kernel.detail.moved", "name", title)}, nil
	}
	head := s.head(e, sc, title, m)
	if sc.heading != nil {
		head.Avatar = e.avatar(m, title, "l", !isPerson(sc.PersonWhen, m))
	}
	if sc.state != nil {
		head.Badges = e.value(m, sc.state).Badges
	}
	for _, path := range sc.marks {
		if !closed(e, path) {
			head.Badges = append(head.Badges, s.badges(ctx, e, m, path)...)
		}
	}
	if lead := s.line(ctx, e, m, sc.lead); lead != "" {
		head.Lead = lead
	}
	tabs, current := s.tabs(e, sc, m, title)
	if current != nil {
		lists, err := s.relatedLists(ctx, e, sc, m, func(r *related) bool { return r == current }, pageSize)
		if err != nil {
			return nil, err
		}
		return &Page{Title: title, Body: ui.Join(append([]templ.Component{ui.PageHead(head), tabs}, lists...)...)}, nil
	}
	tiles, err := s.drawn(ctx, e, sc.tiles, m)
	if err != nil {
		return nil, err
	}
	main, err := s.relatedLists(ctx, e, sc, m, func(r *related) bool { return r.hint }, relatedSize)
	if err != nil {
		return nil, err
	}
	var aside []templ.Component
	for i, t := range sc.tiles {
		switch {
		case tiles[i] == nil:
		case t.Aside:
			aside = append(aside, tiles[i])
		default:
			main = append(main, tiles[i])
		}
	}
	for i, section := range sc.Sections {
		if !holds(section.When, m) {
			continue
		}
		box := ui.SectionBox{ID: "s" + strconv.Itoa(i), Title: e.textOr(section.Title, sc.Title), HideTitle: section.Title == ""}
		if box.Content = s.sectionOf(ctx, e, sc, m, section, box.ID); box.Content == nil {
			continue
		}
		if section.Aside {
			aside = append(aside, ui.Section(box))
		} else {
			main = append(main, ui.Section(box))
		}
	}
	if sisters := e.sisters(sc); sisters != nil {
		aside = append(aside, sisters)
	}
	lists, err := s.relatedLists(ctx, e, sc, m, func(r *related) bool { return !r.tab && !r.hint }, relatedSize)
	if err != nil {
		return nil, err
	}
	main = append(main, lists...)
	body := ui.Join(main...)
	if sc.Audience == module.ForAnybody {
		return &Page{Title: title, Box: &ui.GateBox{Title: title, Lead: head.Lead, Content: ui.Join(append(main, aside...)...), After: e.ways(sc, m)}}, nil
	}
	if len(aside) > 0 {
		body = ui.Columns("", ui.Join(main...), ui.Join(aside...))
	}
	return &Page{Title: title, Body: ui.Join(ui.PageHead(head), tabs, body), Live: s.watched(e, sc, m)}, nil
}

// movedAway is the page of the thing that this one became part of.
func (s *Screen) movedAway(e *Env, m protoreflect.Message) (string, bool) {
	if s.movedTo == nil {
		return "", false
	}
	v, ok := s.movedTo.get(m)
	names := vars(s.Path)
	if !ok || v.String() == "" || len(names) == 0 || v.String() == e.Vars[names[len(names)-1]] {
		return "", false
	}
	return expand(s.Path, func(name string) string {
		if name == names[len(names)-1] {
			return v.String()
		}
		return e.Vars[name]
	})
}

// tabQuery is the query parameter that names the related list that a detail shows alone.
const tabQuery = "tab"

// tabs are the views of a detail: the first one, and each list that belongs to it. A detail that has one list, or none,
// needs none. current is the list that is looked at; nil for the first view.
func (s *Set) tabs(e *Env, sc *Screen, m protoreflect.Message, title string) (bar templ.Component, current *related) {
	first := ui.Tab{Label: e.Text.T("kernel.detail.overview"), Href: e.href(e.Path), Current: true}
	tabs := []ui.Tab{first}
	for i := range sc.related {
		r := &sc.related[i]
		if r.hint || !r.screen.Visible(e) || !holds(r.when, m) {
			continue
		}
		tab := ui.Tab{Label: e.Text.T(r.screen.Title), Href: e.tab(r)}
		if e.Query.Get(tabQuery) == r.screen.name() {
			current, tab.Current, tabs[0].Current = r, true, false
		}
		tabs = append(tabs, tab)
	}
	if len(tabs) < 3 {
		return ui.Join(), nil
	}
	return ui.Tabs(title, tabs), current
}

func (e *Env) tab(r *related) string {
	return e.href(e.Path) + "?" + url.Values{tabQuery: {r.screen.name()}}.Encode()
}

// here is the page's address, to come back to: a detail with the tab that is open, a list in the view it is looked at.
func (e *Env) here() string {
	if view := e.Query.Get(ofField); view != "" {
		return e.Path + "?" + url.Values{viewField: {view}}.Encode()
	}
	if tab := e.Query.Get(tabQuery); tab != "" {
		return e.Path + "?" + url.Values{tabQuery: {tab}}.Encode()
	}
	return e.Path
}

// closed tells whether a field is not for the reader.
func closed(e *Env, path fieldPath) bool {
	f := path.last()
	return meaning(f).GetHidden() || (meaning(f).GetStaffOnly() && !e.sees(module.ForStaff))
}

// badges are a field's values as badges: of things, what they are called.
func (s *Set) badges(ctx context.Context, e *Env, m protoreflect.Message, path fieldPath) []ui.Badge {
	if meaning(path.last()).GetRefersTo() != "" && path.last().IsList() {
		var out []ui.Badge
		for _, name := range s.namesOf(ctx, e, m, path) {
			out = append(out, ui.Badge{Text: name, Tone: ui.ToneInfo})
		}
		return out
	}
	v := e.value(m, path)
	if len(v.Badges) == 0 && v.Text != "" {
		return []ui.Badge{{Text: v.Text}}
	}
	return v.Badges
}

// line is what fields hold, in one line.
func (s *Set) line(ctx context.Context, e *Env, m protoreflect.Message, paths []fieldPath) string {
	var texts []string
	for i := 0; i < len(paths); i++ {
		path := paths[i]
		if i+1 < len(paths) {
			if days, ok := e.days(m, path, paths[i+1]); ok {
				texts = append(texts, days)
				i++
				continue
			}
		}
		if closed(e, path) {
			continue
		}
		v := e.value(m, path)
		if to := meaning(path.last()).GetRefersTo(); to != "" && v.Text != "" && !path.last().IsList() {
			v = s.reference(ctx, e, to, v.Text)
		}
		switch {
		case v.Money != nil:
			texts = append(texts, v.Money.Text+"\u00a0"+v.Money.Currency)
		case v.Text != "":
			texts = append(texts, v.Text)
		}
	}
	return strings.Join(texts, " · ")
}

func (e *Env) textOr(key, otherwise string) string {
	if key == "" {
		key = otherwise
	}
	return e.Text.T(key)
}

// sectionOf lays a section's fields out: facts, and rows as tables below each other; nil when there are none.
func (s *Set) sectionOf(ctx context.Context, e *Env, sc *Screen, m protoreflect.Message, section module.Section, id string) templ.Component {
	var parts []templ.Component
	kind := ui.FactsKind("")
	if section.Aside {
		kind = ui.FactsRows
	}
	plain := section
	plain.Fields = slices.DeleteFunc(slices.Clone(section.Fields), func(name string) bool { return sc.rows[name] != nil })
	if facts := s.facts(ctx, e, sc, m, plain); len(facts) > 0 {
		parts = append(parts, ui.Facts(kind, facts))
	}
	for _, name := range section.Fields {
		r := sc.rows[name]
		if r == nil || closed(e, r.path) {
			continue
		}
		if table := s.rowsTable(ctx, e, r, r.path, m, name, section, id+"-"+string(r.path.last().Name())); table != nil {
			parts = append(parts, ui.List(*table))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return ui.Join(parts...)
}

// facts lays fields out. A field for staff alone is left out for a contact, for whom it is always empty.
func (s *Set) facts(ctx context.Context, e *Env, sc *Screen, m protoreflect.Message, section module.Section) []ui.Fact {
	var facts []ui.Fact
	for _, name := range section.Fields {
		path := sc.fields[name]
		f := path.last()
		if closed(e, path) {
			continue
		}
		if isExtra(f) {
			defs, err := sc.definitions(ctx, e)
			if err != nil {
				continue // the rest of the page stands
			}
			for _, d := range defs {
				held := extraOf(m, path, d)
				if section.OnlySet && held == "" {
					continue
				}
				facts = append(facts, ui.Fact{Label: e.title(d.GetTitles()), Value: e.extraValue(d, held)})
			}
			continue
		}
		v := e.value(m, path)
		if to := meaning(f).GetRefersTo(); to != "" && f.IsList() {
			v = ui.Value{Text: e.Text.List(s.namesOf(ctx, e, m, path)...)}
		} else if to != "" && v.Text != "" {
			v = s.reference(ctx, e, to, v.Text)
		}
		if section.OnlySet && v.Text == "" && len(v.Badges) == 0 && v.Money == nil {
			continue
		}
		facts = append(facts, ui.Fact{Label: e.label(f, section.Labels[name]), Value: v})
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
