package statement

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/govalues/decimal"
)

// camt.053, BankToCustomerStatement: https://www.iso20022.org/iso-20022-message-definitions?search=camt.053.
// Between the versions 2 and 13 the elements that are read here changed in few places: the BIC is BICFI since version 3,
// a transaction has an amount and a sign of its own since 3, the net of a summary is in an element of its own
// since 3, the status of an entry is since 7 a choice of code and own word, and a party since 7 a choice of party and bank.

var camtVersion = regexp.MustCompile(`camt\.053\.001\.(0[2-9]|1[0-3])\b`)

// camt is a file being read.
type camt struct {
	*reading
	x *xmlReader
}

func (rd *reading) camt(text io.Reader) error {
	c := &camt{reading: rd, x: newXMLReader(text, rd.Limits)}
	found := false
	for {
		token, err := c.x.token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if start, ok := token.(xml.StartElement); ok {
			if err := c.root(start, &found); err != nil {
				return err
			}
		}
	}
	if !found {
		return &Error{Kind: ErrFormat, Field: "BkToCstmrStmt", Reason: "there is no statement camt.053 in this XML: have the bank export one"}
	}
	return nil
}

// root looks for the message in the root element, or in the envelope around it.
func (c *camt) root(start xml.StartElement, found *bool) error {
	if start.Name.Local != "Document" {
		return c.x.children(func(_ string, start xml.StartElement) error { return c.root(start, found) })
	}
	space := ""
	for _, a := range start.Attr {
		if a.Name.Local == "xmlns" && a.Name.Space == "" && start.Name.Space == "" || a.Name.Space == "xmlns" && a.Name.Local == start.Name.Space {
			space = a.Value
		}
	}
	m := camtVersion.FindStringSubmatch(space)
	if m == nil {
		return &Error{Kind: ErrFormat, Line: c.x.line(), Field: "Document/@xmlns", Value: shortened(space),
			Reason: "this is no camt.053 of version 2 to 13: have the bank export camt.053.001.02, .04 or .08"}
	}
	c.version = "001." + m[1]
	return c.x.children(func(name string, _ xml.StartElement) error {
		if name != "BkToCstmrStmt" {
			return nil
		}
		*found = true
		return c.message()
	})
}

func (c *camt) message() error {
	statements := 0
	err := c.x.children(func(name string, _ xml.StartElement) error {
		if name != "Stmt" {
			return nil
		}
		statements++
		return c.statement()
	})
	if err == nil && statements == 0 {
		return damaged(c.x.line(), "BkToCstmrStmt/Stmt", "", "the message has no statement, though it must have one: %s", anew)
	}
	return err
}

func (c *camt) statement() error {
	x := c.x
	b := &book{Statement: Statement{Line: x.line()}}
	x.kept = 0
	var balances []camtBalance
	var sequence, legal, page string
	known := false
	ready := func() { // all that stands before the entries is there
		if known {
			return
		}
		known = true
		b.Number = sequence
		if b.Number == "" {
			b.Number = legal
		}
		if page != "" && b.Number != "" {
			b.Number += "/" + page
		}
		b.balances(balances)
	}
	err := x.children(func(name string, start xml.StartElement) error {
		switch name {
		case "Id":
			return x.first(&b.ID)
		case "ElctrncSeqNb":
			return x.first(&sequence)
		case "LglSeqNb":
			return x.first(&legal)
		case "StmtPgntn":
			return x.children(func(name string, _ xml.StartElement) error {
				if name == "PgNb" {
					return x.first(&page)
				}
				return nil
			})
		case "FrToDt":
			return x.children(func(name string, _ xml.StartElement) (err error) {
				switch name {
				case "FrDtTm":
					b.From, err = c.date("FrToDt/FrDtTm")
				case "ToDtTm":
					b.To, err = c.date("FrToDt/ToDtTm")
				}
				return err
			})
		case "Acct":
			return c.account(b)
		case "Bal":
			if known {
				return c.in(b, damaged(x.line(), "Bal", "", "a balance stands behind entries, where none may be: the file is damaged; %s", anew))
			}
			if len(balances) >= 1000 {
				return c.in(b, beyond(x.line(), "Bal", "the statement has more than 1000 balances: %s", anew))
			}
			one, err := c.balance()
			balances = append(balances, one)
			return c.in(b, err)
		case "TxsSummry":
			if b.Currency == "" && len(balances) > 0 {
				b.Currency = balances[0].Currency
			}
			return c.in(b, c.summary(b))
		case "Ntry":
			ready()
			return c.in(b, c.entry(b))
		}
		return nil
	})
	if err != nil {
		return err
	}
	ready()
	return c.end(b)
}

func (c *camt) account(b *book) error {
	x := c.x
	return x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "Id":
			return x.accountID(&b.Account)
		case "Ccy":
			return x.first(&b.Currency)
		case "Svcr":
			return x.agent(&b.BankID)
		}
		return nil
	})
}

// accountID reads IBAN or Othr/Id.
func (x *xmlReader) accountID(to *string) error {
	return x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "IBAN":
			return x.first(to)
		case "Othr":
			return x.children(func(name string, _ xml.StartElement) error {
				if name == "Id" {
					return x.first(to)
				}
				return nil
			})
		}
		return nil
	})
}

// agent reads a bank's BIC, or else its number in a clearing system.
func (x *xmlReader) agent(to *string) error {
	var member string
	err := x.children(func(name string, _ xml.StartElement) error {
		if name != "FinInstnId" {
			return nil
		}
		return x.children(func(name string, _ xml.StartElement) error {
			switch name {
			case "BIC", "BICFI":
				return x.first(to)
			case "ClrSysMmbId":
				return x.children(func(name string, _ xml.StartElement) error {
					if name == "MmbId" {
						return x.first(&member)
					}
					return nil
				})
			}
			return nil
		})
	})
	if *to == "" {
		*to = member
	}
	return err
}

// amount reads an amount and its attribute Ccy.
func (c *camt) amount(start xml.StartElement, field string) (decimal.Decimal, string, error) {
	currency := attribute(start, "Ccy")
	if !isCurrency(currency) {
		return decimal.Decimal{}, "", damaged(c.x.line(), field+"/@Ccy", currency, "this is no currency: %s", anew)
	}
	amount, err := c.plain(currency, field)
	return amount, currency, err
}

func (c *camt) plain(currency, field string) (decimal.Decimal, error) {
	line := c.x.line()
	text, err := c.x.text()
	if err != nil {
		return decimal.Decimal{}, err
	}
	amount, reason := unsigned(text, currency, '.')
	if reason != "" {
		return amount, &Error{Kind: ErrDamaged, Line: line, Field: field, Value: shortened(text), Reason: reason}
	}
	return amount, nil
}

func (c *camt) sign(field string) (int, error) {
	line := c.x.line()
	text, err := c.x.text()
	switch {
	case err != nil:
		return 0, err
	case text == "CRDT":
		return 1, nil
	case text == "DBIT":
		return -1, nil
	}
	return 0, damaged(line, field, text, "this is neither CRDT nor DBIT: %s", anew)
}

// dateChoice reads Dt or DtTm.
func (c *camt) dateChoice(field string) (date time.Time, err error) {
	err = c.x.children(func(name string, _ xml.StartElement) (err error) {
		if name == "Dt" || name == "DtTm" {
			date, err = c.date(field + "/" + name)
		}
		return err
	})
	return date, err
}

// date takes the day as the bank wrote it, whatever the hour and the zone.
func (c *camt) date(field string) (time.Time, error) {
	line := c.x.line()
	text, err := c.x.text()
	if err != nil {
		return time.Time{}, err
	}
	written := text
	if cut := strings.IndexAny(text, "TZ+"); cut == 10 || len(text) > 10 && text[10] == '-' {
		written = text[:10]
	}
	date, ok := day(time.DateOnly, written)
	if !ok {
		return date, damaged(line, field, text, "this is no date: %s", anew)
	}
	return date, nil
}
