package finsystem

import (
	"strings"
	"unicode"
)

// How an invoice's number is found in what a payer wrote. Both are taken apart into runs of letters and runs of digits, in capitals and
// with Cyrillic letters that look like Latin ones made those; one sign or a blank between runs does not count. A number is found where runs of the
// text, put together, are the number's, and no run of the text ends where none of the number's does: so "0017" is never found in
// "100175", nor "INV-17" put together of "INV-1 7".

// lookalikes are capitals of the Cyrillic alphabet as finsystem.number_key has them.
var lookalikes = strings.NewReplacer("А", "A", "В", "B", "Е", "E", "К", "K", "М", "M", "Н", "H", "О", "O", "Р", "P", "С", "C", "Т", "T", "У", "Y", "Х", "X",
	"І", "I", "Ї", "I", "Ё", "E")

// numberRun is letters or digits that stand together.
type numberRun struct {
	text  string
	digit bool
	// glue is what stands between it and the run before: 0 for nothing, one of "-/_." for that alone, a blank for blanks and a sign that a number follows,
	// one of the spaced ones for a dash or slash with blanks, apart for anything else.
	glue rune
}

const spacedDash, spacedSlash, apart = '~', '|', ';'

// glueOf is what the signs between two runs are.
func glueOf(between string) rune {
	if between == "" {
		return 0
	}
	if len(between) == 1 && strings.ContainsAny(between, "-/_.") {
		return rune(between[0])
	}
	switch strings.TrimFunc(between, func(r rune) bool { return unicode.IsSpace(r) || r == '№' || r == '#' }) {
	case "":
		return ' '
	case "-":
		return spacedDash
	case "/":
		return spacedSlash
	}
	return apart
}

// mostRuns is how much of a text is looked at, and longestNumber how many runs a number may have.
const mostRuns, longestNumber = 400, 8

func numberRuns(text string) []numberRun {
	var out []numberRun
	var run strings.Builder
	digit, between := false, " "
	end := func() {
		if run.Len() > 0 {
			out = append(out, numberRun{text: lookalikes.Replace(run.String()), digit: digit, glue: glueOf(between)})
			run.Reset()
			between = ""
		}
	}
	for _, r := range text {
		if len(out) >= mostRuns {
			break
		}
		switch {
		case unicode.IsLetter(r), r >= '0' && r <= '9':
			is := r >= '0' && r <= '9'
			if run.Len() > 0 && is != digit {
				end()
			}
			if run.Len() == 0 {
				digit = is
			}
			run.WriteRune(unicode.ToUpper(r))
		default:
			end()
			if r == '–' || r == '—' || r == '\u2011' {
				r = '-'
			}
			if len(between) < 16 { // of more the rest does not count
				between += string(r)
			}
		}
	}
	end()
	return out
}

// numberSpan is a place in a text that may be a number.
type numberSpan struct {
	from, to int // of its runs; to is the one after the last
	// clean tells that nothing is written right behind it.
	clean bool
}

// spans are the places in a text that may be numbers, by their key.
func spans(runs []numberRun) map[string][]numberSpan {
	out := map[string][]numberSpan{}
	for from := range runs {
		if !begins(runs, from) {
			continue
		}
		key, digits := "", false
		for to := from + 1; to <= len(runs) && to <= from+longestNumber; to++ {
			if glue := runs[to-1].glue; to > from+1 && (glue == apart || glue == spacedSlash) { // "INV-2026, 17 pieces"
				break
			}
			key, digits = key+runs[to-1].text, digits || runs[to-1].digit
			if len(key) > 60 {
				break
			}
			if ends, clean := ends(runs, to); digits && ends && len(key) >= 2 {
				out[key] = append(out[key], numberSpan{from, to, clean})
			}
		}
	}
	return out
}

// begins tells whether a number may begin with a run: it is no part of a longer one.
func begins(runs []numberRun, i int) bool {
	switch runs[i].glue {
	case ' ', spacedDash, spacedSlash, apart:
		return true
	case '.': // "рах.INV-1", and not "1.17"
		return i == 0 || !runs[i-1].digit || !runs[i].digit
	case '/': // the second one of "INV-1/INV-2"
		return i == 0 || runs[i-1].digit && !runs[i].digit
	}
	return i == 0
}

// ends tells whether a number may end before a run, and whether nothing that could belong to it follows.
func ends(runs []numberRun, i int) (may, clean bool) {
	if i == len(runs) {
		return true, true
	}
	next := runs[i]
	switch next.glue {
	case ' ', apart:
		return true, true
	case spacedDash, spacedSlash: // "INV-1 - 2" may be another number
		return true, !next.digit
	case '.':
		return !next.digit, true
	case '/': // "INV-1/INV-2", while what follows in "INV-1/A" may belong to it, and does in "INV-1/2"
		return !next.digit, len(next.text) > 2
	default: // "INV-1від", and not "INV-1-2"
		return !next.digit && runs[i-1].digit, false
	}
}

// is tells whether a place in a text is a number, taken apart no finer than the number is.
func (s numberSpan) is(runs, number []numberRun) bool {
	at, own := 0, map[int]bool{}
	for _, r := range number {
		at += len(r.text)
		own[at] = true
	}
	at = 0
	for _, r := range runs[s.from:s.to] {
		at += len(r.text)
		if !own[at] {
			return false
		}
	}
	return true
}

// ofDigits tells whether a number is digits alone, as amounts, days and tax ids are too.
func ofDigits(number []numberRun) bool {
	for _, r := range number {
		if !r.digit {
			return false
		}
	}
	return true
}
