package statement

import (
	"strings"
	"time"
	"unicode"
)

// clean makes one line of a text: runs of blanks and control characters are one blank, and none are at its ends.
func clean(text string) string {
	tidy := true
	blank := true
	for i := range len(text) {
		c := text[i]
		if c >= 0x80 || c < ' ' || c == 0x7f || c == ' ' && (blank || i == len(text)-1) {
			tidy = false
			break
		}
		blank = c == ' '
	}
	if tidy {
		return text
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

// account writes an account's number the way all are compared: capitals, no blanks.
func account(number string) string {
	return strings.ToUpper(strings.Join(strings.Fields(clean(number)), ""))
}

// isIBAN checks form and check digits (ISO 13616).
func isIBAN(s string) bool {
	if len(s) < 15 || len(s) > 34 {
		return false
	}
	rest := 0
	for i := range len(s) {
		c := s[(i+4)%len(s)]
		at := (i + 4) % len(s)
		switch {
		case c >= '0' && c <= '9' && at >= 2:
			rest = (rest*10 + int(c-'0')) % 97
		case c >= 'A' && c <= 'Z' && (at < 2 || at >= 4):
			rest = (rest*100 + int(c-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}

// reference is a reference, or nothing where the bank says that there is none.
func reference(text string) string {
	text = clean(text)
	switch strings.ToUpper(text) {
	case "NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOTPROVIDED.", "EREF", "PREF", "MARF", "KREF+", "-":
		return ""
	}
	return text
}

// day reads a date that is written with digits alone or as a layout of package time says.
func day(layout, text string) (time.Time, bool) {
	t, err := time.Parse(layout, text)
	if err != nil || t.Year() < 1900 || t.Year() > 2199 {
		return time.Time{}, false
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), true
}
