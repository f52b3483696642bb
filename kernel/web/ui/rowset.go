package ui

import (
	"strconv"
	"strings"
)

// RowSet is what a FieldRows asks for: the same fields in each row. Its buttons submit the form with AddName = the field's
// name, or RemoveName = the row's, for the server to answer with the form again; with script no page is loaded.
type RowSet struct {
	Items []RowBox
	// Blank is what a new row is made of: its name and those of its fields have RowIndex for the row's number.
	Blank RowBox
	Max   int
	// Add is a button's label. Row and Remove have RowNumber in the place of the row's number: "Row {n}", "Remove row {n}".
	Add, Row, Remove string
	// Full says why there can be no more rows.
	Full                string
	AddName, RemoveName string
}

// RowBox is a row of a RowSet. Fields that are FieldReadOnly show their Content, or a dash.
type RowBox struct {
	// Name is what the row is called in the form, "lines[2]": the names of its fields begin with it.
	Name   string
	Fields []Field
	Hidden []Hidden
	// Error is about the row as a whole.
	Error string
}

// RowIndex stands for the number of a row in names, RowNumber in texts.
const (
	RowIndex  = "~"
	RowNumber = "{n}"
)

// FieldID is the id of the row: where an ErrorItem leads.
func (b RowBox) FieldID() string { return Field{Name: b.Name}.FieldID() }

func numbered(text string, i int) string {
	return strings.ReplaceAll(text, RowNumber, strconv.Itoa(i+1))
}

// cell is what a field's place in a row is styled by: how much room it needs.
func (f Field) cell() string {
	switch {
	case f.Kind == FieldReadOnly:
		return "sum"
	case f.Num:
		return "figure"
	case f.Kind == FieldCheckbox:
		return "tick"
	case f.Kind == FieldDate, f.Kind == FieldText && f.MaxLength > 0 && f.MaxLength <= 24:
		return "brief"
	case f.Kind == FieldSelect, f.Kind == FieldText && f.MaxLength > 0 && f.MaxLength <= 64:
		return "mid"
	default:
		return "long"
	}
}
