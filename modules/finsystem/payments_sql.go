package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

var paymentSources = store.Enum[v1.PaymentSource]{Prefix: "PAYMENT_SOURCE_", Values: v1.PaymentSource_value}

type paymentRow struct {
	ID, ClientID, Source, Currency string
	Amount, Reversed, Allocated    int64
	PayDate                        time.Time
	Title, Reference               string
	PostingID                      int64
	Created                        time.Time
	Settles                        string // a payment of paysystem's; empty for none
}

const paymentFields = `id::text, client_id::text, source, currency_code, amount, reversed, allocated, pay_date, title, reference, posting_id, create_time, coalesce(settles::text, '')`

// free is what of it is on the balance.
func (r paymentRow) free() int64 { return r.Amount - r.Reversed - r.Allocated }

func (r paymentRow) payment() *v1.Payment {
	p := &v1.Payment{
		Id: r.ID, ClientId: r.ClientID, Source: paymentSources.Of(r.Source), Status: v1.PaymentStatus_PAYMENT_STATUS_RECEIVED,
		Amount: money.Of(r.Currency, r.Amount), Allocated: money.Of(r.Currency, r.Allocated), Free: money.Of(r.Currency, r.free()),
		PayDate: r.PayDate.Format(time.DateOnly), Title: r.Title, Reference: r.Reference, CreateTime: timestamppb.New(r.Created),
	}
	if r.Reversed > 0 {
		p.Reversed, p.Status = money.Of(r.Currency, r.Reversed), v1.PaymentStatus_PAYMENT_STATUS_PARTLY_REVERSED
	}
	if r.Reversed == r.Amount {
		p.Status = v1.PaymentStatus_PAYMENT_STATUS_REVERSED
	}
	return p
}

func findPayment(ctx context.Context, q store.Querier, id string) (paymentRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[paymentRow], `select `+paymentFields+` from finsystem.payments where id = $1`, id)
	return row, store.NotFoundAs(err, errNoPayment)
}

// holdPayment is findPayment of one that nobody else changes until the transaction ends.
func holdPayment(ctx context.Context, tx *store.Tx, id string) (paymentRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[paymentRow], `select `+paymentFields+` from finsystem.payments where id = $1 for update`, id)
	return row, store.NotFoundAs(err, errNoPayment)
}

// allocations are those of some payments, by payment.
func allocations(ctx context.Context, q store.Querier, payments ...paymentRow) (map[string][]*v1.Allocation, error) {
	type row struct {
		PaymentID, DocumentID, Currency string
		Amount                          int64
	}
	ids := make([]string, len(payments))
	for i, p := range payments {
		ids[i] = p.ID
	}
	rows, err := store.Query(ctx, q, pgx.RowToStructByPos[row], `
		select a.payment_id::text, a.document_id::text, d.currency_code, a.amount from finsystem.allocations a join finsystem.documents d on d.id = a.document_id
		where a.payment_id = any ($1::uuid[]) order by a.payment_id, d.due_date, a.document_id`, ids)
	if err != nil {
		return nil, err
	}
	out := map[string][]*v1.Allocation{}
	for _, r := range rows {
		out[r.PaymentID] = append(out[r.PaymentID], &v1.Allocation{DocumentId: r.DocumentID, Amount: money.Of(r.Currency, r.Amount)})
	}
	return out, nil
}
