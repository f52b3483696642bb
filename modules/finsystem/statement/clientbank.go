package statement

import (
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// 1CClientBankExchange, versions 1.00 to 1.03: http://v8.1c.ru/edi/edi_stnd/100/101.htm. A file has lines "key=value", sections of
// balances for the accounts, and documents, each with both of its sides; which side is ours decides whether money came or went.
// What banks do beyond the page (a section for each day, breaks in a purpose, keys of their own) is unverified by a page.

// clientBank is a file being read.
type clientBank struct {
	*reading
	lines    *lines
	accounts []*cbAccount
	from, to time.Time
	ended    bool
}

type cbAccount struct {
	book
	sections int
}

func (rd *reading) clientBank(text io.Reader) error {
	c := &clientBank{reading: rd, lines: newLines(text, rd.Limits.Line)}
	first := true
	for {
		line, err := c.lines.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if first {
			if first = false; line != "1CClientBankExchange" {
				return &Error{Kind: ErrFormat, Line: c.lines.n, Value: shortened(line), Reason: "the first line is not 1CClientBankExchange: have the bank export the statement for 1C"}
			}
			continue
		}
		if c.ended {
			return damaged(c.lines.n, "", line, "something stands behind КонецФайла: two files were put together; import each alone")
		}
		if err := c.line(line); err != nil {
			return err
		}
	}
	if !c.ended {
		return damaged(c.lines.n, "КонецФайла", "", "the file does not end with КонецФайла: it was cut off; %s", anew)
	}
	for _, a := range c.accounts {
		if a.From.IsZero() {
			a.From = c.from
		}
		if a.To.IsZero() {
			a.To = c.to
		}
		if err := c.end(&a.book); err != nil {
			return err
		}
	}
	return nil
}

func (c *clientBank) line(line string) error {
	n := c.lines.n
	key, value, _ := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch key {
	case "СекцияРасчСчет":
		s, err := c.section("КонецРасчСчет")
		if err != nil {
			return err
		}
		return c.balances(s)
	case "СекцияДокумент":
		s, err := c.section("КонецДокумента")
		if err != nil {
			return err
		}
		return c.document(s)
	case "КонецФайла":
		c.ended = true
	case "ВерсияФормата":
		c.version = shortened(value)
	case "РасчСчет":
		_, err := c.account(value, n)
		return err
	case "ДатаНачала", "ДатаКонца":
		date, err := cbDate(key, value, n)
		if key == "ДатаНачала" {
			c.from = date
		} else {
			c.to = date
		}
		return err
	case "КонецРасчСчет", "КонецДокумента":
		return damaged(n, key, "", "this section was not begun: a part is missing; %s", anew)
	default:
		if !strings.Contains(line, "=") {
			return damaged(n, "", line, "this line is no key and value: the file is damaged; %s", anew)
		}
	}
	return nil
}

// account finds an own account, or keeps it as one.
func (c *clientBank) account(number string, n int) (*cbAccount, error) {
	number = account(number)
	for _, a := range c.accounts {
		if a.Account == number {
			return a, nil
		}
	}
	if number == "" {
		return nil, damaged(n, "РасчСчет", "", "the account has no number: %s", anew)
	}
	if len(c.accounts) >= min(1000, c.Limits.Statements) {
		return nil, beyond(n, "РасчСчет", "the file has more than %d accounts: have the bank write them apart", len(c.accounts))
	}
	currency, err := c.currencyOf(number, n)
	if err != nil {
		return nil, err
	}
	a := &cbAccount{book: book{Statement: Statement{Line: n, Account: number, Currency: currency}}}
	c.accounts = append(c.accounts, a)
	return a, nil
}

// currencyOf is in a Russian account of 20 digits: the sixth to eighth are ISO 4217's number, or 810, which the rouble kept
// (Bank of Russia, 809-П, before it 579-П, "План счетов"). Accounts of Uzbekistan have 20 digits too, and there 000 for its own. What the
// caller says is for accounts that do not say it: an amount in another currency would be taken for one in this.
func (c *clientBank) currencyOf(number string, n int) (string, error) {
	if len(number) == 20 && allDigits(number) && number[5:8] != "000" {
		if currency := byNumber[number[5:8]]; currency != "" {
			return currency, nil
		}
		return "", &Error{Kind: ErrUnsupported, Line: n, Field: "РасчСчет", Value: number,
			Reason: "the account is in the currency " + number[5:8] + " (its sixth to eighth digit), which is none of ISO 4217: ask the bank which it is"}
	}
	if c.Currency == "" {
		return "", damaged(n, "РасчСчет", number, "the file does not say in which currency this account is: say it (Options.Currency)")
	}
	return c.Currency, nil
}

// balances takes a section of balances. Some banks write one for each day: then the first opens and the last closes.
func (c *clientBank) balances(s *section) error {
	a, err := c.account(s.values["РасчСчет"], s.line)
	if err != nil {
		return err
	}
	from, err := s.date("ДатаНачала")
	if err != nil {
		return err
	}
	to, err := s.date("ДатаКонца")
	if err != nil {
		return err
	}
	opening, err := s.balance("НачальныйОстаток", from, a.Currency)
	if err != nil {
		return err
	}
	closing, err := s.balance("КонечныйОстаток", to, a.Currency)
	if err != nil {
		return err
	}
	if a.sections++; a.sections > 1 && opening != nil && a.Closing != nil && opening.Amount.Cmp(a.Closing.Amount) != 0 {
		a.found = append(a.found, &Error{Kind: ErrMismatch, Line: opening.Line, Field: "НачальныйОстаток", Value: opening.Amount.String(),
			Reason: "the section of the account before this one closes with " + a.Closing.Amount.String() + ": a day is missing; " + anew + ", or accept the mismatch"})
	}
	if a.sections == 1 {
		a.Opening, a.From, a.Line = opening, from, s.line
	}
	a.Closing, a.To = closing, to
	for _, total := range []struct {
		key string
		sum func(tally) decimal.Decimal
	}{{"ВсегоПоступило", sumIn}, {"ВсегоСписано", sumOut}} {
		sum, err := s.amount(total.key, a.Currency)
		if err != nil {
			return err
		}
		if sum != nil {
			a.sayMore(total.key, s.lines[total.key], *sum, total.sum)
		}
	}
	return nil
}

// sayMore adds to a control figure that the sections of several days state in parts.
func (a *cbAccount) sayMore(field string, line int, sum decimal.Decimal, of func(tally) decimal.Decimal) {
	i := slices.IndexFunc(a.stated, func(s stated) bool { return s.field == field })
	if i < 0 {
		a.saySum(field, line, sum, of)
		return
	}
	all, _ := plus(a.stated[i].sum, sum)
	a.stated = slices.Delete(a.stated, i, i+1)
	a.saySum(field, line, all, of)
}

// document makes an entry of each side that is an own account.
func (c *clientBank) document(s *section) error {
	amount, err := s.amount("Сумма", "")
	if err != nil {
		return err
	}
	if amount == nil {
		return damaged(s.line, "Сумма", "", "the document has no amount: %s", anew)
	}
	if len(c.accounts) == 0 && c.Options.Account != "" {
		if _, err := c.account(c.Options.Account, s.line); err != nil {
			return err
		}
	}
	ours := 0
	for _, out := range []bool{true, false} {
		own, other := "Плательщик", "Получатель"
		if !out {
			own, other = other, own
		}
		i := slices.IndexFunc(c.accounts, func(a *cbAccount) bool {
			return a.Account == account(s.values[own+"Счет"]) || a.Account == account(s.values[own+"РасчСчет"])
		})
		if i < 0 {
			continue
		}
		ours++
		if err := c.side(c.accounts[i], s, other, out); err != nil {
			return c.in(&c.accounts[i].book, err)
		}
	}
	if ours == 0 {
		return damaged(s.line, "ПлательщикСчет", s.values["ПлательщикСчет"]+" → "+s.values["ПолучательСчет"],
			"neither side of the document is an account of this statement: name the account (Options.Account), or %s", anew)
	}
	return nil
}

func (c *clientBank) side(a *cbAccount, s *section, other string, out bool) error {
	amount, err := s.amount("Сумма", a.Currency)
	if err != nil {
		return err
	}
	executed := []string{"ДатаПоступило", "ДатаСписано"}
	if out {
		slices.Reverse(executed)
	}
	var booked time.Time
	for _, key := range append(executed, "Дата") {
		date, err := s.date(key)
		if err != nil {
			return err
		}
		if booked.IsZero() && key != "Дата" {
			booked = date
		}
	}
	e := Entry{Line: s.line, Amount: *amount, BookingDate: booked, ValueDate: booked, DocumentNumber: clean(s.values["Номер"])}
	if out {
		e.Amount = e.Amount.Neg()
	}
	if booked.IsZero() { // an order that the bank has not carried out
		a.NotBooked++
		a.left.add(e.Amount)
		return nil
	}
	e.Counterparty = s.party(other)
	e.Purpose = clean(s.values["НазначениеПлатежа"])
	for _, n := range "123456" {
		if more := clean(s.values["НазначениеПлатежа"+string(n)]); more != "" && s.values["НазначениеПлатежа"] == "" {
			e.Purpose = clean(e.Purpose + " " + more)
		}
	}
	// The payment's own id (УИП, field 22), where it is one.
	if code := clean(s.values["Код"]); strings.Trim(code, "0") != "" {
		e.EndToEndID = code
	}
	return c.add(&a.book, e)
}
