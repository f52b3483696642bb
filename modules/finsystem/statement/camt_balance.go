package statement

import (
	"encoding/xml"

	"github.com/govalues/decimal"
)

// camtBalance is a balance as it stands there.
type camtBalance struct {
	code string
	Balance
}

func (c *camt) balance() (one camtBalance, err error) {
	x := c.x
	one.Line = x.line()
	sign := 0
	seen := false
	err = x.children(func(name string, start xml.StartElement) (err error) {
		switch name {
		case "Tp":
			return x.children(func(name string, _ xml.StartElement) error {
				if name != "CdOrPrtry" {
					return nil
				}
				return x.children(func(name string, _ xml.StartElement) error {
					if name == "Cd" || name == "Prtry" {
						return x.first(&one.code)
					}
					return nil
				})
			})
		case "Amt":
			seen = true
			one.Amount, one.Currency, err = c.amount(start, "Bal/Amt")
		case "CdtDbtInd":
			sign, err = c.sign("Bal/CdtDbtInd")
		case "Dt":
			one.Date, err = c.dateChoice("Bal/Dt")
		}
		return err
	})
	if err == nil && (sign == 0 || !seen) {
		err = damaged(one.Line, "Bal", one.code, "the balance lacks its amount, or CdtDbtInd to say whether it is above zero: %s", anew)
	}
	if sign < 0 {
		one.Amount = one.Amount.Neg()
	}
	return one, err
}

// balances finds out currency, opening and closing. Of days on one statement, the first opens and the last closes it. Pages of
// a statement open and close with ITBD.
func (b *book) balances(all []camtBalance) {
	if b.Currency == "" {
		for _, code := range []string{"OPBD", "PRCD", "CLBD", "ITBD"} {
			for _, one := range all {
				if one.code == code && b.Currency == "" {
					b.Currency = one.Currency
				}
			}
		}
	}
	pick := func(code string, better func(a, b *Balance) bool) (found *Balance) {
		for _, own := range []bool{true, false} { // in the account's currency, or else in another
			for i := range all {
				if one := &all[i]; one.code == code && own == (one.Currency == b.Currency) && (found == nil || better(&one.Balance, found)) {
					found = &one.Balance
				}
			}
			if found != nil {
				break
			}
		}
		return found
	}
	earlier := func(a, b *Balance) bool { return a.Date.Before(b.Date) }
	later := func(a, b *Balance) bool { return !a.Date.Before(b.Date) }
	b.Opening, b.Closing = pick("OPBD", earlier), pick("CLBD", later)
	if b.Opening == nil {
		b.Opening = pick("PRCD", earlier)
	}
	var pages []*Balance
	for i := range all {
		if all[i].code == "ITBD" {
			all[i].Intermediate = true
			pages = append(pages, &all[i].Balance)
		}
	}
	if b.Opening == nil && len(pages) > 0 && (b.Closing != nil || len(pages) > 1) {
		b.Opening, pages = pages[0], pages[1:]
	}
	if b.Closing == nil && b.Opening != nil && len(pages) > 0 {
		b.Closing = pages[len(pages)-1]
	}
	if b.From.IsZero() && b.Opening != nil {
		b.From = b.Opening.Date
	}
	if b.To.IsZero() && b.Closing != nil {
		b.To = b.Closing.Date
	}
}

// summary keeps the control figures of TxsSummry. Its sums have no currency of their own.
func (c *camt) summary(b *book) error {
	x := c.x
	part := func(field string, num func(tally) int, sum ...func(tally) decimal.Decimal) error {
		var net *decimal.Decimal
		sign := 0
		line := x.line()
		err := x.children(func(name string, start xml.StartElement) (err error) {
			line := x.line()
			switch name {
			case "NbOfNtries":
				text, err := x.text()
				if err != nil {
					return err
				}
				if text == "" || !allDigits(text) || len(text) > 9 {
					return damaged(line, field+"/NbOfNtries", text, "this is no number of entries: %s", anew)
				}
				b.sayCount(field+"/NbOfNtries", line, number(text), num)
			case "Sum":
				total, err := c.plain(b.Currency, field+"/Sum")
				if err != nil {
					return err
				}
				b.saySum(field+"/Sum", line, total, sum...)
			case "TtlNetNtryAmt":
				total, err := c.plain(b.Currency, field+"/TtlNetNtryAmt")
				net = &total
				return err
			case "CdtDbtInd":
				sign, err = c.sign(field + "/CdtDbtInd")
			case "TtlNetNtry":
				return x.children(func(name string, _ xml.StartElement) (err error) {
					switch name {
					case "Amt":
						var total decimal.Decimal
						total, err = c.plain(b.Currency, field+"/TtlNetNtry/Amt")
						net = &total
					case "CdtDbtInd":
						sign, err = c.sign(field + "/TtlNetNtry/CdtDbtInd")
					}
					return err
				})
			}
			return err
		})
		if err == nil && net != nil && sign != 0 {
			if sign < 0 {
				*net = net.Neg()
			}
			b.saySum(field+"/TtlNetNtry", line, *net, sumNet)
		}
		return err
	}
	if len(b.stated) > 0 {
		return damaged(x.line(), "TxsSummry", "", "there are two summaries: the file is damaged; %s", anew)
	}
	return x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "TtlNtries":
			return part("TxsSummry/TtlNtries", numAll, sumAll, sumDif)
		case "TtlCdtNtries":
			return part("TxsSummry/TtlCdtNtries", numIn, sumIn)
		case "TtlDbtNtries":
			return part("TxsSummry/TtlDbtNtries", numOut, sumOut)
		}
		return nil
	})
}
