package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// Value is one thing shown in a cell, a fact or a tile. The zero Value shows a dash. Fields combine: an avatar stands
// before the text, the second line below it, badges after it.
type Value struct {
	Text string
	Href string // makes the text a link
	Sub  string // second line
	// Money is an exact amount; it stands in the place of Text.
	Money *Money
	// DateTime is the machine's form of a date or time (RFC 3339), when Text is one.
	DateTime string
	Badges   []Badge
	Avatar   *Avatar
	Icon     string
	Dim      bool // less important than its neighbours
	Lines    bool // keep the line breaks of Text
	Code     bool // a token or an id: in a fixed-width font
	Bar      *Bar // below it
	// Content stands in the place of everything else.
	Content templ.Component
}

// Money is an amount as people write it and as machines do.
type Money struct {
	Amount   string // "42067.50"
	Text     string // "42,067.50"
	Currency string // "UAH"
	Plus     bool   // money in
}

// Bar is how large a figure of the row is beside the largest one of its column, and what it was before as a thinner bar: both of a thousand.
// It is for the eye alone.
type Bar struct {
	Share, Before int
	Out           bool // what goes out, or is below zero
}

// T is a Value of plain text.
func T(text string) Value { return Value{Text: text} }

// address splits an e-mail address where a line may end before it ends within a word.
func (v Value) address() (before, after string, found bool) {
	at := strings.LastIndexByte(v.Text, '@')
	if at < 0 || strings.ContainsAny(v.Text, " \n") {
		return "", "", false
	}
	return v.Text[:at], v.Text[at:], true
}

// Empty tells whether there is nothing to show, which is shown as a dash.
func (v Value) Empty() bool {
	return v.Content == nil && v.Text == "" && v.Sub == "" && v.Money == nil && len(v.Badges) == 0 && v.Avatar == nil && v.Icon == ""
}
