package screen

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// A view is a list's filters, search and order under a name. Its link says which: "?view=ID" is the view as it is kept,
// "?of=ID&place=Kyiv" are filters that somebody set while they looked at it. A list whose address says nothing opens with
// its reader's first view, and "?view=all" as it is.

// Query parameters of lists.
const (
	viewField = "view"
	ofField   = "of"
	allViews  = "all"
)

// Screens of the kernel's that the bar of views leads to.
const (
	ownModule     = "kernel"
	viewsScreen   = ownModule + ".views"
	newViewScreen = ownModule + ".view_new"
)

// views are what a list's reader has saved of it.
type views struct {
	all []*kernelv1.View
	// current is the one that is looked at; nil for the list as it is. changed tells whether other filters are set.
	current *kernelv1.View
	changed bool
	// lost is set when the address names a view that is not among them, gone are filters of the current one that are
	// no more.
	lost bool
	gone []string
	// inForce are the filters that are set now, as a view would keep them.
	inForce string
}

// openViews reads a list's views, and has the page show the one that its address means. A list without filters has none,
// and neither has one that lies below a thing: its filters would be of that thing.
func (s *Set) openViews(ctx context.Context, e *Env, sc *Screen) *views {
	manager := s.screens[viewsScreen]
	if manager == nil || !manager.Visible(e) || len(vars(sc.Path)) > 0 || len(sc.filters) == 0 && sc.Search == "" {
		return nil
	}
	request := &kernelv1.ListViewsRequest{Screen: sc.name()}
	answer, err := manager.call.do(ctx, e, request.ProtoReflect())
	if err != nil {
		return nil // the list stands without
	}
	response, ok := answer.Interface().(*kernelv1.ListViewsResponse)
	if !ok {
		return nil
	}
	v := &views{all: response.GetViews()}
	wanted, explicit := e.Query.Get(viewField), e.Query.Get(ofField) != ""
	if explicit {
		wanted = e.Query.Get(ofField)
	}
	first := slices.IndexFunc(v.all, func(one *kernelv1.View) bool { return one.GetFirst() })
	switch at := slices.IndexFunc(v.all, func(one *kernelv1.View) bool { return one.GetId() == wanted }); {
	case at >= 0:
		v.current = v.all[at]
	case wanted == "" && len(e.Query) == 0 && first >= 0:
		v.current = v.all[first]
	case wanted != "" && wanted != allViews:
		v.lost = true
	}
	query := clone(e.Query)
	query.Del(viewField)
	query.Del(ofField)
	if v.current != nil {
		kept, _ := url.ParseQuery(v.current.GetQuery()) // what cannot be read is left out
		v.gone = sc.unknown(ctx, e, kept)
		if !explicit {
			for name, values := range query { // such as the page
				kept[name] = values
			}
			query = kept
		}
		query.Set(ofField, v.current.GetId())
	} else if first >= 0 {
		query.Set(ofField, allViews)
	}
	e.Query, e.viewed = query, first >= 0
	v.inForce = inForce(query)
	v.changed = v.current != nil && v.inForce != normal(v.current.GetQuery())
	return v
}

// unfiltered is the list's address without filters: also when it opens with a view.
func (e *Env) unfiltered() string {
	if e.viewed {
		return e.href(e.Path) + "?" + viewField + "=" + allViews
	}
	return e.href(e.Path)
}

// inForce are an address's filters as a view keeps them.
func inForce(query url.Values) string {
	out := url.Values{}
	for name, values := range query {
		if name == tokens || name == viewField || name == ofField {
			continue
		}
		for _, v := range values {
			if v != "" {
				out.Add(name, v)
			}
		}
		slices.Sort(out[name])
	}
	return out.Encode()
}

func normal(text string) string {
	query, _ := url.ParseQuery(text)
	return inForce(query)
}

// unknown names what a view asks for and the list does not know: a field that was taken away.
func (s *Screen) unknown(ctx context.Context, e *Env, query url.Values) []string {
	known := append([]string{s.Search, s.Order, "descending", tokens}, s.Filters...)
	var gone []string
	for name := range query {
		if slices.Contains(known, name) {
			continue
		}
		if field, _, dotted := strings.Cut(name, "."); dotted && slices.Contains(s.Filters, field) {
			defs, err := s.definitions(ctx, e)
			if err != nil || slices.ContainsFunc(defs, func(d *kernelv1.FieldDefinition) bool { return d.GetSearchable() && extraName(field, d) == name }) {
				continue
			}
		}
		gone = append(gone, name)
	}
	slices.Sort(gone)
	return gone
}

// viewBar draws a list's views; nothing when there are none and nothing to save.
func (s *Set) viewBar(ctx context.Context, e *Env, sc *Screen, v *views) templ.Component {
	if v == nil || len(v.all) == 0 && v.inForce == "" && !v.lost {
		return nil
	}
	bar := ui.Views{Label: e.Text.T("kernel.views.bar")}
	bar.Tabs = append(bar.Tabs, ui.Tab{Label: e.Text.T("kernel.views.all"), Href: e.unfiltered(), Current: v.current == nil})
	for _, one := range v.all {
		tab := ui.Tab{Label: one.GetName(), Href: e.href(e.Path) + "?" + url.Values{viewField: {one.GetId()}}.Encode(), Current: one == v.current}
		switch {
		case one.GetFirst():
			tab.Icon = "star"
		case one.GetShared():
			tab.Icon = "people"
		}
		bar.Tabs = append(bar.Tabs, tab)
	}
	if form := s.screens[newViewScreen]; form != nil && v.inForce != "" && (v.current == nil || v.changed) && len(v.inForce) <= viewLength {
		to := form.Path + "?" + url.Values{"screen": {sc.name()}, "query": {v.inForce}}.Encode()
		bar.Save = &ui.Crumb{Label: e.Text.T("kernel.views.save"), Href: e.href(to)}
	}
	if v.current != nil {
		bar.Menu = s.viewMenu(e, v)
	}
	var notes []templ.Component
	if v.lost {
		notes = append(notes, ui.NoticeBox(ui.Notice{Tone: ui.ToneInfo, Title: e.Text.T("kernel.views.lost"), Text: e.Text.T("kernel.views.lost_hint")}))
	}
	if len(v.gone) > 0 {
		notes = append(notes, ui.NoticeBox(ui.Notice{
			Tone: ui.ToneWarn, Title: e.Text.T("kernel.views.gone"), Text: e.Text.T("kernel.views.gone_hint", "fields", e.Text.List(v.gone...)),
		}))
	}
	return ui.Join(append([]templ.Component{ui.ViewBar(bar)}, notes...)...)
}

// viewLength is how long the query of a view may be, as its contract says.
const viewLength = 2000

// viewMenu is what can be done with the view that is looked at: what can be done on the page of all views, and having it
// hold what is set now.
func (s *Set) viewMenu(e *Env, v *views) *ui.Menu {
	manager := s.screens[viewsScreen]
	menu := &ui.Menu{ID: "view-menu", Label: e.Text.T("kernel.views.menu", "name", v.current.GetName()), Small: true}
	now := proto.CloneOf(v.current)
	now.Query = v.inForce
	m := now.ProtoReflect()
	for _, a := range manager.actions {
		if !a.Row && !v.changed || !s.offered(e, a, m) {
			continue
		}
		item := ui.MenuItem{Label: e.Text.T(a.Label), Icon: a.Icon, Danger: a.Danger}
		if a.call == nil {
			to, ok := expand(a.Path, e.from(m))
			if !ok {
				continue
			}
			item.Href = e.href(to)
		} else {
			after := *e
			if a.Danger { // it is gone then
				after.Query = url.Values{}
			}
			post := s.post(&after, manager, a, m)
			item.Post = &post
		}
		menu.Items = append(menu.Items, item)
	}
	menu.Items = append(menu.Items, ui.MenuItem{Label: e.Text.T("kernel.views.title"), Icon: "list", Href: e.href(manager.Path)})
	return menu
}

// ViewPath is where a saved view is looked at, below the portal's base; ok is false when its list is no more.
func (s *Set) ViewPath(v *kernelv1.View) (path string, ok bool) {
	sc, known := s.screens[v.GetScreen()]
	if !known || sc.Kind != module.List || len(vars(sc.Path)) > 0 {
		return "", false
	}
	return sc.Path + "?" + url.Values{viewField: {v.GetId()}}.Encode(), true
}
