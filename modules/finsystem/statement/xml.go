package statement

import (
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// xmlReader goes through XML element by element and keeps none. Elements are known by their names alone; prefixes are the
// writer's choice. A document type, and with it entities, is refused.
type xmlReader struct {
	dec    *xml.Decoder
	guard  *guard
	open   []xml.Name
	limits Limits
	buffer []byte
	kept   int  // bytes of texts, until who keeps them sets it back
	ended  bool // the root element
}

// guard stops before the decoder gathers a piece that is too large.
type guard struct {
	r     *bufio.Reader
	piece int // bytes since the last token
	most  int
	err   error // of the file's, as opposed to what the decoder finds wrong
}

var errPiece = errors.New("a piece of XML is too long")

func (g *guard) ReadByte() (byte, error) {
	if g.piece++; g.piece > g.most {
		return 0, errPiece
	}
	c, err := g.r.ReadByte()
	if err != nil && !errors.Is(err, io.EOF) {
		g.err = err
	}
	return c, err
}

func (g *guard) Read(p []byte) (int, error) { // the decoder wants a Reader, and reads bytes
	return 0, errors.ErrUnsupported
}

func newXMLReader(r io.Reader, limits Limits) *xmlReader {
	g := &guard{r: bufio.NewReader(r), most: limits.Line}
	x := &xmlReader{dec: xml.NewDecoder(g), guard: g, limits: limits}
	x.dec.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil } // it is UTF-8 by now
	return x
}

func (x *xmlReader) line() int {
	line, _ := x.dec.InputPos()
	return line
}

// path is where the reader is: the last elements that are open.
func (x *xmlReader) path() string {
	var names []string
	for _, name := range x.open[max(0, len(x.open)-4):] {
		names = append(names, name.Local)
	}
	return strings.Join(names, "/")
}

// token is the next start, end or text. The end of the input is io.EOF behind the root element, and an error before.
func (x *xmlReader) token() (xml.Token, error) {
	for {
		x.guard.piece = 0
		token, err := x.dec.RawToken()
		if err != nil {
			return nil, x.failed(err)
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, damaged(x.line(), "", "<!"+string(t), "a document type is not read, as nothing of a bank has one: %s", anew)
		case xml.StartElement:
			if len(x.open) == 0 && x.ended {
				return nil, damaged(x.line(), t.Name.Local, "", "something stands behind the end: two files were put together; import each alone")
			}
			if len(x.open) >= x.limits.Depth {
				return nil, beyond(x.line(), x.path(), "elements are in each other more than %d deep: this is no statement", x.limits.Depth)
			}
			x.open = append(x.open, t.Name)
			return t, nil
		case xml.EndElement:
			if len(x.open) == 0 || x.open[len(x.open)-1] != t.Name {
				return nil, damaged(x.line(), x.path(), "</"+t.Name.Local+">", "this element was not opened here: the file is damaged; %s", anew)
			}
			x.open = x.open[:len(x.open)-1]
			x.ended = len(x.open) == 0
			return t, nil
		case xml.CharData:
			return t, nil
		}
	}
}

func (x *xmlReader) failed(err error) error {
	var syntax *xml.SyntaxError
	switch {
	case x.guard.err != nil:
		return at(x.guard.err, x.line())
	case errors.Is(err, io.EOF) && x.ended:
		return io.EOF
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return damaged(x.line(), x.path(), "", "the file ends here, in the middle: it was cut off; %s", anew)
	case errors.Is(err, errPiece):
		return beyond(x.line(), x.path(), "a text or a tag is longer than %d bytes: this is no statement, or it is damaged", x.limits.Line)
	case errors.As(err, &syntax):
		return damaged(syntax.Line, x.path(), "", "this is no well-formed XML (%s): the file is damaged or cut off; %s", syntax.Msg, anew)
	}
	return damaged(x.line(), x.path(), "", "this is no XML that is read (%s): %s", shortened(err.Error()), anew)
}

// children calls for each element in the one that is open, until that ends. What a call leaves of its element is skipped.
func (x *xmlReader) children(call func(name string, start xml.StartElement) error) error {
	for {
		token, err := x.token()
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth := len(x.open) - 1
			if err := call(t.Name.Local, t); err != nil {
				return err
			}
			if err := x.leave(depth); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// leave skips until so many elements are open.
func (x *xmlReader) leave(depth int) error {
	for len(x.open) > depth {
		if _, err := x.token(); err != nil {
			return err
		}
	}
	return nil
}

// text is what stands in the element that is open.
func (x *xmlReader) text() (string, error) {
	x.buffer = x.buffer[:0]
	for {
		token, err := x.token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			if x.buffer = append(x.buffer, t...); len(x.buffer) > x.limits.Line {
				return "", beyond(x.line(), x.path(), "the text is longer than %d bytes: this is no statement, or it is damaged", x.limits.Line)
			}
		case xml.StartElement:
			return "", damaged(x.line(), x.path(), "", "there are elements where a text belongs: the file is damaged; %s", anew)
		case xml.EndElement:
			return clean(string(x.buffer)), x.keep(len(x.buffer) + 64)
		}
	}
}

// keep counts bytes that stay until an entry is whole.
func (x *xmlReader) keep(n int) error {
	if x.kept += n; x.kept > x.limits.Batch {
		return beyond(x.line(), x.path(), "the entry takes more than %d bytes: have the bank write the payments of its batches as entries of their own", x.limits.Batch)
	}
	return nil
}

// first sets a text to that of the element, unless it has one.
func (x *xmlReader) first(to *string) error {
	text, err := x.text()
	if *to == "" {
		*to = text
	}
	return err
}

func attribute(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
