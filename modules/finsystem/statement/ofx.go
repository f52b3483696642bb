package statement

import (
	"errors"
	"io"
	"strings"

	"github.com/govalues/decimal"
)

// OFX 1.x and 2.x: https://financialdataexchange.org/ofx, chapters 3.2 (amounts, dates), 11.3 (accounts) and 11.4 (statements).
// Amounts carry their sign, above zero for what the account's owner gains. A download has no opening balance, and the ledger
// balance is that of the moment of the download; so nothing in it can be checked against the entries.

// ofxAggregates are the elements that hold what is read here. Every other is either a value or is looked through: in SGML nothing
// tells an empty value from the beginning of an aggregate.
var ofxAggregates = map[string]bool{
	"OFX": true, "STMTTRNRS": true, "CCSTMTTRNRS": true, "STMTRS": true, "CCSTMTRS": true, "BANKACCTFROM": true, "CCACCTFROM": true,
	"BANKTRANLIST": true, "BANKTRANLISTP": true, "STMTTRN": true, "PAYEE": true, "BANKACCTTO": true, "CCACCTTO": true,
	"LEDGERBAL": true, "AVAILBAL": true, "BALLIST": true, "BAL": true, "CURRENCY": true, "ORIGCURRENCY": true, "INVSTMTRS": true, "INVTRANLIST": true,
}

// ofx is a file being read.
type ofx struct {
	*reading
	t     *tagReader
	open  []string
	b     *book
	e     *Entry
	has   map[string]string // values of the entry
	bal   map[string]string // and of the balance
	size  int
	ended bool
}

func (rd *reading) ofx(text io.Reader) error {
	o := &ofx{reading: rd, t: newTagReader(text, rd.Limits.Line)}
	for {
		tag, value, err := o.t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = o.tag(tag, clean(value))
		}
		if err != nil {
			if o.b != nil {
				err = o.in(o.b, err)
			}
			return err
		}
	}
	if !o.ended {
		return damaged(o.t.line, strings.Join(o.open, "/"), "", "the file ends without </OFX>: it was cut off; %s", anew)
	}
	return nil
}

func (o *ofx) tag(tag, value string) error {
	if name, ok := strings.CutPrefix(tag, "/"); ok {
		if !ofxAggregates[name] {
			return nil
		}
		if len(o.open) == 0 || o.open[len(o.open)-1] != name {
			return damaged(o.t.line, strings.Join(o.open, "/"), "</"+name+">", "this was not opened here: a part is missing; %s", anew)
		}
		o.open = o.open[:len(o.open)-1]
		return o.close(name)
	}
	if o.ended {
		return damaged(o.t.line, tag, "", "something stands behind </OFX>: two files were put together; import each alone")
	}
	if ofxAggregates[tag] {
		if len(o.open) >= o.Limits.Depth {
			return beyond(o.t.line, tag, "elements are in each other more than %d deep: this is no statement", o.Limits.Depth)
		}
		o.open = append(o.open, tag)
		return o.begin(tag)
	}
	if len(o.open) > 0 && value != "" {
		return o.value(tag, value)
	}
	return nil
}

func (o *ofx) within(tag string) bool { return o.open[len(o.open)-1] == tag }

func (o *ofx) begin(tag string) error {
	switch tag {
	case "STMTRS", "CCSTMTRS":
		if o.b != nil {
			return damaged(o.t.line, tag, "", "a statement begins in another: a part is missing; %s", anew)
		}
		o.b = &book{Statement: Statement{Line: o.t.line}}
	case "STMTTRN":
		if o.b == nil || o.e != nil {
			return damaged(o.t.line, tag, "", "an entry stands outside of a statement or in another entry: a part is missing; %s", anew)
		}
		o.e, o.has, o.size = &Entry{Line: o.t.line}, map[string]string{}, 0
	case "LEDGERBAL":
		o.bal, o.size = map[string]string{}, 0
	case "INVSTMTRS":
		return &Error{Kind: ErrUnsupported, Line: o.t.line, Field: tag, Reason: "this is the statement of a depot, not of a bank account: export the account's"}
	}
	return nil
}

func (o *ofx) value(tag, value string) error {
	if o.b == nil {
		return nil
	}
	b := o.b
	switch {
	case o.e != nil:
		key := tag
		if at := o.open[len(o.open)-1]; at != "STMTTRN" {
			key = at + "/" + tag
		}
		if o.size += len(key) + len(value) + 64; o.size > o.Limits.Line {
			return beyond(o.t.line, tag, "the entry has more than %d bytes: this is no statement", o.Limits.Line)
		}
		if _, twice := o.has[key]; twice && (key == "TRNAMT" || key == "DTPOSTED" || key == "FITID") {
			return damaged(o.t.line, key, value, "the entry has this twice: the end of an entry is missing; %s", anew)
		}
		o.has[key] = value
	case o.within("LEDGERBAL"):
		if tag == "BALAMT" || tag == "DTASOF" {
			o.bal[tag] = value
		}
	case tag == "CURDEF":
		b.Currency = shortened(value)
	case tag == "ACCTID" && (o.within("BANKACCTFROM") || o.within("CCACCTFROM")):
		b.Account = value
	case tag == "BANKID" && o.within("BANKACCTFROM"):
		b.BankID = value
	case tag == "DTSTART" || tag == "DTEND":
		date, ok := ofxDay(value)
		if !ok {
			return damaged(o.t.line, tag, value, "this is no date: %s", anew)
		}
		if tag == "DTSTART" {
			b.From = date
		} else {
			b.To = date
		}
	}
	return nil
}

func (o *ofx) close(tag string) error {
	switch tag {
	case "OFX":
		o.ended = true
	case "STMTTRN":
		if o.e == nil {
			return nil
		}
		e := o.e
		if err := o.entry(e); err != nil {
			return err
		}
		o.e = nil
		return o.add(o.b, *e)
	case "LEDGERBAL":
		return o.ledger()
	case "STMTRS", "CCSTMTRS":
		b := o.b
		if b == nil {
			return nil
		}
		if err := o.reading.end(b); err != nil {
			return err
		}
		o.b = nil
	}
	return nil
}

func (o *ofx) entry(e *Entry) error {
	fail := func(field, reason string) error {
		return &Error{Kind: ErrDamaged, Line: e.Line, Field: field, Value: shortened(o.has[field]), Reason: reason}
	}
	if action := o.has["CORRECTACTION"]; action != "" || o.has["CORRECTFITID"] != "" {
		return &Error{Kind: ErrUnsupported, Line: e.Line, Field: "CORRECTFITID", Value: shortened(o.has["CORRECTFITID"]),
			Reason: "the bank corrects an entry that it sent before: correct that one by hand, and export a period without it"}
	}
	if currency := o.has["CURRENCY/CURSYM"]; currency != "" && currency != o.b.Currency {
		return fail("CURRENCY/CURSYM", "the account is kept in "+o.b.Currency+", and the entry is in another currency: ask the bank for its amount in "+o.b.Currency)
	}
	amount, reason := ofxAmount(o.has["TRNAMT"], o.b.Currency)
	if reason != "" {
		return fail("TRNAMT", reason)
	}
	if kind := strings.ToUpper(o.has["TRNTYPE"]); kind == "DEBIT" && amount.IsPos() || kind == "CREDIT" && amount.IsNeg() {
		return &Error{Kind: ErrDamaged, Line: e.Line, Field: "TRNTYPE, TRNAMT", Value: shortened(kind + ", " + o.has["TRNAMT"]),
			Reason: "the kind of the entry and the sign of its amount say different things of whether money came or went: ask the bank which is right"}
	}
	e.Amount = amount
	var ok bool
	if e.BookingDate, ok = ofxDay(o.has["DTPOSTED"]); !ok {
		return fail("DTPOSTED", "the entry has no date, or it is none: "+anew)
	}
	if available := o.has["DTAVAIL"]; available != "" {
		if e.ValueDate, ok = ofxDay(available); !ok {
			return fail("DTAVAIL", "this is no date: "+anew)
		}
	}
	e.BankReference = reference(o.has["FITID"])
	e.DocumentNumber = firstOf(o.has["CHECKNUM"], o.has["REFNUM"])
	e.Counterparty = Counterparty{
		Name:    firstOf(o.has["PAYEE/NAME"], o.has["EXTDNAME"], o.has["NAME"]),
		Account: account(firstOf(o.has["BANKACCTTO/ACCTID"], o.has["CCACCTTO/ACCTID"])),
		BankID:  o.has["BANKACCTTO/BANKID"],
	}
	e.Purpose = firstOf(o.has["MEMO"], o.has["NAME"], o.has["TRNTYPE"])
	return nil
}

func (o *ofx) ledger() error {
	b := o.b
	if b == nil || o.bal["BALAMT"] == "" {
		return nil
	}
	amount, reason := ofxAmount(o.bal["BALAMT"], b.Currency)
	if reason != "" {
		return &Error{Kind: ErrDamaged, Line: o.t.line, Field: "LEDGERBAL/BALAMT", Value: shortened(o.bal["BALAMT"]), Reason: reason}
	}
	b.Closing = &Balance{Amount: amount, Currency: b.Currency, Line: o.t.line}
	if asOf := o.bal["DTASOF"]; asOf != "" {
		date, ok := ofxDay(asOf)
		if !ok {
			return damaged(o.t.line, "LEDGERBAL/DTASOF", asOf, "this is no date: %s", anew)
		}
		b.Closing.Date = date
	}
	return nil
}

// ofxAmount reads an amount, with point or comma.
func ofxAmount(text, currency string) (decimal.Decimal, string) {
	if strings.Contains(text, ",") {
		return signed(text, currency, ',')
	}
	return signed(text, currency, '.')
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
