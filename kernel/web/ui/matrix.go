package ui

// Matrix sets columns beside each other by what each row says of them: roles by what they open.
type Matrix struct {
	Caption string // says what it is; for screen readers
	Corner  string // heads the rows
	Heads   []MatrixHead
	Groups  []MatrixGroup
	// Legend says what the signs mean, in their order.
	Legend []MatrixCell
}

// MatrixHead heads a column.
type MatrixHead struct{ Label, Href string }

// MatrixGroup is rows that belong together, below a heading.
type MatrixGroup struct {
	Title string
	Rows  []MatrixRow
}

// MatrixRow has a cell for each column.
type MatrixRow struct {
	Label string
	Cells []MatrixCell
}

// Degree is how much a cell of a Matrix stands for.
type Degree string

// The degrees, from less to more.
const (
	DegreeNone Degree = "none"
	DegreeSome Degree = "some"
	DegreeAll  Degree = "all"
)

// MatrixCell is a sign, and what it means in words.
type MatrixCell struct {
	Degree Degree
	Text   string
	// Changed marks what is not as it was at first.
	Changed bool
}

// Grade asks how far something goes: one choice of a few, in one line with what it is about.
type Grade struct {
	Name    string
	Label   string
	Note    string // below the label, such as what it was at first
	Options []Option
}

// GradeGroup is grades below a heading. ID is unique on the page.
type GradeGroup struct {
	ID, Title string
	Grades    []Grade
}
