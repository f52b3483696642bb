package finsystem

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"strings"
	"time"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/paper"
	"github.com/opencabinet/cabinet/kernel/store"
)

// maxPDF is how large a document's file may be, in bytes: far more than 500 lines make.
const maxPDF = 16 << 20

// documentIssued makes the file of a document that was issued. It is made once and for good: the same document tried again is the same file.
func (m *Module) documentIssued(ctx context.Context, _ event.Event, e *v1.DocumentIssued) error {
	self := m.host.Self(ctx)
	row, err := findDocument(self, m.host.Store, e.GetDocumentId())
	if err != nil || row.FileHash != nil {
		return err
	}
	pdf, err := m.pdf(self, row)
	if err != nil {
		return err
	}
	ref, err := m.host.Blobs.Put(ctx, bytes.NewReader(pdf), maxPDF)
	if err != nil {
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "update finsystem.documents set file_hash = $2, file_size = $3 where id = $1 and file_hash is null", row.ID, ref.Hash, ref.Size)
		return err
	})
}

// pdf sets a document as it stands. A draft says so across the page.
func (m *Module) pdf(ctx context.Context, row documentRow) ([]byte, error) {
	d, err := row.document(m.today())
	if err != nil {
		return nil, err
	}
	on, err := m.printedOn(ctx, row)
	if err != nil {
		return nil, err
	}
	var whom buyer
	if err := json.Unmarshal(on.Buyer, &whom); err != nil {
		return nil, err
	}
	w := writing{m.words.For(m.settings.Language, m.host.Zone), d}
	made := row.Created
	if row.Issued != nil {
		made = *row.Issued
	}
	o := paper.Options{
		Title: w.kind() + " " + d.GetNumber(), Author: m.settings.Seller.Name, Language: m.settings.Language, Created: made, Colour: m.settings.Colour,
		Footer: strings.Join(nonEmpty(m.settings.Seller.Name, m.settings.Seller.Address, m.settings.Seller.Phone), " · "),
		PageOf: func(page, pages int) string { return w.t("page", "page", page, "pages", pages) },
	}
	switch {
	case row.Status == draft:
		o.Watermark = w.t("draft")
	case d.GetOriginalByHand():
		o.Watermark = w.t("copy")
	}
	p, err := paper.New(o)
	if err != nil {
		return nil, err
	}
	p.Masthead(w.kind(), d.GetNumber())
	facts, err := w.facts(on)
	if err != nil {
		return nil, err
	}
	p.Facts(facts...)
	p.Parties(m.settings.Seller.party(w), whom.party(w))
	if d.GetSubject() != "" {
		p.Lead(d.GetSubject(), "")
	}
	p.Table(w.table())
	p.Totals(w.totals(row, m.host.URL, m.settings.Seller))
	if d.GetNote() != "" {
		p.Note(d.GetNote())
	}
	if d.GetOriginalByHand() {
		p.Paragraph(w.t("by_hand"))
	}
	signed := paper.Signature{Part: w.t("seller"), Name: cmp.Or(on.SignedBy, m.settings.Seller.SignedBy)}
	if signed.Signature, err = m.ink(ctx, on.Signature); err != nil {
		return nil, err
	}
	if signed.Seal, err = m.ink(ctx, on.Seal); err != nil {
		return nil, err
	}
	signatures := []paper.Signature{signed}
	if row.Kind == "act" || row.Kind == "delivery_note" || row.Kind == "annex" {
		signatures = append(signatures, paper.Signature{Part: w.t("buyer"), Name: ""})
	}
	p.Signatures(signatures...)
	return p.Bytes()
}

// writing writes a document's texts in the language that documents have.
type writing struct {
	*locale.Localizer
	d *v1.Document
}

func (w writing) t(key string, args ...any) string { return w.T(ID+".paper."+key, args...) }

func (w writing) kind() string { return w.T(ID + ".enums." + w.d.GetKind().String()) }

func (w writing) money(m *kernelv1.Money) string {
	return w.MoneyText(m.GetCurrencyCode(), m.GetAmount())
}

func (w writing) date(text string) string {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return text
	}
	return w.Day(day.Date())
}

func (w writing) facts(on printed) ([]paper.Fact, error) {
	var facts []paper.Fact
	if w.d.GetIssueDate() != "" {
		facts = append(facts, paper.Fact{Label: w.t("date"), Text: w.date(w.d.GetIssueDate())})
	}
	if w.d.GetKind() == v1.DocumentKind_DOCUMENT_KIND_INVOICE && w.d.GetDueDate() != "" {
		facts = append(facts, paper.Fact{Label: w.t("due"), Text: w.date(w.d.GetDueDate())})
	}
	if on.Agreement != nil {
		var by agreed
		if err := json.Unmarshal(on.Agreement, &by); err != nil {
			return nil, err
		}
		facts = append(facts, paper.Fact{Label: w.t("agreement"), Text: w.t("agreement_of", "number", by.Number, "date", w.date(by.Date))})
	}
	return append(facts, paper.Fact{Label: w.t("total"), Text: w.money(w.d.GetTotal())}), nil
}

func (w writing) table() paper.Table {
	t := paper.Table{Columns: []paper.Column{
		{Title: w.t("what"), Share: 1}, {Title: w.t("quantity"), Number: true}, {Title: w.t("price"), Number: true}, {Title: w.t("tax"), Number: true}, {Title: w.t("amount"), Number: true},
	}}
	for _, line := range w.d.GetLines() {
		row := paper.Row{Cells: []string{
			line.GetDescription(), strings.TrimSpace(w.Decimal(line.GetQuantity()) + " " + line.GetUnit()), w.Decimal(line.GetPrice()), w.rate(line), w.money(line.GetAmount()),
		}}
		if line.GetDiscountPercent() != "" {
			row.Note = w.t("discount", "percent", w.Decimal(line.GetDiscountPercent()))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (w writing) rate(line *v1.DocumentLine) string {
	switch line.GetTaxMode() {
	case v1.TaxMode_TAX_MODE_ON_TOP:
		return "+ " + w.Decimal(line.GetTaxPercent()) + " %"
	case v1.TaxMode_TAX_MODE_INCLUDED:
		return w.Decimal(line.GetTaxPercent()) + " %"
	}
	return "—"
}

func (w writing) totals(row documentRow, address string, s Seller) paper.Totals {
	t := paper.Totals{InWords: w.AmountInWords(row.Currency, row.Total)}
	if row.Tax != 0 {
		t.Lines = append(t.Lines, paper.Total{Label: w.t("net"), Amount: w.money(w.d.GetNet())})
		for _, tax := range w.d.GetTaxes() {
			if units, err := money.Units(tax.GetTax()); err == nil && units != 0 {
				t.Lines = append(t.Lines, paper.Total{Label: w.t("tax_of", "percent", w.Decimal(tax.GetPercent())), Amount: w.money(tax.GetTax())})
			}
		}
	}
	t.Lines = append(t.Lines, paper.Total{Label: w.t("total"), Amount: w.money(w.d.GetTotal()), Strong: true})
	if row.Status != draft {
		t.Code = &paper.Code{Payload: address + "/documents/check/" + row.CheckCode, Title: w.t("check"), Text: w.t("check_text")}
	}
	return t
}

func (s Seller) party(w writing) paper.Party {
	return paper.Party{Part: w.t("seller"), Name: s.Name, Lines: nonEmpty(
		labelled(w.t("tax_id"), s.TaxID), labelled(w.t("vat_id"), s.VATID), s.Address, labelled("IBAN", s.IBAN), s.Bank, s.Phone, s.Email)}
}

func (b buyer) party(w writing) paper.Party {
	return paper.Party{Part: w.t("buyer"), Name: b.Name, Lines: nonEmpty(labelled(w.t("tax_id"), b.TaxID), b.Address)}
}

func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + " " + text
}

func nonEmpty(texts ...string) []string {
	var out []string
	for _, text := range texts {
		if text != "" {
			out = append(out, text)
		}
	}
	return out
}
