package ui

import "github.com/a-h/templ"

// ButtonKind is how loud a button is.
type ButtonKind string

// The kinds. The zero value is an ordinary button.
const (
	ButtonPrimary ButtonKind = "primary" // the one thing to do on the page
	ButtonQuiet   ButtonKind = "quiet"   // no border until it is pointed at
	ButtonDanger  ButtonKind = "danger"  // takes something away
)

// Button is a button or, with Href, a link that looks like one. Write the verb and the object on it.
type Button struct {
	Label string
	Kind  ButtonKind
	Icon  string // name in the sprite; optional
	Href  string // makes it a link
	// IconOnly shows the icon alone; Label is then what a screen reader says.
	IconOnly bool
	Small    bool
	Full     bool // as wide as its box

	// Name and Value are sent with the form when this button submits it.
	Name, Value string
	// Action sends the form somewhere else than the form says. Form is the id of a form that the button stands outside of.
	Action, Form string
	// Type is "submit" when empty; "button" and "reset" are the others.
	Type string
	// SkipChecks submits without the unsaved-changes and required checks of the browser (formnovalidate).
	SkipChecks bool
	// Disabled buttons say why next to them; the caller writes it.
	Disabled bool
	// Busy is the label while the form is on its way, such as "Saving…". Empty keeps the label.
	Busy string
	// Opens is the id of a popover that the button opens. The type is then "button".
	Opens string
	// Download makes the link save what it leads to.
	Download bool
	// NewTab opens the link beside this page.
	NewTab bool
	// Confirm asks before the form is sent; see Question.
	Confirm *Question
	// Attrs are further attributes, such as data-… for a script. Never on… or style.
	Attrs templ.Attributes
}

// Question is asked in a dialogue before a form is sent. With script the form is then sent with the field
// "confirmed" = "1". Without script it is sent at once and without that field: the server answers with a Confirm page.
type Question struct {
	Title string // "Suspend Zerno Roastery?"
	Text  string // what follows from it
	Yes   string // the verb on the button; the button's own label when empty
}

// ConfirmedField is the form field that says the reader has answered a Question with yes. Its value is "1".
const ConfirmedField = "confirmed"

func (b Button) buttonType() string {
	switch {
	case b.Opens != "":
		return "button"
	case b.Type == "":
		return "submit"
	default:
		return b.Type
	}
}

// attrs gathers what depends on optional fields, so that an absent one leaves no attribute behind.
func (b Button) attrs() templ.Attributes {
	a := templ.Attributes{}
	for k, v := range b.Attrs {
		a[k] = v
	}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	if b.IconOnly {
		set("aria-label", b.Label)
		set("title", b.Label)
	}
	if b.Href != "" {
		if b.Download {
			a["download"] = true
		}
		if b.NewTab {
			a["target"], a["rel"] = "_blank", "noopener"
		}
		return a
	}
	set("name", b.Name)
	if b.Name != "" {
		a["value"] = b.Value
	}
	set("form", b.Form)
	set("popovertarget", b.Opens)
	set("data-busy", b.Busy)
	if q := b.Confirm; q != nil {
		set("data-confirm", q.Title)
		set("data-confirm-text", q.Text)
		set("data-confirm-yes", q.Yes)
	}
	if b.SkipChecks {
		a["formnovalidate"] = true
	}
	if b.Disabled {
		a["disabled"] = true
	}
	return a
}
