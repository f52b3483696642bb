package statement_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// What parts cells is what parts the headers, whatever stands in purposes.
func TestDelimitersOfTables(t *testing.T) {
	named, placed := statement.Mapping{Date: "Дата", Purpose: []string{"Призначення"}, Amount: "Сума"}, statement.Mapping{Date: "#1", Purpose: []string{"#2"}, Amount: "#3"}
	const quoted, plain = "05.11.2026;\"за послуги, товари, роботи, інше\";1.00\n", "05.11.2026;за послуги, товари, роботи, інше;1.00\n"
	const header, quotedHeader = "Дата;Призначення;Сума\n", "\"Дата\";\"Призначення\";\"Сума\"\n"
	for _, c := range []struct {
		file string
		m    statement.Mapping
	}{
		{header + quoted, named}, {header + plain, named}, {quotedHeader + plain, named}, {"Виписка, рахунок, дата, валюта\n" + header + plain, named}, {quoted, placed},
		{strings.ReplaceAll(header+quoted, ";", "\t"), named},
	} {
		require.Equal(t, "1.00", cells(t, c.file, c.m), c.file)
	}
}
