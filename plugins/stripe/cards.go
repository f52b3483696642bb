package stripe

import (
	"context"
	"errors"
	"strings"
	"time"

	stripe "github.com/stripe/stripe-go/v84"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// metaCard marks the intents of payments with a card that is kept: others belong to a session, which says what became of them.
const metaCard = "cabinet_saved_card"

// ofCard tells whether a payment was made with a card that is kept: it is an intent then, and no session.
func ofCard(id string) bool { return strings.HasPrefix(id, "pi_") }

// charge pays with a card that is kept, while its owner is away from any page of Stripe's: https://docs.stripe.com/payments/save-and-reuse. The answer is nil
// where the owner's bank wants to hear from them, which is on a page then: https://docs.stripe.com/error-codes#authentication-required.
// Stripe keeps what it answered to an idempotency key, refusals too, so that the same payment ends the same way.
func (s *gatewayService) charge(ctx context.Context, r *v1.CreateCheckoutRequest, n int64) (*v1.CreateCheckoutResponse, error) {
	params := &stripe.PaymentIntentCreateParams{
		Amount: stripe.Int64(n), Currency: stripe.String(strings.ToLower(r.GetAmount().GetCurrencyCode())), Customer: stripe.String(r.GetCustomerToken()),
		PaymentMethod: stripe.String(r.GetSavedMethodId()), OffSession: stripe.Bool(true), Confirm: stripe.Bool(true), Description: stripe.String(r.GetDescription()),
		Metadata: map[string]string{metaPayment: r.GetPaymentId(), metaCard: "1"},
	}
	params.SetIdempotencyKey("card-" + r.GetPaymentId())
	intent, err := s.client.V1PaymentIntents.Create(ctx, params)
	var known *stripe.Error
	switch {
	case errors.As(err, &known) && known.Code == stripe.ErrorCodeAuthenticationRequired:
		return nil, nil //nolint:nilnil // a page is needed
	case err != nil:
		return nil, failed(err)
	case intent.Status == stripe.PaymentIntentStatusRequiresAction:
		return nil, nil //nolint:nilnil // the same, as older accounts are told it
	}
	response := &v1.CreateCheckoutResponse{GatewayPaymentId: intent.ID}
	if f := ofIntent(intent); f != nil {
		f.PaymentId = r.GetPaymentId()
		response.Facts = []*v1.Fact{f}
	}
	return response, nil
}

// ofIntent is what an intent of a kept card says; nil while nothing happened: https://docs.stripe.com/payments/paymentintents/lifecycle
func ofIntent(i *stripe.PaymentIntent) *v1.Fact {
	f := &v1.Fact{PaymentId: i.Metadata[metaPayment], GatewayPaymentId: i.ID, Amount: amount(i.AmountReceived, string(i.Currency))}
	switch i.Status {
	case stripe.PaymentIntentStatusSucceeded:
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED
	case stripe.PaymentIntentStatusCanceled:
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_CANCELLED
		return f
	case stripe.PaymentIntentStatusRequiresPaymentMethod: // it was tried, and refused
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_FAILED
		if i.LastPaymentError != nil {
			f.Reason = string(i.LastPaymentError.Code)
		}
		return f
	case stripe.PaymentIntentStatusProcessing:
		f.Kind = v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS
		return f
	default:
		return nil
	}
	charged(f, i.LatestCharge, i.Currency)
	return f
}

// charged adds when a payment was made, and what Stripe keeps of it.
func charged(f *v1.Fact, charge *stripe.Charge, currency stripe.Currency) {
	if charge == nil || charge.Created == 0 {
		return
	}
	f.Time = timestamppb.New(time.Unix(charge.Created, 0))
	if b := charge.BalanceTransaction; b != nil && b.Currency == currency { // otherwise it is in the currency of the account
		f.Fee = amount(b.Fee, string(b.Currency))
	}
}

// customer is what a client is to Stripe: as it was said before, or made now. Two first payments at once are one customer's, by the idempotency key.
func (s *gatewayService) customer(ctx context.Context, r *v1.CreateCheckoutRequest) (string, error) {
	if r.GetCustomerToken() != "" {
		return r.GetCustomerToken(), nil
	}
	params := &stripe.CustomerCreateParams{Metadata: map[string]string{"cabinet_client_id": r.GetClientId()}}
	params.SetIdempotencyKey("customer-" + r.GetClientId())
	made, err := s.client.V1Customers.Create(ctx, params)
	if err != nil {
		return "", failed(err)
	}
	return made.ID, nil
}

// ListSavedMethods lists the cards that a customer let Stripe keep: https://docs.stripe.com/api/payment_methods/list
func (s *gatewayService) ListSavedMethods(ctx context.Context, r *v1.ListSavedMethodsRequest) (*v1.ListSavedMethodsResponse, error) {
	response := &v1.ListSavedMethodsResponse{}
	if r.GetCustomerToken() == "" {
		return response, nil
	}
	params := &stripe.PaymentMethodListParams{Customer: stripe.String(r.GetCustomerToken()), Type: stripe.String(string(stripe.PaymentMethodTypeCard))}
	for one, err := range s.client.V1PaymentMethods.List(ctx, params) {
		if err != nil {
			return nil, failed(err)
		}
		if one.Card == nil {
			continue
		}
		brand := string(one.Card.Brand)
		response.SavedMethods = append(response.SavedMethods, &v1.SavedMethod{
			Id: one.ID, Title: strings.ToUpper(brand[:min(1, len(brand))]) + brand[min(1, len(brand)):] + " •• " + one.Card.Last4, Brand: brand, LastFour: one.Card.Last4,
			ExpireMonth: int32(one.Card.ExpMonth), ExpireYear: int32(one.Card.ExpYear), //nolint:gosec // of a card
			CreateTime: timestamppb.New(time.Unix(one.Created, 0)),
		})
	}
	return response, nil
}

// RemoveSavedMethod has Stripe keep a card no more: https://docs.stripe.com/api/payment_methods/detach. One that is another customer's is left alone.
func (s *gatewayService) RemoveSavedMethod(ctx context.Context, r *v1.RemoveSavedMethodRequest) (*v1.RemoveSavedMethodResponse, error) {
	one, err := s.client.V1PaymentMethods.Retrieve(ctx, r.GetId(), nil)
	if err != nil {
		return nil, failed(err)
	}
	owner := ""
	if one.Customer != nil {
		owner = one.Customer.ID
	}
	if owner != r.GetCustomerToken() {
		return nil, status.Error(codes.NotFound, "Stripe keeps no such card for this customer")
	}
	if _, err := s.client.V1PaymentMethods.Detach(ctx, r.GetId(), nil); err != nil {
		return nil, failed(err)
	}
	return &v1.RemoveSavedMethodResponse{}, nil
}
