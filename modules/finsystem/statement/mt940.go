package statement

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// MT940, Customer Statement Message: fields as in the SWIFT standard, category 9. How banks differ is in their own pages:
//
//	Rabobank  "Format description MT940 Structured": header :940:, counterparty's account in the second line of :61:
//	ING       "ING Format Description MT940 & MT942 Structured NL": /CNTP/, /REMI/USTD//, /SUM/ behind the closing balance
//	ABN AMRO  "MT940 customer statement": /TRTP/ … /IBAN/ … /NAME/ … /REMI/
//	Deutsche Bank and other German banks: "DFÜ-Abkommen, Anlage 3, 8.2": subfields ?00 to ?63
//
// Where the files of a bank are not as its pages say, the files decide.

var (
	mtTag     = regexp.MustCompile(`^:(13D?|20|21|25P?|28C?|34F|60[FM]|61|62[FM]|64|65|86|90[CD]|NS):`)
	mtBalance = regexp.MustCompile(`^([CD])(\d{6})([A-Z]{3})(\d+,\d*)$`)
	mtEntry   = regexp.MustCompile(`^(\d{6})(\d{4})?(RC|RD|EC|ED|C|D)([A-Z])?(\d+,\d*)(.*)$`)
	mtType    = regexp.MustCompile(`^[A-Z][A-Z0-9]{3}`)
	// Totals behind the closing balance, both of ING's: D000004C000002D25,24C28,71 and /SUM/4/2/25,24/28,71/.
	mtTotals = regexp.MustCompile(`^D(\d{1,9})C(\d{1,9})D(\d+,\d*)C(\d+,\d*)$`)
	mtSum    = regexp.MustCompile(`^/SUM/(\d{1,9})/(\d{1,9})/(\d+,\d*)/(\d+,\d*)/?$`)
)

// mt is a file being read.
type mt struct {
	*reading
	lines *lines
	b     *book
	entry *Entry
	// what follows of :61: and :86:, line by line, until the next field
	more, info []string
	size       int
	into       *[]string // where lines without a tag go; nil where they have no place
	text       bool      // they are words of the bank's about the statement, and have no place that is kept
	closed     bool      // :62: was there
}

func (rd *reading) mt940(text io.Reader) error {
	m := &mt{reading: rd, lines: newLines(text, rd.Limits.Line)}
	for {
		line, err := m.lines.next()
		if errors.Is(err, io.EOF) {
			return m.endMessage("the file ends")
		}
		if err == nil {
			err = m.line(line)
		}
		if err != nil {
			if m.b != nil {
				err = m.in(m.b, err)
			}
			return err
		}
	}
}

func (m *mt) line(line string) error {
	var tag []string
	if strings.HasPrefix(line, ":") {
		tag = mtTag.FindStringSubmatch(line)
	}
	if tag == nil {
		return m.untagged(line)
	}
	value := line[len(tag[0]):]
	if tag[1] == "20" {
		if err := m.endMessage("a new message begins"); err != nil {
			return err
		}
		m.b, m.closed = &book{Statement: Statement{Line: m.lines.n, ID: clean(value)}}, false
		m.into, m.text = nil, true
		return nil
	}
	if m.b == nil {
		return damaged(m.lines.n, ":"+tag[1]+":", value, "the message does not begin with :20: – a part is missing; %s", anew)
	}
	return m.field(tag[1], value)
}

func (m *mt) untagged(line string) error {
	switch {
	case m.b == nil: // an envelope
		return nil
	case line == "-" || strings.HasPrefix(line, "-}") || line == "-XXX":
		return m.endMessage("the message ends")
	case m.into != nil:
		return m.keep(line)
	case m.text || strings.TrimSpace(line) == "" || m.closed:
		return nil
	}
	return damaged(m.lines.n, "", line, "this line belongs to no field: the file is damaged; %s", anew)
}

// keep adds a line to a field of an entry.
func (m *mt) keep(line string) error {
	if m.size += len(line) + 1; m.size > m.Limits.Text {
		return beyond(m.lines.n, ":86:", "the lines of an entry have more than %d bytes: this is no statement, or it is damaged", m.Limits.Text)
	}
	*m.into = append(*m.into, line)
	return nil
}

func (m *mt) field(tag, value string) error {
	b := m.b
	if tag == "86" {
		switch {
		case m.entry != nil:
			m.into = &m.info
			return m.keep(value)
		case m.closed:
			m.into, m.text = nil, true
			return m.totals(value)
		}
		m.into, m.text = nil, true
		return nil
	}
	if err := m.endEntry(); err != nil {
		return err
	}
	m.into, m.text = nil, false
	if m.closed && tag != "64" && tag != "65" && tag != "NS" && !strings.HasPrefix(tag, "90") {
		return damaged(m.lines.n, ":"+tag+":", value, "this stands behind the closing balance, where it may not: a :20: is missing; %s", anew)
	}
	switch tag {
	case "25", "25P":
		if b.Account != "" {
			return damaged(m.lines.n, ":25:", value, "the account is named twice: a :20: is missing; %s", anew)
		}
		b.Account = clean(value)
	case "28", "28C":
		b.Number = clean(value)
	case "60F", "60M":
		if b.Opening != nil {
			return damaged(m.lines.n, ":"+tag+":", value, "there is a second opening balance: a :20: is missing; %s", anew)
		}
		opening, err := m.balance(tag, value)
		if err != nil {
			return err
		}
		b.Opening, b.From, b.Currency = opening, opening.Date, opening.Currency
		b.Account, b.BankID = mtAccount(b.Account, b.Currency)
		return m.begin(b)
	case "61":
		return m.beginEntry(value)
	case "62F", "62M":
		if b.Opening == nil {
			return damaged(m.lines.n, ":"+tag+":", value, "there is no opening balance (:60F:) before it: a part is missing; %s", anew)
		}
		closing, err := m.balance(tag, value)
		if err == nil && closing.Currency != b.Currency {
			err = damaged(m.lines.n, ":"+tag+":", value, "the opening balance is in %s, so this must be too: %s", b.Currency, anew)
		}
		b.Closing, m.closed = closing, true
		if err == nil {
			b.To = closing.Date
		}
		return err
	default: // 13, 21, 34F, 64, 65, 90, NS: nothing that is kept
		m.text = true
	}
	return nil
}

// mtAccount takes :25: apart: BIC or bank's code before a slash, currency behind the number.
func mtAccount(value, currency string) (number, bank string) {
	number = account(value)
	if before, after, ok := strings.Cut(number, "/"); ok && after != "" {
		bank, number = before, after
	}
	if short, ok := strings.CutSuffix(number, currency); ok && (isIBAN(short) || short != "" && allDigits(short)) {
		number = short
	}
	return number, bank
}

func (m *mt) balance(tag, value string) (*Balance, error) {
	field := ":" + tag + ":"
	parts := mtBalance.FindStringSubmatch(clean(value))
	if parts == nil {
		return nil, damaged(m.lines.n, field, value, "a balance is C or D, date, currency and amount, such as C231231EUR12,50: %s", anew)
	}
	date, ok := mtDay(parts[2])
	if !ok {
		return nil, damaged(m.lines.n, field, value, "%s is no date: %s", parts[2], anew)
	}
	amount, reason := unsigned(parts[4], parts[3], ',')
	if reason != "" {
		return nil, &Error{Kind: ErrDamaged, Line: m.lines.n, Field: field, Value: shortened(value), Reason: reason}
	}
	if parts[1] == "D" {
		amount = amount.Neg()
	}
	return &Balance{Amount: amount, Currency: parts[3], Date: date, Intermediate: tag[2] == 'M', Line: m.lines.n}, nil
}

// mtDay reads YYMMDD.
func mtDay(text string) (time.Time, bool) {
	century := "20"
	if text[0] >= '8' { // MT940 is of the eighties
		century = "19"
	}
	return day("20060102", century+text)
}

func (m *mt) beginEntry(value string) error {
	n := m.lines.n
	if m.b.Opening == nil {
		return damaged(n, ":61:", value, "there is no opening balance (:60F:) before it: a part is missing, or this is an MT942; %s", anew)
	}
	parts := mtEntry.FindStringSubmatch(value)
	if parts == nil {
		return damaged(n, ":61:", value, "an entry is date, C or D and amount, such as 2312311231D12,50NTRFNONREF: %s", anew)
	}
	e := &Entry{Line: n}
	var ok bool
	if e.ValueDate, ok = mtDay(parts[1]); !ok {
		return damaged(n, ":61:", value, "%s is no date: %s", parts[1], anew)
	}
	e.BookingDate = e.ValueDate
	if parts[2] != "" {
		if e.BookingDate, ok = near(e.ValueDate, parts[2]); !ok {
			return damaged(n, ":61:", value, "%s is no day of a month: %s", parts[2], anew)
		}
	}
	amount, reason := unsigned(parts[5], m.b.Currency, ',')
	if reason != "" {
		return &Error{Kind: ErrDamaged, Line: n, Field: ":61:", Value: shortened(value), Reason: reason}
	}
	switch parts[3] {
	case "D", "RC": // a credit that is taken back takes money
		amount = amount.Neg()
	case "EC", "ED":
		return &Error{Kind: ErrUnsupported, Line: n, Field: ":61:", Value: shortened(value), Reason: "this is money that is expected, and not booked: ask the bank for a statement without it"}
	}
	e.Amount, e.Reversal = amount, parts[3][0] == 'R'
	rest := parts[6]
	switch {
	case mtType.MatchString(rest):
		rest = rest[4:]
	case rest != "":
		return damaged(n, ":61:", value, "behind the amount stands no kind of entry, such as NTRF: %s", anew)
	}
	owner, bank, _ := strings.Cut(rest, "//")
	e.DocumentNumber, e.BankReference = reference(owner), reference(bank)
	m.entry, m.more, m.info, m.size = e, nil, nil, 0
	m.into = &m.more
	return nil
}

// near is the day of a month, MMDD, in the year in which it is nearest to another day.
func near(to time.Time, monthAndDay string) (found time.Time, ok bool) {
	distance := time.Duration(1<<63 - 1)
	for year := to.Year() - 1; year <= to.Year()+1; year++ {
		one, valid := day("20060102", fmt.Sprintf("%04d%s", year, monthAndDay))
		if valid && one.Sub(to).Abs() < distance {
			found, ok, distance = one, true, one.Sub(to).Abs()
		}
	}
	return found, ok
}

func (m *mt) endEntry() error {
	if m.entry == nil {
		return nil
	}
	e := m.entry
	mtInform(e, m.more, m.info)
	m.entry = nil
	return m.add(m.b, *e)
}

func (m *mt) endMessage(why string) error {
	if m.b == nil {
		return nil
	}
	if err := m.endEntry(); err != nil {
		return err
	}
	if !m.closed {
		return m.in(m.b, damaged(m.lines.n, ":62F:", "", "%s, and the message has no closing balance: it was cut off; %s", why, anew))
	}
	b := m.b
	m.b, m.into = nil, nil
	return m.end(b)
}

// totals keeps the control figures that stand behind the closing balance, where they do.
func (m *mt) totals(value string) error {
	value = clean(value)
	parts := mtTotals.FindStringSubmatch(value)
	if parts == nil {
		parts = mtSum.FindStringSubmatch(value)
	}
	if parts == nil || len(m.b.stated) > 0 {
		return nil
	}
	out, reason := unsigned(parts[3], m.b.Currency, ',')
	in, second := unsigned(parts[4], m.b.Currency, ',')
	if reason+second != "" {
		return &Error{Kind: ErrDamaged, Line: m.lines.n, Field: ":86:", Value: shortened(value), Reason: reason + second}
	}
	n := m.lines.n
	m.b.sayCount(":86: number of debits", n, number(parts[1]), numOut)
	m.b.sayCount(":86: number of credits", n, number(parts[2]), numIn)
	m.b.saySum(":86: sum of debits", n, out, sumOut)
	m.b.saySum(":86: sum of credits", n, in, sumIn)
	return nil
}

// number reads at most nine digits.
func number(digits string) (n int) {
	for _, digit := range digits {
		n = n*10 + int(digit-'0')
	}
	return n
}
