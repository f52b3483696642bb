package clientmanager

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
)

func utf16le(text string) []byte {
	out := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.LittleEndian.AppendUint16(out, unit)
	}
	return out
}

func utf16be(text string) []byte {
	out := []byte{0xfe, 0xff}
	for _, unit := range utf16.Encode([]rune(text)) {
		out = binary.BigEndian.AppendUint16(out, unit)
	}
	return out
}

func windows(t *testing.T, text string) []byte {
	t.Helper()
	out, err := charmap.Windows1251.NewEncoder().Bytes([]byte(text))
	require.NoError(t, err)
	return out
}

func TestReadCSV(t *testing.T) {
	t.Parallel()
	const plain = "назва,місто\nЗерно,Київ\nЛан,Львів\n"
	for name, test := range map[string]struct {
		content []byte
		header  []string
		rows    [][]string
		lines   []int
	}{
		"plain":             {[]byte(plain), []string{"назва", "місто"}, [][]string{{"Зерно", "Київ"}, {"Лан", "Львів"}}, []int{2, 3}},
		"byte order mark":   {[]byte("\ufeff" + plain), []string{"назва", "місто"}, [][]string{{"Зерно", "Київ"}, {"Лан", "Львів"}}, []int{2, 3}},
		"UTF-16, little":    {utf16le(plain), []string{"назва", "місто"}, [][]string{{"Зерно", "Київ"}, {"Лан", "Львів"}}, nil},
		"UTF-16, big":       {utf16be(plain), []string{"назва", "місто"}, [][]string{{"Зерно", "Київ"}, {"Лан", "Львів"}}, nil},
		"windows-1251":      {windows(t, plain), []string{"назва", "місто"}, [][]string{{"Зерно", "Київ"}, {"Лан", "Львів"}}, nil},
		"windows, no end":   {windows(t, "Назва;ЄДРПОУ\r\nТОВ \"Їжа\";12345678"), []string{"Назва", "ЄДРПОУ"}, [][]string{{`ТОВ "Їжа"`, "12345678"}}, []int{2}},
		"semicolons":        {[]byte("name;place\nA, B;C\n"), []string{"name", "place"}, [][]string{{"A, B", "C"}}, nil},
		"tabs":              {[]byte("name\tplace\nA, B\tC;D\n"), []string{"name", "place"}, [][]string{{"A, B", "C;D"}}, nil},
		"sep= of Excel":     {[]byte("sep=;\r\nname;place\r\nA;B\r\n"), []string{"name", "place"}, [][]string{{"A", "B"}}, []int{3}},
		"old Mac":           {[]byte("name,place\rA,B\rC,D"), []string{"name", "place"}, [][]string{{"A", "B"}, {"C", "D"}}, []int{2, 3}},
		"quotes":            {[]byte("name,note\n\"A, \"\"B\"\"\",\"one\r\ntwo\"\nC,D\n"), []string{"name", "note"}, [][]string{{`A, "B"`, "one\ntwo"}, {"C", "D"}}, []int{2, 4}},
		"quotes within":     {[]byte("name\nТОВ \"Зерно\"\n"), []string{"name"}, [][]string{{`ТОВ "Зерно"`}}, nil},
		"blank lines":       {[]byte("\n\r\nname,place\n\n,\nA,B\n\n"), []string{"name", "place"}, [][]string{{"A", "B"}}, []int{6}},
		"short row":         {[]byte("name,place\nA\n"), []string{"name", "place"}, [][]string{{"A"}}, nil},
		"empty cells after": {[]byte("name,place\nA,B,,\n"), []string{"name", "place"}, [][]string{{"A", "B", "", ""}}, nil},
		"column unnamed":    {[]byte("name,\nA,B\n"), []string{"name", "#2"}, [][]string{{"A", "B"}}, nil},
		"separator quoted":  {[]byte("\"a,b,c,d\";name\n1;2\n"), []string{"a,b,c,d", "name"}, [][]string{{"1", "2"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := readCSV(test.content)
			require.NoError(t, err)
			require.Equal(t, test.header, got.header)
			for i, row := range got.rows {
				require.Equal(t, test.rows[i], row.cells)
				if test.lines != nil {
					require.Equal(t, test.lines[i], row.line)
				}
			}
			require.Len(t, got.rows, len(test.rows))
		})
	}
}

func TestReadBrokenCSV(t *testing.T) {
	t.Parallel()
	many := strings.Repeat("A\n", maxRows+1)
	for name, test := range map[string]struct {
		content []byte
		line    int
		text    string
		key     string
	}{
		"nothing":           {nil, 0, "empty", "empty"},
		"mark alone":        {[]byte("\ufeff"), 0, "empty", "empty"},
		"blank":             {[]byte("\n ,\n\r\n"), 0, "empty", "empty"},
		"header only":       {[]byte("name,place\n"), 0, "no rows below", "header_only"},
		"no header":         {[]byte("ТОВ Зерно,office@zerno.example\nА,b@c.d\n"), 1, "should name the columns", ""},
		"zero byte":         {[]byte("name\nA\x00B\n"), 0, "CSV UTF-8", "no_text"},
		"a picture":         {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), 0, "CSV UTF-8", "no_text"},
		"UTF-16, cut":       {utf16le("name\nA\n")[:9], 0, "cut off", "cut_off"},
		"UTF-16, zero":      {utf16le("name\nA\x00\n"), 0, "CSV UTF-8", "no_text"},
		"other encoding":    {[]byte("name\nCaf\xe9 Zo\xeb\n"), 0, "neither UTF-8", "encoding"},
		"unclosed":          {[]byte("name,place\nA,B\n\"C,D\nE,F\n"), 3, "never closed", ""},
		"closed in between": {[]byte("name\n\"A\"B\n"), 2, "closed in the middle", ""},
		"too many cells":    {[]byte("name,place\nA,B\nC,D,E\n"), 3, "3 cells", ""},
		"10 MB line":        {[]byte("name\n" + strings.Repeat("x", 10<<20) + "\n"), 2, "longer than", ""},
		"10 MB in quotes":   {[]byte("name\n\"" + strings.Repeat("x", 10<<20) + "\"\n"), 2, "a cell at most", ""},
		"10 MB of columns":  {[]byte("name\n" + strings.Repeat("x,", 5<<20) + "\n"), 2, "more than 100 columns", ""},
		"long cell":         {[]byte("name\n" + strings.Repeat("x", maxCellBytes+1) + "\n"), 2, "a cell at most", ""},
		"too many rows":     {[]byte("name\n" + many), maxRows + 2, "split the file", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readCSV(test.content)
			var fault *fileError
			require.ErrorAs(t, err, &fault)
			require.Equal(t, test.line, fault.Line)
			require.Contains(t, fault.Text, test.text)
			require.Equal(t, test.key, fault.Key)
			require.Less(t, len(err.Error()), 300, "an error does not repeat the file")
		})
	}
}

// Megabytes of what a reader could trip over are read, or refused, in passing. One that looks back at each would not end
// before the tests are given up.
func TestReadCSVOfNothing(t *testing.T) {
	t.Parallel()
	for name, unit := range map[string]string{"line ends": "\n", "quotes": `"`, "separators": ",\n", "carriage returns": "\r", "quoted lines": "\"\n\"", "spaces": " \n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := readCSV(bytes.Repeat([]byte(unit), 3<<20/len(unit)))
			require.Error(t, err)
		})
	}
}

func TestSuggest(t *testing.T) {
	t.Parallel()
	for header, field := range map[string]string{
		"Name": "name", "Company name": "name", "Security": "name", "Назва": "name", "Повна назва": "legal_name", "Symbol": "code",
		"Код ЄДРПОУ": "tax_id", "ЄДРПОУ": "tax_id", "E-mail": "email", "Ел. пошта": "email", "Электронная почта": "email",
		"Телефон": "phone", "Phone 1": "phone", "Місто": "place", "Headquarters Location": "place", "GICS Sector": "tags",
		"GICS Sub-Industry": "", "Date added": "", "CIK": "", "Founded": "", "": "",
	} {
		require.Equal(t, field, suggest(header), header)
	}
}

func TestRowOfFile(t *testing.T) {
	t.Parallel()
	all := mapping{"name": {0}, "tax_id": {1}, "phone": {2}, "website": {3}, "tags": {4, 5}, "kind": {6}, "note": {7}, "country_code": {8}}
	row := func(cells ...string) record { return record{line: 2, cells: cells} }
	c, said, p := clientOf(row(" Зерно  і кава ", "12 345 678", "044 555 01 42", "zerno.example", "a; b", "c|a", "Юридична особа", "one\r\n two", "ua"), all, "UA", nil)
	require.Nil(t, p)
	require.Equal(t, "Зерно і кава", c.GetName())
	require.Equal(t, "12345678", c.GetTaxId())
	require.Equal(t, "+380445550142", c.GetPhone())
	require.Equal(t, "https://zerno.example", c.GetWebsite())
	require.Equal(t, []string{"a", "b", "c"}, c.GetTags())
	require.Equal(t, "one\n two", c.GetNote())
	require.Equal(t, "UA", c.GetCountryCode())
	require.Len(t, said, len(all))

	_, said, p = clientOf(row("A", "-", "", "—"), all, "UA", nil)
	require.Nil(t, p)
	require.Equal(t, []string{"name"}, said, "empty cells, and dashes, say nothing")

	for cells, key := range map[[9]string]string{
		{"=1+1"}:                           "formula",
		{"@SUM(A1)"}:                       "formula",
		{"+A1|'x'!B"}:                      "formula",
		{"-2+3+cmd|' /C calc'!A0"}:         "formula",
		{"A", "=HYPERLINK(\"x\")"}:         "formula",
		{""}:                               "bad_name",
		{strings.Repeat("a", 201)}:         "bad_name",
		{"A", "12#4"}:                      "bad_tax_id",
		{"A", "", "call me"}:               "bad_phone",
		{"A", "", "123"}:                   "bad_phone",
		{"A", "", "", "two words"}:         "bad_website",
		{"A", "", "", "javascript://x"}:    "bad_website",
		{"A", "", "", "", "", "", "robot"}: "bad_kind",
		{"A", "", "", "", "", "", "", "", "Ukraine"}:             "bad_country",
		{"A", "", "", "", strings.Repeat("t", 41)}:               "bad_tags",
		{"A", "", "", "", "", "", "", strings.Repeat("n", 4001)}: "too_long",
	} {
		_, _, p := clientOf(row(cells[:]...), all, "UA", nil)
		require.NotNil(t, p, "%v", cells)
		require.Equal(t, ID+".import."+key, p.key, "%v", cells)
		require.Equal(t, problems[key], p.text)
	}
	_, _, p = clientOf(row("A", "", "044 555 01 42"), all, "", nil)
	require.Equal(t, "phone", p.field, "without a country, a number needs its code")
	c, _, p = clientOf(row("+Плюс", "", "+380 44 555 01 42"), all, "", nil)
	require.Nil(t, p, "a plus begins names and phones")
	require.Equal(t, "+380445550142", c.GetPhone())
}

func TestFold(t *testing.T) {
	t.Parallel()
	require.Equal(t, fold("ЇЖАК"), fold("їжак"))
	require.Equal(t, fold("ﬁrma"), fold("FIRMA"))
	require.Equal(t, "зерно", fold(" Зе\u200bрно\x07 "))
	require.Equal(t, []string{"100", "00%", "_a_"}, []string{grams("100%")[1], grams("100%")[0], grams("_a_")[0]})
	require.Empty(t, grams("ab"))
	require.Empty(t, grams("ab\ncd"), "a group does not go over the end of a line")
	for _, text := range []string{"", "б", "бя", "\U0010ffff", "a\U0010ffff", "\ud7ff"} {
		end := after(text)
		if end != "" {
			require.Greater(t, end, text+"\U0010ffff", "%q", text)
			require.True(t, utf8.ValidString(end))
		}
	}
}

func TestSortKey(t *testing.T) {
	t.Parallel()
	ordered := []string{"", "2 лани", "10 ланів", "Abc", "Їжак", "Корова", "Яблуко"}
	for i := range ordered[1:] {
		require.Less(t, string(sortKey(ordered[i])), string(sortKey(ordered[i+1])), "%q before %q", ordered[i], ordered[i+1])
	}
	require.Equal(t, sortKey("зерно"), sortKey("ЗЕРНО"))
	require.Less(t, string(sortKey("Ґанок")), string(sortKey("Дім")))
	require.Less(t, string(sortKey("Гора")), string(sortKey("Ґанок")))
	require.LessOrEqual(t, len(sortKey(strings.Repeat("\ufdfa", 200))), sortedBytes, "one sign may weigh as much as eighteen")
}

func FuzzReadCSV(f *testing.F) {
	for _, seed := range []string{
		"", "name\nA\n", "name;place\r\n\"A;\"\"B\"\"\";C\r\n", "sep=;\nname;x\n1;2", "\ufeffname,email\n\"a\nb\",c", "name\n\"open", "a\tb\n\"x\" \t\"y\"\r\n",
		"name\rA\rB", "\xff\xfen\x00a\x00\n\x00b\x00", "\xcd\xe0\xe7\xe2\xe0;x\n\xc0;1\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		got, err := readCSV(content)
		if err != nil {
			require.NotEmpty(t, err.Error())
			require.True(t, utf8.ValidString(err.Error()), "an error can be sent")
			return
		}
		require.NotEmpty(t, got.header)
		require.NotEmpty(t, got.rows)
		line := 1
		for _, row := range got.rows {
			require.Greater(t, row.line, line-1)
			line = row.line
			for i, cell := range row.cells {
				require.True(t, utf8.ValidString(cell))
				require.NotContains(t, cell, "\x00")
				require.NotContains(t, row.cell(i), "\n")
			}
		}
		columns := got.columns(nil)
		require.Len(t, columns, len(got.header))
		_, err = mappingOf(nil, len(got.header), nil)
		require.Error(t, err)
		m := mapping{"name": {0}, "note": {len(got.header) - 1}}
		require.Len(t, got.parse(m, "UA", nil), len(got.rows))
		// What was read is the same when it is written down and read again.
		var out strings.Builder
		write := func(cells []string) {
			for i, cell := range cells {
				if i > 0 {
					out.WriteByte(',')
				}
				fmt.Fprintf(&out, `"%s"`, strings.ReplaceAll(cell, `"`, `""`))
			}
			out.WriteByte('\n')
		}
		write(got.header)
		for _, row := range got.rows {
			write(row.cells)
		}
		again, err := readCSV([]byte(out.String()))
		require.NoError(t, err)
		require.Equal(t, got.header, again.header)
		require.Len(t, again.rows, len(got.rows))
		for i := range again.rows {
			require.Equal(t, got.rows[i].cells, again.rows[i].cells)
		}
	})
}
