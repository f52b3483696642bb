package paysystem

import (
	"context"
	"slices"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// differs keeps what came where it is not what was asked for, so that somebody can say what to do with it. Of a payment that is made
// nothing is kept: what it was is known already.
func (p *paymentRow) differs(f *v1.Fact) {
	p.flag(flagAmount)
	units, err := money.Units(f.GetAmount())
	if err != nil || units <= 0 || p.State == stateSucceeded {
		return
	}
	currency := f.GetAmount().GetCurrencyCode()
	p.Came, p.CameCurrency = &units, &currency
}

// ResolvePayment credits what came, or gives it back.
func (s *paymentService) ResolvePayment(ctx context.Context, r *v1.ResolvePaymentRequest) (*v1.ResolvePaymentResponse, error) {
	if err := s.resolvable(ctx, r.GetId(), r.GetResolution()); err != nil {
		return nil, err
	}
	var after *v1.Payment
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		after, err = s.resolve(ctx, tx, r.GetId(), r.GetResolution())
		return err
	})
	return &v1.ResolvePaymentResponse{Payment: after}, err
}

// resolvable refuses, before the transaction, to give back what the gateway gives back to nobody.
func (m *Module) resolvable(ctx context.Context, payment string, how v1.PaymentResolution) error {
	if how != v1.PaymentResolution_PAYMENT_RESOLUTION_GIVE_BACK {
		return nil
	}
	p, err := findPayment(ctx, m.host.Store, payment)
	if err != nil {
		return err
	}
	_, err = m.givesBack(ctx, &p)
	return err
}

// resolve does with a payment's money what somebody said. Money that goes back is credited first, so that the books have both: it did come.
func (m *Module) resolve(ctx context.Context, tx *store.Tx, id string, how v1.PaymentResolution) (*v1.Payment, error) {
	p, err := holdPayment(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	before := p.payment()
	switch {
	case p.Came == nil && p.State == stateSucceeded: // somebody was faster
		audit.About(tx, before)
		return before, nil
	case p.Came == nil:
		return nil, errSame
	}
	p.Amount, p.Currency = *p.Came, *p.CameCurrency
	p.Flags = slices.DeleteFunc(p.Flags, func(f string) bool { return f == flagAmount })
	document := p.DocumentID
	if how == v1.PaymentResolution_PAYMENT_RESOLUTION_GIVE_BACK {
		p.DocumentID = "" // it pays no bill
	}
	if err := m.succeed(ctx, tx, &p, m.host.Now(), nil, true); err != nil {
		return nil, err
	}
	p.DocumentID = document
	if how == v1.PaymentResolution_PAYMENT_RESOLUTION_GIVE_BACK {
		row := &refundRow{ID: store.NewID(), PaymentID: p.ID, ClientID: p.ClientID, Amount: p.Amount, State: "pending", Created: m.host.Now()}
		if err := saveRefund(ctx, tx, row); err != nil {
			return nil, err
		}
		if err := m.host.Publish(ctx, tx, row.ID, &v1.RefundDue{RefundId: row.ID}); err != nil {
			return nil, err
		}
	}
	if err := savePayment(ctx, tx, &p); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `update paysystem.notices set state = 'resolved' where payment_id = $1 and state = 'odd' and oddity = $2`, p.ID, oddAmount); err != nil {
		return nil, err
	}
	after := p.payment()
	audit.Changed(tx, before, after)
	return after, nil
}
