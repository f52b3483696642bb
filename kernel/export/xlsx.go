package export

import (
	"archive/zip"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// excelDigits is how many digits of a number a spreadsheet keeps. One that has more is written as text, or it would change.
const excelDigits = 15

// sheetName is the one sheet's. Names of columns are in the reader's language; this one nobody looks for.
const sheetName = "Sheet1"

// xlsxSheet writes a table as a workbook. Its rows go to a file of the system's as they come.
type xlsxSheet struct {
	to         io.Writer
	book       *excelize.File
	w          *excelize.StreamWriter
	date, time int // styles
	// numbers are the styles of decimals, by how many digits stand behind the point: 120.50 stays so.
	numbers map[int]int
	line    int
	row     []any
}

func newXLSX(to io.Writer) (*xlsxSheet, error) {
	x := &xlsxSheet{to: to, book: excelize.NewFile(), numbers: map[int]int{}}
	date, moment := "yyyy-mm-dd", "yyyy-mm-dd hh:mm"
	var errs [3]error
	x.date, errs[0] = x.book.NewStyle(&excelize.Style{CustomNumFmt: &date})
	x.time, errs[1] = x.book.NewStyle(&excelize.Style{CustomNumFmt: &moment})
	x.w, errs[2] = x.book.NewStreamWriter(sheetName)
	return x, errors.Join(errs[:]...)
}

// Head writes the titles.
func (x *xlsxSheet) Head(titles []string) error {
	bold, err := x.book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	if err := x.w.SetColWidth(1, max(1, len(titles)), 18); err != nil {
		return err
	}
	if err := x.w.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	x.row = x.row[:0]
	for _, title := range titles {
		x.row = append(x.row, excelize.Cell{StyleID: bold, Value: defused(title)})
	}
	return x.write()
}

// Row writes a row.
func (x *xlsxSheet) Row(cells []screen.Cell) error {
	x.row = x.row[:0]
	for _, cell := range cells {
		x.row = append(x.row, x.cell(cell))
	}
	return x.write()
}

func (x *xlsxSheet) cell(c screen.Cell) any {
	switch {
	case c.Kind == screen.CellDate && !c.Time.IsZero():
		return excelize.Cell{StyleID: x.date, Value: c.Time}
	case c.Kind == screen.CellTime && !c.Time.IsZero():
		return excelize.Cell{StyleID: x.time, Value: c.Time}
	case c.Text == "":
		return nil
	case c.Kind == screen.CellNumber:
		if n, err := strconv.ParseFloat(c.Text, 64); err == nil && digits(c.Text) <= excelDigits {
			return excelize.Cell{StyleID: x.decimals(c.Text), Value: n}
		}
		return c.Text
	case c.Plain:
		return c.Text
	}
	return defused(c.Text)
}

// decimals is the style of a number that is shown with as many digits behind the point as it is written with.
func (x *xlsxSheet) decimals(number string) int {
	_, behind, _ := strings.Cut(number, ".")
	style, known := x.numbers[len(behind)]
	if !known {
		format := "0"
		if behind != "" {
			format += "." + strings.Repeat("0", len(behind))
		}
		style, _ = x.book.NewStyle(&excelize.Style{CustomNumFmt: &format}) // 0, the usual style, where there are too many
		x.numbers[len(behind)] = style
	}
	return style
}

// digits counts those that a number is written with.
func digits(number string) int {
	return len(strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(number), "0"))
}

func (x *xlsxSheet) write() error {
	x.line++
	at, err := excelize.CoordinatesToCellName(1, x.line)
	if err != nil {
		return err
	}
	return x.w.SetRow(at, x.row)
}

// close ends the workbook and writes it, without having the whole of it in memory: the writer that it is given would.
func (x *xlsxSheet) close() error {
	err := x.w.Flush()
	if err == nil {
		x.book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(x.to) })
		_, err = x.book.WriteToBuffer()
	}
	return errors.Join(err, x.book.Close())
}
