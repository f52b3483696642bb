package statement_test

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"html"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/govalues/decimal"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/modules/finsystem/statement"
)

// writer writes a statement in a format, for what is read to be compared with.
type writer struct {
	name    string
	options statement.Options
	write   func(s statement.Statement, entries []statement.Entry) string
	// has is an entry without what the format has no place for.
	has func(e statement.Entry) statement.Entry
}

const ownIBAN = "UA213223130000026007233566001"

var mapping = statement.Mapping{
	DateLayouts: []string{"02.01.2006"}, Decimal: ",", Date: "date", ValueDate: "value", Debit: "debit", Credit: "credit", OwnAccount: "own", Currency: "ccy",
	Counterparty: "name", CounterpartyAccount: "account", CounterpartyTaxID: "tax", CounterpartyBankID: "bank", Purpose: []string{"purpose"},
	BankReference: "ref", EndToEndID: "e2e", DocumentNumber: "doc", CreditorReference: "rf",
}

var writers = []writer{
	{name: "camt.053", write: writeCamt, has: func(e statement.Entry) statement.Entry {
		e.References = []string{e.DocumentNumber}
		return e
	}},
	{name: "mt940", write: writeMT940, has: func(e statement.Entry) statement.Entry {
		e.Counterparty.TaxID, e.CreditorReference = "", ""
		return e
	}},
	{name: "clientbank", options: statement.Options{Currency: "UAH"}, write: writeClientBank, has: func(e statement.Entry) statement.Entry {
		e.BankReference, e.CreditorReference, e.Reversal, e.ValueDate = "", "", false, e.BookingDate
		return e
	}},
	{name: "ofx", write: writeOFX, has: func(e statement.Entry) statement.Entry {
		e.EndToEndID, e.CreditorReference, e.Counterparty.TaxID, e.Reversal = "", "", "", false
		return e
	}},
	{name: "csv", options: statement.Options{Mapping: &mapping}, write: writeCSV, has: func(e statement.Entry) statement.Entry {
		e.Reversal = false
		return e
	}},
}

func esc(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s))
	return b.String()
}

func ymd(t time.Time) string { return t.Format("2006-01-02") }

func side(amount decimal.Decimal, in, out string) string {
	if amount.IsNeg() {
		return out
	}
	return in
}

func writeCamt(s statement.Statement, entries []statement.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>%s</Id><Acct><Id><IBAN>%s</IBAN></Id><Ccy>%s</Ccy></Acct>`, esc(s.ID), s.Account, s.Currency)
	for code, one := range map[string]*statement.Balance{"OPBD": s.Opening, "CLBD": s.Closing} {
		fmt.Fprintf(&b, "\n"+`<Bal><Tp><CdOrPrtry><Cd>%s</Cd></CdOrPrtry></Tp><Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Dt><Dt>%s</Dt></Dt></Bal>`,
			code, one.Currency, one.Amount.Abs(), side(one.Amount, "CRDT", "DBIT"), ymd(one.Date))
	}
	for _, e := range entries {
		of, sideOf := "Dbtr", e.Amount.IsNeg() == e.Reversal
		if !sideOf {
			of = "Cdtr"
		}
		fmt.Fprintf(&b, "\n"+`<Ntry><Amt Ccy="%s">%s</Amt><CdtDbtInd>%s</CdtDbtInd><RvslInd>%t</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>%s</Dt></BookgDt><ValDt><Dt>%s</Dt></ValDt>`,
			e.Currency, e.Amount.Abs().Trim(0), side(e.Amount, "CRDT", "DBIT"), e.Reversal, ymd(e.BookingDate), ymd(e.ValueDate))
		fmt.Fprintf(&b, `<AcctSvcrRef>%s</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>%s</EndToEndId></Refs><RltdPties><%[3]s><Pty><Nm>%[4]s</Nm><Id><OrgId><Othr><Id>%[5]s</Id></Othr></OrgId></Id></Pty></%[3]s><%[3]sAcct><Id><IBAN>%[6]s</IBAN></Id></%[3]sAcct></RltdPties>`,
			esc(e.BankReference), esc(e.EndToEndID), of, esc(e.Counterparty.Name), esc(e.Counterparty.TaxID), e.Counterparty.Account)
		fmt.Fprintf(&b, `<RltdAgts><%[1]sAgt><FinInstnId><BICFI>%[2]s</BICFI></FinInstnId></%[1]sAgt></RltdAgts><RmtInf><Ustrd>%[3]s</Ustrd><Strd><RfrdDocInf><Nb>%[4]s</Nb></RfrdDocInf><CdtrRefInf><Ref>%[5]s</Ref></CdtrRefInf></Strd></RmtInf></TxDtls></NtryDtls></Ntry>`,
			of, e.Counterparty.BankID, esc(e.Purpose), esc(e.DocumentNumber), esc(e.CreditorReference))
	}
	return b.String() + "</Stmt></BkToCstmrStmt></Document>"
}

func writeMT940(s statement.Statement, entries []statement.Entry) string {
	comma := func(d decimal.Decimal) string {
		text := strings.Replace(d.Abs().Trim(0).String(), ".", ",", 1)
		if !strings.Contains(text, ",") {
			text += ","
		}
		return text
	}
	bal := func(one *statement.Balance) string {
		return side(one.Amount, "C", "D") + one.Date.Format("060102") + one.Currency + comma(one.Amount)
	}
	var b strings.Builder
	fmt.Fprintf(&b, ":20:%s\n:25:%s\n:28C:1\n:60F:%s\n", s.ID, s.Account, bal(s.Opening))
	for _, e := range entries {
		mark := side(e.Amount, "C", "D")
		if e.Reversal {
			mark = "R" + side(e.Amount, "D", "C")
		}
		fmt.Fprintf(&b, ":61:%s%s%s%sNTRF%s//%s\n", e.ValueDate.Format("060102"), e.BookingDate.Format("0102"), mark, comma(e.Amount), e.DocumentNumber, e.BankReference)
		text := []rune(fmt.Sprintf("/EREF/%s//CNTP/%s/%s/%s//REMI/USTD//%s/", e.EndToEndID, e.Counterparty.Account, e.Counterparty.BankID,
			strings.ReplaceAll(e.Counterparty.Name, "/", " "), e.Purpose))
		b.WriteString(":86:")
		for len(text) > 65 {
			b.WriteString(string(text[:65]) + "\n")
			text = text[65:]
		}
		b.WriteString(string(text) + "\n")
	}
	return b.String() + ":62F:" + bal(s.Closing) + "\n-\n"
}

func writeClientBank(s statement.Statement, entries []statement.Entry) string {
	var b strings.Builder
	in, out := decimal.Decimal{}, decimal.Decimal{}
	for _, e := range entries {
		if e.Amount.IsNeg() {
			out, _ = out.Sub(e.Amount)
		} else {
			in, _ = in.Add(e.Amount)
		}
	}
	fmt.Fprintf(&b, "1CClientBankExchange\nВерсияФормата=1.03\nКодировка=Windows\nРасчСчет=%[1]s\nСекцияРасчСчет\nДатаНачала=%[2]s\nДатаКонца=%[3]s\nРасчСчет=%[1]s\nНачальныйОстаток=%[4]s\nВсегоПоступило=%[5]s\nВсегоСписано=%[6]s\nКонечныйОстаток=%[7]s\nКонецРасчСчет\n",
		s.Account, s.Opening.Date.Format("02.01.2006"), s.Closing.Date.Format("02.01.2006"), s.Opening.Amount, in, out, s.Closing.Amount)
	for _, e := range entries {
		own, other, date := "Получатель", "Плательщик", "ДатаПоступило"
		if e.Amount.IsNeg() {
			own, other, date = other, own, "ДатаСписано"
		}
		fmt.Fprintf(&b, "СекцияДокумент=Платежное поручение\nНомер=%s\nДата=%s\nСумма=%s\n%s=%s\n%sСчет=%s\n", e.DocumentNumber, e.BookingDate.Format("02.01.2006"), e.Amount.Abs(), date, e.BookingDate.Format("02.01.2006"), own, s.Account)
		fmt.Fprintf(&b, "%[1]sСчет=%[2]s\n%[1]s=ИНН %[3]s %[4]s\n%[1]sИНН=%[3]s\n%[1]s1=%[4]s\n%[1]sБИК=%[5]s\nКод=%[6]s\nНазначениеПлатежа=%[7]s\nКонецДокумента\n",
			other, e.Counterparty.Account, e.Counterparty.TaxID, e.Counterparty.Name, e.Counterparty.BankID, e.EndToEndID, e.Purpose)
	}
	return b.String() + "КонецФайла\n"
}

func writeOFX(s statement.Statement, entries []statement.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, "OFXHEADER:100\nVERSION:102\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>%s<BANKACCTFROM><ACCTID>%s</BANKACCTFROM><BANKTRANLIST>\n", s.Currency, s.Account)
	for _, e := range entries {
		fmt.Fprintf(&b, "<STMTTRN><TRNTYPE>OTHER<DTPOSTED>%s<DTAVAIL>%s<TRNAMT>%s<FITID>%s<CHECKNUM>%s<NAME>%s<MEMO>%s<BANKACCTTO><BANKID>%s<ACCTID>%s</BANKACCTTO></STMTTRN>\n",
			e.BookingDate.Format("20060102"), e.ValueDate.Format("20060102"), e.Amount, html.EscapeString(e.BankReference), html.EscapeString(e.DocumentNumber),
			html.EscapeString(e.Counterparty.Name), html.EscapeString(e.Purpose), e.Counterparty.BankID, e.Counterparty.Account)
	}
	return b.String() + "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
}

func writeCSV(s statement.Statement, entries []statement.Entry) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma = ';'
	_ = w.Write(strings.Split("date value debit credit own ccy name account tax bank purpose ref e2e doc rf", " "))
	for _, e := range entries {
		number := grouped(strings.Replace(e.Amount.Abs().String(), ".", ",", 1))
		debit, credit := "", number
		if e.Amount.IsNeg() {
			debit, credit = number, ""
		}
		_ = w.Write([]string{e.BookingDate.Format("02.01.2006"), e.ValueDate.Format("02.01.2006"), debit, credit, s.Account, s.Currency, e.Counterparty.Name, e.Counterparty.Account,
			e.Counterparty.TaxID, e.Counterparty.BankID, e.Purpose, e.BankReference, e.EndToEndID, e.DocumentNumber, e.CreditorReference})
	}
	w.Flush()
	return b.String()
}

// grouped parts thousands by a narrow blank that does not break.
func grouped(number string) string {
	whole, fraction, _ := strings.Cut(number, ",")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "\u202f" + whole[at:]
	}
	return whole + "," + fraction
}

// random makes a statement and entries whose sums agree.
func random(r *rand.Rand, n int) (statement.Statement, []statement.Entry) {
	date := func(from time.Time, days int) time.Time { return from.AddDate(0, 0, r.IntN(days)) }
	word := func(letters string, least, most int) string {
		var b strings.Builder
		all := []rune(letters)
		for range least + r.IntN(most-least+1) {
			b.WriteRune(all[r.IntN(len(all))])
		}
		return strings.Join(strings.Fields(b.String()), " ")
	}
	const name, ref = "АБВГҐДЕЄЖабвгґдеєжABCabc&\"'«»№.0123456789 ", "ABCDEFGHKLMNP0123456789"
	start := date(time.Date(2023, 1, 1, 0, 0, 0, 0, time.UTC), 800)
	opening := decimal.MustNew(r.Int64N(2_000_000_000_000)-1_000_000_000_000, 2)
	s := statement.Statement{Account: ownIBAN, Currency: "UAH", ID: "S" + word(ref, 1, 8), Opening: &statement.Balance{Amount: opening, Currency: "UAH", Date: start}}
	sum := opening
	var entries []statement.Entry
	for range n {
		size := int64(1)
		for range r.IntN(14) {
			size *= 10
		}
		amount := r.Int64N(size) + 1
		if r.IntN(2) == 0 {
			amount = -amount
		}
		booked := date(start, 30)
		e := statement.Entry{
			Account: ownIBAN, Currency: "UAH", BookingDate: booked, ValueDate: booked.AddDate(0, 0, r.IntN(9)-4), Amount: decimal.MustNew(amount, 2), Reversal: r.IntN(9) == 0,
			Counterparty: statement.Counterparty{Name: "Я" + word(name, 0, 30) + "x", Account: "UA" + word("0123456789", 27, 27), TaxID: "1" + word("0123456789", 7, 9), BankID: "B" + word(ref, 7, 7)},
			Purpose:      "П" + word(name, 0, 120) + "x", BankReference: "R" + word(ref, 5, 12), EndToEndID: "E" + word(ref, 5, 20), DocumentNumber: "D" + word(ref, 1, 8), CreditorReference: "RF" + word(ref, 3, 10),
		}
		entries = append(entries, e)
		sum, _ = sum.AddExact(e.Amount, 2)
	}
	s.Closing = &statement.Balance{Amount: sum, Currency: "UAH", Date: start.AddDate(0, 0, 29)}
	return s, entries
}

// What is written in any format is read as it was: entries, texts, signs, sums to the last digit, and in UTF-8 and windows-1251 alike.
func TestWrittenIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(20230511, 6))
	for _, w := range writers {
		t.Run(w.name, func(t *testing.T) {
			for range 60 {
				s, entries := random(r, r.IntN(30)+1)
				text := w.write(s, entries)
				content := []byte(text)
				if r.IntN(2) == 0 {
					var err error
					content, err = encoders["windows-1251"].NewEncoder().Bytes([]byte(strings.ReplaceAll(text, "\u202f", "\u00a0")))
					require.NoError(t, err)
				}
				all, err := statement.ReadAll(t.Context(), bytes.NewReader(content), w.options)
				require.NoError(t, err, text)
				require.Len(t, all, 1)
				require.Equal(t, ownIBAN, all[0].Account)
				if w.name != "ofx" && w.name != "csv" {
					require.True(t, all[0].Balanced)
					require.Equal(t, balance(s.Opening)+balance(s.Closing), balance(all[0].Opening)+balance(all[0].Closing))
				}
				require.Len(t, all[0].Entries, len(entries))
				for i, got := range all[0].Entries {
					want := w.has(entries[i])
					require.Positive(t, got.Line)
					got.Line = 0
					require.Equal(t, want, got, text)
					require.Equal(t, want.Fingerprint(), got.Fingerprint())
				}
			}
		})
	}
}

// A digit that is changed, an entry that is dropped or doubled: wherever a format states balances, none passes.
func TestChangedIsRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for _, w := range writers[:3] {
		t.Run(w.name, func(t *testing.T) {
			for range 100 {
				s, entries := random(r, 5)
				i := r.IntN(len(entries))
				switch r.IntN(3) {
				case 0:
					entries[i].Amount, _ = entries[i].Amount.AddExact(decimal.MustNew(int64(r.IntN(9)+1), 2), 2)
				case 1:
					entries = append(entries[:i], entries[i+1:]...)
				case 2:
					entries = append(entries, entries[i])
				}
				_, err := statement.ReadAll(t.Context(), strings.NewReader(w.write(s, entries)), w.options)
				require.ErrorIs(t, err, statement.ErrMismatch)
			}
		})
	}
}
