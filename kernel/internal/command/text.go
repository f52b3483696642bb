package command

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// width is how many characters a line has at most, where words allow it.
const width = 80

// wrap breaks a text into lines. All but the first begin with so many spaces; the first is taken to stand behind as many.
func wrap(text string, indent int) string {
	var out strings.Builder
	for i, paragraph := range strings.Split(text, "\n") {
		if i > 0 {
			out.WriteString("\n" + strings.Repeat(" ", indent))
		}
		at := indent
		for j, word := range strings.Fields(paragraph) {
			n := utf8.RuneCountInString(word)
			switch {
			case j == 0:
			case at+1+n > width:
				out.WriteString("\n" + strings.Repeat(" ", indent))
				at = indent
			default:
				out.WriteByte(' ')
				at++
			}
			out.WriteString(word)
			at += n
		}
	}
	return out.String()
}

// count is a number of things: "1 screen", "3 screens".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
