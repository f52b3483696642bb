package statement

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// lines reads a text line by line, none longer than most bytes.
type lines struct {
	r    *bufio.Reader
	n    int // of the line that was read last
	most int
}

func newLines(r io.Reader, most int) *lines { return &lines{r: bufio.NewReader(r), most: most} }

// next is the next line without its end, or io.EOF behind the last.
func (l *lines) next() (string, error) {
	var long []byte
	for {
		part, err := l.r.ReadSlice('\n')
		if len(long)+len(part) > l.most {
			return "", beyond(l.n+1, "", "the line is longer than %d bytes: this is no statement, or it is damaged; %s", l.most, anew)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			long = append(long, part...)
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return "", at(err, l.n+1)
		case err != nil && len(long)+len(part) == 0:
			return "", io.EOF
		}
		if long != nil {
			part = append(long, part...)
		}
		l.n++
		line := strings.TrimRight(string(part), "\r\n")
		if !utf8.ValidString(line) || strings.IndexByte(line, 0) >= 0 {
			return "", noText(l.n, line)
		}
		return line, nil
	}
}

// at gives an error from below the line where it was met.
func at(err error, line int) error {
	var e *Error
	if errors.As(err, &e) && e.Line == 0 {
		e.Line = line
	}
	return err
}
