package screen

import (
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// head is the top of a screen: where it lies, what it is called, what can be done.
func (s *Set) head(e *Env, sc *Screen, title string, m protoreflect.Message) ui.Head {
	h := ui.Head{Title: title, CrumbsLabel: e.Text.T("kernel.crumbs")}
	if sc.Intro != "" {
		h.Lead = e.Text.T(sc.Intro)
	}
	for at := s.screens[sc.Parent]; at != nil && len(h.Crumbs) < 4; at = s.screens[at.Parent] {
		if !e.suits(at) {
			continue // it is for clients of another kind, and called as they are
		}
		crumb := ui.Crumb{Label: at.nameOf(e, m)}
		if to, ok := expand(at.Path, e.from(m)); ok && at.Visible(e) {
			crumb.Href = e.href(to)
		}
		h.Crumbs = append([]ui.Crumb{crumb}, h.Crumbs...)
	}
	if len(h.Crumbs) > 0 {
		h.Crumbs = append(h.Crumbs, ui.Crumb{Label: title})
	}
	for _, a := range sc.actions {
		if a.Row || a.Many || !s.offered(e, a, m) {
			continue
		}
		if a.call == nil {
			if to, ok := s.actionLink(e, a, m); ok {
				h.Actions = append(h.Actions, ui.Button{Label: e.Text.T(a.Label), Icon: a.Icon, Href: to, Kind: kindOf(a)})
			}
			continue
		}
		h.Posts = append(h.Posts, s.post(e, sc, a, m))
	}
	return h
}

// actionLink is the address that an action leads to, here or, where its path is one field alone, elsewhere.
func (s *Set) actionLink(e *Env, a action, m protoreflect.Message) (string, bool) {
	if !a.elsewhere() {
		to, ok := expand(a.Path, e.from(m))
		return e.href(to), ok
	}
	to := bound(m, a.Path[1:len(a.Path)-1])
	return to, strings.HasPrefix(to, "https://")
}

// elsewhere tells whether an action's path is a field that holds a whole address.
func (a action) elsewhere() bool {
	return strings.HasPrefix(a.Path, "{") && strings.IndexByte(a.Path, '}') == len(a.Path)-1
}

// nameOf is what a screen is called when the page below it is about m: a detail by its thing, where m is that thing.
func (s *Screen) nameOf(e *Env, m protoreflect.Message) string {
	if m != nil && s.heading != nil && m.Descriptor() == s.heading[0].Parent() {
		if name := e.value(m, s.heading).Text; name != "" {
			return name
		}
	}
	return e.Text.T(s.Title)
}

func kindOf(a action) ui.ButtonKind {
	switch {
	case a.Primary:
		return ui.ButtonPrimary
	case a.Danger:
		return ui.ButtonDanger
	}
	return ""
}

// offered tells whether a reader may take an action on a thing as it stands now.
func (s *Set) offered(e *Env, a action, m protoreflect.Message) bool {
	if a.call != nil && !e.may(a.call) {
		return false
	}
	if a.call == nil {
		if target := s.byPath(a.Path); target != nil && !target.Visible(e) {
			return false
		}
	}
	if m == nil {
		return len(a.When) == 0
	}
	return holds(a.When, m)
}

// holds tells whether a thing's fields have the values that a part of a screen waits for.
func holds(when map[string]string, m protoreflect.Message) bool {
	for field, wanted := range when {
		path, err := findIn(m.Descriptor(), field)
		if err != nil {
			return false
		}
		v, ok := path.get(m)
		if !ok || !slices.Contains(strings.Split(wanted, module.Or), plain(path.last(), v)) {
			return false
		}
	}
	return true
}

// byPath finds the screen a link leads to, whatever its braces are called.
func (s *Set) byPath(path string) *Screen {
	for _, sc := range s.ordered {
		if samePath(sc.Path, path) {
			return sc
		}
	}
	return nil
}
