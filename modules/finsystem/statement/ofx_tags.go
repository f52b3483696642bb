package statement

import (
	"bufio"
	"errors"
	"html"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// tagReader reads SGML and XML alike, as pairs of a tag and the text that follows it. Neither declarations nor document types
// count, and of entities only the few that stand for one character.
type tagReader struct {
	r    *bufio.Reader
	line int // of the tag that was read last
	at   int // lines so far
	most int
	// inside: the bracket of the next tag was read
	inside bool
}

func newTagReader(r io.Reader, most int) *tagReader {
	return &tagReader{r: bufio.NewReader(r), at: 1, most: most}
}

// next is a tag, with a slash before it if it closes, and the text behind it. A tag of XML that closes itself is a value that is empty.
func (t *tagReader) next() (tag, value string, err error) {
	for {
		if !t.inside { // the header, or what stands between
			if _, err := t.until('<'); err != nil {
				return "", "", err
			}
		}
		t.inside = false
		t.line = t.at
		name, err := t.until('>')
		if errors.Is(err, io.EOF) {
			return "", "", damaged(t.line, "", "<"+name, "the file ends within a tag: it was cut off; %s", anew)
		}
		if err != nil {
			return "", "", err
		}
		switch {
		case strings.HasPrefix(name, "!"):
			return "", "", damaged(t.line, "", "<"+name+">", "a document type is not read, as nothing of a bank has one: %s", anew)
		case strings.HasPrefix(name, "?"):
			continue
		}
		name, _, _ = strings.Cut(strings.TrimSuffix(strings.TrimSpace(name), "/"), " ")
		text, err := t.text()
		return strings.ToUpper(name), text, err
	}
}

// text is what stands before the next tag, whose bracket it takes.
func (t *tagReader) text() (string, error) {
	var whole strings.Builder
	for {
		text, err := t.until('<')
		whole.WriteString(html.UnescapeString(text))
		if errors.Is(err, io.EOF) {
			return whole.String(), nil
		}
		if err != nil {
			return "", err
		}
		const raw = "![CDATA["
		if head, _ := t.r.Peek(len(raw)); string(head) != raw {
			t.inside = true
			return whole.String(), nil
		}
		text, err = t.verbatim()
		whole.WriteString(text)
		if err == nil && whole.Len() > t.most {
			err = beyond(t.at, "", "a text is longer than %d bytes: this is no statement, or it is damaged", t.most)
		}
		if err != nil {
			return "", err
		}
	}
}

// verbatim reads a section that has no tags, behind its first bracket.
func (t *tagReader) verbatim() (string, error) {
	var text []byte
	for !strings.HasSuffix(string(text[max(0, len(text)-3):]), "]]>") {
		c, err := t.r.ReadByte()
		switch {
		case errors.Is(err, io.EOF):
			return "", damaged(t.at, "", string(text), "the file ends within a text: it was cut off; %s", anew)
		case err != nil:
			return "", at(err, t.at)
		case len(text) > t.most:
			return "", beyond(t.at, "", "a text is longer than %d bytes: this is no statement, or it is damaged", t.most)
		case c == '\n':
			t.at++
		}
		text = append(text, c)
	}
	plain := string(text[len("![CDATA[") : len(text)-len("]]>")])
	if !utf8.ValidString(plain) || strings.IndexByte(plain, 0) >= 0 {
		return "", noText(t.at, plain)
	}
	return plain, nil
}

// until reads up to a byte, which is left out.
func (t *tagReader) until(end byte) (string, error) {
	var text []byte
	for {
		part, err := t.r.ReadSlice(end)
		text = append(text, part...)
		for _, c := range part {
			if c == '\n' {
				t.at++
			}
		}
		switch {
		case len(text) > t.most:
			return "", beyond(t.at, "", "a text or a tag is longer than %d bytes: this is no statement, or it is damaged", t.most)
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return "", at(err, t.at)
		case !utf8.Valid(text) || strings.IndexByte(string(text), 0) >= 0:
			return "", noText(t.at, string(text))
		case err != nil:
			return string(text), io.EOF
		}
		return string(text[:len(text)-1]), nil
	}
}

// ofxDay reads YYYYMMDD, behind which hours and a zone may stand. The day is the one that is written.
func ofxDay(text string) (time.Time, bool) {
	if len(text) < 8 || len(text) > 8 && !strings.ContainsAny(text[8:9], "0123456789[") {
		return time.Time{}, false
	}
	return day("20060102", text[:8])
}
