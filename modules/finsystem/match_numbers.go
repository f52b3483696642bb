package finsystem

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// invoiceRow is an issued invoice that a number may be.
type invoiceRow struct {
	ID, ClientID, Number, Key, Currency string
	Left                                int64
	runs                                []numberRun
}

// texts is where an entry may name a payment.
func (r *entryRow) texts() string {
	return r.Purpose + " ; " + r.OtherReferences + " ; " + r.DocumentNumber
}

// named is where an entry may name an invoice.
type named struct {
	runs []numberRun
	// digits and letters are how sure a number of digits alone, and another, is at most: the payer's own names for the payment have numbers too.
	digits, letters string
}

// fields are looked at one by one: what stands in two of them is no number together.
func (r *entryRow) fields() []named {
	out := []named{{numberRuns(r.Purpose), sure, sure}}
	for i, reference := range strings.Split(r.OtherReferences, ";") {
		if i == 0 { // what the payer named the payment
			out = append(out, named{numberRuns(reference), unsure, sure})
			continue
		}
		out = append(out, named{numberRuns(reference), sure, sure})
	}
	return append(out, named{numberRuns(r.DocumentNumber), unsure, unsure})
}

// lookNumbers asks which invoices have numbers that stand in the entries' texts.
func (x *examiner) lookNumbers(ctx context.Context, rows []*entryRow) error {
	keys := map[string]bool{}
	for _, r := range rows {
		for _, text := range r.fields() {
			for key := range spans(text.runs) {
				keys[key] = true
			}
		}
	}
	list, err := store.Query(ctx, x.host.Store, pgx.RowToStructByPos[invoiceRow], `
		select id::text, client_id::text, number, finsystem.number_key(number), currency_code, total - credited - paid from finsystem.documents
		where kind in ('invoice', 'top_up') and status = 'issued' and finsystem.number_key(number) = any ($1)`, slices.Sorted(maps.Keys(keys)))
	x.invoices = map[string][]invoiceRow{}
	for _, invoice := range list {
		invoice.runs = numberRuns(invoice.Number)
		x.invoices[invoice.Key] = append(x.invoices[invoice.Key], invoice)
	}
	return err
}

// hit is an invoice whose number an entry names.
type hit struct {
	invoiceRow
	strength string
	at       int
}

// byNumber is whose invoices an entry names; those of several clients say nothing.
func (x *examiner) byNumber(r *entryRow) found {
	hits := x.hits(r)
	if slices.ContainsFunc(hits, func(h hit) bool { return h.strength != unsure }) { // what may as well be a day or an amount does not speak against it
		hits = slices.DeleteFunc(hits, func(h hit) bool { return h.strength == unsure })
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Or(a.at-b.at, cmp.Compare(a.ID, b.ID)) })
	out := found{}
	for _, h := range hits {
		switch {
		case out.client == "":
			out.client, out.strength = h.ClientID, h.strength
		case out.client != h.ClientID:
			return found{}
		case h.strength == sure:
			out.strength = sure
		}
		if h.Currency == r.Currency {
			out.documents = append(out.documents, h.ID)
		}
	}
	return out
}

// hits are the invoices that an entry names. One is sure where its number stands by itself and has letters; one of digits alone may be a day or
// an amount as well, and is sure where the invoice comes to what was paid.
func (x *examiner) hits(r *entryRow) (out []hit) {
	before := 0
	for _, text := range r.fields() {
		for key, places := range spans(text.runs) {
			for _, invoice := range x.invoices[key] {
				for _, place := range places {
					if !place.is(text.runs, invoice.runs) {
						continue
					}
					h := hit{invoice, text.letters, before + place.from}
					switch {
					case ofDigits(invoice.runs):
						if h.strength = text.digits; len(key) < 3 || invoice.Left != r.Amount || invoice.Currency != r.Currency {
							h.strength = unsure
						}
						if !place.clean {
							h.strength = weaker(h.strength, likely)
						}
					case !place.clean, invoice.Currency != r.Currency:
						h.strength = weaker(h.strength, likely)
					}
					i := slices.IndexFunc(out, func(other hit) bool { return other.ID == h.ID })
					switch {
					case i < 0:
						out = append(out, h)
					case weaker(out[i].strength, h.strength) == out[i].strength:
						out[i].strength = h.strength
					}
				}
			}
		}
		before += len(text.runs)
	}
	return out
}
