package ui

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"
)

// FieldKind is what kind of answer a field takes.
type FieldKind int

// The kinds.
const (
	FieldText FieldKind = iota
	FieldTextArea
	FieldEmail
	FieldTel
	FieldURL
	FieldPassword
	FieldNumber
	FieldMoney     // an amount and its currency
	FieldDate      // Value is "2006-01-02"
	FieldDateTime  // Value is "2006-01-02T15:04"
	FieldSelect    // one of Options, in a list
	FieldChoice    // one of Options, as cards
	FieldCheckbox  // yes or no; Value of the only Option, "1" when there is none
	FieldTags      // any of Options, and new ones by AddName
	FieldReference // another thing, looked up by name; see Lookup
	FieldFile      // files to send; the form must be Multipart
	FieldCode      // a short code, such as a one-time one
	FieldReadOnly  // shown, not asked
	FieldTime      // Value is "15:04"
	FieldRows      // rows of other fields; see RowSet
)

// Option is something to choose.
type Option struct {
	Value    string
	Label    string
	Hint     string // second line; of cards and boxes
	Selected bool
	Disabled bool
	// Asks are the names of fields that are shown with this one alone; of FieldSelect. See Field.AskedBy.
	Asks []string
}

// Field asks for one answer.
type Field struct {
	Kind  FieldKind
	Name  string
	ID    string // "f-" and the name when empty
	Label string
	Hint  string // stands above the field
	Error string // stands below it
	// Link is a page elsewhere that a box to check speaks of; it opens beside this one.
	Link  *Crumb
	Value string
	// Options of FieldSelect, FieldChoice, FieldTags, FieldReference and FieldCheckbox.
	Options []Option
	// Required fields carry a mark; Optional is a word after the label of those that are not, such as "optional".
	Required bool
	Optional string

	Placeholder  string
	Autocomplete string // as in HTML, such as "current-password"
	InputMode    string
	MaxLength    int    // characters; 0 is no limit
	Min, Max     string // of numbers and dates
	Step         string // of numbers; "any" when empty
	Rows         int    // of FieldTextArea; 3 when 0
	Disabled     bool
	ReadOnly     bool
	Autofocus    bool
	// AskedBy is the name of a FieldSelect in the form: the field is shown while what is chosen there asks for it, and always without script.
	AskedBy string
	Short   bool // a narrow field, for short answers
	Half    bool // shares a row with its neighbour when that is Half too
	Num     bool // figures: at the right, in one width

	// Currency stands behind the amount of FieldMoney, or, with CurrencyName, is chosen from Currencies.
	Currency     string
	CurrencyName string
	CurrencyText string // its label for screen readers
	Currencies   []Option

	// AddName takes new tags, separated by commas; AddLabel is its label.
	AddName, AddLabel, AddValue string

	// Lookup turns FieldReference into a search with a button; without it the reference is a list of Options.
	Lookup *Lookup

	// Accept limits files, as in HTML; Multiple takes several. DropText is "Choose files or drop them here".
	Accept   string
	Multiple bool
	DropText string

	// RowSet is what FieldRows asks for.
	RowSet *RowSet

	// Content stands in the place of the input, which it must carry FieldID for, or of what FieldReadOnly shows.
	Content templ.Component
}

// Lookup is a search inside of a form. Its button submits the form with FindField = the field's name and Name = the
// words; the server answers with the form again, the field's Options being what was found.
type Lookup struct {
	Name        string // of the words' field
	Value       string
	Label       string
	Find        string // the button
	Placeholder string
}

// FindField is the form field that says which Lookup was asked.
const FindField = "find"

// FieldID is the id of the field's input: where an ErrorItem leads.
func (f Field) FieldID() string {
	if f.ID != "" {
		return f.ID
	}
	return "f-" + strings.NewReplacer(".", "-", "[", "-", "]", "", " ", "-").Replace(f.Name)
}

// grouped fields are several inputs under one legend.
func (f Field) grouped() bool {
	return f.Kind == FieldChoice || f.Kind == FieldTags
}

func (f Field) inputType() string {
	switch f.Kind {
	case FieldEmail:
		return "email"
	case FieldTel:
		return "tel"
	case FieldURL:
		return "url"
	case FieldPassword:
		return "password"
	case FieldDate:
		return "date"
	case FieldTime:
		return "time"
	case FieldDateTime:
		return "datetime-local"
	default:
		// Numbers and amounts are text with a numeric keyboard: a number field drops what it cannot read without a
		// word, knows one decimal sign, and turns under the mouse wheel.
		return "text"
	}
}

func (f Field) inputMode() string {
	switch {
	case f.InputMode != "":
		return f.InputMode
	case f.Kind == FieldMoney:
		return "decimal"
	case f.Kind == FieldNumber && (f.Step == "" || f.Step == "1"):
		return "numeric"
	case f.Kind == FieldNumber:
		return "decimal"
	case f.Kind == FieldCode:
		return "numeric"
	default:
		return ""
	}
}

func (f Field) class() string {
	class := "input"
	switch {
	case f.Kind == FieldDateTime:
		class += " moment"
	case f.Short, f.Kind == FieldDate, f.Kind == FieldTime, f.Kind == FieldNumber:
		class += " short"
	}
	if f.Kind == FieldCode {
		class += " code"
	}
	if f.Num {
		class += " num"
	}
	return class
}

// describedBy ties the hint and the error to the input with the id.
func describedBy(id string, hint, err bool) templ.Attributes {
	var ids []string
	if hint {
		ids = append(ids, id+"-hint")
	}
	if err {
		ids = append(ids, id+"-error")
	}
	if len(ids) == 0 {
		return nil
	}
	return templ.Attributes{"aria-describedby": strings.Join(ids, " ")}
}

// attrs are the attributes that any kind of input may have.
func (f Field) attrs() templ.Attributes {
	a := templ.Attributes{}
	for k, v := range describedBy(f.FieldID(), f.Hint != "", f.Error != "") {
		a[k] = v
	}
	set := func(name, value string) {
		if value != "" {
			a[name] = value
		}
	}
	on := func(name string, is bool) {
		if is {
			a[name] = true
		}
	}
	set("placeholder", f.Placeholder)
	set("data-asked-by", f.AskedBy)
	set("autocomplete", f.Autocomplete)
	set("inputmode", f.inputMode())
	if f.Kind == FieldDate || f.Kind == FieldDateTime {
		set("min", f.Min)
		set("max", f.Max)
	}
	if f.MaxLength > 0 {
		a["maxlength"] = strconv.Itoa(f.MaxLength)
	}
	if f.Error != "" {
		a["aria-invalid"] = "true"
	}
	on("required", f.Required)
	on("disabled", f.Disabled)
	on("readonly", f.ReadOnly)
	on("autofocus", f.Autofocus)
	return a
}

func (o Option) attrs() templ.Attributes {
	if len(o.Asks) == 0 {
		return nil
	}
	return templ.Attributes{"data-asks": strings.Join(o.Asks, " ")}
}

func (f Field) rows() string {
	if f.Rows == 0 {
		return "3"
	}
	return strconv.Itoa(f.Rows)
}

// checkValue is what a box sends when it is checked.
func (f Field) checkValue() string {
	if len(f.Options) > 0 {
		return f.Options[0].Value
	}
	return "1"
}

// chosen says whether the option is the answer: marked as such, or equal to the value.
func (f Field) chosen(o Option) bool {
	return o.Selected || (f.Value != "" && o.Value == f.Value)
}

// shown is the value of a field that is not asked, as its reader knows it.
func (f Field) shown() string {
	for _, o := range f.Options {
		if o.Value == f.Value && o.Label != "" {
			return o.Label
		}
	}
	if f.Value == "" {
		return "—"
	}
	return f.Value
}
