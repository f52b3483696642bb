package statement_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

var update = flag.Bool("update", false, "write what is read as what is wanted")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var encoders = map[string]encoding.Encoding{
	"": encoding.Nop, "windows-1251": charmap.Windows1251, "cp866": charmap.CodePage866,
	"utf-16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM),
}

// golden is a file of cases: "=== name", then "--- options" with JSON and "--- encoding" if need be, "--- input", "--- want".
type golden struct {
	name, options, encoding, input, want string
}

func cases(t testing.TB, file string) (all []golden) {
	content, err := os.ReadFile("testdata/" + file + ".txt")
	require.NoError(t, err)
	for _, text := range strings.Split("\n"+string(content), "\n=== ")[1:] {
		var c golden
		var part *string
		for i, line := range strings.Split(text, "\n") {
			switch {
			case i == 0:
				c.name = line
			case strings.HasPrefix(line, "--- options "):
				c.options = line[len("--- options "):]
			case strings.HasPrefix(line, "--- encoding "):
				c.encoding = line[len("--- encoding "):]
			case line == "--- input":
				part = &c.input
			case line == "--- want":
				part = &c.want
			default:
				*part += line + "\n"
			}
		}
		c.want = strings.TrimRight(c.want, "\n") + "\n"
		all = append(all, c)
	}
	return all
}

func (c golden) file(t testing.TB) ([]byte, statement.Options) {
	var o statement.Options
	if c.options != "" {
		d := json.NewDecoder(strings.NewReader(c.options))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(&o))
	}
	content, err := encoders[c.encoding].NewEncoder().Bytes([]byte(c.input))
	require.NoError(t, err)
	return content, o
}

var files = []string{"camt053", "mt940", "clientbank", "ofx", "csv"}

// Realistic files of banks, whole and damaged, and all that is read from them.
func TestGolden(t *testing.T) {
	for _, file := range files {
		var out strings.Builder
		for _, c := range cases(t, file) {
			content, o := c.file(t)
			got := told(t, content, o)
			fmt.Fprintf(&out, "=== %s\n", c.name)
			if c.options != "" {
				fmt.Fprintf(&out, "--- options %s\n", c.options)
			}
			if c.encoding != "" {
				fmt.Fprintf(&out, "--- encoding %s\n", c.encoding)
			}
			fmt.Fprintf(&out, "--- input\n%s--- want\n%s", c.input, got)
			if !*update {
				t.Run(file+"/"+c.name, func(t *testing.T) {
					require.Equal(t, c.want, got)
					// A file from Windows, or written by a program that ends no line.
					crlf := bytes.ReplaceAll([]byte(c.input), []byte("\n"), []byte("\r\n"))
					crlf, err := encoders[c.encoding].NewEncoder().Bytes(crlf)
					require.NoError(t, err)
					require.Equal(t, got, told(t, crlf, o))
				})
			}
		}
		if *update {
			require.NoError(t, os.WriteFile("testdata/"+file+".txt", []byte(out.String()), 0o644))
		}
	}
}

// told is what is read, or why it is not.
func told(t testing.TB, content []byte, o statement.Options) string {
	all, err := statement.ReadAll(t.Context(), bytes.NewReader(content), o)
	if err != nil {
		var e *statement.Error
		require.ErrorAs(t, err, &e)
		return e.Code() + ": " + err.Error() + "\n"
	}
	var s strings.Builder
	for _, w := range all {
		fmt.Fprintf(&s, "%s %s account %s", w.Format, w.Version, w.Account)
		for _, more := range [][2]string{{"bank", w.BankID}, {"id", w.ID}, {"number", w.Number}, {"opening", balance(w.Opening)}, {"closing", balance(w.Closing)}} {
			if more[1] != "" {
				fmt.Fprintf(&s, ", %s %s", more[0], more[1])
			}
		}
		if !w.From.IsZero() {
			fmt.Fprintf(&s, ", from %s to %s", w.From.Format("2006-01-02"), w.To.Format("2006-01-02"))
		}
		fmt.Fprintf(&s, ", %d entries in %s %s out %s", w.Statement.Entries, w.Currency, w.In, w.Out)
		if w.NotBooked > 0 {
			fmt.Fprintf(&s, ", not booked %d", w.NotBooked)
		}
		if w.Balanced {
			s.WriteString(", balanced")
		}
		s.WriteByte('\n')
		for _, e := range w.Entries {
			fmt.Fprintf(&s, "%4d: %s\n", e.Line, line(e))
		}
	}
	return s.String()
}
