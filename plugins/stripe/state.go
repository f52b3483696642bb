package stripe

import (
	"context"
	"time"

	stripe "github.com/stripe/stripe-go/v84"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// GetCheckout says what is true of a session or of an intent, of the refunds of what was paid, and of disputes about it.
func (s *gatewayService) GetCheckout(ctx context.Context, r *v1.GetCheckoutRequest) (*v1.GetCheckoutResponse, error) {
	response := &v1.GetCheckoutResponse{}
	if r.GetGatewayPaymentId() == "" { // Stripe never said what it is called there
		return response, nil
	}
	paid, intent, err := s.paid(ctx, r.GetGatewayPaymentId())
	if err != nil || paid == nil {
		return response, err
	}
	response.Facts = append(response.Facts, paid)
	if paid.GetKind() != v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED || intent == "" {
		return response, nil
	}
	refunds := &stripe.RefundListParams{PaymentIntent: stripe.String(intent)}
	for one, err := range s.client.V1Refunds.List(ctx, refunds) {
		if err != nil {
			return nil, failed(err)
		}
		if f := ofRefund(one, r.GetPaymentId()); f != nil {
			response.Facts = append(response.Facts, f)
		}
	}
	disputes := &stripe.DisputeListParams{PaymentIntent: stripe.String(intent)}
	for one, err := range s.client.V1Disputes.List(ctx, disputes) {
		if err != nil {
			return nil, failed(err)
		}
		if f := ofDispute(one, r.GetPaymentId()); f != nil {
			response.Facts = append(response.Facts, f)
		}
	}
	return response, nil
}

// paid says what became of a session or an intent, and which intent has the money.
func (s *gatewayService) paid(ctx context.Context, id string) (*v1.Fact, string, error) {
	if ofCard(id) {
		params := &stripe.PaymentIntentRetrieveParams{}
		params.AddExpand("latest_charge.balance_transaction")
		intent, err := s.client.V1PaymentIntents.Retrieve(ctx, id, params)
		if err != nil {
			return nil, "", failed(err)
		}
		return ofIntent(intent), id, nil
	}
	params := &stripe.CheckoutSessionRetrieveParams{}
	params.AddExpand("payment_intent.latest_charge.balance_transaction")
	session, err := s.client.V1CheckoutSessions.Retrieve(ctx, id, params)
	if err != nil {
		return nil, "", failed(err)
	}
	if session.PaymentIntent == nil {
		return ofSession(session), "", nil
	}
	return ofSession(session), session.PaymentIntent.ID, nil
}

// ofSession is what a session says; nil while nothing happened. A session is complete before money that takes days has come:
// https://docs.stripe.com/payments/checkout/fulfill-orders
func ofSession(s *stripe.CheckoutSession) *v1.Fact {
	f := &v1.Fact{PaymentId: s.Metadata[metaPayment], GatewayPaymentId: s.ID, Amount: amount(s.AmountTotal, string(s.Currency))}
	switch {
	case s.PaymentStatus == stripe.CheckoutSessionPaymentStatusPaid:
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED
	case s.Status == stripe.CheckoutSessionStatusExpired:
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_CANCELLED
		return f
	case s.Status == stripe.CheckoutSessionStatusComplete && s.PaymentStatus == stripe.CheckoutSessionPaymentStatusUnpaid:
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS
		if s.PaymentIntent != nil && s.PaymentIntent.Status == stripe.PaymentIntentStatusRequiresPaymentMethod { // the bank did not pay it
			f.Kind = v1.FactKind_FACT_KIND_PAYMENT_FAILED
		}
		return f
	default:
		return nil
	}
	if s.PaymentIntent != nil {
		charged(f, s.PaymentIntent.LatestCharge, s.Currency)
	}
	return f
}

// ofRefund is what a refund says: https://docs.stripe.com/api/refunds/object
func ofRefund(r *stripe.Refund, payment string) *v1.Fact {
	f := &v1.Fact{
		PaymentId: payment, GatewayId: r.ID, RefundId: r.Metadata[metaRefund], Amount: amount(r.Amount, string(r.Currency)),
		Time: timestamppb.New(time.Unix(r.Created, 0)), Reason: string(r.FailureReason),
	}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		f.Kind = v1.FactKind_FACT_KIND_REFUND_SUCCEEDED
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		f.Kind = v1.FactKind_FACT_KIND_REFUND_FAILED
	default:
		f.Kind = v1.FactKind_FACT_KIND_REFUND_PENDING
	}
	return f
}

// ofDispute is what a dispute says; nil for an inquiry, which takes no money: https://docs.stripe.com/api/disputes/object
func ofDispute(d *stripe.Dispute, payment string) *v1.Fact {
	f := &v1.Fact{PaymentId: payment, GatewayId: d.ID, Amount: amount(d.Amount, string(d.Currency)), Reason: string(d.Reason), Time: timestamppb.New(time.Unix(d.Created, 0))}
	switch d.Status {
	case stripe.DisputeStatusNeedsResponse, stripe.DisputeStatusUnderReview:
		f.Kind = v1.FactKind_FACT_KIND_CHARGEBACK_OPENED
	case stripe.DisputeStatusWon:
		f.Kind = v1.FactKind_FACT_KIND_CHARGEBACK_WON
	case stripe.DisputeStatusLost:
		f.Kind = v1.FactKind_FACT_KIND_CHARGEBACK_LOST
	default:
		return nil
	}
	return f
}
