package locale

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CheckError says where the languages of a bundle disagree.
type CheckError struct {
	// Language at fault.
	Language string
	// Key of the text at fault.
	Key string
	// Problem says what is wrong with it.
	Problem string
}

func (e *CheckError) Error() string { return e.Key + " (" + e.Language + "): " + e.Problem }

// Check returns what a reader of some language would miss; nil when there is nothing. Every language must have every
// one of keys and every key that another language has, with the same placeholders, and each plural with exactly the forms
// of its language. The error joins a *CheckError for each problem, sorted by key.
func (b *Bundle) Check(keys []string) error {
	all := map[string]bool{}
	for _, key := range keys {
		all[key] = true
	}
	for _, entries := range b.now.Load().entries {
		for key := range entries {
			all[key] = true
		}
	}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(all)) {
		problems = append(problems, b.checkKey(key)...)
	}
	return errors.Join(problems...)
}

func (b *Bundle) checkKey(key string) (problems []error) {
	fail := func(lang, format string, args ...any) {
		problems = append(problems, &CheckError{Language: lang, Key: key, Problem: fmt.Sprintf(format, args...)})
	}
	var first *entry // the one that the others are measured by: English, when it has the key
	var firstLang string
	for _, lang := range Languages() {
		e, found := b.now.Load().entries[lang][key]
		if !found {
			fail(lang, "there is no text")
			continue
		}
		if first == nil {
			first, firstLang = &e, lang
		}
		if e.plural != first.plural {
			fail(lang, "it is a plural in one language and none in another, %s; make them the same", firstLang)
		}
		if e.plural {
			for _, form := range formsOf[lang] {
				if _, has := e.forms[form]; !has {
					fail(lang, "the plural form %q is missing", form)
				}
			}
		}
		want := first.placeholders("other")
		for _, form := range slices.Sorted(maps.Keys(e.forms)) {
			if !slices.Contains(formsOf[lang], form) {
				fail(lang, "the language has no plural form %q; it has %s", form, strings.Join(formsOf[lang], ", "))
			}
			if got := e.placeholders(form); !slices.Equal(got, want) {
				fail(lang, "it has the placeholders %v (form %s), %s has %v; give all the same", got, form, firstLang, want)
			}
		}
	}
	return problems
}
