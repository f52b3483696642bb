package ui

import (
	"hash/fnv"
	"strings"
	"unicode"
)

// Avatar stands for a person or an organisation: by a photo, or by its initials where there is none.
type Avatar struct {
	Name string
	Org  bool   // an organisation has corners, a person is round
	Size string // "s" is 24 px, "" 32 px, "l" 48 px
	// Photo is the address of a square picture; empty for none. It takes "?w=96" for a small one.
	Photo string
}

// Initials are the first letters of the first two words, in upper case: "Zerno Roastery" gives "ZR". Quotation marks,
// digits and signs count only when there is no letter.
func Initials(name string) string {
	var out []rune
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || r == '-' }) {
		for _, r := range word {
			if unicode.IsLetter(r) {
				out = append(out, unicode.ToUpper(r))
				break
			}
		}
		if len(out) == 2 {
			return string(out)
		}
	}
	if len(out) > 0 {
		return string(out)
	}
	for _, r := range name {
		if unicode.IsDigit(r) {
			return string(r)
		}
	}
	return "·"
}

// src is the picture that is large enough also where one px is two dots.
func (a Avatar) src() string {
	if a.Size == "l" || a.Size == "xl" {
		return a.Photo
	}
	return a.Photo + "?w=96"
}

// tone is the same for the same name, on every page and every day.
func (a Avatar) tone() Tone {
	h := fnv.New32a()
	_, _ = h.Write([]byte(a.Name))
	return []Tone{"", "v1", "v2", ToneNone}[h.Sum32()%4]
}
