package ui

import (
	"slices"

	"github.com/a-h/templ"
)

// Role says where a column stands when the table becomes cards, in boxes narrower than 544 px.
type Role string

// The roles. The zero value follows below the others on the left.
const (
	RolePrimary Role = "primary" // what the row is: the heading of the card. One column has it
	RoleUnder   Role = "under"   // below the heading, in the second ink
	RoleEnd     Role = "end"     // at the right
	RoleAll     Role = "all"     // across the whole card
	RoleHide    Role = "hide"    // not below 736 px; nothing a reader needs to decide
)

// SortDir is how a column is sorted now.
type SortDir string

// The directions. The zero value is a column that is not sorted by.
const (
	SortAscending  SortDir = "ascending"
	SortDescending SortDir = "descending"
)

// Column is a column of a Table.
type Column struct {
	Label string
	Role  Role
	Num   bool // figures: at the right, in one width
	Fit   bool // as narrow as its content
	// Labelled says the column's label on a card too, for values that mean nothing without it, such as "Yes".
	Labelled bool
	// SortHref leads to the same list, sorted by this column. Empty columns cannot be sorted by.
	SortHref string
	Sort     SortDir
}

// class is what a cell of the column is styled by.
func (c Column) class() string {
	class := ""
	add := func(on bool, name string) {
		if on {
			if class != "" {
				class += " "
			}
			class += name
		}
	}
	add(c.Num, "num")
	add(c.Fit, "fit")
	add(c.Role != "" && c.Role != RolePrimary, string(c.Role))
	return class
}

// labelAttr gives the label to the style of cards.
func (c Column) labelAttr() templ.Attributes {
	if !c.Labelled {
		return nil
	}
	return templ.Attributes{"data-label": c.Label}
}

// Row is a row of a Table.
type Row struct {
	// Href is where the row leads; the primary cell's text is the link, and the whole row can be pressed.
	Href  string
	Cells []Value // one for each column
	// Key tells the row from the others of its table, also when the same page is made again; optional.
	Key string
	// ID is what Select sends when the row is chosen; SelectLabel what a screen reader says, such as "Choose Zerno".
	ID, SelectLabel string
	Selected        bool
	Menu            *Menu // actions of the row
	Muted           bool  // settled, suspended: in the third ink
}

// Has tells whether a row has the key.
func (t Table) Has(key string) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Key == key })
}

// Table is rows of the same kind.
type Table struct {
	ID      string // unique on the page; needed for the second table with Select
	Caption string // says what the rows are; for screen readers
	Columns []Column
	Rows    []Row
	Foot    []Value // sums, one for each column; optional
	// MenuLabel is the heading of the column of row menus, for screen readers.
	MenuLabel string
	// Wide lets the table scroll sideways in its own box where it has more columns than room.
	Wide bool
	// Static keeps tables on phones tables, and rows without a hover.
	Static bool
	Select *Select
	Pager  *Pager
	// Empty stands in the place of the table when there are no rows.
	Empty *Empty
}

// Select makes rows choosable and shows one bar of actions for the chosen ones.
type Select struct {
	Action string
	Method string // "post" when empty
	CSRF   string
	Hidden []Hidden
	Name   string // of the field; each chosen row sends its ID as a value
	All    string // label of the box that chooses every row of the page
	Label  string // of the bar, for screen readers
	Chosen string // before the number, such as "Chosen:"
	// Buttons submit the form; give each a Name and Value or an Action.
	Buttons []Button
	None    string // label of the button that chooses none
	// More is a button for rows beyond the page; optional.
	More *Button
}

// Pager leads through a list by its keys: there is a page before and a page after, never a number of pages.
type Pager struct {
	Label  string // for screen readers
	Status string // "1–50 of 503"
	Back   Crumb  // Href is empty at the start
	Next   Crumb  // Href is empty at the end
}

func (t Table) hasMenus() bool {
	for _, r := range t.Rows {
		if r.Menu != nil {
			return true
		}
	}
	return false
}

func (s Select) method() string {
	if s.Method == "" {
		return "post"
	}
	return s.Method
}

// chooseForm is the id of the form that the boxes of the rows belong to.
func (t Table) chooseForm() string {
	if t.ID != "" {
		return t.ID + "-choose"
	}
	return "choose"
}

// primary is the column that heads a row: the first with RolePrimary, or the first at all.
func (t Table) primary() int {
	for i, c := range t.Columns {
		if c.Role == RolePrimary {
			return i
		}
	}
	return 0
}

// cell is the i-th cell of the row, with the row's link on the primary one.
func (r Row) cell(i, primary int) Value {
	if i >= len(r.Cells) {
		return Value{}
	}
	v := r.Cells[i]
	if i == primary && v.Href == "" {
		v.Href = r.Href
	}
	return v
}
