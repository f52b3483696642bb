package ui

import "github.com/a-h/templ"

// FilterKind is how a filter is chosen.
type FilterKind int

// The kinds.
const (
	FilterMany  FilterKind = iota // boxes: any of these
	FilterOne                     // dots: one of these
	FilterDates                   // from and to
	FilterText                    // a word, typed
)

// Filter is a chip that opens its choices. On phones all filters are one sheet.
type Filter struct {
	Kind    FilterKind
	Name    string // of the field
	Label   string
	Summary string // what is chosen, in words; empty when nothing is
	Options []Option
	// Text is what was typed into FilterText.
	Text string
	// From and To are the ends of FilterDates, both included.
	From, To DateInput
}

// DateInput is a date field of a filter; Value is "2006-01-02".
type DateInput struct{ Name, Label, Value string }

// Filters is the row above a list: search, chips, and what belongs at its end. It is a form that gets Action, so that a
// filtered list has an address.
type Filters struct {
	ID     string // unique on the page; "filters" when empty
	Action string
	Label  string // for screen readers
	Hidden []Hidden
	Search *SearchInput
	Chips  []Filter
	// Clear leads to the list without filters; nil when none is set.
	Clear *Crumb
	Open  string // opens the sheet on phones: "Filters"
	Apply string // "Show"; with script on a desk the form goes by itself
	Close string
	// End stands at the right: columns, export.
	End []Button
	// Views are shown inside of the row; optional.
	Views templ.Component
}

// SearchInput is the search field of Filters.
type SearchInput struct {
	Name, Label, Value string
	// MinLength is how many letters a search needs before the script sends it by itself; 0 is any number.
	MinLength int
}

func (f Filters) id() string {
	if f.ID != "" {
		return f.ID
	}
	return "filters"
}

// active is how many chips are set.
func (f Filters) active() int {
	n := 0
	for _, c := range f.Chips {
		if c.Summary != "" {
			n++
		}
	}
	return n
}
