package export

import (
	"encoding/csv"
	"io"
	"strings"
	"time"

	"github.com/opencabinet/cabinet/kernel/web/screen"
)

// byteOrderMark tells spreadsheets that a text is UTF-8.
const byteOrderMark = "\ufeff"

// csvSheet writes a table as text, in the way of spreadsheets.
type csvSheet struct {
	w *csv.Writer
}

// newCSV begins a text. separator parts the cells.
func newCSV(to io.Writer, separator rune) (*csvSheet, error) {
	if _, err := io.WriteString(to, byteOrderMark); err != nil {
		return nil, err
	}
	w := csv.NewWriter(to)
	w.UseCRLF, w.Comma = true, separator
	return &csvSheet{w: w}, nil
}

// separatorOf is what parts cells where spreadsheets of a language look for it: a semicolon where the comma parts decimals.
func separatorOf(language string) rune {
	if strings.HasPrefix(language, "en") {
		return ','
	}
	return ';'
}

// Head writes the titles.
func (c *csvSheet) Head(titles []string) error {
	record := make([]string, len(titles))
	for i, title := range titles {
		record[i] = defused(title)
	}
	return c.w.Write(record)
}

// Row writes a row.
func (c *csvSheet) Row(cells []screen.Cell) error {
	record := make([]string, len(cells))
	for i, cell := range cells {
		switch {
		case cell.Kind == screen.CellDate && !cell.Time.IsZero():
			record[i] = cell.Time.Format(time.DateOnly)
		case cell.Kind == screen.CellTime && !cell.Time.IsZero():
			record[i] = cell.Time.Format(screen.TimeLayout)
		case cell.Kind == screen.CellNumber || cell.Plain:
			record[i] = cell.Text
		default:
			record[i] = defused(cell.Text)
		}
	}
	return c.w.Write(record)
}

func (c *csvSheet) close() error {
	c.w.Flush()
	return c.w.Error()
}

// defused puts an apostrophe before a text that a spreadsheet would compute: see OWASP, "CSV Injection". An import takes it
// away again. A text that has the apostrophe itself gets another, so that what comes back is what went out.
func defused(text string) string {
	if text == "" {
		return text
	}
	if strings.ContainsRune("=+-@\t\r\n", rune(text[0])) || text[0] == '\'' && len(text) > 1 && strings.ContainsRune("=+-@\t\r\n'", rune(text[1])) {
		return "'" + text
	}
	return text
}
