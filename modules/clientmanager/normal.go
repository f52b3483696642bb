package clientmanager

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// Row security lets an index be used for operators that cannot leak, which are the plain comparisons. What lists are
// searched and ordered by is therefore computed here and stored, instead of by lower() or a collation in the query.

// oneLine trims a text and joins its white space into single spaces; what cannot be shown goes.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(visible(text), unicode.IsSpace), " ")
}

// lines trims a text of several lines.
func lines(text string) string {
	return strings.TrimSpace(visible(strings.ReplaceAll(text, "\r\n", "\n")))
}

func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || (unicode.IsControl(r) && r != '\n' && r != '\t') || r == '\u200b' || r == '\ufeff' {
			return -1
		}
		return r
	}, norm.NFC.String(text))
}

// fold makes texts that differ in case or form alone the same.
func fold(text string) string {
	return cases.Fold().String(norm.NFKC.String(oneLine(text)))
}

// sortedRunes and sortedBytes are how much of a text, and of the key it gives, its order is told by. Beyond it, ids
// decide. Page tokens carry keys, and have to stay short.
const (
	sortedRunes = 60
	sortedBytes = 240
)

var collators = sync.Pool{New: func() any { return collate.New(language.Ukrainian, collate.IgnoreCase, collate.Numeric) }}

// sortKey is what texts are ordered by, as people do: Cyrillic and Latin each by their alphabet, numbers by size.
// Keys compare bytewise.
func sortKey(text string) []byte {
	runes := []rune(oneLine(text))
	if len(runes) > sortedRunes {
		runes = runes[:sortedRunes]
	}
	c := collators.Get().(*collate.Collator) // a collator serves one goroutine at a time
	defer collators.Put(c)
	var b collate.Buffer
	key := c.KeyFromString(&b, string(runes))
	return slices.Clone(key[:min(len(key), sortedBytes)])
}

// searchText is what a client is found by a part of, one line each.
func searchText(c *v1.Client) string {
	return strings.Join([]string{fold(c.GetName()), fold(c.GetLegalName()), fold(c.GetCode()), fold(c.GetTaxId())}, "\n")
}

// grams are the different groups of three letters in a text, each line for itself. A line that holds a text holds all
// of that text's groups, which is what the index answers.
func grams(text string) []string {
	var found []string
	for line := range strings.Lines(text) {
		runes := []rune(strings.TrimSuffix(line, "\n"))
		for i := 0; i+3 <= len(runes); i++ {
			found = append(found, string(runes[i:i+3]))
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// after is the least text that is greater than every text beginning with prefix, bytewise; empty when there is none.
func after(prefix string) string {
	runes := []rune(prefix)
	for i := len(runes) - 1; i >= 0; i-- {
		next := runes[i] + 1
		if next == 0xD800 { // surrogates are no text
			next = 0xE000
		}
		if next <= unicode.MaxRune {
			return string(append(runes[:i], next))
		}
	}
	return ""
}
