package finsystem

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// invoiceRow is an issued invoice that a number may be.
type invoiceRow struct {
	ID, ClientID, Number, Key, Currency string
	Left                                int64
	runs                                []numberRun
}

// texts is where an entry may name an invoice.
func (r *entryRow) texts() string {
	return r.Purpose + " ; " + r.OtherReferences + " ; " + r.DocumentNumber
}

// lookNumbers asks which invoices have numbers that stand in the entries' texts.
func (x *examiner) lookNumbers(ctx context.Context, rows []*entryRow) error {
	keys := map[string]bool{}
	for _, r := range rows {
		for key := range spans(numberRuns(r.texts())) {
			keys[key] = true
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
	runs := numberRuns(r.texts())
	for key, places := range spans(runs) {
		for _, invoice := range x.invoices[key] {
			for _, place := range places {
				if !place.is(runs, invoice.runs) {
					continue
				}
				h := hit{invoice, sure, place.from}
				switch {
				case ofDigits(invoice.runs) && (len(key) < 3 || invoice.Left != r.Amount || invoice.Currency != r.Currency):
					h.strength = unsure
				case !place.clean, invoice.Currency != r.Currency:
					h.strength = likely
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
	return out
}
