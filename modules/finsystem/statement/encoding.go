package statement

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// headSize is how much of a file is looked at to tell its format and encoding.
const headSize = 64 << 10

const (
	utf8Name  = "utf-8"
	utf16Name = "utf-16"
	cp1251    = "windows-1251"
)

// encodings by their names, in small letters. Banks write others than these in no format that is read here.
var encodings = map[string]encoding.Encoding{
	utf8Name: encoding.Nop, "utf8": encoding.Nop, "us-ascii": encoding.Nop, "ascii": encoding.Nop,
	utf16Name: xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM),
	cp1251:    charmap.Windows1251, "cp1251": charmap.Windows1251,
	"windows-1252": charmap.Windows1252, "windows-1250": charmap.Windows1250,
	"iso-8859-1": charmap.ISO8859_1, "iso-8859-2": charmap.ISO8859_2, "iso-8859-5": charmap.ISO8859_5, "iso-8859-15": charmap.ISO8859_15,
	"koi8-r": charmap.KOI8R, "koi8-u": charmap.KOI8U, "cp866": charmap.CodePage866, "ibm866": charmap.CodePage866,
}

// decoded makes UTF-8 of a file. A byte order mark decides; then what the caller says; then the file itself, if it reads as
// UTF-8 where it is first more than ASCII; then what the file says about itself, which is often what its program once was
// set to; then windows-1251, or windows-1252 where there are Latin words with single letters of it. What is not text in the encoding is an error when it is reached, never a replacement character.
func decoded(file *bufio.Reader, said, declared string) (io.Reader, error) {
	head, err := file.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		_, err := file.Discard(3)
		return file, err
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return converted(file, utf16Name)
	case strings.EqualFold(said, utf16Name):
		return nil, &Error{Kind: ErrEncoding, Field: "encoding", Value: utf16Name,
			Reason: "UTF-16 begins with a byte order mark, and this file does not: save it as UTF-8"}
	case said != "":
		return converted(file, said)
	}
	return &guessed{file: file, declared: declared}, nil
}

func converted(file io.Reader, name string) (io.Reader, error) {
	from, known := encodings[strings.ToLower(name)]
	if !known {
		return nil, &Error{Kind: ErrEncoding, Field: "encoding", Value: shortened(name),
			Reason: "this encoding is not read: save the file as UTF-8 or windows-1251"}
	}
	if from == encoding.Nop {
		return file, nil
	}
	return transform.NewReader(file, transform.Chain(from.NewDecoder(), refusing{name: name})), nil
}

// guessed passes ASCII on until the first other byte, and decides there.
type guessed struct {
	file     *bufio.Reader
	declared string
	before   byte      // what was passed on last
	rest     io.Reader // once decided
}

func (g *guessed) Read(p []byte) (int, error) {
	if g.rest != nil {
		return g.rest.Read(p)
	}
	if len(p) == 0 {
		return 0, nil
	}
	if _, err := g.file.Peek(1); err != nil {
		return 0, err
	}
	window, _ := g.file.Peek(g.file.Buffered())
	ascii := bytes.IndexFunc(window, func(r rune) bool { return r >= utf8.RuneSelf })
	if ascii != 0 {
		if ascii < 0 {
			ascii = len(window)
		}
		n, err := g.file.Read(p[:min(len(p), ascii)])
		if n > 0 {
			g.before = p[n-1]
		}
		return n, err
	}
	window, err := g.file.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if readsAsUTF8(window) {
		g.rest = g.file
	} else {
		name := g.declared
		if from := encodings[strings.ToLower(name)]; name == "" || from == encoding.Nop || strings.EqualFold(name, utf16Name) {
			if name = cp1251; western(append([]byte{g.before}, window...)) {
				name = "windows-1252"
			}
		}
		if g.rest, err = converted(g.file, name); err != nil {
			return 0, err
		}
	}
	return g.rest.Read(p)
}

// western tells whether a text that is not UTF-8 is of Western Europe: letters beyond ASCII stand alone between Latin ones, as in "MÜLLER", or two
// together as in "Größe", and nowhere else two of what would be Cyrillic letters.
func western(text []byte) bool {
	latin := func(i int) bool { return i >= 0 && i < len(text) && (text[i]|0x20) >= 'a' && (text[i]|0x20) <= 'z' }
	within := false
	for from := 0; from < len(text); from++ {
		to := from
		for to < len(text) && cyrillic(text[to]) {
			to++
		}
		if to == from {
			continue
		}
		between := latin(from-1) && latin(to)
		if to-from > 2 || to-from == 2 && !between {
			return false
		}
		within = within || between && to-from == 1
		from = to - 1
	}
	return within
}

// cyrillic tells whether a byte is a letter in windows-1251.
func cyrillic(b byte) bool {
	return b >= 0xc0 || strings.IndexByte("\xa1\xa2\xa5\xa8\xaa\xaf\xb2\xb3\xb4\xb8\xba\xbf", b) >= 0
}

// readsAsUTF8 forgives a rune that the window cuts.
func readsAsUTF8(window []byte) bool {
	for i := 0; i < utf8.UTFMax && len(window) > 0; i++ {
		if utf8.Valid(window) {
			return true
		}
		if window[len(window)-1] < utf8.RuneSelf {
			return false
		}
		window = window[:len(window)-1]
	}
	return false
}

// refusing passes UTF-8 on, and fails at the replacement character, which decoders write for what they cannot read.
type refusing struct {
	transform.NopResetter
	name string
}

func (r refusing) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	const replacement = "\uFFFD"
	whole := len(src)
	if !atEOF { // its beginning may stand at the end
		for i := range 2 {
			if bytes.HasSuffix(src, []byte(replacement[:2-i])) {
				whole -= 2 - i
				break
			}
		}
	}
	if at := bytes.Index(src[:whole], []byte(replacement)); at >= 0 {
		n := copy(dst, src[:at])
		return n, n, &Error{Kind: ErrEncoding, Field: "encoding", Value: r.name, Reason: fmt.Sprintf(
			"the file has bytes that are no text in %s: say which encoding it is in, or save it as UTF-8", r.name)}
	}
	n := copy(dst, src[:whole])
	switch {
	case n < whole:
		err = transform.ErrShortDst
	case whole < len(src):
		err = transform.ErrShortSrc
	}
	return n, n, err
}
