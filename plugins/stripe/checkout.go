package stripe

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v84"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Names of metadata that we send and get back.
const (
	metaPayment = "cabinet_payment_id"
	metaRefund  = "cabinet_refund_id"
)

// DescribeGateway says what Stripe can do here.
func (s *gatewayService) DescribeGateway(context.Context, *v1.DescribeGatewayRequest) (*v1.DescribeGatewayResponse, error) {
	return &v1.DescribeGatewayResponse{Title: "Stripe", Refunds: true, PartialRefunds: true, HostedPage: true, Reports: true, SavedMethods: true}, nil
}

// open is how long a session can be paid: 30 minutes to 24 hours, says https://docs.stripe.com/api/checkout/sessions/create. A
// little less than the most leaves room for clocks.
const open = 23 * time.Hour

// CreateCheckout makes a session. The payment's id is its idempotency key, for the 24 hours and more that Stripe keeps one.
func (s *gatewayService) CreateCheckout(ctx context.Context, r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
	n, err := units(r.GetAmount())
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if r.GetSavedMethodId() != "" {
		done, err := s.charge(ctx, r, n)
		if done != nil || err != nil {
			return done, err
		}
	}
	customer := r.GetCustomerToken()
	if r.GetKeepMethod() {
		if customer, err = s.customer(ctx, r); err != nil {
			return nil, err
		}
	}
	meta := map[string]string{metaPayment: r.GetPaymentId()}
	// By the time of the payment's own id, so that the same request again is the same to Stripe.
	expires := s.begun(r.GetPaymentId()).Add(open)
	params := &stripe.CheckoutSessionCreateParams{
		Mode: stripe.String(string(stripe.CheckoutSessionModePayment)), ClientReferenceID: stripe.String(r.GetPaymentId()), Metadata: meta,
		SuccessURL: stripe.String(r.GetReturnUrl()), CancelURL: stripe.String(r.GetReturnUrl()), ExpiresAt: stripe.Int64(expires.Unix()),
		LineItems: []*stripe.CheckoutSessionCreateLineItemParams{{
			Quantity: stripe.Int64(1),
			PriceData: &stripe.CheckoutSessionCreateLineItemPriceDataParams{
				Currency: stripe.String(strings.ToLower(r.GetAmount().GetCurrencyCode())), UnitAmount: stripe.Int64(n),
				ProductData: &stripe.CheckoutSessionCreateLineItemPriceDataProductDataParams{Name: stripe.String(r.GetDescription())},
			},
		}},
		PaymentIntentData: &stripe.CheckoutSessionCreatePaymentIntentDataParams{Description: stripe.String(r.GetDescription()), Metadata: meta},
	}
	switch { // one or the other: https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-customer
	case customer != "":
		params.Customer = stripe.String(customer)
	case r.GetCustomerEmail() != "":
		params.CustomerEmail = stripe.String(r.GetCustomerEmail())
	}
	if r.GetKeepMethod() { // https://docs.stripe.com/payments/save-during-payment
		params.PaymentIntentData.SetupFutureUsage = stripe.String(string(stripe.PaymentIntentSetupFutureUsageOffSession))
	}
	params.SetIdempotencyKey("checkout-" + r.GetPaymentId())
	session, err := s.client.V1CheckoutSessions.Create(ctx, params)
	if err != nil {
		return nil, failed(err)
	}
	return &v1.CreateCheckoutResponse{
		GatewayPaymentId: session.ID, RedirectUrl: session.URL, ExpireTime: timestamppb.New(time.Unix(session.ExpiresAt, 0)), CustomerToken: customer,
	}, nil
}

// begun is when a payment's id was made, which says it itself: it is a UUIDv7.
func (s *gatewayService) begun(id string) time.Time {
	if at, ok := store.IDTime(id); ok && s.host.Now().Sub(at).Abs() < 20*time.Hour {
		return at
	}
	return s.host.Now()
}

// failed says of an error of Stripe's whether it may work later: https://docs.stripe.com/api/errors
func failed(err error) error {
	var known *stripe.Error
	if !errors.As(err, &known) {
		return status.Error(codes.Unavailable, "Stripe does not answer")
	}
	text := "Stripe: " + string(known.Type) + " " + string(known.Code)
	switch code := known.HTTPStatusCode; {
	case code == http.StatusUnauthorized, code == http.StatusForbidden: // the business's settings, not the payer's matter
		return status.Error(codes.Unavailable, text)
	case code == http.StatusTooManyRequests, code == http.StatusConflict, code >= http.StatusInternalServerError, code == 0:
		return status.Error(codes.Unavailable, text)
	case code == http.StatusNotFound:
		return status.Error(codes.NotFound, text)
	}
	return status.Error(codes.FailedPrecondition, text)
}
