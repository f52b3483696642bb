package finsystem

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// allocate puts what is free of a payment towards invoices of its client: the named ones in their order, or else those that are due first. What is
// left stays on the balance. Whoever calls it has the lock of the client's money.
//
// No more goes towards invoices than the balance still has: a payment does not say what charges without a document, as services have, took of it. What goes towards an
// invoice that is paid before anything is delivered is held for it from then on; one that was charged took its money already, and that money pays it. All this
// unless the payer said that it is for the invoice, and it came just now.
func (m *Module) allocate(ctx context.Context, tx *store.Tx, payment string, documents []string, meant bool) error {
	p, err := holdPayment(ctx, tx, payment)
	if err != nil || p.free() == 0 {
		return err
	}
	open, err := store.Query(ctx, tx, pgx.RowToStructByPos[documentRow], `
		select `+documentFields+` from finsystem.documents
		where client_id = $1 and currency_code = $2 and (status = 'issued' and kind = 'invoice' and paid < total - credited and $3::uuid[] = '{}' or id = any ($3::uuid[]))
		order by due_date, id for update`, p.ClientID, p.Currency, some(documents))
	if err != nil {
		return err
	}
	if len(documents) > 0 {
		if open, err = chosen(open, documents); err != nil {
			return err
		}
	}
	free := p.free()
	spare, rest := free, free // for what is to be delivered, and for all
	if !meant {
		if spare, err = spareOf(ctx, tx, p.ClientID, "client", p.Currency); err != nil {
			return err
		}
		if rest, err = unspentOf(ctx, tx, p.ClientID, p.Currency); err != nil {
			return err
		}
	}
	ahead := false
	for _, d := range open {
		if d.Kind == topUp {
			if err := m.putAhead(ctx, tx, p, d); err != nil {
				return err
			}
			ahead = true
			continue
		}
		part := min(free, d.left(), rest)
		if !d.Charged {
			part = min(part, spare)
			spare -= max(part, 0)
		}
		if part <= 0 {
			continue
		}
		rest -= part
		if err := m.put(ctx, tx, p.ID, d, part); err != nil {
			return err
		}
		free -= part
	}
	if ahead { // what was paid ahead goes towards what is due
		return m.allocate(ctx, tx, payment, nil, false)
	}
	return nil
}

func some(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}

// chosen are documents in the order that they were named in.
func chosen(found []documentRow, ids []string) ([]documentRow, error) {
	byID := map[string]documentRow{}
	for _, d := range found {
		byID[d.ID] = d
	}
	var out []documentRow
	for i, id := range ids {
		d, known := byID[id]
		if slices.Contains(ids[:i], id) { // said twice is said
			continue
		}
		if !known || !d.payable() {
			return nil, notPayable("document_ids")
		}
		out = append(out, d)
	}
	return out, nil
}

// notPayable refuses what a field names to be paid.
func notPayable(field string) error {
	return refuse(codes.FailedPrecondition, field, "not_payable", "money goes towards issued invoices of the same client and currency")
}

// spareOf is what a client has on an account of a kind that is not held for anything, without what may be owed.
func spareOf(ctx context.Context, q store.Querier, client, kind, currency string) (int64, error) {
	return store.QueryOne(ctx, q, pgx.RowTo[int64], `
		select coalesce((select b.balance - b.held from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
			where a.client_id = $1 and a.kind = $3 and a.code = '' and a.currency_code = $2), 0)`, client, currency, kind)
}

// put puts a part of a payment towards a document, and says when that is paid by it.
func (m *Module) put(ctx context.Context, tx *store.Tx, payment string, d documentRow, part int64) error {
	if _, err := tx.Exec(ctx, `
		insert into finsystem.allocations (payment_id, document_id, client_id, amount) values ($1, $2, $3, $4)
		on conflict (payment_id, document_id) do update set amount = allocations.amount + excluded.amount`, payment, d.ID, d.ClientID, part); err != nil {
		return err
	}
	if !d.Charged {
		if err := holdPaid(ctx, tx, d.ID, 0); err != nil {
			return err
		}
	}
	if part < d.left() {
		return nil
	}
	return m.host.Publish(ctx, tx, d.ClientID, &v1.DocumentPaid{DocumentId: d.ID, ClientId: d.ClientID, Total: money.Of(d.Currency, d.Total)})
}

// payFromBalance puts what is free of a client's payments towards a document that was just issued.
func (m *Module) payFromBalance(ctx context.Context, tx *store.Tx, client, currency, document string) error {
	for last := ""; ; {
		// Payments that were spent without a document are free for ever: none is looked at once the balance has nothing left, or the document is paid.
		next, err := store.Query(ctx, tx, pgx.RowTo[string], `
			select p.id::text from finsystem.payments p where p.client_id = $1 and p.currency_code = $2 and p.allocated < p.amount - p.reversed
				and exists (select from finsystem.documents d where d.id = $3 and d.paid < d.total - d.credited) and `+unspent+` > 0
			order by p.id limit 1`, client, currency, document)
		if err != nil || len(next) == 0 || next[0] == last { // what is free of it is not the document's to have
			return err
		}
		last = next[0]
		if err := m.allocate(ctx, tx, last, []string{document}, false); err != nil {
			return err
		}
	}
}

// freeAllocations gives back so much of what was paid towards a document, what came last first.
func freeAllocations(ctx context.Context, tx *store.Tx, document string, amount int64) error {
	return free(ctx, tx, "document_id = $1", document, amount)
}

// freePayment gives back so much of what a payment paid, the newest documents first.
func freePayment(ctx context.Context, tx *store.Tx, payment string, amount int64) error {
	return free(ctx, tx, "payment_id = $1 and not "+ofTopUp, payment, amount)
}

func free(ctx context.Context, tx *store.Tx, which, id string, amount int64) error {
	type part struct {
		PaymentID, DocumentID string
		Amount                int64
	}
	parts, err := store.Query(ctx, tx, pgx.RowToStructByPos[part], `
		select payment_id::text, document_id::text, amount from finsystem.allocations where `+which+` order by payment_id desc, document_id desc for update`, id)
	if err != nil {
		return err
	}
	freed := map[string]bool{}
	for _, p := range parts {
		switch take := min(amount, p.Amount); {
		case take == 0:
			continue
		case take == p.Amount:
			_, err = tx.Exec(ctx, "delete from finsystem.allocations where payment_id = $1 and document_id = $2", p.PaymentID, p.DocumentID)
			amount -= take
		default:
			_, err = tx.Exec(ctx, "update finsystem.allocations set amount = amount - $3 where payment_id = $1 and document_id = $2", p.PaymentID, p.DocumentID, take)
			amount -= take
		}
		if err != nil {
			return err
		}
		freed[p.DocumentID] = true
	}
	for document := range freed {
		if err := holdPaid(ctx, tx, document, 0); err != nil {
			return err
		}
	}
	return nil
}
