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

// readFile reads a file into rows: a workbook, or else a text.
func readFile(content []byte) (*sheet, error) {
	switch {
	case bytes.HasPrefix(content, []byte("PK\x03\x04")):
		return readXLSX(content)
	case bytes.HasPrefix(content, []byte("\xd0\xcf\x11\xe0")): // workbooks of the nineties, and those with a password
		return nil, unfit("old_workbook", "this is an old workbook, or one with a password: save it as .xlsx without a password")
	}
	return readCSV(content)
}

// readXLSX reads the first sheet of a workbook that is not hidden. Cells come as they are shown, but for numbers that
// are shown shortened: a tax id is no 4.1E+07. A formula is what it came to last. Errors are *fileError.
func readXLSX(content []byte) (*sheet, error) {
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{
		UnzipSizeLimit: unzipped, UnzipXMLSizeLimit: unzippedInMemory, ShortDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return nil, noWorkbook()
	}
	defer func() { _ = book.Close() }()
	name, err := firstSheet(book)
	if err != nil {
		return nil, err
	}
	shown, err := book.Rows(name)
	if err != nil {
		return nil, noWorkbook()
	}
	defer func() { _ = shown.Close() }()
	raw, err := book.Rows(name)
	if err != nil {
		return nil, noWorkbook()
	}
	defer func() { _ = raw.Close() }()
	s := &sheet{}
	for line := 1; shown.Next() && raw.Next(); line++ {
		cells, err := shown.Columns()
		whole, rawErr := raw.Columns(excelize.Options{RawCellValue: true})
		if errors.Join(err, rawErr) != nil {
			return nil, fault(line, "the row cannot be read")
		}
		for i := range cells {
			if i < len(whole) && shortened(cells[i]) && isNumber(whole[i]) {
				cells[i] = whole[i]
			}
			if len(cells[i]) > maxCellBytes {
				return nil, fault(line, "column %d holds %d bytes, and a cell at most %d", i+1, len(cells[i]), maxCellBytes)
			}
		}
		if strings.TrimSpace(strings.Join(cells, "")) == "" {
			continue
		}
		if len(cells) > maxColumns {
			return nil, fault(line, "there are more than %d columns", maxColumns)
		}
		if err := s.take(cells, line, ""); err != nil {
			return nil, err
		}
	}
	if shown.Error() != nil {
		return nil, noWorkbook()
	}
	return s.whole()
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
