package finsystem

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// allocate puts what is free of a payment towards invoices of its client: the named ones in their order, or else those that are due first. What is
// left stays on the balance. Rows are locked payments first, then documents by due date and id, whoever allocates.
func (m *Module) allocate(ctx context.Context, tx *store.Tx, payment string, documents []string) error {
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
	for _, d := range open {
		part := min(free, d.left())
		if part <= 0 {
			continue
		}
		if err := m.put(ctx, tx, p.ID, d, part); err != nil {
			return err
		}
		free -= part
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
	for _, id := range ids {
		d, known := byID[id]
		if !known || !d.payable() {
			return nil, refuse(codes.FailedPrecondition, "document_ids", "not_payable", "money goes towards issued invoices of the same client and currency")
		}
		out = append(out, d)
	}
	return out, nil
}

// put puts a part of a payment towards a document, and says when that is paid by it.
func (m *Module) put(ctx context.Context, tx *store.Tx, payment string, d documentRow, part int64) error {
	if _, err := tx.Exec(ctx, `
		insert into finsystem.allocations (payment_id, document_id, client_id, amount) values ($1, $2, $3, $4)
		on conflict (payment_id, document_id) do update set amount = allocations.amount + excluded.amount`, payment, d.ID, d.ClientID, part); err != nil {
		return err
	}
	if part < d.left() {
		return nil
	}
	return m.host.Publish(ctx, tx, d.ClientID, &v1.DocumentPaid{DocumentId: d.ID, ClientId: d.ClientID, Total: money.Of(d.Currency, d.Total)})
}

// payFromBalance puts what is free of a client's payments towards a document that was just issued.
func (m *Module) payFromBalance(ctx context.Context, tx *store.Tx, client, currency, document string) error {
	free, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select id::text from finsystem.payments where client_id = $1 and currency_code = $2 and allocated < amount - reversed order by id`, client, currency)
	if err != nil {
		return err
	}
	for _, payment := range free {
		if err := m.allocate(ctx, tx, payment, []string{document}); err != nil {
			return err
		}
	}
	return nil
}

// freeAllocations gives back so much of what was paid towards a document, what came last first.
func freeAllocations(ctx context.Context, tx *store.Tx, document string, amount int64) error {
	return free(ctx, tx, "document_id", document, amount)
}

// freePayment gives back so much of what a payment paid, the newest documents first.
func freePayment(ctx context.Context, tx *store.Tx, payment string, amount int64) error {
	return free(ctx, tx, "payment_id", payment, amount)
}

func free(ctx context.Context, tx *store.Tx, by, id string, amount int64) error {
	type part struct {
		PaymentID, DocumentID string
		Amount                int64
	}
	parts, err := store.Query(ctx, tx, pgx.RowToStructByPos[part], `
		select payment_id::text, document_id::text, amount from finsystem.allocations where `+by+` = $1 order by payment_id desc, document_id desc for update`, id)
	if err != nil {
		return err
	}
	for _, p := range parts {
		switch take := min(amount, p.Amount); {
		case take == 0:
			return nil
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
	}
	return nil
}
