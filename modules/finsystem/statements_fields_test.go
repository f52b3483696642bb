package finsystem_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

// A number is written in one place, and what the payer numbers is not what we number.
func TestNumbersOfOneText(t *testing.T) {
	o := newOffice(t)
	require.Equal(t, "INVOICE-00001", o.manager.issued(o.zerno, nil).GetNumber())
	o.query("update numbergenerator.series set pattern = '{n:4}' where key = 'invoice' returning key")
	digits := o.head.issued(o.other, func(d *v1.Document) { d.Lines[0].Price = "50" })
	require.Equal(t, "0002", digits.GetNumber())
	o.query("update numbergenerator.series set pattern = 'INV-{yyyy}-{n}' where key = 'invoice' returning key")
	require.Equal(t, "INV-2026-3", o.head.issued(o.other, func(d *v1.Document) { d.Lines[0].Price = "70" }).GetNumber())
	const none, number = "", "NUMBER"
	for i, c := range []struct{ purpose, order, amount, client, reason, strength string }{
		{"INVOICE-00001", "", "", o.zerno, number, "SURE"},
		{"INVOICE № 00001", "", "", o.zerno, number, "SURE"},
		{"INVOICE - 00001", "", "", o.zerno, number, "SURE"},
		{"Payment of invoice", "00001", "", none, "UNSPECIFIED", "UNSPECIFIED"},
		{"for services", "INVOICE-00001", "", o.zerno, number, "UNSURE"},
		{"Invoice. 00001 pieces", "", "", none, "UNSPECIFIED", "UNSPECIFIED"},
		{"Invoice, 00001 pieces", "", "", none, "UNSPECIFIED", "UNSPECIFIED"},
		{"Invoice / 00001", "", "", none, "UNSPECIFIED", "UNSPECIFIED"},
		{"INVOICE-00001 / 2", "", "", o.zerno, number, "LIKELY"},
		{"INVOICE-00001 - 2", "", "", o.zerno, number, "LIKELY"},
		{"INVOICE-00001 - thanks", "", "", o.zerno, number, "SURE"},
		{"INVOICE-00001, 2 pieces", "", "", o.zerno, number, "SURE"},
		{"INV-2026-3", "", "", o.other, number, "SURE"},
		{"contract INV-2026, 3 pieces", "", "", none, "UNSPECIFIED", "UNSPECIFIED"},
		{"0002", "", "600.00", o.other, number, "SURE"},
		{"0002 / 1", "", "600.00", o.other, number, "LIKELY"},
		{"for services", "0002", "600.00", o.other, number, "UNSURE"},
	} {
		if c.amount == "" {
			c.amount = fmt.Sprintf("7.%02d", i)
		}
		s := o.head.uploaded(bankFile("05.11.2026", paid{amount: c.amount, account: fmt.Sprint("UA", i), purpose: c.purpose, number: c.order}))
		require.Equal(t, []string{c.client, c.reason, c.strength}, judged(o.head.entries(s.GetId())[0])[:3], "%s, order %s", c.purpose, c.order)
	}
	// And what the payer named the payment for the payee.
	for i, c := range []struct{ name, amount, strength string }{{"INVOICE-00001", "5.00", "SURE"}, {"0002", "600.00", "UNSURE"}} {
		n := i + 1
		s := o.head.uploaded(mt(fmt.Sprint(n), fmt.Sprintf("C2611%02dUAH0,00", n), fmt.Sprintf("C2611%02dUAH%s", n, c.amount[:len(c.amount)-3]+",00"),
			fmt.Sprintf(":61:2611%02dC%s,00NTRFNONREF\n:86:166?00GUTSCHRIFT?20EREF+%s?21SVWZ+for services\n", n, c.amount[:len(c.amount)-3], c.name)))
		require.Equal(t, []string{"NUMBER", c.strength}, judged(o.head.entries(s.GetId())[0])[1:3], c.name)
	}
}

// One payment for two invoices, as camt.053 names them.
func TestReferredDocumentsAreFound(t *testing.T) {
	o := newOffice(t)
	var ids []string
	nb := ""
	for range 2 {
		d := o.manager.issued(o.zerno, nil)
		ids = append(ids, d.GetId())
		nb += "<Strd><RfrdDocInf><Nb>" + d.GetNumber() + "</Nb></RfrdDocInf></Strd>"
	}
	s := o.head.uploaded([]byte(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S</Id><Acct><Id><IBAN>UA213223130000026007233566001</IBAN></Id><Ccy>UAH</Ccy></Acct>
<Ntry><Amt Ccy="UAH">2400.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-05</Dt></BookgDt><NtryDtls><TxDtls><RmtInf>` + nb + `</RmtInf></TxDtls></NtryDtls></Ntry></Stmt></BkToCstmrStmt></Document>`))
	e := o.head.entries(s.GetId())[0]
	require.Equal(t, []string{o.zerno, "NUMBER", "SURE", "MATCHED"}, judged(e))
	require.Equal(t, ids, e.GetDocumentIds())
}
