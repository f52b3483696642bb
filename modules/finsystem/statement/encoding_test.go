package statement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// What no format declares is told by its letters: names of Western Europe do not become Cyrillic, nor the other way round.
func TestLettersTellTheEncoding(t *testing.T) {
	for _, c := range []struct {
		purpose string
		as      *charmap.Charmap
	}{
		{"Gebühr Müller, MÜLLER GMBH", charmap.ISO8859_1},
		{"Größe für Grüße", charmap.ISO8859_1},
		{"Gebühr 5 € – Café", charmap.Windows1252},
		{"Оплата за послуги", charmap.Windows1251},
		{"Оплата INVОICE-17 за рахунком", charmap.Windows1251},
		{"MÜLLER", charmap.Windows1252},
		{"ТОВ", charmap.Windows1251},
		{"INVOICE №17 – «x»", charmap.Windows1251},
	} {
		file, err := c.as.NewEncoder().String(mtFile("9", "C261104EUR16,00", "C261104EUR19,00", ":61:261104C3,00NTRFNONREF\n:86:"+c.purpose+"\n"))
		require.NoError(t, err)
		all, err := statement.ReadAll(t.Context(), strings.NewReader(file), statement.Options{})
		require.NoError(t, err, c.purpose)
		require.Equal(t, c.purpose, all[0].Entries[0].Purpose)
	}
}
