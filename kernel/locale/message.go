package locale

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// allForms are the plural forms that the languages have between them.
var allForms = []string{"one", "few", "many", "other"}

// formsOf are the plural forms that each language needs.
var formsOf = map[string][]string{
	"en": {"one", "other"},
	"uk": {"one", "few", "many", "other"},
	"ru": {"one", "few", "many", "other"},
}

// entry is one text of one language as its file has it.
type entry struct {
	file   string
	line   int
	plural bool
	forms  map[string]string // a text without plural is its form "other"
}

func (e entry) message(key string) *i18n.Message {
	return &i18n.Message{ID: key, One: e.forms["one"], Few: e.forms["few"], Many: e.forms["many"], Other: e.forms["other"]}
}

// placeholders are the names a form asks for, sorted, without n: a form may say "a client" for "1 client".
func (e entry) placeholders(form string) []string {
	parsed, _ := parseText(e.forms[form])
	var out []string
	for _, part := range parsed {
		if part.name != "" && part.name != "n" && !slices.Contains(out, part.name) {
			out = append(out, part.name)
		}
	}
	slices.Sort(out)
	return out
}

// part is a piece of a text: either words or the name of a placeholder.
type part struct{ words, name string }

// parsedText is a text cut at its placeholders.
type parsedText []part

// parseText cuts a text at its {placeholders}.
func parseText(text string) (parsedText, error) {
	var out parsedText
	var words strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case (c == '{' || c == '}') && i+1 < len(text) && text[i+1] == c:
			words.WriteByte(c)
			i++
		case c == '}':
			return nil, fmt.Errorf("a } without its {; for a brace write }}")
		case c == '{':
			name, _, closed := strings.Cut(text[i+1:], "}")
			if !closed || !isName(name) {
				return nil, fmt.Errorf("a placeholder is {name} in lower-case letters, digits and _; for a brace write {{")
			}
			if words.Len() > 0 {
				out = append(out, part{words: words.String()})
				words.Reset()
			}
			out = append(out, part{name: name})
			i += len(name) + 1
		default:
			words.WriteByte(c)
		}
	}
	if words.Len() > 0 {
		out = append(out, part{words: words.String()})
	}
	return out, nil
}

func isName(s string) bool {
	for i, r := range s {
		if (r < 'a' || r > 'z') && r != '_' && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// textParser gives the library our placeholders in place of Go templates: they are what translators know, and they
// cannot call anything.
type textParser struct{}

var (
	_ template.Parser         = textParser{}
	_ template.ParsedTemplate = parsedText(nil)
)

func (textParser) Cacheable() bool { return true }

func (textParser) Parse(src, _, _ string) (template.ParsedTemplate, error) {
	parsed, err := parseText(src)
	return parsed, err
}

// filling is what fills the placeholders of one text.
type filling struct {
	loc  *Localizer
	key  string
	args []any  // name, value, name, value…
	n    string // the number of a plural, written out; empty without one
}

// Execute fills the placeholders. One without its argument stays visible as {name} and is reported.
func (p parsedText) Execute(data any) (string, error) {
	if len(p) == 1 && p[0].name == "" {
		return p[0].words, nil
	}
	f, _ := data.(*filling)
	var out strings.Builder
	for _, part := range p {
		if part.name == "" {
			out.WriteString(part.words)
			continue
		}
		value, found := "", false
		if f != nil {
			value, found = f.value(part.name)
		}
		if !found {
			value = "{" + part.name + "}"
			if f != nil {
				f.loc.bundle.report(Missing{Language: f.loc.lang, Key: f.key, Argument: part.name})
			}
		}
		out.WriteString(value)
	}
	return out.String(), nil
}

func (f *filling) value(name string) (string, bool) {
	for i := 0; i+1 < len(f.args); i += 2 {
		if f.args[i] == name {
			return f.loc.text(f.args[i+1]), true
		}
	}
	return f.n, name == "n" && f.n != ""
}
