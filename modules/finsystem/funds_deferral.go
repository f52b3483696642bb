package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// spending is a bill that was paid, or put off, as paysystem asked for it.
type spending struct {
	PaymentID, ClientID, Kind, DocumentID, Currency string
	Asked, Amount, Returned                         int64
	Due                                             *time.Time
}

const spendingFields = `select payment_id::text, client_id::text, kind, document_id::text, currency_code, asked, amount, returned, due_date from finsystem.spendings`

// is tells whether the same was asked for.
func (r spending) is(other spending) bool {
	return r.Kind == other.Kind && r.DocumentID == other.DocumentID && r.Currency == other.Currency && r.Asked == other.Asked
}

// defers has all that is left of a bill be due when the deferral ends that the client was granted.
func (s *accountService) defers(ctx context.Context, tx *store.Tx, w *spending, d documentRow) error {
	if w.Asked != d.left() {
		return refuse(codes.FailedPrecondition, "amount", "defer_all", "all that is left of the bill is put off: "+text(d.Currency, d.left())+"; pay a part of it first, if you want to")
	}
	until, err := s.putOff(ctx, tx, d, " for update")
	if err != nil {
		return err
	}
	w.Amount, w.Due = w.Asked, &until
	_, err = tx.Exec(ctx, "update finsystem.documents set due_date = $2, revision = revision + 1 where id = $1", d.ID, until)
	return err
}

// putOff is until when a bill may be put off. More is not owed than was agreed: neither what was charged, nor what will be for bills that were put off before
// anything was delivered.
func (m *Module) putOff(ctx context.Context, q store.Querier, d documentRow, lock string) (time.Time, error) {
	granted, err := store.Query(ctx, q, pgx.RowTo[time.Time], `select until_date from finsystem.deferrals
		where client_id = $1 and currency_code = $2 and status = 'granted' and until_date >= $3`+lock, d.ClientID, d.Currency, m.today())
	switch {
	case err != nil:
		return time.Time{}, err
	case len(granted) == 0:
		return time.Time{}, refuse(codes.FailedPrecondition, "method_id", "no_deferral_granted", "no deferral is granted: ask for one first, or pay another way")
	case d.DueDate != nil && !granted[0].After(*d.DueDate):
		return time.Time{}, refuse(codes.FailedPrecondition, "method_id", "due_later", "this bill is due no earlier than the deferral ends")
	}
	type owing struct {
		Owed  int64
		Limit *int64
	}
	o, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[owing], `
		select (coalesce(max(b.held - b.balance), 0)
			+ (select coalesce(sum(greatest(0, d.total - d.credited - greatest(d.paid, `+deliveredOf+`))), 0) from finsystem.documents d
				where d.client_id = $1 and d.currency_code = $2 and d.status = 'issued' and d.kind = 'invoice' and not d.charged
				and (d.id = $3 or d.id in (select s.document_id from finsystem.spendings s where s.client_id = $1 and s.kind = 'deferral'))))::bigint,
			max(b.credit_limit)
		from finsystem.balances b join finsystem.accounts a on a.id = b.account_id
		where a.client_id = $1 and a.currency_code = $2 and a.kind = 'client' and a.code = ''`, d.ClientID, d.Currency, d.ID)
	if err != nil {
		return time.Time{}, err
	}
	if o.Limit != nil && o.Owed > *o.Limit {
		return time.Time{}, refuse(codes.FailedPrecondition, "method_id", "defer_limit", "more would be owed than was agreed, by "+text(d.Currency, o.Owed-*o.Limit)+
			": pay a part of what is owed first, or ask for a larger deferral")
	}
	return granted[0], nil
}

// ReturnToAccount gives back what a bill was paid with: it is due again, and the money free, or bonuses again.
func (s *accountService) ReturnToAccount(ctx context.Context, r *paysystemv1.ReturnToAccountRequest) (*paysystemv1.ReturnToAccountResponse, error) {
	ctx = s.host.Self(ctx)
	units, err := money.Units(r.GetAmount())
	if err != nil || units <= 0 {
		return nil, refuse(codes.InvalidArgument, "amount", "amount_above_zero", "the amount is above zero")
	}
	before, err := store.QueryOne(ctx, s.host.Store, pgx.RowToStructByPos[spending], spendingFields+" where payment_id = $1", r.GetPaymentId())
	if err != nil {
		return nil, store.NotFoundAs(err, errNoPayment)
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, before.ClientID)
		if err := s.lockMoney(ctx, tx, before.ClientID, before.Currency); err != nil {
			return err
		}
		made, err := tx.Exec(ctx, `insert into finsystem.spendings_back (refund_id, payment_id, client_id, amount) values ($1, $2, $3, $4) on conflict (refund_id) do nothing`,
			r.GetRefundId(), before.PaymentID, before.ClientID, units)
		if err != nil || made.RowsAffected() == 0 {
			return err
		}
		w, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[spending], spendingFields+" where payment_id = $1 for update", before.PaymentID)
		switch {
		case err != nil:
			return err
		case w.Kind == deferred || r.GetAmount().GetCurrencyCode() != w.Currency || units > w.Amount-w.Returned:
			return errTooMuchBack
		}
		if _, err := tx.Exec(ctx, "update finsystem.spendings set returned = returned + $2 where payment_id = $1", w.PaymentID, units); err != nil {
			return err
		}
		if w.Kind == prepayment {
			if err := undelivered(ctx, tx, w.DocumentID, units); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `select from finsystem.payments where id in (select a.payment_id from finsystem.allocations a where a.document_id = $1)
				order by payments.id for update`, w.DocumentID); err != nil {
				return err
			}
			return freeAllocations(ctx, tx, w.DocumentID, units) // of a bill that is void it is free already
		}
		id, err := store.QueryOne(ctx, tx, pgx.RowTo[string], "select id::text from finsystem.payments where source_key = $1", bonusKey(w.PaymentID))
		if err != nil {
			return err
		}
		return s.takeBack(ctx, tx, id, taken{key: "bonus-back:" + r.GetRefundId(), kind: ledger.Reversal, amount: units, day: s.today(), memo: r.GetReason()})
	})
	if err != nil {
		return nil, refused(err)
	}
	return &paysystemv1.ReturnToAccountResponse{}, nil
}

// undelivered refuses to give back what a bill was paid ahead with and what was delivered for it since: that money is spent.
func undelivered(ctx context.Context, tx *store.Tx, document string, units int64) error {
	spent, err := store.QueryOne(ctx, tx, pgx.RowTo[bool], `
		select d.status = 'issued' and not d.charged and $2 > greatest(0, d.paid - `+deliveredOf+`) from finsystem.documents d where d.id = $1`, document, units)
	if err == nil && spent {
		err = refuse(codes.FailedPrecondition, "amount", "delivered", "what this paid for was delivered: make a credit note of that first")
	}
	return err
}
