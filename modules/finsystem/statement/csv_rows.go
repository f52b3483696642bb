package statement

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// headerRows is within how many rows the row of headers must be.
const headerRows = 100

// rowReader reads the rows of a table. Banks quote with less care than RFC 4180 asks for, so a quotation mark in the middle of a cell is
// one. But where a row goes on in further lines its marks must be right: a mark that lacks would swallow the rows behind it.
type rowReader struct {
	lines *lines
	comma string
	most  int
	size  int  // of the row
	line  int  // where the row that was read last begins
	lax   bool // whether it has quotation marks within quotation marks that are not doubled
}

// openRows finds out what parts the cells, unless it is said; by the row that has the headers, where there is one.
func (rd *reading) openRows(text io.Reader, delimiter string, columns map[string][]column) (*rowReader, error) {
	buffered := bufio.NewReaderSize(text, headSize)
	head, err := buffered.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, at(err, 1)
	}
	if delimiter == "" {
		delimiter = delimiterOf(string(head), columns)
	}
	return &rowReader{lines: newLines(buffered, rd.Limits.Line), comma: delimiter, most: rd.Limits.Line}, nil
}

var delimiters = []string{",", ";", "\t", "|"}

// delimiterOf is the one by which a line has all headers, or else the one that the beginning has most of in one line, outside of quotation marks.
func delimiterOf(head string, columns map[string][]column) string {
	best, most, n := ",", 0, 0
	header := byHeader(columns)
	for line := range strings.Lines(head) {
		if n++; n > headerRows {
			break
		}
		unquoted := strings.Builder{}
		for i, part := range strings.Split(line, `"`) {
			if i%2 == 0 {
				unquoted.WriteString(part)
			}
		}
		for _, one := range delimiters {
			if header && named(columns, strings.Split(strings.ReplaceAll(line, `"`, ""), one)) {
				return one
			}
			if n := strings.Count(unquoted.String(), one); n > most {
				best, most = one, n
			}
		}
	}
	return best
}

// named tells whether a row has all headers.
func named(columns map[string][]column, row []string) bool {
	missing, _ := find(columns, row)
	return missing.name == ""
}

// next is the next row that is not blank, or io.EOF.
func (r *rowReader) next() ([]string, error) {
	rest := ""
	for rest == "" {
		var err error
		if rest, err = r.lines.next(); err != nil {
			return nil, err
		}
	}
	r.line, r.lax, r.size = r.lines.n, false, len(rest)
	var row []string
	for more := true; more; {
		if !strings.HasPrefix(rest, `"`) {
			var cell string
			cell, rest, more = strings.Cut(rest, r.comma)
			row = append(row, cell)
			continue
		}
		cell, after, err := r.quoted(rest[1:])
		if err != nil {
			return nil, err
		}
		row = append(row, cell)
		_, rest, more = strings.Cut(after, r.comma)
	}
	if r.lax && r.lines.n > r.line {
		return nil, damaged(r.line, "", row[len(row)-1], "the row goes on in further lines, and its quotation marks are not right, so that it may have swallowed rows: mend it, or %s", anew)
	}
	return row, nil
}

// quoted is a cell behind its first quotation mark, and what is behind its last: nothing, or the delimiter and more.
func (r *rowReader) quoted(rest string) (string, string, error) {
	var cell strings.Builder
	for {
		text, after, found := strings.Cut(rest, `"`)
		cell.WriteString(text)
		rest = after
		if !found {
			line, err := r.lines.next()
			if errors.Is(err, io.EOF) {
				return "", "", damaged(r.line, "", cell.String(), "a quotation mark in this row has no other that ends it: mend it, or %s", anew)
			}
			if err != nil {
				return "", "", err
			}
			if r.size += len(line) + 1; r.size > r.most {
				return "", "", beyond(r.line, "", "the row is longer than %d bytes: a quotation mark is missing, or this is no statement", r.most)
			}
			cell.WriteByte('\n')
			rest = line
			continue
		}
		behind := strings.TrimLeft(rest, " ")
		switch {
		case behind == "" || strings.HasPrefix(behind, r.comma):
			return cell.String(), behind, nil
		case rest[0] == '"':
			rest = rest[1:]
		default:
			r.lax = true
		}
		cell.WriteByte('"')
	}
}
