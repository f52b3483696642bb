package clientmanager

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// How far a workbook may unfold: it is a zip file, and a small one may hold very much. What is larger than the second is
// read from a file of the system's instead of from memory.
const (
	unzipped         = 256 << 20
	unzippedInMemory = 16 << 20
)

// openFile begins to read a file: a workbook, or else a text. The sheet must be closed.
func openFile(content []byte) (*sheet, error) {
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		return openXLSX(content)
	case bytes.HasPrefix(content, []byte("\xd0\xcf\x11\xe0")): // workbooks of the nineties, and those with a password
		return nil, unfit("old_workbook", "this is an old workbook, or one with a password: save it as .xlsx without a password")
	}
	return openCSV(content)
}

// openXLSX begins to read the first sheet of a workbook that is not hidden. Cells come as they are shown, but for numbers
// that are shown shortened: a tax id is no 4.1E+07. A formula is what it came to last. Errors are *fileError.
func openXLSX(content []byte) (_ *sheet, err error) {
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		UnzipSizeLimit: unzipped, UnzipXMLSizeLimit: unzippedInMemory, ShortDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return nil, noWorkbook()
	}
	r := &bookReader{book: book}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	name, err := firstSheet(book)
	if err != nil {
		return nil, err
	}
	if r.shown, err = book.Rows(name); err != nil {
		return nil, noWorkbook()
	}
	if r.raw, err = book.Rows(name); err != nil {
		return nil, noWorkbook()
	}
	s := &sheet{line: r.next, close: r.close}
	return s, s.begin()
}

// bookReader takes rows off a sheet of a workbook, as they are shown and as they are stored.
type bookReader struct {
	book       *excelize.File
	shown, raw *excelize.Rows
	line       int
}

func (r *bookReader) close() {
	for _, rows := range []*excelize.Rows{r.shown, r.raw} {
		if rows != nil {
			_ = rows.Close()
		}
	}
	_ = r.book.Close()
}

func (r *bookReader) next() ([]string, int, error) {
	for r.shown.Next() && r.raw.Next() {
		r.line++
		cells, err := r.shown.Columns()
		whole, rawErr := r.raw.Columns(excelize.Options{RawCellValue: true})
		if errors.Join(err, rawErr) != nil {
			return nil, 0, fault(r.line, "the row cannot be read")
		}
		for i := range cells {
			if i < len(whole) && shortened(cells[i]) && isNumber(whole[i]) {
				cells[i] = whole[i]
			}
			if len(cells[i]) > maxCellBytes {
				return nil, 0, fault(r.line, "column %d holds %d bytes, and a cell at most %d", i+1, len(cells[i]), maxCellBytes)
			}
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if len(cells) > maxColumns {
			return nil, 0, fault(r.line, "there are more than %d columns", maxColumns)
		}
		return cells, r.line, nil
	}
	if r.shown.Error() != nil {
		return nil, 0, noWorkbook()
	}
	return nil, 0, nil
}

func noWorkbook() error {
	return unfit("no_workbook", "this is no workbook that can be read: save the table as .xlsx, or as \"CSV UTF-8\"")
}

func firstSheet(book *excelize.File) (string, error) {
	for _, name := range book.GetSheetList() {
		if visible, err := book.GetSheetVisible(name); err == nil && visible {
			return name, nil
		}
	}
	return "", noWorkbook()
}

// shortened tells whether a number is shown as 4.1E+07.
func shortened(text string) bool { return strings.Contains(text, "E+") && isNumber(text) }

func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil
}
