package finsystem

import (
	"strings"
	"time"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/paper"
)

// paperStatement is a statement that is made a file.
type paperStatement struct {
	*v1.Reconciliation
	seller Seller
	buyer  buyer
	text   *locale.Localizer
	made   time.Time
}

func (p *paperStatement) t(key string, args ...any) string {
	return p.text.T(ID+".reconciliation."+key, args...)
}

func (p *paperStatement) day(text string) string {
	day, err := time.ParseInLocation(time.DateOnly, text, p.text.Zone())
	if err != nil {
		return text
	}
	return p.text.DateShort(day)
}

// sum is an amount without its currency, which the table names once; empty where there is none.
func (p *paperStatement) sum(m *kernelv1.Money) string {
	if m == nil {
		return ""
	}
	return p.text.Money(m.GetCurrencyCode(), m.GetAmount())
}

// what is a line in words: the document and its number, or what kind of posting it is.
func (p *paperStatement) what(l *v1.ReconciliationLine) string {
	if l.GetKind() == v1.PostingKind_POSTING_KIND_UNSPECIFIED {
		return l.GetNumber()
	}
	key := ID + ".enums." + l.GetKind().String()
	if l.GetDocumentKind() != 0 && l.GetKind() != v1.PostingKind_POSTING_KIND_REVERSAL {
		key = ID + ".enums." + l.GetDocumentKind().String()
	}
	return strings.TrimSpace(p.text.T(key) + " " + l.GetNumber())
}

// owed says in whose favour the statement ends, in words.
func (p *paperStatement) owed() string {
	units, err := money.Units(p.GetClosing())
	if err != nil || units == 0 {
		return p.t("even", "day", p.day(p.GetToDate()))
	}
	whose := p.buyer.Name
	if units < 0 {
		units, whose = -units, p.seller.Name
	}
	amount := money.Of(p.GetCurrencyCode(), units)
	return p.t("in_favour", "day", p.day(p.GetToDate()), "whose", whose, "amount", p.text.MoneyText(amount.GetCurrencyCode(), amount.GetAmount()),
		"words", p.text.AmountInWords(p.GetCurrencyCode(), units))
}

func (p *paperStatement) pdf() ([]byte, error) {
	days := p.t("days", "from", p.day(p.GetFromDate()), "to", p.day(p.GetToDate()))
	d, err := paper.New(paper.Options{
		Title: p.t("title") + " · " + p.buyer.Name, Author: p.seller.Name, Language: p.text.Language(), Created: p.made, Footer: p.seller.Name,
		PageOf: func(page, pages int) string { return p.t("page_of", "page", page, "pages", pages) },
	})
	if err != nil {
		return nil, err
	}
	d.Masthead(p.t("title"), days)
	d.Parties(
		paper.Party{Part: p.t("seller"), Name: p.seller.Name, Lines: filled(p.seller.Address, p.labelled("tax_id", p.seller.TaxID), p.seller.IBAN, p.seller.Bank)},
		paper.Party{Part: p.t("buyer"), Name: p.buyer.Name, Lines: filled(p.buyer.Address, p.labelled("tax_id", p.buyer.TaxID))},
	)
	d.Paragraph(p.t("preamble", "days", days, "seller", p.seller.Name, "buyer", p.buyer.Name))
	table := paper.Table{Columns: []paper.Column{
		{Title: p.t("day")}, {Title: p.t("what"), Share: 3.2}, {Title: p.t("debit", "currency", p.GetCurrencyCode()), Number: true},
		{Title: p.t("credit", "currency", p.GetCurrencyCode()), Number: true}, {Title: p.t("balance"), Number: true},
	}}
	table.Rows = append(table.Rows, paper.Row{Cells: []string{p.day(p.GetFromDate()), p.t("opening"), "", "", p.sum(p.GetOpening())}, Strong: true})
	for _, l := range p.GetLines() {
		what := p.what(l)
		if l.GetMemo() != "" {
			what += ": " + l.GetMemo()
		}
		table.Rows = append(table.Rows, paper.Row{Cells: []string{p.day(l.GetEffectiveDate()), what, p.sum(l.GetDebit()), p.sum(l.GetCredit()), p.sum(l.GetBalance())}})
	}
	table.Rows = append(table.Rows,
		paper.Row{Cells: []string{"", p.t("turnover"), p.sum(p.GetDebits()), p.sum(p.GetCredits()), ""}, Strong: true},
		paper.Row{Cells: []string{p.day(p.GetToDate()), p.t("closing"), "", "", p.sum(p.GetClosing())}, Strong: true},
	)
	d.Table(table)
	d.Paragraph(p.owed())
	d.Note(p.t("note"))
	d.Space(4)
	d.Signatures(paper.Signature{Part: p.t("signed_by", "party", p.seller.Name), Name: p.seller.SignedBy}, paper.Signature{Part: p.t("signed_by", "party", p.buyer.Name)})
	return d.Bytes()
}

func (p *paperStatement) labelled(key, value string) string {
	if value == "" {
		return ""
	}
	return p.t(key) + " " + value
}

// filled are the texts that say something.
func filled(texts ...string) (out []string) {
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}
