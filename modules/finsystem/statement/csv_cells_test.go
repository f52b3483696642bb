package statement_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// cells reads a table and answers the amounts in it, or why it is not read.
func cells(t *testing.T, file string, m statement.Mapping) string {
	m.DateLayouts = []string{"02.01.2006"}
	all, err := statement.ReadAll(t.Context(), strings.NewReader(file), statement.Options{Mapping: &m, Account: "UA1", Currency: "UAH"})
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, e := range all[0].Entries {
		out = append(out, fmt.Sprint(e.Amount))
	}
	return strings.Join(out, " ")
}

// Where nothing is quoted, a payer does not choose the amount by what it writes.
func TestCellsThatMoved(t *testing.T) {
	named := statement.Mapping{Date: "Дата", Counterparty: "Платник", Purpose: []string{"Призначення"}, Amount: "Сума"}
	placed := statement.Mapping{Date: "#1", Counterparty: "#2", Purpose: []string{"#3"}, Amount: "#4"}
	header, first := "Дата;Платник;Призначення;Сума;Залишок\n", "05.11.2026;Zerno;за послуги;1.00;101.00\n"
	refused := `line %d, "102.00": the row has 6 cells and the table 5, so that a text with ";" in it may have moved the amount: mend the row, or have the bank quote texts`
	for _, c := range []struct {
		file string
		m    statement.Mapping
		want string
	}{
		{header + first + "05.11.2026;Mallory;x;900.00;1.00;102.00\n", named, fmt.Sprintf(refused, 3)},
		{first + "05.11.2026;Mallory;x;900.00;1.00;102.00\n", placed, fmt.Sprintf(refused, 2)},
		{header + first + "05.11.2026;Alice;\"x;900.00\";1.00;102.00\n", named, "1.00 1.00"},
		{header + first + "05.11.2026;Bob;x;2.00;103.00;; \n", named, "1.00 2.00"},
		{"05.11.2026;Zerno;x;1.00\n06.11.2026;Bob;x;2.00;;\n", placed, "1.00 2.00"},
		{"05.11.2026;1.00\n06.11.2026;2.00;x;\n", statement.Mapping{Date: "#1", Purpose: []string{"#3"}, Amount: "#2"}, "1.00 2.00"},
	} {
		require.Equal(t, c.want, cells(t, c.file, c.m), c.file)
	}
}

// A sign that parts thousands is not taken for the decimal one, even where nothing but zeros would be lost.
func TestThousandsAreNoDecimals(t *testing.T) {
	header := "Дата;Призначення;Сума\n"
	point := statement.Mapping{Date: "Дата", Amount: "Сума"}
	comma := point
	comma.Decimal = ","
	for _, c := range []struct {
		amount string
		m      statement.Mapping
		right  string
	}{
		{"1.200", point, ""}, {"25.000", point, ""}, {"1,000", comma, ""}, {"1.20", point, "1.20"}, {"1.2", point, "1.20"}, {"1", point, "1.00"}, {"1200,00", comma, "1200.00"},
	} {
		got := cells(t, header+"05.11.2026;x;"+c.amount+"\n", c.m)
		if c.right == "" {
			c.right = fmt.Sprintf("line 2, field Сума, %q: UAH has 2 digits behind the decimal sign, and this has 3: is the decimal sign of the mapping right?", c.amount)
		}
		require.Equal(t, c.right, got)
	}
}
