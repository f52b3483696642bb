package clientmanager

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	xunicode "golang.org/x/text/encoding/unicode"
)

// decode turns a file into text. A byte order mark decides; without one UTF-8 is tried, then windows-1251.
func decode(content []byte) (string, error) {
	switch {
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		content = content[3:]
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		text, err := xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM).NewDecoder().Bytes(content)
		if err != nil || len(content)%2 != 0 {
			return "", fault(0, "the file begins as UTF-16 and is cut off: save it again, best as \"CSV UTF-8\"")
		}
		return checked(string(text))
	}
	if i := bytes.IndexByte(content, 0); i >= 0 {
		return "", fault(lineOf(content, i), "there is a zero byte, which no text has: is this a CSV file? Save the table as \"CSV UTF-8\"")
	}
	if utf8.Valid(content) {
		return string(content), nil
	}
	if text, ok := windows1251(content); ok {
		return text, nil
	}
	return "", fault(lineOf(content, firstInvalid(content)), "this is neither UTF-8 nor UTF-16 nor windows-1251: save the table as \"CSV UTF-8\"")
}

func checked(text string) (string, error) {
	if i := strings.IndexByte(text, 0); i >= 0 {
		return "", fault(lineOf([]byte(text), i), "there is a zero byte, which no text has: is this a CSV file? Save the table as \"CSV UTF-8\"")
	}
	return text, nil
}

// windows1251 decodes a file when what comes out is plausible: every byte has a meaning, and of the letters beyond
// ASCII nearly all are Cyrillic letters that stand beside another. Nothing says so in the file.
func windows1251(content []byte) (string, bool) {
	if bytes.IndexByte(content, 0x98) >= 0 { // the one byte without a meaning
		return "", false
	}
	decoded, err := charmap.Windows1251.NewDecoder().Bytes(content)
	if err != nil {
		return "", false
	}
	text := string(decoded)
	var high, neighbours int
	before := ' '
	for _, r := range text {
		if r > unicode.MaxASCII && unicode.IsLetter(r) {
			high++
			if unicode.Is(unicode.Cyrillic, r) && unicode.Is(unicode.Cyrillic, before) {
				neighbours++
			}
		}
		before = r
	}
	return text, high > 0 && neighbours*10 >= high*5
}

func lineOf(content []byte, at int) int { return 1 + bytes.Count(content[:at], []byte("\n")) }

func firstInvalid(content []byte) int {
	for i := 0; i < len(content); {
		r, size := utf8.DecodeRune(content[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(content)
}

// separatorOf is what parts the cells: the one of comma, semicolon and tab that the first line has most of outside
// quotes. A first line "sep=;", which Excel writes, says it and is no row.
func separatorOf(text string) (separator byte, rest string, skipped int) {
	if after, ok := strings.CutPrefix(text, "sep="); ok && len(after) > 0 && strings.IndexByte(",;\t", after[0]) >= 0 {
		if end := strings.IndexByte(text, '\n'); end >= 0 && strings.TrimRight(text[5:end], "\r") == "" {
			return after[0], text[end+1:], 1
		}
	}
	counts := map[byte]int{}
	quoted := false
	for i := range len(text) {
		if text[i] == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if text[i] == '\n' && strings.TrimSpace(text[:i]) != "" {
			break
		}
		counts[text[i]]++
	}
	separator = ','
	for _, candidate := range []byte{';', '\t'} {
		if counts[candidate] > counts[separator] {
			separator = candidate
		}
	}
	return separator, text, 0
}
