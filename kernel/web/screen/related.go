package screen

import (
	"context"
	"strconv"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// relatedSize is how many rows of a related list a detail's first view shows.
const relatedSize = 6

// relatedLists shows the lists that belong to a thing. One that its reader may not call is left out; one that cannot
// be had just now says so, and the rest of the page stands.
func (s *Set) relatedLists(ctx context.Context, e *Env, sc *Screen, m protoreflect.Message, shown func(*related) bool, size int) ([]templ.Component, error) {
	var parts []templ.Component
	for i := range sc.related {
		r := &sc.related[i]
		if !r.screen.Visible(e) || !holds(r.when, m) || !shown(r) {
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
		table, _, err := s.table(ctx, &inner, r.screen, e.Query, id, bind, size)
		switch {
		case down(err):
			box.Content = e.partDown()
		case err != nil:
			return nil, err
		default:
			if table.Wide = false; r.hint && len(table.Rows) == 0 {
				continue
			}
			if size == relatedSize && len(sc.related) > 1 && table.Pager != nil && !r.hint { // the rest is behind its tab
				table.Pager = nil
				box.Actions = append([]ui.Button{{Label: e.Text.T("kernel.all"), Href: e.tab(r), Kind: ui.ButtonQuiet, Small: true}}, box.Actions...)
			}
			box.Content = drawList(r.screen, table)
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
