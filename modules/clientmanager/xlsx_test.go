package clientmanager

import (
	"archive/zip"
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"
)

// workbook makes one whose first sheet that can be seen has these rows.
func workbook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer func() { require.NoError(t, book.Close()) }()
	_, err := book.NewSheet("Clients")
	require.NoError(t, err)
	for i, row := range rows {
		require.NoError(t, book.SetSheetRow("Clients", fmt.Sprint("A", i+1), &row))
	}
	require.NoError(t, book.SetCellValue("Sheet1", "A1", "not this one"))
	book.SetActiveSheet(1)
	require.NoError(t, book.SetSheetVisible("Sheet1", false))
	var out bytes.Buffer
	require.NoError(t, book.Write(&out))
	return out.Bytes()
}

func TestWorkbooks(t *testing.T) {
	t.Parallel()
	read, err := readFile(workbook(t,
		[]any{}, []any{"Назва", "ЄДРПОУ", "Телефон", "Since", "Balance", "VIP"},
		[]any{"Зерно", 41220874, 380445550142, time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC), 1200.5, true},
		[]any{nil, "  "}, []any{"=1+1", "0012"},
	))
	require.NoError(t, err)
	require.Equal(t, []string{"Назва", "ЄДРПОУ", "Телефон", "Since", "Balance", "VIP"}, read.header)
	require.Len(t, read.rows, 2, "blank rows are none")
	require.Equal(t, 3, read.rows[0].line)
	require.Equal(t, []string{"Зерно", "41220874", "380445550142", "1200.5"}, []string{read.rows[0].cell(0), read.rows[0].cell(1), read.rows[0].cell(2), read.rows[0].cell(4)})
	require.Contains(t, read.rows[0].cell(3), "2026-03-15", "a day, however the workbook shows it")
	require.Equal(t, []string{"=1+1", "0012"}, read.rows[1].cells, "a text is a text")
	columns := read.columns(nil)
	require.Equal(t, []string{"name", "tax_id", "phone"}, []string{columns[0].GetSuggestedField(), columns[1].GetSuggestedField(), columns[2].GetSuggestedField()})
}

func TestWorkbooksThatCannotBeRead(t *testing.T) {
	t.Parallel()
	good := workbook(t, []any{"name"}, []any{"A"})
	var other bytes.Buffer
	z := zip.NewWriter(&other)
	f, err := z.Create("readme.txt")
	require.NoError(t, err)
	_, err = f.Write([]byte("hello"))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	wide := make([]any, maxColumns+1)
	for i := range wide {
		wide[i] = "c"
	}
	for name, c := range map[string]struct {
		content []byte
		key     string
		text    string
	}{
		"cut off":          {good[:len(good)/2], "no_workbook", "no workbook"},
		"another zip":      {other.Bytes(), "no_workbook", "no workbook"},
		"only its mark":    {[]byte("PK\x03\x04"), "no_workbook", "no workbook"},
		"of the nineties":  {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "old_workbook", "password"},
		"empty":            {workbook(t), "empty", "the file is empty"},
		"a header alone":   {workbook(t, []any{"name"}), "header_only", "no rows"},
		"too many columns": {workbook(t, wide, wide), "", "more than 100 columns"},
		"a longer row":     {workbook(t, []any{"name"}, []any{"A", "B"}), "", "line 2: there are 2 cells and the first line names 1 columns: name every column"},
	} {
		_, err := readFile(c.content)
		var fault *fileError
		require.ErrorAs(t, err, &fault, name)
		require.Equal(t, c.key, fault.Key, name)
		require.Contains(t, fault.Error(), c.text, name)
	}
}

// A small file that would unfold to very much is refused before it does.
func TestBombsAreRefused(t *testing.T) {
	var bomb bytes.Buffer
	z := zip.NewWriter(&bomb)
	for name, text := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>`,
		"xl/workbook.xml":     `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheets><sheet name="a" sheetId="1"/></sheets></workbook>`,
	} {
		f, err := z.Create(name)
		require.NoError(t, err)
		_, err = f.Write([]byte(text))
		require.NoError(t, err)
	}
	f, err := z.Create("xl/worksheets/sheet1.xml")
	require.NoError(t, err)
	zeros := strings.Repeat(" ", 1<<20)
	for range 1 << 10 { // a gigabyte
		_, err = f.Write([]byte(zeros))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	require.Less(t, bomb.Len(), 2<<20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err = readFile(bomb.Bytes())
	runtime.ReadMemStats(&after)
	require.Error(t, err)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20), "it was not unfolded")
}
