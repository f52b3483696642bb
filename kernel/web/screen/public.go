package screen

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/web/ui"
)

// saidQuery is the query parameter of the page that a form for anybody leads to. That page is the same for everybody.
const saidQuery = "said"

// boxed draws a form for anybody, as the page of sign-in is drawn.
func (s *Set) boxed(ctx context.Context, e *Env, sc *Screen, title string, form ui.Form, present protoreflect.Message, invalid bool) *Page {
	form.FullWidth, form.Others = true, nil
	if sc.Redraw != "" {
		form.Others = []ui.Button{{Label: e.Text.T(sc.Redraw), Name: redrawField, Value: "1", SkipChecks: true}}
	}
	box := &ui.GateBox{Title: title, Form: &form, Tabs: sc.choice(e, title), After: e.ways(sc, present)}
	if sc.Intro != "" {
		box.Lead = e.Text.T(sc.Intro)
	}
	if lead := s.leadOf(ctx, e, sc, present); lead != "" {
		box.Lead = lead
	}
	fields := 0
	for _, section := range form.Sections {
		fields += len(section.Fields)
	}
	box.Wide = fields > 4
	return &Page{Title: title, Box: box, Invalid: invalid}
}

// leadOf is what stands below a form's heading: what the screen says, and what the present thing's own fields hold.
func (s *Set) leadOf(ctx context.Context, e *Env, sc *Screen, present protoreflect.Message) string {
	if present == nil || len(sc.lead) == 0 {
		return ""
	}
	parts := []string{s.line(ctx, e, present, sc.lead)}
	if sc.Intro != "" {
		parts = append(parts, e.Text.T(sc.Intro))
	}
	return strings.Join(parts, ". ")
}

// Said tells whether a page for anybody is asked for that says what its form did. It needs no call, so that it tells
// nothing of what became of the form.
func (s *Set) Said(e *Env, sc *Screen) (*Page, bool) {
	if sc.Kind != module.Form || e.Query.Get(saidQuery) == "" {
		return nil, false
	}
	said := cmp.Or(sc.Said, "kernel.form.saved")
	box := &ui.GateBox{Title: e.Text.T(said), After: e.ways(sc, nil), Content: ui.NoticeBox(ui.Notice{Tone: ui.ToneGood, Title: e.Text.T(said)})}
	if hint, ok := e.Text.First(said + "_hint"); ok {
		box.Content = ui.NoticeBox(ui.Notice{Tone: ui.ToneGood, Title: hint})
	}
	return &Page{Title: box.Title, Box: box}, true
}

// Pretend leads where a form for anybody leads when all went well, without having sent it anywhere.
func (s *Set) Pretend(e *Env, sc *Screen) *Page {
	if to, ok := expand(sc.Done, e.from(nil)); ok && to != "" {
		return &Page{Redirect: to}
	}
	return e.saidPage()
}

func (e *Env) saidPage() *Page {
	return &Page{Redirect: e.Path + "?" + url.Values{saidQuery: {"1"}}.Encode()}
}

// Back gives a form to its writer again, with what was wrong and all that they wrote.
func (s *Set) Back(ctx context.Context, e *Env, sc *Screen, form url.Values, refusal error) (*Page, error) {
	return s.back(ctx, e, sc, form, refusal, nil)
}

// ways are the links below a page for anybody.
func (e *Env) ways(sc *Screen, m protoreflect.Message) templ.Component {
	var buttons []ui.Button
	for _, way := range sc.Ways {
		if href, ok := e.link(way, m); ok {
			buttons = append(buttons, ui.Button{Label: e.Text.T(way.Label), Href: href, Kind: ui.ButtonQuiet})
		}
	}
	if len(buttons) == 0 {
		return nil
	}
	return ui.Buttons(buttons)
}

// link is where a link leads: elsewhere as it stands, or below the portal's base.
func (e *Env) link(l module.Link, m protoreflect.Message) (string, bool) {
	if strings.HasPrefix(l.Href, "https://") || strings.HasPrefix(l.Href, "http://") {
		return l.Href, true
	}
	to, ok := expand(l.Href, e.from(m))
	return e.href(to), ok
}

// choice is the tabs of the forms that stand beside each other; nil where there is none to choose.
func (s *Screen) choice(e *Env, title string) templ.Component {
	var tabs []ui.Tab
	for i, other := range s.beside {
		if other.Visible(e) {
			tabs = append(tabs, ui.Tab{Label: e.Text.T(s.Beside[i].Label), Href: e.href(other.Path), Current: other == s})
		}
	}
	if len(tabs) < 2 {
		return nil
	}
	return ui.Tabs(title, tabs)
}

// named gives a form's field what its section says of it: another name, and a link to what it speaks of.
func (e *Env) named(field *ui.Field, section module.Section, name string, m protoreflect.Message) {
	if key := section.Labels[name]; key != "" {
		field.Label, field.Hint = e.Text.T(key), ""
		if hint, ok := e.Text.First(key + "_hint"); ok {
			field.Hint = hint
		}
	}
	field.Required = field.Required || slices.Contains(section.Needed, name)
	if l, ok := section.Links[name]; ok {
		if href, ok := e.link(l, m); ok {
			field.Link = &ui.Crumb{Label: e.Text.T(l.Label), Href: href}
		}
	}
}
