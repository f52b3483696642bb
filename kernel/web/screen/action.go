package screen

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// actionPrefix is where actions are posted to: /actions/MODULE.SCREEN/ACTION.
const actionPrefix = "/actions/"

// ActionRoute is where the web server receives actions; its variables are "screen" and "action".
const ActionRoute = actionPrefix + ":screen/:action"

// post is the button of an action on a thing.
func (s *Set) post(e *Env, sc *Screen, a action, m protoreflect.Message) ui.Post {
	p := ui.Post{
		Action: e.href(actionPrefix + sc.name() + "/" + a.ID), CSRF: e.CSRF,
		Hidden: []ui.Hidden{{Name: "return", Value: e.here()}},
		Button: ui.Button{Label: e.Text.T(a.Label), Icon: a.Icon, Kind: kindOf(a)},
	}
	if a.call.once() {
		p.Hidden = append(p.Hidden, ui.Hidden{Name: requestIDField, Value: e.NewID()})
	}
	for _, to := range slices.Sorted(maps.Keys(a.Bind)) { // the same page is the same text
		if value := bound(m, a.Bind[to]); value != "" {
			p.Hidden = append(p.Hidden, ui.Hidden{Name: to, Value: value})
		}
	}
	if a.Confirm != "" {
		p.Button.Confirm = &ui.Question{Title: e.Text.T(a.Confirm), Yes: p.Button.Label}
		if text, ok := e.Text.First(a.Confirm + "_text"); ok {
			p.Button.Confirm.Text = text
		}
	}
	return p
}

// bound is a field's value as an action sends it.
func bound(m protoreflect.Message, name string) string {
	path, err := findIn(m.Descriptor(), name)
	if err != nil {
		return ""
	}
	v, ok := path.get(m)
	if !ok {
		return ""
	}
	return plain(path.last(), v)
}

// once tells whether the method does once what is sent twice.
func (c *call) once() bool { return c.input.Fields().ByName(requestIDField) != nil }

// choosing lets a reader choose rows of a table, for an action on all of them.
func (s *Set) choosing(e *Env, sc *Screen, table *ui.Table, response protoreflect.Message, query url.Values, prefix string) {
	list := response.Get(items(response.Descriptor())).List()
	if prefix != "" {
		return // a part of another thing's page
	}
	for _, a := range sc.actions {
		if !a.Many || !s.offered(e, a, nil) || list.Len() == 0 {
			continue
		}
		choose := &ui.Select{
			All: e.Text.T("kernel.list.choose_all"), Label: e.Text.T("kernel.list.chosen_actions"), Chosen: e.Text.T("kernel.list.chosen"),
			None: e.Text.T("kernel.list.choose_none"), Buttons: []ui.Button{{Label: e.Text.T(a.Label), Icon: a.Icon, Kind: kindOf(a), Small: true}},
		}
		if a.call == nil { // a form asks for the rest; nothing is done yet
			choose.Action, choose.Method = e.href(a.Path), "get"
			choose.More = s.matchingButton(e, sc, response, query, &choose.Hidden)
		} else {
			choose.Action, choose.CSRF = e.href(actionPrefix+sc.name()+"/"+a.ID), e.CSRF
			choose.Hidden = []ui.Hidden{{Name: "return", Value: e.Path}}
			if a.call.once() {
				choose.Hidden = append(choose.Hidden, ui.Hidden{Name: requestIDField, Value: e.NewID()})
			}
		}
		for to, from := range a.Bind {
			choose.Name = to
			for i := range list.Len() {
				row := &table.Rows[i]
				row.ID = bound(list.Get(i).Message(), from)
				row.SelectLabel = e.Text.T("kernel.list.choose", "name", row.Cells[0].Text)
			}
		}
		table.Select = choose
		return
	}
}

// rowMenu is the menu of actions of a row; nil when there are none for this reader.
func (s *Set) rowMenu(e *Env, sc *Screen, m protoreflect.Message, id string) *ui.Menu {
	menu := &ui.Menu{ID: id, Label: e.Text.T("kernel.list.actions"), Small: true}
	for _, a := range sc.actions {
		if !a.Row || !s.offered(e, a, m) {
			continue
		}
		item := ui.MenuItem{Label: e.Text.T(a.Label), Icon: a.Icon, Danger: a.Danger}
		if a.call != nil {
			p := s.post(e, sc, a, m)
			item.Post = &p
		} else if to, ok := expand(a.Path, e.from(m)); ok {
			item.Href = e.href(to)
		} else {
			continue
		}
		menu.Items = append(menu.Items, item)
	}
	if len(menu.Items) == 0 {
		return nil
	}
	return menu
}

// Act calls an action's method. Without script its question is asked by a page of its own first.
func (s *Set) Act(ctx context.Context, e *Env, screen, id string, form url.Values) (*Page, error) {
	sc, ok := s.screens[screen]
	if !ok {
		return nil, notFound("there is no such action")
	}
	for _, a := range sc.actions {
		if a.ID != id || a.call == nil {
			continue
		}
		back := LocalPath(form.Get("return"))
		if a.Confirm != "" && form.Get(ui.ConfirmedField) != "1" {
			return s.ask(e, sc, a, form, back), nil
		}
		request, err := a.call.request()
		if err != nil {
			return nil, err
		}
		names := slices.Sorted(maps.Keys(a.Bind))
		if a.call.once() {
			names = append(names, requestIDField)
		}
		if err := fillNamed(request, form, names); err != nil {
			return nil, badRequest(err)
		}
		response, err := a.call.do(ctx, e, request)
		if err != nil {
			return nil, err
		}
		thing, whole := e.from(about(response)), e.from(response)
		to, ok := expand(a.Back, func(name string) string { return cmp.Or(thing(name), whole(name)) })
		if !ok || to == "" {
			to = back
		}
		page := &Page{Redirect: to}
		if a.Done != "" {
			page.Notice = e.Text.T(a.Done)
		}
		return page, nil
	}
	return nil, notFound("there is no such action")
}

func (s *Set) ask(e *Env, sc *Screen, a action, form url.Values, back string) *Page {
	c := ui.Confirm{
		Title: e.Text.T(a.Confirm), Action: e.href(actionPrefix + sc.name() + "/" + a.ID), CSRF: e.CSRF,
		Yes:  ui.Button{Label: e.Text.T(a.Label), Kind: kindOf(a)},
		Back: ui.Button{Label: e.Text.T("kernel.cancel"), Href: e.href(back)},
	}
	if text, ok := e.Text.First(a.Confirm + "_text"); ok {
		c.Text = text
	}
	for _, name := range append(slices.Sorted(maps.Keys(a.Bind)), requestIDField) {
		for _, value := range form[name] {
			c.Hidden = append(c.Hidden, ui.Hidden{Name: name, Value: value})
		}
	}
	c.Hidden = append(c.Hidden, ui.Hidden{Name: "return", Value: back})
	return &Page{Title: c.Title, Width: "slim", Body: ui.ConfirmBody(c)}
}
