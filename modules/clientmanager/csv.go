package clientmanager

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/module"
)

// What a file may hold. Beyond it, it is refused as a whole.
const (
	maxRows      = 200_000
	maxColumns   = 100
	maxCellBytes = 64 << 10
	maxLineBytes = 1 << 20
	sampleValues = 3
	sampleRunes  = 80
)

// fileError says why a file cannot be read. It is INVALID_ARGUMENT for a caller.
type fileError struct {
	// Line of the file, from 1; 0 when it is the whole file.
	Line int
	Text string
	// Key is the end of a key of the locale files, for what is wrong with the whole file. The text of a key holds no
	// number, so that what is wrong with a line is said as it stands here.
	Key string
}

func fault(line int, format string, args ...any) *fileError {
	return &fileError{Line: line, Text: fmt.Sprintf(format, args...)}
}

// unfit is fault for a file as a whole.
func unfit(key, text string) *fileError { return &fileError{Text: text, Key: key} }

func (e *fileError) Error() string {
	if e.Line == 0 {
		return e.Text
	}
	return fmt.Sprintf("line %d: %s", e.Line, e.Text)
}

// GRPCStatus names the field of CreateImportRequest at fault.
func (e *fileError) GRPCStatus() *status.Status {
	v := &errdetails.BadRequest_FieldViolation{Field: "content", Description: e.Error()}
	if e.Key != "" {
		v.Reason = ID + ".import.file_" + e.Key
	}
	return status.Convert(module.Refusals(codes.InvalidArgument, e.Error(), v))
}

// sheet is a file that is read row by row: of its rows no more are in memory than somebody keeps.
type sheet struct {
	header []string
	// first is a row that was read ahead: a file without one is refused.
	first *record
	rows  int
	// line gives the cells of the next line that is not blank, and its number; nil at the end.
	line func() ([]string, int, error)
	// separator is what parts the cells of a text; empty for a workbook.
	separator string
	close     func()
}

// record is a row of a file.
type record struct {
	line  int
	cells []string
}

// openCSV begins to read a file: its encoding, its separator, its header. Errors are *fileError.
//
// The standard library's reader is not used: it refuses a quote in the middle of an unquoted cell, as in
// «ТОВ "Зерно"», unless it is told to let unclosed quotes pass too, which swallow the rest of a file.
func openCSV(content []byte) (*sheet, error) {
	text, err := decode(content)
	if err != nil {
		return nil, err
	}
	if !strings.Contains(text, "\n") {
		text = strings.ReplaceAll(text, "\r", "\n") // as old Macs end lines
	}
	separator, rest, skipped := separatorOf(text)
	r := &reader{text: rest, separator: separator, line: 1 + skipped}
	s := &sheet{line: r.next, separator: string(separator), close: func() {}}
	return s, s.begin()
}

// begin reads the header and the first row.
func (s *sheet) begin() error {
	cells, line, err := s.line()
	if err != nil {
		return err
	}
	if cells == nil {
		return unfit("empty", "the file is empty")
	}
	if s.header, err = header(cells, line); err != nil {
		return err
	}
	first, err := s.next()
	if errors.Is(err, io.EOF) {
		return unfit("header_only", "the file has a first line with the names of the columns, and no rows below it")
	}
	s.first, s.rows = &first, 0
	return err
}

// next is the next row; io.EOF at the end.
func (s *sheet) next() (record, error) {
	if s.first != nil {
		row := *s.first
		s.first = nil
		s.rows++
		return row, nil
	}
	cells, line, err := s.line()
	switch {
	case err != nil:
		return record{}, err
	case cells == nil:
		return record{}, io.EOF
	case s.rows == maxRows:
		return record{}, fault(line, "there are more than %d rows: split the file", maxRows)
	}
	if len(cells) > len(s.header) && strings.TrimSpace(strings.Join(cells[len(s.header):], "")) != "" {
		advice := "name every column"
		if s.separator != "" {
			advice = fmt.Sprintf("put quotes around cells that hold %q", s.separator)
		}
		return record{}, fault(line, "there are %d cells and the first line names %d columns: %s", len(cells), len(s.header), advice)
	}
	s.rows++
	return record{line: line, cells: cells}, nil
}

// some are the next rows, so many at most; none at the end.
func (s *sheet) some(most int) ([]record, error) {
	var out []record
	for len(out) < most {
		row, err := s.next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

// header checks the first line: it must name columns.
func header(cells []string, line int) ([]string, error) {
	names := make([]string, len(cells))
	known := 0
	var data string
	for i, cell := range cells {
		names[i] = oneLine(cell)
		switch {
		case names[i] == "":
			names[i] = fmt.Sprintf("#%d", i+1)
		case suggest(names[i]) != "":
			known++
		case looksLikeData(names[i]):
			data = names[i]
		}
	}
	if known == 0 && data != "" {
		return nil, fault(line, "the first line should name the columns, and holds %q: put a line with names above it", short(data))
	}
	return names, nil
}

func looksLikeData(text string) bool {
	digits := strings.Count(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '0'
		}
		return r
	}, text), "0")
	return digits >= 5 || strings.ContainsAny(text, "@") || strings.Contains(text, "://") || utf8.RuneCountInString(text) > 100
}

func short(text string) string {
	if runes := []rune(text); len(runes) > sampleRunes {
		return string(runes[:sampleRunes-1]) + "…"
	}
	return text
}

// sampled is how many rows the values are taken from that are shown of a column.
const sampled = 100

// samples are some of a column's first values.
func samples(rows []record, column int) []string {
	var found []string
	for _, row := range rows {
		if cell := row.cell(column); cell != "" && len(found) < sampleValues {
			found = append(found, short(cell))
		}
	}
	return found
}

// cell is a cell's text on one line; empty when the row is too short.
func (r record) cell(column int) string {
	if column >= len(r.cells) {
		return ""
	}
	return oneLine(r.cells[column])
}

// reader takes records off a text.
type reader struct {
	text      string
	separator byte
	line      int // of the text's first byte
}

// next returns the next record that is not blank, and the line it begins at; nil at the end.
func (r *reader) next() ([]string, int, error) {
	for r.text != "" {
		if r.text[0] == '\n' {
			r.text = r.text[1:]
			r.line++
			continue
		}
		line := r.line
		cells, err := r.record()
		if err != nil {
			return nil, 0, err
		}
		if strings.TrimSpace(strings.Join(cells, "")) != "" {
			return cells, line, nil
		}
	}
	return nil, 0, nil
}

func (r *reader) record() ([]string, error) {
	line := r.line
	var cells []string
	for {
		cell, more, err := r.cell()
		if err != nil {
			return nil, err
		}
		if len(cell) > maxCellBytes {
			return nil, fault(line, "column %d holds %d bytes, and a cell at most %d", len(cells)+1, len(cell), maxCellBytes)
		}
		if cells = append(cells, cell); len(cells) > maxColumns {
			return nil, fault(line, "there are more than %d columns", maxColumns)
		}
		if !more {
			return cells, nil
		}
	}
}

// cell takes one cell and what ends it; more tells that another follows in the same record.
func (r *reader) cell() (cell string, more bool, err error) {
	if strings.HasPrefix(r.text, `"`) {
		return r.quoted()
	}
	end := 0
	for end < len(r.text) && r.text[end] != r.separator && r.text[end] != '\n' {
		if end++; end > maxLineBytes {
			return "", false, fault(r.line, "the line is longer than %d bytes", maxLineBytes)
		}
	}
	cell = r.text[:end]
	r.text = r.text[end:]
	if r.ends(&more); !more {
		cell = strings.TrimSuffix(cell, "\r")
	}
	return cell, more, nil
}

// quoted takes a cell in quotes, in which a doubled quote stands for one.
func (r *reader) quoted() (string, bool, error) {
	opened := r.line
	var out strings.Builder
	r.text = r.text[1:]
	for {
		end := strings.IndexByte(r.text, '"')
		if end < 0 {
			return "", false, fault(opened, "a quote is opened and never closed")
		}
		out.WriteString(r.text[:end])
		r.line += strings.Count(r.text[:end], "\n")
		r.text = r.text[end+1:]
		if strings.HasPrefix(r.text, `"`) {
			out.WriteByte('"')
			r.text = r.text[1:]
			continue
		}
		break
	}
	rest := strings.TrimLeft(r.text, " ")
	if trimmed := strings.TrimPrefix(rest, "\r"); trimmed == "" || trimmed[0] == '\n' {
		rest = trimmed
	}
	if rest != "" && rest[0] != r.separator && rest[0] != '\n' {
		return "", false, fault(r.line, "a quote is closed in the middle of a cell: double the quotes that belong to the text")
	}
	r.text = rest
	var more bool
	r.ends(&more)
	return strings.ReplaceAll(out.String(), "\r\n", "\n"), more, nil
}

// ends takes what ends a cell: a separator, a line's end, the text's end.
func (r *reader) ends(more *bool) {
	if r.text == "" {
		return
	}
	if r.text[0] == '\n' {
		r.line++
	} else {
		*more = true
	}
	r.text = r.text[1:]
}
