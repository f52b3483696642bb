package custom

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/locale"
)

// Field is one that the integrator added.
type Field struct {
	// ID names it in the API and in rows: lower case, digits, underscores; 40 characters at most. It stays the same for
	// good, since values are kept under it.
	ID string `yaml:"id" json:"id"`
	// Type is text, number, decimal, date, choice or boolean.
	Type string `yaml:"type" json:"type"`
	// Title is what it is called, in each language.
	Title map[string]string `yaml:"title" json:"title"`
	// Required fields have a value in everything that is made from now on.
	Required bool `yaml:"required" json:"required"`
	// Visible says who sees it: staff, or clients too. Default: staff.
	Visible string `yaml:"visible" json:"visible"`
	// Searchable lets lists be filtered by it, Listed makes it a column of theirs.
	Searchable bool `yaml:"searchable" json:"searchable"`
	Listed     bool `yaml:"listed" json:"listed"`
	// Choices are the values of a choice, in order.
	Choices []Choice `yaml:"choices" json:"choices"`
}

// Choice is a value of a field of choices.
type Choice struct {
	ID    string            `yaml:"id" json:"id"`
	Title map[string]string `yaml:"title" json:"title"`
}

// Fields are those of one kind of thing, in the order they are shown.
type Fields []Field

// most is how many fields a thing may have.
const most = 50

var (
	idForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	types  = map[string]kernelv1.FieldType{
		"text": kernelv1.FieldType_FIELD_TYPE_TEXT, "number": kernelv1.FieldType_FIELD_TYPE_NUMBER,
		"decimal": kernelv1.FieldType_FIELD_TYPE_DECIMAL, "date": kernelv1.FieldType_FIELD_TYPE_DATE,
		"choice": kernelv1.FieldType_FIELD_TYPE_CHOICE, "boolean": kernelv1.FieldType_FIELD_TYPE_BOOLEAN,
	}
)

// Validate names everything that is wrong with the declarations. Each error begins with the field's place: "fields[0]".
func (fs Fields) Validate() error {
	var errs []error
	seen := map[string]bool{}
	if len(fs) > most {
		errs = append(errs, fmt.Errorf("fields: there are %d, and may be %d", len(fs), most))
	}
	for i, f := range fs {
		wrong := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("fields[%d]: %s", i, fmt.Sprintf(format, args...)))
		}
		switch {
		case !idForm.MatchString(f.ID):
			wrong("the id %q is not of lower-case letters, digits and underscores, 40 at most", f.ID)
		case seen[f.ID]:
			wrong("the id %q is there twice", f.ID)
		}
		seen[f.ID] = true
		if types[f.Type] == 0 {
			wrong("%s: there is no type %q%s", f.ID, f.Type, meant(f.Type, slices.Sorted(maps.Keys(types))))
		}
		if f.Visible != "" && f.Visible != "staff" && f.Visible != "clients" {
			wrong("%s: visible is %q: write staff or clients", f.ID, f.Visible)
		}
		if lacking := lacks(f.Title); lacking != "" {
			wrong("%s: the title lacks %s", f.ID, lacking)
		}
		if (f.Type == "choice") != (len(f.Choices) > 0) {
			wrong("%s: a choice has choices, and nothing else has", f.ID)
		}
		if f.Type == "boolean" && f.Required {
			wrong("%s: a boolean is yes or no anyhow: leave required out", f.ID)
		}
		choices := map[string]bool{}
		for _, c := range f.Choices {
			if !idForm.MatchString(c.ID) || choices[c.ID] {
				wrong("%s: the choice %q is there twice, or not of lower-case letters, digits and underscores", f.ID, c.ID)
			}
			choices[c.ID] = true
			if lacking := lacks(c.Title); lacking != "" {
				wrong("%s: the title of the choice %s lacks %s", f.ID, c.ID, lacking)
			}
		}
	}
	return errors.Join(errs...)
}

func meant(name string, known []string) string {
	if s := config.Suggest(name, known); s != "" {
		return fmt.Sprintf("; did you mean %q?", s)
	}
	return ": use one of " + strings.Join(known, ", ")
}

// lacks names the languages in which there is no title, and those that the portal does not know.
func lacks(title map[string]string) string {
	var lacking []string
	for _, lang := range locale.Languages() {
		if strings.TrimSpace(title[lang]) == "" {
			lacking = append(lacking, lang)
		}
	}
	for _, lang := range slices.Sorted(maps.Keys(title)) {
		if !slices.Contains(locale.Languages(), lang) {
			lacking = append(lacking, "a language that the portal knows instead of "+lang)
		}
	}
	return strings.Join(lacking, ", ")
}

// staffOnly tells whether clients never see it.
func (f Field) staffOnly() bool { return f.Visible != "clients" }

// Definitions are the fields as contracts say them. forStaff adds those that clients do not see.
func (fs Fields) Definitions(forStaff bool) []*kernelv1.FieldDefinition {
	var out []*kernelv1.FieldDefinition
	for _, f := range fs {
		if f.staffOnly() && !forStaff {
			continue
		}
		d := &kernelv1.FieldDefinition{
			Id: f.ID, Type: types[f.Type], Titles: f.Title, Required: f.Required, StaffOnly: f.staffOnly(), Searchable: f.Searchable, Listed: f.Listed,
		}
		for _, c := range f.Choices {
			d.Choices = append(d.Choices, &kernelv1.FieldChoice{Id: c.ID, Titles: c.Title})
		}
		out = append(out, d)
	}
	return out
}

// find is a declared field.
func (fs Fields) find(id string) (Field, bool) {
	i := slices.IndexFunc(fs, func(f Field) bool { return f.ID == id })
	if i < 0 {
		return Field{}, false
	}
	return fs[i], true
}

// IDs are those of all fields.
func (fs Fields) IDs() []string {
	ids := make([]string, len(fs))
	for i, f := range fs {
		ids[i] = f.ID
	}
	return ids
}
