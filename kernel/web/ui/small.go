package ui

import (
	"cmp"

	"github.com/a-h/templ"
)

// Notice says what is, what still works, what to do next.
type Notice struct {
	Title string
	Text  string
	Tone  Tone
	Icon  string // by tone when empty
	// Action stands at the right of it.
	Action *Button
	// Dismiss is the label of a button that takes the notice away; it shows with script alone.
	Dismiss string
	// Content follows Text.
	Content templ.Component
}

func (n Notice) icon() string {
	if n.Icon != "" {
		return n.Icon
	}
	return n.Tone.noticeIcon()
}

// role makes a screen reader say errors at once and the rest when it has time.
func (n Notice) role() string {
	if n.Tone == ToneBad {
		return "alert"
	}
	return "status"
}

// Empty is shown where there is nothing, and says what would make something.
type Empty struct {
	Icon    string
	Tone    Tone
	Title   string
	Text    string
	Actions []Button
	// Content follows Text, before the actions.
	Content templ.Component
}

// Tab is one view out of several of the same thing.
type Tab struct {
	Label   string
	Href    string
	Count   string
	Icon    string
	Current bool
}

// Person is the card of somebody: who it is and how to reach them.
type Person struct {
	Photo   string // as Avatar's
	Label   string // heading for screen readers, such as "Your manager"
	Name    string
	Role    string
	Note    string // "Answers within about 20 minutes"
	Actions []Button
}

// CopyLink shows something to be passed on, such as a one-time link, with a button that copies it.
type CopyLink struct {
	ID     string // of the field; "copy" when empty
	Label  string
	Value  string
	Hint   string
	Copy   string // the button
	Copied string // what it says afterwards
}

func (c CopyLink) id() string {
	if c.ID != "" {
		return c.ID
	}
	return "copy"
}

// Menu is a button that opens a list of actions.
type Menu struct {
	ID    string // unique on the page
	Label string // what the button is called, such as "Actions for Zerno Roastery"
	// Small is for rows; the other is for the head of a page.
	Small bool
	// Icon is the button's; empty for the one that means more actions.
	Icon  string
	Items []MenuItem
}

func (m Menu) icon() string { return cmp.Or(m.Icon, "more") }

// MenuItem is a link, an action, or, when only Heading is set, a heading above the next ones.
type MenuItem struct {
	Heading string
	Label   string
	Sub     string // second line
	Icon    string
	Href    string
	// Post makes the item a form of its own. Its Button gives Name, Value and Confirm alone.
	Post   *Post
	Danger bool
}
