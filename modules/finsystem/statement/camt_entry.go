package statement

import (
	"encoding/xml"
	"strings"

	"github.com/govalues/decimal"
)

// transaction is one TxDtls of an entry.
type transaction struct {
	line int
	// amounts, by how well they tell what was booked: Amt, AmtDtls/TxAmt/Amt, AmtDtls/InstdAmt/Amt.
	amounts [3]*camtAmount
	sign    int // 0 where it has none of its own

	debtor, creditor        party
	bankRef, txID, endToEnd string
	texts                   []string
	creditorRef, docNumber  string
	cheque                  string
	further                 []string // more of the two
	additional              string
}

type camtAmount struct {
	decimal.Decimal
	currency string
}

// party is one side of a payment.
type party struct {
	Counterparty
	ultimate string // who is behind it
	taxKnown bool   // the id says that it is for taxes
}

// camtEntry is a Ntry.
type camtEntry struct {
	Entry
	seen       bool // its amount
	sign       int
	details    []transaction
	additional string
}

func (c *camt) entry(b *book) error {
	x := c.x
	e := camtEntry{Entry: Entry{Line: x.line()}}
	x.kept = 0
	status := ""
	err := x.children(func(name string, start xml.StartElement) (err error) {
		switch name {
		case "Amt":
			var currency string
			e.seen = true
			e.Amount, currency, err = c.amount(start, "Ntry/Amt")
			if b.Currency == "" {
				b.Currency = currency
			}
			if err == nil && currency != b.Currency {
				err = damaged(x.line(), "Ntry/Amt/@Ccy", currency, "the account is kept in %s, so its entries must be too: %s", b.Currency, anew)
			}
		case "CdtDbtInd":
			e.sign, err = c.sign("Ntry/CdtDbtInd")
		case "RvslInd":
			var text string
			text, err = x.text()
			e.Reversal = text == "true" || text == "1"
		case "Sts":
			status, err = c.status()
		case "BookgDt":
			e.BookingDate, err = c.dateChoice("Ntry/BookgDt")
		case "ValDt":
			e.ValueDate, err = c.dateChoice("Ntry/ValDt")
		case "AcctSvcrRef":
			err = x.first(&e.BankReference)
		case "AddtlNtryInf":
			err = x.first(&e.additional)
		case "NtryDtls":
			err = x.children(func(name string, _ xml.StartElement) error {
				if name != "TxDtls" {
					return nil
				}
				one, err := c.transaction()
				if err != nil {
					return err
				}
				e.details = append(e.details, one)
				return x.keep(1024)
			})
		}
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case !e.seen:
		return damaged(e.Line, "Ntry/Amt", "", "the entry has no amount: %s", anew)
	case e.sign == 0:
		return damaged(e.Line, "Ntry/CdtDbtInd", "", "the entry does not say whether money came or went: %s", anew)
	case e.sign < 0:
		e.Amount = e.Amount.Neg()
	}
	switch status {
	case "BOOK":
	case "PDNG", "INFO", "FUTR":
		b.NotBooked++
		if !b.left.add(e.Amount) {
			return beyond(e.Line, "Ntry/Amt", "the entries sum to more than can be counted exactly: have the bank write a shorter period")
		}
		return nil
	default:
		return damaged(e.Line, "Ntry/Sts", status, "the entry does not say whether it is booked (BOOK, PDNG, INFO or FUTR): %s", anew)
	}
	if e.BookingDate.IsZero() {
		e.BookingDate = e.ValueDate
	}
	if e.BookingDate.IsZero() {
		return damaged(e.Line, "Ntry/BookgDt", "", "the entry has no date: %s", anew)
	}
	return c.add(b, e.entries(account(b.Account), b.Currency)...)
}

// status is a code; since version 7 in an element of its own, or a word of the bank's.
func (c *camt) status() (status string, err error) {
	for {
		token, err := c.x.token()
		if err != nil {
			return "", err
		}
		switch t := token.(type) {
		case xml.CharData:
			if status == "" {
				status = clean(string(t))
			}
		case xml.StartElement:
			if status, err = c.x.text(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return shortened(status), nil
		}
	}
}

// entries makes an entry of each transaction of a batch, where each says its amount and their sum is the entry's. Otherwise
// what was booked is one entry, and of several transactions it has only what they have in common.
func (e *camtEntry) entries(own, currency string) []Entry {
	if len(e.details) == 0 {
		e.Purpose = e.additional
		return []Entry{e.Entry}
	}
	if len(e.details) == 1 {
		one := e.details[0].entry(e, own)
		return []Entry{one}
	}
	if amounts := e.split(currency); amounts != nil {
		all := make([]Entry, len(e.details))
		for i := range e.details {
			all[i] = e.details[i].entry(e, own)
			all[i].Line, all[i].Amount = e.details[i].line, amounts[i]
		}
		return all
	}
	all := e.details[0].entry(e, own)
	for i := range e.details[1:] {
		other := e.details[i+1].entry(e, own)
		for mine, its := range map[*string]string{
			&all.Counterparty.Name: other.Counterparty.Name, &all.Counterparty.Account: other.Counterparty.Account,
			&all.Counterparty.TaxID: other.Counterparty.TaxID, &all.Counterparty.BankID: other.Counterparty.BankID,
			&all.EndToEndID: other.EndToEndID, &all.CreditorReference: other.CreditorReference,
			&all.DocumentNumber: other.DocumentNumber, &all.Purpose: other.Purpose,
		} {
			if *mine != its {
				*mine = ""
			}
		}
	}
	all.BankReference, all.References = reference(e.BankReference), nil
	if e.additional != "" {
		all.Purpose = e.additional
	}
	return []Entry{all}
}

// split is the signed amounts of the transactions, or nil.
func (e *camtEntry) split(currency string) []decimal.Decimal {
kinds:
	for kind := range len(e.details[0].amounts) {
		amounts := make([]decimal.Decimal, len(e.details))
		sum := decimal.Decimal{}
		for i := range e.details {
			one := &e.details[i]
			at := kind
			for at < len(one.amounts)-1 && one.amounts[at] == nil {
				at++
			}
			amount := one.amounts[at]
			if amount == nil || amount.currency != currency {
				continue kinds
			}
			amounts[i] = amount.Decimal
			if one.sign < 0 || one.sign == 0 && e.sign < 0 {
				amounts[i] = amount.Neg()
			}
			var ok bool
			if sum, ok = plus(sum, amounts[i]); !ok {
				continue kinds
			}
		}
		if sum.Cmp(e.Amount) == 0 {
			return amounts
		}
	}
	return nil
}

func (t *transaction) entry(of *camtEntry, own string) Entry {
	e := of.Entry
	if t.bankRef != "" {
		e.BankReference = t.bankRef
	} else if e.BankReference == "" {
		e.BankReference = t.txID
	}
	e.BankReference = reference(e.BankReference)
	e.EndToEndID = reference(t.endToEnd)
	e.CreditorReference, e.DocumentNumber, e.References = t.creditorRef, t.docNumber, t.further
	if t.docNumber != "" {
		e.References = append([]string{t.docNumber}, t.further...)
	}
	if t.cheque != "" {
		e.DocumentNumber = t.cheque
	}
	e.Purpose = joined(t.texts)
	for _, instead := range []string{t.additional, of.additional} {
		if e.Purpose == "" {
			e.Purpose = instead
		}
	}
	e.Counterparty = t.counterparty(of.sign > 0 != of.Reversal, own)
	return e
}

// counterparty is the debtor where money came in, and the creditor where it went; what is taken back keeps its roles. Banks
// that turn them round are seen through by the own account.
func (t *transaction) counterparty(debtor bool, own string) Counterparty {
	p, other := &t.creditor, &t.debtor
	if debtor {
		p, other = other, p
	}
	if account(p.Account) == own && own != "" && account(other.Account) != own && other.Account+other.Name != "" {
		p = other
	}
	c := p.Counterparty
	if c.Name == "" {
		c.Name = p.ultimate
	}
	c.Account = account(c.Account)
	return c
}

// joined puts pieces of 140 characters together again; others are texts of their own.
func joined(pieces []string) string {
	var text strings.Builder
	for i, piece := range pieces {
		if i > 0 && len([]rune(pieces[i-1])) != 140 {
			text.WriteByte(' ')
		}
		text.WriteString(piece)
	}
	return clean(text.String())
}
