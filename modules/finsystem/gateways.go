package finsystem

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// What paysystem says happened is posted here, once for each of its ids, however often and in whatever order it is told: what was taken back of a payment
// that is not here yet is tried again until it is.

// listen subscribes to what paysystem says.
func (m *Module) listen(r module.Registrar) {
	r.Handle(event.On(ID+".gateway-payments", m.paymentSucceeded))
	r.Handle(event.On(ID+".gateway-refunds", m.paymentRefunded))
	r.Handle(event.On(ID+".gateway-chargebacks", m.paymentChargedBack))
	r.Handle(event.On(ID+".gateway-won", m.chargebackWon))
	r.Handle(event.On(ID+".settlements", m.settlementDue))
}

func gatewayKey(payment string) string { return "gateway:" + payment }

// wonKey begins the keys of what came again of a payment, each ending in the chargeback that was won.
func wonKey(payment string) string { return "gateway-won:" + payment + ":" }

func (m *Module) paymentSucceeded(ctx context.Context, _ event.Event, e *paysystemv1.PaymentSucceeded) error {
	return m.arrived(ctx, arrival{
		payment: e.GetPaymentId(), client: e.GetClientId(), document: e.GetDocumentId(), at: e.GetSucceedTime().AsTime(), key: gatewayKey(e.GetPaymentId()), gateway: e.GetGateway(),
		title: cmp.Or(e.GetMethodTitle(), e.GetGateway()), reference: e.GetReference(), amount: e.GetAmount(), fee: e.GetFee(),
	})
}

// chargebackWon takes down that what a payer's bank had taken is back: it is money that came, as it was taken back for good before.
func (m *Module) chargebackWon(ctx context.Context, _ event.Event, e *paysystemv1.ChargebackWon) error {
	return m.arrived(ctx, arrival{
		client: e.GetClientId(), document: e.GetDocumentId(), at: e.GetTime().AsTime(), key: wonKey(e.GetPaymentId()) + e.GetChargebackId(), gateway: e.GetGateway(),
		title: e.GetGateway(), amount: e.GetAmount(),
	})
}

// arrival is money that came through a gateway.
type arrival struct {
	// payment is paysystem's that is made by it; empty where it was made before.
	payment                                          string
	client, document, key, gateway, title, reference string
	at                                               time.Time
	amount, fee                                      *kernelv1.Money
}

func (m *Module) arrived(ctx context.Context, a arrival) error {
	units, err := money.Units(a.amount)
	if err != nil {
		return err
	}
	of, err := m.clients.GetClient(m.host.Self(ctx), &clientmanagerv1.GetClientRequest{Id: a.client})
	if err != nil {
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		if a.payment != "" {
			if err := m.toldBefore(ctx, tx, a); err != nil {
				return err
			}
		}
		day, err := m.dayFor(ctx, tx, a.at)
		if err != nil {
			return err
		}
		in := received{
			key: a.key, clientID: a.client, source: "gateway", currency: a.amount.GetCurrencyCode(), amount: units, day: day, title: a.title, reference: a.reference,
			into:     ledger.Of{Kind: "gateway", Code: a.gateway, Currency: a.amount.GetCurrencyCode()},
			branchID: of.GetClient().GetBranchId(), managerID: of.GetClient().GetManagerId(),
		}
		if a.document != "" {
			d, err := findDocument(ctx, tx, a.document)
			if err == nil && d.payable() && d.left() > 0 && d.ClientID == a.client && d.Currency == in.currency {
				in.documents = []string{a.document} // else it is for what is due first: money that came is never refused
			}
		}
		if _, err := m.receive(ctx, tx, in); err != nil {
			return err
		}
		return m.feeOf(ctx, tx, in, a.fee)
	})
}

// feeOf posts what a gateway kept of a payment.
func (m *Module) feeOf(ctx context.Context, tx *store.Tx, in received, fee *kernelv1.Money) error {
	if fee == nil {
		return nil
	}
	units, err := money.Units(fee)
	if err != nil || units <= 0 {
		return err
	}
	ids, err := ledger.Open(ctx, tx, nil, ledger.Of{Kind: "gateway", Code: in.into.Code, Currency: fee.GetCurrencyCode()},
		ledger.Of{Kind: "expense", Code: "gateway-fees", Currency: fee.GetCurrencyCode()})
	if err != nil {
		return err
	}
	_, err = ledger.Post(ctx, tx, ledger.Posting{
		Key: "fee:" + in.key, Kind: ledger.Fee, Date: in.day, Currency: fee.GetCurrencyCode(), Memo: in.title, BranchID: in.branchID, ManagerID: in.managerID,
		Entries: []ledger.Entry{{Account: ids[0], Contra: ids[1], Amount: units}},
	})
	return err
}

func (m *Module) paymentRefunded(ctx context.Context, _ event.Event, e *paysystemv1.PaymentRefunded) error {
	return m.wentBack(ctx, e.GetPaymentId(), "refund:"+e.GetRefundId(), ledger.Refund, e.GetAmount(), e.GetRefundTime().AsTime())
}

func (m *Module) paymentChargedBack(ctx context.Context, _ event.Event, e *paysystemv1.PaymentChargedBack) error {
	return m.wentBack(ctx, e.GetPaymentId(), "chargeback:"+e.GetChargebackId(), ledger.Chargeback, e.GetAmount(), e.GetTime().AsTime())
}

// wentBack posts that money of a payment went back, once for a key. A payment is here as it came first, and once more for each chargeback that was won: it goes
// back from what is left of any of them, the oldest first, under the key and those that follow it.
func (m *Module) wentBack(ctx context.Context, payment, key string, kind ledger.Kind, amount *kernelv1.Money, at time.Time) error {
	units, err := money.Units(amount)
	if err != nil {
		return err
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		rows, err := cameOf(ctx, tx, payment)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return errNoPayment // told before the payment: it is tried again
		}
		if err := m.lockMoney(ctx, tx, rows[0].ClientID, rows[0].Currency); err != nil {
			return err
		}
		if rows, err = cameOf(ctx, tx, payment); err != nil { // as it stands under the lock
			return err
		}
		known, err := store.Query(ctx, tx, pgx.RowTo[string], "select key from finsystem.postings where key = $1", key)
		if err != nil || len(known) > 0 { // all parts of it were posted together
			return err
		}
		day, err := m.dayFor(ctx, tx, at)
		if err != nil {
			return err
		}
		parts := 0
		for _, row := range rows {
			n := min(units, row.Amount-row.Reversed)
			if n <= 0 {
				continue
			}
			back := taken{key: key, kind: kind, amount: n, day: day}
			if parts++; parts > 1 {
				back.key += ":" + strconv.Itoa(parts)
			}
			if err := m.takeBack(ctx, tx, row.ID, back); err != nil {
				return err
			}
			units -= n
		}
		if units > 0 {
			return ledger.ErrTooMuch // it may be told before more came: it is tried again
		}
		return nil
	})
}

// cameOf is what came of one of paysystem's payments, the oldest first: the payment itself, and what came again. The latter is looked for among its client's,
// of which there is an index.
func cameOf(ctx context.Context, tx *store.Tx, payment string) ([]paymentRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[paymentRow], `
		with first as materialized (select p.id, p.client_id from finsystem.payments p where p.source_key = $1 or p.settles = $2)
		select `+paymentFields+` from finsystem.payments where client_id in (select f.client_id from first f)
			and (id in (select f.id from first f) or starts_with(source_key, $3)) order by payments.id`, gatewayKey(payment), payment, wonKey(payment))
}

// dayFor is the day in the portal's zone that something counts for which happened elsewhere: its own, or today when that lies in closed books.
func (m *Module) dayFor(ctx context.Context, tx *store.Tx, at time.Time) (time.Time, error) {
	closed, err := store.QueryOne(ctx, tx, pgx.RowTo[time.Time], "select closed_until from finsystem.books")
	if err != nil {
		return time.Time{}, err
	}
	y, month, d := at.In(m.host.Zone).Date()
	day := time.Date(y, month, d, 0, 0, 0, 0, time.UTC)
	if !day.After(closed) || day.After(m.today()) {
		return m.today(), nil
	}
	return day, nil
}
