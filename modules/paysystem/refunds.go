package paysystem

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// RefundPayment keeps that money is to go back, and has the gateway asked for it. What is on its way counts as gone: two refunds
// at once do not exceed the payment.
func (s *paymentService) RefundPayment(ctx context.Context, r *v1.RefundPaymentRequest) (*v1.RefundPaymentResponse, error) {
	p, err := findPayment(ctx, s.host.Store, r.GetPaymentId())
	if err != nil {
		return nil, err
	}
	partly, err := s.givesBack(ctx, &p)
	if err != nil {
		return nil, err
	}
	var response *v1.RefundPaymentResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.RefundPaymentResponse, error) {
			return s.refund(ctx, tx, r, partly)
		})
		return err
	})
	return response, err
}

// givesBack asks a payment's gateway, before a transaction, whether it gives money back, and in parts.
func (m *Module) givesBack(ctx context.Context, p *paymentRow) (partly bool, err error) {
	if !p.Reports {
		return true, nil
	}
	about, err := m.describe(ctx, p.Gateway)
	switch {
	case err != nil:
		return false, orGateway(err)
	case !about.GetRefunds():
		return false, errNoRefunds
	}
	return about.GetPartialRefunds(), nil
}

func (s *paymentService) refund(ctx context.Context, tx *store.Tx, r *v1.RefundPaymentRequest, partly bool) (*v1.RefundPaymentResponse, error) {
	p, err := holdPayment(ctx, tx, r.GetPaymentId())
	if err != nil {
		return nil, err
	}
	if p.State != stateSucceeded {
		return nil, errNotPaid
	}
	refunds, err := refundsOf(ctx, tx, p.ID)
	if err != nil {
		return nil, err
	}
	left := p.left()
	for _, other := range refunds {
		if other.State == "pending" {
			left -= other.Amount
		}
	}
	units := left
	if r.GetAmount() != "" {
		if units, err = unitsOf(p.Currency, r.GetAmount()); err != nil {
			return nil, err
		}
	}
	switch {
	case units > left || left <= 0:
		return nil, errRefundMuch
	case !partly && units != p.Amount:
		return nil, errWhole
	}
	row := &refundRow{ID: store.NewID(), PaymentID: p.ID, ClientID: p.ClientID, Amount: units, State: "pending", Reason: r.GetReason(), Created: s.host.Now()}
	if p.Reports || ofAccount(p.MethodKind) {
		if err := saveRefund(ctx, tx, row); err != nil {
			return nil, err
		}
		if err := s.host.Publish(ctx, tx, row.ID, &v1.RefundDue{RefundId: row.ID}); err != nil {
			return nil, err
		}
	} else { // whoever says so has given the money back
		if err := saveRefund(ctx, tx, row); err != nil {
			return nil, err
		}
		if _, err := s.refunded(ctx, tx, &p, row, &v1.Fact{Kind: v1.FactKind_FACT_KIND_REFUND_SUCCEEDED}); err != nil {
			return nil, err
		}
		if err := savePayment(ctx, tx, &p); err != nil {
			return nil, err
		}
	}
	made := row.refund(&p)
	audit.Changed(tx, nil, made)
	return &v1.RefundPaymentResponse{Refund: made}, nil
}

// again is how long after a gateway said that a refund is on its way it is asked again.
const again = 10 * time.Minute

// refundDue asks the gateway for a refund, and again later while the gateway does not answer.
func (m *Module) refundDue(ctx context.Context, _ event.Event, e *v1.RefundDue) error {
	r, err := store.QueryOne(ctx, m.host.Store, pgx.RowToStructByPos[refundRow], `select `+refundFields+` from paysystem.refunds where id = $1`, orNil(e.GetRefundId()))
	if err = store.NotFoundAs(err, errNoPayment); errors.Is(err, errNoPayment) || err == nil && r.State != "pending" {
		return m.nothing(ctx)
	}
	if err != nil {
		return err
	}
	p, err := findPayment(ctx, m.host.Store, r.PaymentID)
	if err != nil {
		return err
	}
	fact, err := m.goBack(ctx, &p, &r)
	switch {
	case err != nil && passing(err):
		return m.later(ctx, e.GetTries(), r.ID, &v1.RefundDue{RefundId: r.ID, Tries: e.GetTries() + 1}, err)
	case err != nil:
		m.host.Log.WarnContext(ctx, "a gateway refused a refund", "gateway", p.Gateway, "payment", p.ID, "error", err)
		fact = &v1.Fact{Kind: v1.FactKind_FACT_KIND_REFUND_FAILED, RefundId: r.ID, Amount: p.money(r.Amount), Reason: "refused"}
	}
	fact.RefundId = r.ID
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, r.ClientID)
		held, err := holdPayment(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if _, err := m.apply(ctx, tx, &held, []*v1.Fact{fact}); err != nil {
			return err
		}
		if fact.GetKind() != v1.FactKind_FACT_KIND_REFUND_PENDING {
			return nil
		}
		return m.host.PublishAt(ctx, tx, m.host.Now().Add(again), r.ID, &v1.RefundDue{RefundId: r.ID})
	})
}

// goBack asks whoever has the money of a refund for it.
func (m *Module) goBack(ctx context.Context, p *paymentRow, r *refundRow) (*v1.Fact, error) {
	if ofAccount(p.MethodKind) {
		return m.returned(ctx, p, r)
	}
	response, err := m.gateways.RefundCheckout(m.to(ctx, p.Gateway), &v1.RefundCheckoutRequest{
		RefundId: r.ID, PaymentId: p.ID, GatewayPaymentId: p.GatewayID, Amount: p.money(r.Amount), Paid: p.money(p.Amount), Reason: r.Reason,
		GatewayRefundId: r.GatewayID,
	})
	return response.GetFact(), err
}

// ListRefunds lists the refunds of a payment.
func (s *paymentService) ListRefunds(ctx context.Context, r *v1.ListRefundsRequest) (*v1.ListRefundsResponse, error) {
	p, err := findPayment(ctx, s.host.Store, r.GetPaymentId())
	if err != nil {
		return nil, err
	}
	rows, err := refundsOf(ctx, s.host.Store, p.ID)
	if err != nil {
		return nil, err
	}
	response := &v1.ListRefundsResponse{}
	for _, row := range rows {
		response.Refunds = append(response.Refunds, row.refund(&p))
	}
	return response, nil
}

// ListChargebacks lists the chargebacks of a payment.
func (s *paymentService) ListChargebacks(ctx context.Context, r *v1.ListChargebacksRequest) (*v1.ListChargebacksResponse, error) {
	p, err := findPayment(ctx, s.host.Store, r.GetPaymentId())
	if err != nil {
		return nil, err
	}
	rows, err := chargebacksOf(ctx, s.host.Store, p.ID)
	if err != nil {
		return nil, err
	}
	response := &v1.ListChargebacksResponse{}
	for _, c := range rows {
		response.Chargebacks = append(response.Chargebacks, &v1.Chargeback{
			Id: c.ID, PaymentId: c.PaymentID, ClientId: c.ClientID, Amount: p.money(c.Amount), State: chargebackStates.Of(c.State),
			CreateTime: timestamppb.New(c.Created), EndTime: stamp(c.Ended),
		})
	}
	return response, nil
}
