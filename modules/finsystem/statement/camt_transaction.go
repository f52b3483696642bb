package statement

import (
	"encoding/xml"
	"slices"
)

// transaction reads a TxDtls.
func (c *camt) transaction() (t transaction, err error) {
	x := c.x
	t.line = x.line()
	err = x.children(func(name string, start xml.StartElement) (err error) {
		switch name {
		case "Refs":
			return x.children(func(name string, _ xml.StartElement) error {
				switch name {
				case "AcctSvcrRef":
					return x.first(&t.bankRef)
				case "TxId":
					return x.first(&t.txID)
				case "EndToEndId":
					return x.first(&t.endToEnd)
				case "ChqNb":
					return x.first(&t.cheque)
				}
				return nil
			})
		case "Amt":
			t.amounts[0], err = c.optional(start, "TxDtls/Amt")
		case "CdtDbtInd":
			t.sign, err = c.sign("TxDtls/CdtDbtInd")
		case "AmtDtls":
			return c.amountDetails(&t)
		case "RltdPties":
			return c.parties(&t)
		case "RltdAgts":
			return x.children(func(name string, _ xml.StartElement) error {
				switch name {
				case "DbtrAgt":
					return x.agent(&t.debtor.BankID)
				case "CdtrAgt":
					return x.agent(&t.creditor.BankID)
				}
				return nil
			})
		case "RmtInf":
			return c.remittance(&t)
		case "AddtlTxInf":
			err = x.first(&t.additional)
		}
		return err
	})
	return t, err
}

func (c *camt) optional(start xml.StartElement, field string) (*camtAmount, error) {
	amount, currency, err := c.amount(start, field)
	if err != nil {
		return nil, err
	}
	return &camtAmount{amount, currency}, nil
}

func (c *camt) amountDetails(t *transaction) error {
	return c.x.children(func(name string, _ xml.StartElement) error {
		at := map[string]int{"TxAmt": 1, "InstdAmt": 2}[name]
		if at == 0 {
			return nil
		}
		return c.x.children(func(inner string, start xml.StartElement) (err error) {
			if inner == "Amt" {
				t.amounts[at], err = c.optional(start, "TxDtls/AmtDtls/"+name+"/Amt")
			}
			return err
		})
	})
}

func (c *camt) parties(t *transaction) error {
	x := c.x
	return x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "Dbtr":
			return x.party(&t.debtor)
		case "Cdtr":
			return x.party(&t.creditor)
		case "UltmtDbtr", "UltmtCdtr":
			var behind party
			err := x.party(&behind)
			if name == "UltmtDbtr" {
				t.debtor.ultimate = behind.Name
			} else {
				t.creditor.ultimate = behind.Name
			}
			return err
		case "DbtrAcct", "CdtrAcct":
			of := &t.debtor.Account
			if name == "CdtrAcct" {
				of = &t.creditor.Account
			}
			return x.children(func(name string, _ xml.StartElement) error {
				if name == "Id" {
					return x.accountID(of)
				}
				return nil
			})
		}
		return nil
	})
}

// party reads a party; since version 7 it stands in Pty, or is a bank in Agt.
func (x *xmlReader) party(p *party) error {
	return x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "Pty":
			return x.party(p)
		case "Agt":
			return x.children(func(name string, _ xml.StartElement) error {
				if name == "FinInstnId" {
					return x.children(func(name string, _ xml.StartElement) error {
						if name == "Nm" {
							return x.first(&p.Name)
						}
						return nil
					})
				}
				return nil
			})
		case "Nm":
			return x.first(&p.Name)
		case "Id":
			return x.children(func(name string, _ xml.StartElement) error { // OrgId or PrvtId
				return x.children(func(name string, _ xml.StartElement) error {
					if name == "Othr" {
						return x.otherID(p)
					}
					return nil
				})
			})
		}
		return nil
	})
}

// otherID takes the first number of a party, or the one that says it is for taxes (TXID).
func (x *xmlReader) otherID(p *party) error {
	var id, scheme string
	err := x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "Id":
			return x.first(&id)
		case "SchmeNm":
			return x.children(func(string, xml.StartElement) error { return x.first(&scheme) })
		}
		return nil
	})
	if tax := scheme == "TXID"; p.TaxID == "" || tax && !p.taxKnown {
		p.TaxID, p.taxKnown = id, tax
	}
	return err
}

// remittance reads what the payment is for, free (Ustrd) and structured (Strd).
func (c *camt) remittance(t *transaction) error {
	x := c.x
	text := func() error {
		piece, err := x.text()
		t.texts = append(t.texts, piece)
		return err
	}
	return x.children(func(name string, _ xml.StartElement) error {
		switch name {
		case "Ustrd":
			return text()
		case "Strd":
			return x.children(func(name string, _ xml.StartElement) error {
				switch name {
				case "CdtrRefInf":
					return x.children(func(name string, _ xml.StartElement) error {
						if name == "Ref" {
							return t.more(x, &t.creditorRef)
						}
						return nil
					})
				case "RfrdDocInf":
					return x.children(func(name string, _ xml.StartElement) error {
						if name == "Nb" {
							return t.more(x, &t.docNumber)
						}
						return nil
					})
				case "AddtlRmtInf":
					return text()
				}
				return nil
			})
		}
		return nil
	})
}

// more reads a number of which a payment may name several, into what has none yet, or into the further ones. What is for more than a hundred is for a hand.
func (t *transaction) more(x *xmlReader, first *string) error {
	text, err := x.text()
	switch {
	case err != nil || text == "":
		return err
	case *first == "":
		*first = text
	case len(t.further) < 100 && text != *first && !slices.Contains(t.further, text):
		t.further = append(t.further, text)
	}
	return nil
}
