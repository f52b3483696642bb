package stripe

import (
	"context"

	stripe "github.com/stripe/stripe-go/v84"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// RefundCheckout gives money back. One that was asked for before is found again, however long ago that was: Stripe forgets
// idempotency keys, and its list of refunds does not.
func (s *gatewayService) RefundCheckout(ctx context.Context, r *v1.RefundCheckoutRequest) (*v1.RefundCheckoutResponse, error) {
	n, err := units(r.GetAmount())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	intent := r.GetGatewayPaymentId()
	if !ofCard(intent) {
		session, err := s.client.V1CheckoutSessions.Retrieve(ctx, r.GetGatewayPaymentId(), nil)
		if err != nil {
			return nil, failed(err)
		}
		if session.PaymentIntent == nil {
			return nil, status.Error(codes.FailedPrecondition, "Stripe knows of no money for this payment")
		}
		intent = session.PaymentIntent.ID
	}
	for one, err := range s.client.V1Refunds.List(ctx, &stripe.RefundListParams{PaymentIntent: stripe.String(intent)}) {
		if err != nil {
			return nil, failed(err)
		}
		if one.Metadata[metaRefund] == r.GetRefundId() {
			return &v1.RefundCheckoutResponse{Fact: ofRefund(one, r.GetPaymentId())}, nil
		}
	}
	params := &stripe.RefundCreateParams{
		PaymentIntent: stripe.String(intent), Amount: stripe.Int64(n),
		Metadata: map[string]string{metaPayment: r.GetPaymentId(), metaRefund: r.GetRefundId()},
	}
	params.SetIdempotencyKey("refund-" + r.GetRefundId())
	made, err := s.client.V1Refunds.Create(ctx, params)
	if err != nil {
		return nil, failed(err)
	}
	fact := ofRefund(made, r.GetPaymentId())
	fact.RefundId = r.GetRefundId()
	return &v1.RefundCheckoutResponse{Fact: fact}, nil
}
