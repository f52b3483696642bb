package ui

import (
	"slices"

	"github.com/a-h/templ"
)

// Form sends answers. It is posted unless Method says otherwise, with its token as CSRFField.
type Form struct {
	ID     string
	Action string
	Method string // "post" when empty
	CSRF   string
	Hidden []Hidden
	// Trap is a field that people do not see, and robots fill.
	Trap *Trap
	// Multipart sends files.
	Multipart bool
	// Guard warns, with script, before unsaved changes are left.
	Guard    bool
	Errors   *ErrorSummary
	Notices  []Notice
	Sections []FormSection
	Submit   Button
	// Others stand after Submit: a second way to save, Cancel as a link.
	Others []Button
	Note   string // at the right of the buttons, such as "Draft saved at 9:12"
	// FullWidth makes the button as wide as the form.
	FullWidth bool
}

func (f Form) method() string {
	if f.Method == "" {
		return "post"
	}
	return f.Method
}

func (f Form) attrs() templ.Attributes {
	a := templ.Attributes{}
	if f.ID != "" {
		a["id"] = f.ID
	}
	if f.Multipart {
		a["enctype"] = "multipart/form-data"
	}
	if f.Guard {
		a["data-guard"] = true
	}
	return a
}

// Trap is a field out of sight; Label tells who finds it all the same to leave it empty.
type Trap struct{ Name, Label string }

// FormSection is a group of fields. Groups without a title follow without a heading.
type FormSection struct {
	ID     string // needed when Title is set
	Title  string
	Lead   string
	Fields []Field
	// Content follows the fields.
	Content templ.Component
}

// ErrorSummary names every answer that needs a second look, each a link to its field.
type ErrorSummary struct {
	Title string
	Items []ErrorItem
}

// ErrorItem is one thing at fault. Field is the id of the field (see Field.FieldID); empty when it concerns the whole.
type ErrorItem struct{ Text, Field string }

// rows groups the fields of a section: neighbours that are Half share a row.
func (s FormSection) rows() [][]Field {
	var out [][]Field
	for i := 0; i < len(s.Fields); i++ {
		f := s.Fields[i]
		if f.Half && i+1 < len(s.Fields) && s.Fields[i+1].Half {
			out = append(out, []Field{f, s.Fields[i+1]})
			i++
			continue
		}
		out = append(out, []Field{f})
	}
	return out
}

// hasRows tells whether the form has rows, whose buttons stand before its own: Enter means the first button of a form.
func (f Form) hasRows() bool {
	return slices.ContainsFunc(f.Sections, func(s FormSection) bool {
		return slices.ContainsFunc(s.Fields, func(f Field) bool { return f.Kind == FieldRows })
	})
}
