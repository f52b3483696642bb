package locale

import (
	"embed"
	"errors"
	"io/fs"
	"sync/atomic"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// English is the language of texts that another language lacks.
const English = "en"

// Languages are the languages there are, by their names in file names, configuration and Match.
func Languages() []string { return []string{English, "uk", "ru"} }

//go:embed locales/*.yaml
var own embed.FS

// Source is the texts of one module.
type Source struct {
	// Prefix is the module's id; every key begins with it and a dot. Required.
	Prefix string
	// FS holds the folder of the texts. Required.
	FS fs.FS
	// Dir is that folder. Default: "locales".
	Dir string
}

// Bundle is the texts of a portal in all its languages. It is safe for concurrent use.
type Bundle struct {
	now       *atomic.Pointer[words]
	zone      *time.Location
	missing   *missing
	onMissing *atomic.Pointer[func(Missing)]
}

// words are replaced as a whole, never changed.
type words struct {
	texts     *i18n.Bundle
	localizer map[string]*i18n.Localizer
	entries   map[string]map[string]entry // language, key
}

// NewBundle reads the texts of all sources, and the package's own (their prefix is "locale"). The error joins a *FileError for
// everything that is wrong: a file that cannot be read, a key that stands twice or lacks the prefix, a text with an
// unfinished placeholder. A language that lacks some texts is no error here: Check finds it, and English fills in.
//
// Dates are shown in UTC until WithZone says otherwise.
func NewBundle(sources ...Source) (*Bundle, error) {
	b := &Bundle{now: &atomic.Pointer[words]{}, zone: time.UTC, missing: &missing{}, onMissing: &atomic.Pointer[func(Missing)]{}}
	w := &words{texts: i18n.NewBundle(language.English), localizer: map[string]*i18n.Localizer{}, entries: map[string]map[string]entry{}}
	var problems []error
	for _, lang := range Languages() {
		w.entries[lang] = map[string]entry{}
	}
	prefixes := map[string]bool{}
	for _, source := range append([]Source{{Prefix: "locale", FS: own}}, sources...) {
		if prefixes[source.Prefix] {
			problems = append(problems, &FileError{File: source.Prefix, Problem: "two sources have this prefix; give each module its own"})
			continue
		}
		prefixes[source.Prefix] = true
		problems = append(problems, w.load(source)...)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	for _, lang := range Languages() {
		tag := language.MustParse(lang)
		for key, e := range w.entries[lang] {
			if err := w.texts.AddMessages(tag, e.message(key)); err != nil {
				return nil, err
			}
		}
		w.localizer[lang] = i18n.NewLocalizer(w.texts, lang)
	}
	b.now.Store(w)
	return b, nil
}

// Adopt puts another bundle's texts into the place of this one's, for all who hold it. Localizers that were made before
// keep the words they have.
func (b *Bundle) Adopt(other *Bundle) { b.now.Store(other.now.Load()) }

// WithZone returns the same bundle with another time zone for localizers that name none. The two share what is missing.
func (b *Bundle) WithZone(zone *time.Location) *Bundle {
	out := *b
	out.zone = zone
	return &out
}

// For returns the localizer of a language ("en", "uk", "ru"; another is taken as English) and a time zone; nil is the
// bundle's. It costs next to nothing: make one for each request.
func (b *Bundle) For(lang string, zone *time.Location) *Localizer {
	w := b.now.Load()
	if w.localizer[lang] == nil {
		lang = English
	}
	if zone == nil {
		zone = b.zone
	}
	return &Localizer{bundle: b, words: w, lang: lang, texts: w.localizer[lang], format: formats[lang], zone: zone}
}
