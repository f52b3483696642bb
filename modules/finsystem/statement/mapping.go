package statement

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Sign is what a table's signs mean.
type Sign string

// The rules of signs.
const (
	// SignAsWritten: what is above zero, and what stands in the column of credits, came in. It is the usual one.
	SignAsWritten Sign = ""
	// SignReversed: what is above zero went out, as on statements of cards.
	SignReversed Sign = "reversed"
	// SignDebitMinus: there are two columns, and the numbers in that of debits have a minus.
	SignDebitMinus Sign = "debit-minus"
	// SignByWord: numbers have no sign, and a column says in words whether money came or went.
	SignByWord Sign = "by-word"
)

// Mapping says how to read a table: what parts its cells, how it writes numbers and dates, and which column is what. A column is
// given by its header, or by its place as "#1", "#2"…; with headers, everything above the row that has them is passed over.
type Mapping struct {
	// Delimiter is ",", ";", "\t" or "|"; "" is the one that the header row has most of.
	Delimiter string
	// SkipRows are at the beginning and no entries, where no column is given by its header.
	SkipRows int
	// End: the table ends at the row whose first cell that is not empty begins with this, such as "Всього". "" is the end of the file.
	End string

	// Decimal is "." or ","; "" is ".". Grouping are the characters that may part thousands, each of them; blanks of any width may.
	Decimal, Grouping string
	// DateLayouts are tried in turn, written as package time wants them: "02.01.2006 15:04:05".
	DateLayouts []string
	Sign        Sign
	// In and Out are the words of the column Direction with SignByWord, whatever their case.
	In, Out []string

	Date, ValueDate string
	// Amount, or Debit and Credit.
	Amount, Debit, Credit string
	Direction             string
	// OwnAccount and Currency are the account's; for files of one account [Options] may say both.
	OwnAccount, Currency string

	Counterparty, CounterpartyAccount, CounterpartyTaxID, CounterpartyBankID string
	// Purpose may be several columns, whose texts are put together.
	Purpose                                                      []string
	BankReference, EndToEndID, DocumentNumber, CreditorReference string
}

// column is one that the mapping names, and where it is.
type column struct {
	field string // of Mapping
	name  string
	at    int // -1 until it is found
}

// columns are all that the mapping names.
func (m *Mapping) columns() map[string][]column {
	all := map[string][]column{}
	for field, name := range map[string]string{
		"Date": m.Date, "ValueDate": m.ValueDate, "Amount": m.Amount, "Debit": m.Debit, "Credit": m.Credit, "Direction": m.Direction,
		"OwnAccount": m.OwnAccount, "Currency": m.Currency, "Counterparty": m.Counterparty, "CounterpartyAccount": m.CounterpartyAccount,
		"CounterpartyTaxID": m.CounterpartyTaxID, "CounterpartyBankID": m.CounterpartyBankID, "BankReference": m.BankReference,
		"EndToEndID": m.EndToEndID, "DocumentNumber": m.DocumentNumber, "CreditorReference": m.CreditorReference,
	} {
		if name != "" {
			all[field] = []column{{field: field, name: name, at: -1}}
		}
	}
	for _, name := range m.Purpose {
		all["Purpose"] = append(all["Purpose"], column{field: "Purpose", name: name, at: -1})
	}
	return all
}

// Check tells what a mapping lacks, before any file is read with it.
func (m *Mapping) Check() error {
	fail := func(field, value, reason string) error {
		return &Error{Kind: ErrMapping, Format: CSV, Field: "Mapping." + field, Value: shortened(value), Reason: reason}
	}
	switch {
	case !slices.Contains([]string{"", ",", ";", "\t", "|"}, m.Delimiter):
		return fail("Delimiter", m.Delimiter, "cells are parted by a comma, a semicolon, a tab or |")
	case m.SkipRows < 0 || m.SkipRows > 1000:
		return fail("SkipRows", strconv.Itoa(m.SkipRows), "0 to 1000 rows may be passed over")
	case !slices.Contains([]string{"", ".", ","}, m.Decimal):
		return fail("Decimal", m.Decimal, "the decimal sign is a point or a comma")
	case strings.Contains(m.Grouping, m.point()) || strings.ContainsAny(m.Grouping, "0123456789+-"):
		return fail("Grouping", m.Grouping, "what parts thousands is neither the decimal sign, nor a sign, nor a digit")
	case m.Date == "":
		return fail("Date", "", "name the column of the date")
	case len(m.DateLayouts) == 0:
		return fail("DateLayouts", "", "say how dates are written, such as 02.01.2006 for day, month and year")
	case m.Amount == "" && (m.Debit == "" || m.Credit == ""):
		return fail("Amount", "", "name the column of the amount, or both columns, of debits and credits")
	case m.Amount != "" && (m.Debit != "" || m.Credit != ""):
		return fail("Amount", m.Amount, "name the column of the amount, or those of debits and credits, and not all")
	case !slices.Contains([]Sign{SignAsWritten, SignReversed, SignDebitMinus, SignByWord}, m.Sign):
		return fail("Sign", string(m.Sign), "no such rule: it is empty, reversed, debit-minus or by-word")
	case m.Sign == SignDebitMinus && m.Debit == "":
		return fail("Sign", string(m.Sign), "this is a rule for a column of debits, and none is named")
	case m.Sign == SignByWord && (m.Amount == "" || m.Direction == "" || len(m.In) == 0 || len(m.Out) == 0):
		return fail("Direction", m.Direction, "name the columns of the amount and of the direction, and the words for in and out")
	}
	headers := 0
	for field, columns := range m.columns() {
		for _, c := range columns {
			if !strings.HasPrefix(c.name, "#") {
				headers++
				continue
			}
			if n, err := strconv.Atoi(c.name[1:]); err != nil || n < 1 || n > 1000 {
				return fail(field, c.name, "a place is #1 to #1000")
			}
		}
	}
	if headers > 0 && m.SkipRows > 0 {
		return fail("SkipRows", strconv.Itoa(m.SkipRows), "the row of headers is found by them, so no rows need be passed over")
	}
	return nil
}

func (m *Mapping) point() string {
	if m.Decimal == "" {
		return "."
	}
	return m.Decimal
}

// byHeader tells whether a row of headers has to be found.
func byHeader(columns map[string][]column) bool {
	for _, all := range columns {
		for _, c := range all {
			if !strings.HasPrefix(c.name, "#") {
				return true
			}
		}
	}
	return false
}

// find places the columns by a row of headers, and answers the name that the row has not. A header that stands there twice is
// none that can be told by.
func find(columns map[string][]column, row []string) (missing column, twice bool) {
	for _, all := range columns {
		for i := range all {
			c := &all[i]
			if strings.HasPrefix(c.name, "#") {
				c.at, _ = strconv.Atoi(c.name[1:])
				c.at--
				continue
			}
			c.at = -1
			for at, cell := range row {
				if strings.EqualFold(clean(cell), clean(c.name)) {
					if c.at >= 0 {
						return *c, true
					}
					c.at = at
				}
			}
			if c.at < 0 {
				return *c, false
			}
		}
	}
	return column{}, false
}

// nearest is the header that is most like a name, for the message that it is not there.
func nearest(name string, row []string) string {
	best, score := "", 1<<30
	for _, cell := range row[:min(len(row), 200)] {
		if cell = clean(cell); cell != "" && len(cell) <= 200 {
			if d := distance([]rune(strings.ToLower(name)), []rune(strings.ToLower(cell))); d < score {
				best, score = cell, d
			}
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest is %q", shortened(best))
}

// distance is how many letters two words differ by (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		before := row[0]
		row[0] = i + 1
		for j := range b {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, before+1)
		}
	}
	return row[len(b)]
}
