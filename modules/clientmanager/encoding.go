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
			return "", unfit("cut_off", "the file begins as UTF-16 and is cut off: save it again, best as \"CSV UTF-8\"")
		}
		return checked(string(text))
	}
	if bytes.IndexByte(content, 0) >= 0 {
		return "", noText()
	}
	if utf8.Valid(content) {
		return string(content), nil
	}
	if text, ok := windows1251(content); ok {
		return text, nil
	}
	return "", unfit("encoding", "this is neither UTF-8 nor UTF-16 nor windows-1251: save the table as \"CSV UTF-8\"")
}

func noText() error {
	return unfit("no_text", "there is a zero byte, which no text has: is this a CSV file? Save the table as \"CSV UTF-8\"")
}

func checked(text string) (string, error) {
	if strings.IndexByte(text, 0) >= 0 {
		return "", noText()
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

// separatorOf is what parts the cells: the one of comma, semicolon and tab that the first line has most of outside
// quotes. A first line "sep=;", which Excel writes, says it and is no row.
func separatorOf(whole string) (separator byte, rest string, skipped int) {
	text := whole
	if after, ok := strings.CutPrefix(text, "sep="); ok && len(after) > 0 && strings.IndexByte(",;\t", after[0]) >= 0 {
		if end := strings.IndexByte(text, '\n'); end >= 0 && strings.TrimRight(text[5:end], "\r") == "" {
			return after[0], text[end+1:], 1
		}
	}
	var counts [256]int
	quoted := false
	text = strings.TrimLeft(text, "\r\n")
	for i := range len(text) {
		if text[i] == '"' {
			quoted = !quoted
		}
		if text[i] == '\n' && !quoted {
			break
		}
		if !quoted {
			counts[text[i]]++
		}
	}
	separator = ','
	for _, candidate := range []byte{';', '\t'} {
		if counts[candidate] > counts[separator] {
			separator = candidate
		}
	}
	return separator, whole, 0
}
