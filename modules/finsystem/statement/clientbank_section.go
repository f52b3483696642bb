package statement

import (
	"errors"
	"io"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// section is the lines of a section or a document.
type section struct {
	line   int
	values map[string]string
	lines  map[string]int
	size   int
	last   string
}

// section reads lines up to the end of the section.
func (c *clientBank) section(end string) (*section, error) {
	s := &section{line: c.lines.n, values: map[string]string{}, lines: map[string]int{}}
	for {
		line, err := c.lines.next()
		if errors.Is(err, io.EOF) {
			return nil, damaged(s.line, end, "", "the file ends within the section that begins here: it was cut off; %s", anew)
		}
		if err != nil {
			return nil, err
		}
		line = strings.TrimSpace(line)
		switch {
		case line == "":
			continue
		case line == end:
			return s, nil
		case strings.HasPrefix(line, "Секция") || strings.HasPrefix(line, "Конец"):
			return nil, damaged(c.lines.n, end, line, "the section that begins in line %d has no end: a part is missing; %s", s.line, anew)
		}
		if s.size += len(line) + 64; s.size > c.Limits.Line {
			return nil, beyond(c.lines.n, "", "the section that begins in line %d has more than %d bytes: this is no statement", s.line, c.Limits.Line)
		}
		if err := s.add(line, c.lines.n); err != nil {
			return nil, err
		}
	}
}

func (s *section) add(line string, n int) error {
	key, value, found := strings.Cut(line, "=")
	key = strings.TrimSpace(key)
	if !found || strings.ContainsAny(key, " .,") {
		if !strings.HasPrefix(s.last, "НазначениеПлатежа") {
			return damaged(n, s.last, line, "this line is no key and value: the file is damaged; %s", anew)
		}
		s.values[s.last] += " " + line // a purpose that its writer broke
		return nil
	}
	if _, twice := s.values[key]; twice {
		return damaged(n, key, line, "the section that begins in line %d has this twice: the end of a section is missing; %s", s.line, anew)
	}
	s.values[key], s.lines[key], s.last = strings.TrimSpace(value), n, key
	return nil
}

func (s *section) amount(key, currency string) (*decimal.Decimal, error) {
	text := s.values[key]
	if text == "" {
		return nil, nil
	}
	point := byte('.')
	if strings.Contains(text, ",") {
		point = ','
	}
	read := unsigned
	if strings.HasSuffix(key, "Остаток") { // an account may be overdrawn
		read = signed
	}
	amount, reason := read(text, currency, point)
	if reason != "" {
		return nil, &Error{Kind: ErrDamaged, Line: s.lines[key], Field: key, Value: shortened(text), Reason: reason}
	}
	return &amount, nil
}

func (s *section) balance(key string, date time.Time, currency string) (*Balance, error) {
	amount, err := s.amount(key, currency)
	if amount == nil {
		return nil, err
	}
	return &Balance{Amount: *amount, Currency: currency, Date: date, Line: s.lines[key]}, nil
}

func (s *section) date(key string) (time.Time, error) {
	return cbDate(key, s.values[key], s.lines[key])
}

func cbDate(key, text string, line int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	date, ok := day("02.01.2006", text)
	if !ok {
		return date, damaged(line, key, text, "this is no date, which is written dd.mm.yyyy: %s", anew)
	}
	return date, nil
}

// party is a side of a document. Its name is whole in one key, often behind "ИНН 7701234567 ", or without that in another.
func (s *section) party(side string) Counterparty {
	p := Counterparty{
		Name: clean(s.values[side+"1"]), TaxID: clean(s.values[side+"ИНН"]), BankID: clean(s.values[side+"БИК"]),
		Account: account(s.values[side+"Счет"]),
	}
	if own := account(s.values[side+"РасчСчет"]); p.Account == "" {
		p.Account = own
	}
	whole := clean(s.values[side])
	if after, ok := strings.CutPrefix(whole, "ИНН "); ok {
		number, name, _ := strings.Cut(after, " ")
		if allDigits(number) {
			whole = name
			if p.TaxID == "" {
				p.TaxID = number
			}
		}
	}
	if p.Name == "" {
		p.Name = clean(strings.TrimPrefix(whole, "//"))
	}
	if p.TaxID == "0" {
		p.TaxID = ""
	}
	return p
}
