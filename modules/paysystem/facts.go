package paysystem

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
)

// apply does to held payments what facts say, and saves them. Facts may come twice and in any order: what is known already
// changes nothing. What does not fit is kept off, and its oddity returned for somebody to look at.
func (m *Module) apply(ctx context.Context, tx *store.Tx, p *paymentRow, facts []*v1.Fact) (oddity string, err error) {
	before := p.payment()
	for _, f := range facts {
		odd, err := m.applyOne(ctx, tx, p, f)
		if err != nil {
			return "", err
		}
		if odd != "" {
			oddity = odd
		}
	}
	if err := savePayment(ctx, tx, p); err != nil {
		return "", err
	}
	audit.Changed(tx, before, p.payment())
	return oddity, nil
}

func (m *Module) applyOne(ctx context.Context, tx *store.Tx, p *paymentRow, f *v1.Fact) (oddity string, err error) {
	switch f.GetKind() {
	case v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED:
		return m.paid(ctx, tx, p, f)
	case v1.FactKind_FACT_KIND_PAYMENT_FAILED:
		if p.open() {
			return "", m.fail(ctx, tx, p, stateFailed, f.GetReason())
		}
	case v1.FactKind_FACT_KIND_PAYMENT_CANCELLED:
		if p.open() {
			return "", m.fail(ctx, tx, p, stateCancelled, f.GetReason())
		}
	case v1.FactKind_FACT_KIND_REFUND_PENDING, v1.FactKind_FACT_KIND_REFUND_SUCCEEDED, v1.FactKind_FACT_KIND_REFUND_FAILED:
		return m.refundFact(ctx, tx, p, f)
	case v1.FactKind_FACT_KIND_CHARGEBACK_OPENED, v1.FactKind_FACT_KIND_CHARGEBACK_WON, v1.FactKind_FACT_KIND_CHARGEBACK_LOST:
		return m.chargebackFact(ctx, tx, p, f)
	}
	return "", nil
}

// same counts a fact's amount in a payment's currency; ok is false for another currency, and for what is no amount.
func (p *paymentRow) same(f *v1.Fact) (units int64, ok bool) {
	if f.GetAmount().GetCurrencyCode() != p.Currency {
		return 0, false
	}
	units, err := money.Units(f.GetAmount())
	return units, err == nil && units > 0
}

// paid credits a payment. Money that is not what was asked for is not credited: somebody looks at it.
func (m *Module) paid(ctx context.Context, tx *store.Tx, p *paymentRow, f *v1.Fact) (oddity string, err error) {
	if units, ok := p.same(f); !ok || units != p.Amount {
		p.differs(f)
		return oddAmount, nil
	}
	if p.State == stateSucceeded {
		return "", nil
	}
	if p.GatewayID == "" {
		p.GatewayID = f.GetGatewayPaymentId()
	}
	var fee *int64
	if f.GetFee().GetCurrencyCode() == p.Currency {
		if units, err := money.Units(f.GetFee()); err == nil {
			fee = &units
		}
	}
	at := m.host.Now()
	if f.GetTime() != nil {
		at = f.GetTime().AsTime()
	}
	return "", m.succeed(ctx, tx, p, at, fee, true)
}

// succeed has a payment's money be there. tells is false where whoever keeps accounts has told us.
func (m *Module) succeed(ctx context.Context, tx *store.Tx, p *paymentRow, at time.Time, fee *int64, tells bool) error {
	if !p.open() {
		p.flag(flagLate)
	}
	suspended, err := isSuspended(ctx, tx, p.ClientID)
	if err != nil {
		return err
	}
	if suspended { // the money is theirs all the same
		p.flag(flagSuspended)
	}
	p.State, p.Succeeded, p.Fee, p.Failure = stateSucceeded, &at, fee, ""
	p.Came, p.CameCurrency = nil, nil
	p.Flags = slices.DeleteFunc(p.Flags, func(f string) bool { return f == flagUnsettled })
	if p.Keep && p.CustomerID != "" {
		if err := m.host.Publish(ctx, tx, p.ClientID, &v1.SavedCardsDue{PaymentId: p.ID}); err != nil {
			return err
		}
	}
	if !ofAccount(p.MethodKind) {
		if err := m.queueReceipt(ctx, tx, p, nil); err != nil {
			return err
		}
	}
	if !tells {
		return m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentSettled{
			PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(p.Amount), DocumentId: p.DocumentID, MethodId: p.MethodID, SettleTime: timestamppb.New(at),
		})
	}
	e := &v1.PaymentSucceeded{
		PaymentId: p.ID, ClientId: p.ClientID, Amount: p.money(p.Amount), DocumentId: p.DocumentID, Gateway: p.Gateway, MethodId: p.MethodID,
		SucceedTime: timestamppb.New(at), Reference: p.Reference, MethodTitle: p.MethodTitle,
	}
	if fee != nil {
		e.Fee = p.money(*fee)
	}
	return m.host.Publish(ctx, tx, p.ClientID, e)
}

// fail ends a payment for which no money came.
func (m *Module) fail(ctx context.Context, tx *store.Tx, p *paymentRow, state, reason string) error {
	p.State, p.Failure = state, short(reason)
	return m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentFailed{
		PaymentId: p.ID, ClientId: p.ClientID, DocumentId: p.DocumentID, Time: timestamppb.New(m.host.Now()),
	})
}

// clean is a vendor's word without what no column of text takes: whoever posts a notice may have chosen it.
func clean(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// short is a vendor's word as it is kept.
func short(text string) string {
	runes := []rune(clean(text))
	return string(runes[:min(len(runes), 200)])
}
