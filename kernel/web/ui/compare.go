package ui

// Compare is two things side by side: of each field one value is chosen.
type Compare struct {
	// Left goes on, Right becomes part of it; a note says so below each name.
	Left, LeftNote, Right, RightNote string
	Rows                             []CompareRow
}

// CompareRow is a field of both.
type CompareRow struct {
	// Name is what the choice is sent as: "left" or "right".
	Name, Label string
	Left, Right Value
	// Choose lets the reader choose. Otherwise Note says what becomes of both.
	Choose      bool
	RightChosen bool
	Note        string
}

func (r CompareRow) id() string { return "c-" + r.Name }
