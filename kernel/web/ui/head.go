package ui

import "github.com/a-h/templ"

// Head is the top of a page: where one is, what it is called, what can be done.
type Head struct {
	Crumbs      []Crumb
	CrumbsLabel string // for screen readers, such as "Path"
	Title       string
	Lead        string // a line below the title
	Above       string // a quiet line above the title, such as a date
	Avatar      *Avatar
	Badges      []Badge
	// Actions stand at the right; put the primary one last.
	Actions []Button
	// Posts are actions that change something at once.
	Posts []Post
	Menu  *Menu // less frequent actions, before the others
}

// Crumb is a step of the path. The last one has no Href.
type Crumb struct{ Label, Href string }

// SectionBox is a part of a page: a heading, a hairline and space.
type SectionBox struct {
	ID    string // of the section; its heading gets ID + "-h". Needed when Title is set
	Title string
	// HideTitle keeps the title for screen readers.
	HideTitle bool
	Actions   []Button
	Content   templ.Component
}

// PanelBox is a section one could pick up: a balance, a person.
type PanelBox struct {
	ID      string
	Title   string
	Soft    bool // on the ground of the rail, without an edge
	Actions []Button
	Content templ.Component
}

// ColumnsKind says how two columns share the width; on narrow screens one follows the other.
type ColumnsKind string

// The kinds. The zero value is a text column and an aside of 304 px.
const (
	ColumnsEven ColumnsKind = "even" // halves
	ColumnsLead ColumnsKind = "lead" // the aside stands first
)
