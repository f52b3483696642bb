package locale

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// Localizer speaks one language in one time zone. It is safe for concurrent use. Nothing it returns is escaped.
type Localizer struct {
	bundle *Bundle
	words  *words
	lang   string
	texts  *i18n.Localizer
	format format
	zone   *time.Location
}

// Language returns the language spoken: "en", "uk" or "ru".
func (l *Localizer) Language() string { return l.lang }

// Zone returns the time zone that dates are shown in.
func (l *Localizer) Zone() *time.Location { return l.zone }

// T returns the text of a key, its placeholders filled from args: a name, its value, the next name and so on, as in
// T("files.shared_by", "name", "Anna"). Whole numbers are written with Number, times with Date, other values as fmt
// does.
//
// A key that the language lacks gives the English text; one that English lacks too gives the key itself. Either is
// reported once to OnMissing, and so is a placeholder without its argument.
func (l *Localizer) T(key string, args ...any) string {
	return l.localize(key, nil, args, "")
}

// Plural returns the text of a key in the plural form that n asks for; {n} is n, written as the language does. For args, see T.
func (l *Localizer) Plural(key string, n int64, args ...any) string {
	return l.localize(key, n, args, l.Number(n))
}

func (l *Localizer) localize(key string, n any, args []any, written string) string {
	text, err := l.texts.Localize(&i18n.LocalizeConfig{
		MessageID: key, PluralCount: n, TemplateParser: textParser{},
		TemplateData: &filling{loc: l, key: key, args: args, n: written},
	})
	if err == nil {
		return text
	}
	var notFound *i18n.MessageNotFoundErr
	if errors.As(err, &notFound) {
		l.bundle.report(Missing{Language: l.lang, Key: key})
	}
	if text == "" {
		return key
	}
	return text
}

// Has reports whether the key has a text, in the language or in English.
func (l *Localizer) Has(key string) bool {
	if _, found := l.words.entries[l.lang][key]; found {
		return true
	}
	_, found := l.words.entries[English][key]
	return found
}

// First returns the text of the first key that has one, such as a field's own label before the common one, and whether
// any had. A text in the language goes before an earlier key's in English. Keys without a text are not reported as missing.
func (l *Localizer) First(keys ...string) (text string, found bool) {
	for _, lang := range []string{l.lang, English} {
		for _, key := range keys {
			if _, has := l.words.entries[lang][key]; has {
				return l.T(key), true
			}
		}
	}
	return "", false
}

// List joins items as a sentence does: "a, b and c".
func (l *Localizer) List(items ...string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return l.T("locale.list", "head", strings.Join(items[:last], ", "), "last", items[last])
}

// text writes an argument.
func (l *Localizer) text(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case int:
		return l.Number(int64(v))
	case int32:
		return l.Number(int64(v))
	case int64:
		return l.Number(v)
	case time.Time:
		return l.Date(v)
	}
	return fmt.Sprint(value)
}
