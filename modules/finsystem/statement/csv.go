package statement

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/govalues/decimal"

	"github.com/opencabinet/cabinet/kernel/money"
)

// table is a CSV file being read.
type table struct {
	*reading
	*Mapping
	rows    *rowReader
	columns map[string][]column
	books   []*book
	n       int // rows so far
	width   int // cells of the row of headers, or of the first row
}

func (rd *reading) csv(text io.Reader) error {
	if rd.Mapping == nil {
		return &Error{Kind: ErrMapping, Field: "Options.Mapping", Reason: "a table is read by a mapping: say which column is what"}
	}
	if err := rd.Mapping.Check(); err != nil {
		return err
	}
	t := &table{reading: rd, Mapping: rd.Mapping, columns: rd.Mapping.columns()}
	rows, err := rd.openRows(text, rd.Mapping.Delimiter, t.columns)
	if err != nil {
		return err
	}
	t.rows = rows
	header := byHeader(t.columns)
	if !header {
		find(t.columns, nil)
	}
	var firstRow []string // the longest of those before the header is found, for the message
	for {
		row, err := rows.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		t.n++
		line := rows.line
		switch {
		case header:
			missing, twice := find(t.columns, row)
			if twice {
				return &Error{Kind: ErrMapping, Line: line, Field: missing.name, Reason: "two columns have this header: give the column by its place, such as #3"}
			}
			header, t.width = missing.name != "", len(row)
			if header && len(row) > len(firstRow) {
				firstRow = row
			}
			if header && t.n >= headerRows {
				return noHeader(missing, firstRow)
			}
			continue
		case t.n <= t.SkipRows || empty(row):
			continue
		case rows.lax && t.width > 0 && len(row) != t.width:
			return damaged(line, "", row[len(row)-1], "the quotation marks of the row are not right, so that cells may have swallowed others: mend it, or %s", anew)
		case t.End != "" && strings.HasPrefix(firstCell(row), t.End):
			return t.finish()
		}
		if err := t.fits(row, line); err != nil {
			return err
		}
		if err := t.row(row, line); err != nil {
			return err
		}
	}
	if header {
		missing, _ := find(t.columns, firstRow)
		return noHeader(missing, firstRow)
	}
	return t.finish()
}

// fits refuses a row that has more cells than the table. Where a bank quotes nothing, a payer that writes what parts the cells moves
// those behind it, and would choose the amount.
func (t *table) fits(row []string, line int) error {
	if t.width == 0 { // without headers
		t.width = len(row)
		for _, all := range t.columns {
			for _, c := range all {
				t.width = max(t.width, c.at+1)
			}
		}
	}
	if len(row) > t.width && !empty(row[t.width:]) {
		return damaged(line, "", firstCell(row[t.width:]), "the row has %d cells and the table %d, so that a text with %q in it may have moved the amount: mend the row, or have the bank quote texts",
			len(row), t.width, t.rows.comma)
	}
	return nil
}

func (t *table) finish() error {
	for _, b := range t.books {
		if err := t.end(b); err != nil {
			return err
		}
	}
	if len(t.books) == 0 {
		return damaged(0, "", "", "the table has no entry: %s, or mend the mapping", anew)
	}
	return nil
}

func noHeader(missing column, row []string) error {
	return &Error{Kind: ErrMapping, Field: missing.name,
		Reason: fmt.Sprintf("no row has this header, which the mapping has for %s%s: mend the mapping", missing.field, nearest(missing.name, row))}
}

func empty(row []string) bool { return firstCell(row) == "" }

func firstCell(row []string) string {
	for _, cell := range row {
		if cell = clean(cell); cell != "" {
			return cell
		}
	}
	return ""
}

// cell is the text of a field. Spreadsheets keep leading zeros by ="0012".
func (t *table) cell(row []string, field string) string {
	var text string
	for _, c := range t.columns[field] {
		if c.at < len(row) {
			one := clean(row[c.at])
			if inner, ok := strings.CutPrefix(one, `="`); ok && strings.HasSuffix(inner, `"`) {
				one = clean(strings.TrimSuffix(inner, `"`))
			}
			text = clean(text + " " + one)
		}
	}
	return text
}

func (t *table) field(name string) string {
	if len(t.columns[name]) == 0 {
		return name
	}
	return t.columns[name][0].name
}

func (t *table) row(row []string, line int) error {
	b, err := t.book(row, line)
	if err != nil {
		return err
	}
	e := Entry{
		Line: line, Purpose: t.cell(row, "Purpose"), BankReference: reference(t.cell(row, "BankReference")),
		EndToEndID: reference(t.cell(row, "EndToEndID")), DocumentNumber: t.cell(row, "DocumentNumber"),
		CreditorReference: t.cell(row, "CreditorReference"),
		Counterparty: Counterparty{
			Name: t.cell(row, "Counterparty"), Account: account(t.cell(row, "CounterpartyAccount")),
			TaxID: t.cell(row, "CounterpartyTaxID"), BankID: t.cell(row, "CounterpartyBankID"),
		},
	}
	if e.Amount, err = t.amount(row, line, b.Currency); err != nil {
		return err
	}
	if e.BookingDate, err = t.date(row, line, "Date"); err != nil {
		return err
	}
	if t.cell(row, "ValueDate") != "" {
		if e.ValueDate, err = t.date(row, line, "ValueDate"); err != nil {
			return err
		}
	}
	if b.From.IsZero() || e.BookingDate.Before(b.From) {
		b.From = e.BookingDate
	}
	if e.BookingDate.After(b.To) {
		b.To = e.BookingDate
	}
	return t.add(b, e)
}

// book finds the statement of the row's account and currency.
func (t *table) book(row []string, line int) (*book, error) {
	number, currency := account(t.cell(row, "OwnAccount")), strings.ToUpper(t.cell(row, "Currency"))
	if number == "" {
		number = account(t.Options.Account)
	}
	if currency == "" {
		currency = t.Options.Currency
	}
	switch {
	case number == "":
		return nil, damaged(line, t.field("OwnAccount"), "", "it is not said whose account this is: name the account, or its column")
	case !isCurrency(currency):
		return nil, damaged(line, t.field("Currency"), currency, "this is no currency: name it by its ISO 4217 code, such as UAH, or name its column")
	}
	for _, b := range t.books {
		if b.Account == number && b.Currency == currency {
			return b, nil
		}
	}
	if len(t.books) >= 1000 {
		return nil, beyond(line, t.field("OwnAccount"), "the table has more than 1000 accounts: is this the column of the own account?")
	}
	b := &book{Statement: Statement{Line: line, Account: number, Currency: currency}}
	t.books = append(t.books, b)
	return b, nil
}

func (t *table) date(row []string, line int, field string) (time.Time, error) {
	text := t.cell(row, field)
	for _, layout := range t.DateLayouts {
		if date, ok := day(layout, text); ok {
			return date, nil
		}
	}
	return time.Time{}, damaged(line, t.field(field), text, "this is no date as the mapping says (%s): mend the file or the mapping", strings.Join(t.DateLayouts, ", "))
}

func (t *table) amount(row []string, line int, currency string) (amount decimal.Decimal, err error) {
	if t.Amount == "" {
		return t.debitOrCredit(row, line, currency)
	}
	if amount, err = t.number(row, line, "Amount", currency); err != nil {
		return amount, err
	}
	switch t.Sign {
	case SignReversed:
		return amount.Neg(), nil
	case SignByWord:
		word := t.cell(row, "Direction")
		same := func(other string) bool { return strings.EqualFold(word, clean(other)) }
		in, out := slices.ContainsFunc(t.In, same), slices.ContainsFunc(t.Out, same)
		if in == out {
			return amount, damaged(line, t.field("Direction"), word, "this is none of the words for in and out that the mapping has, or it is both: mend the mapping")
		}
		if amount.IsNeg() {
			return amount, damaged(line, t.field("Amount"), t.cell(row, "Amount"), "the number has a sign, though a word says the direction: take another rule of signs")
		}
		if out {
			return amount.Neg(), nil
		}
	}
	return amount, nil
}

// debitOrCredit takes the one of the two that is there.
func (t *table) debitOrCredit(row []string, line int, currency string) (decimal.Decimal, error) {
	var sides [2]decimal.Decimal
	there := 0
	for i, field := range []string{"Debit", "Credit"} {
		if t.cell(row, field) == "" {
			continue
		}
		amount, err := t.number(row, line, field, currency)
		if err != nil {
			return amount, err
		}
		if field == "Debit" && t.Sign == SignDebitMinus {
			amount = amount.Neg()
		}
		if amount.IsNeg() {
			return amount, damaged(line, t.field(field), t.cell(row, field), "the number is below zero in a column for one direction: take another rule of signs, or mend the file")
		}
		if !amount.IsZero() {
			there++
		}
		sides[i] = amount
	}
	if there != 1 {
		return sides[0], damaged(line, t.field("Debit")+", "+t.field("Credit"), t.cell(row, "Debit")+", "+t.cell(row, "Credit"),
			"a row has either a debit or a credit: mend the file, or say where the table ends (Mapping.End)")
	}
	amount := sides[1]
	if amount.IsZero() {
		amount = sides[0].Neg()
	}
	if t.Sign == SignReversed {
		amount = amount.Neg()
	}
	return amount, nil
}

// number reads a cell's number: a sign, digits with what parts thousands, the decimal sign, digits.
func (t *table) number(row []string, line int, field, currency string) (decimal.Decimal, error) {
	text := t.cell(row, field)
	whole, fraction, found := strings.Cut(text, t.point())
	groups := strings.FieldsFunc(whole, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(t.Grouping, r) })
	reason := ""
	for i, group := range groups {
		if i > 0 && len(group) != 3 || i == 0 && len(groups) > 1 && len(strings.TrimLeft(group, "+-\u2212\u2013")) > 3 {
			reason = "thousands are not parted by threes: is the decimal sign of the mapping right?"
		}
	}
	// Of a thousand whose sign is taken for the decimal one, zeros alone may be left: "1.200".
	if scale, err := money.Scale(currency); err == nil && len(fraction) > max(scale, 2) && strings.HasSuffix(fraction, "0") {
		reason = firstOf(reason, fmt.Sprintf("%s has %d digits behind the decimal sign, and this has %d: is the decimal sign of the mapping right?", currency, scale, len(fraction)))
	}
	whole = strings.Join(groups, "")
	if found {
		whole += t.point() + fraction
	}
	amount, wrong := signed(whole, currency, t.point()[0])
	if reason = firstOf(reason, wrong); reason != "" {
		return amount, &Error{Kind: ErrDamaged, Line: line, Field: t.field(field), Value: shortened(text), Reason: reason}
	}
	return amount, nil
}
