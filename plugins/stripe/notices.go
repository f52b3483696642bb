package stripe

import (
	"context"
	"encoding/json"
	"strings"

	stripe "github.com/stripe/stripe-go/v84"
	"github.com/stripe/stripe-go/v84/webhook"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// ReadNotice reads an event: https://docs.stripe.com/webhooks. How old the signature is does not matter: a notice is stored when it
// comes and may be read much later, and one that is told again changes nothing. What a session says is a fact; of anything else
// Stripe is asked, since the event may be older than what is true by now.
func (s *gatewayService) ReadNotice(ctx context.Context, r *v1.ReadNoticeRequest) (*v1.ReadNoticeResponse, error) {
	event, err := webhook.ConstructEventWithOptions(r.GetBody(), r.GetHeaders()["Stripe-Signature"], s.settings.WebhookSecret.Reveal(),
		webhook.ConstructEventOptions{IgnoreTolerance: true, IgnoreAPIVersionMismatch: true})
	if err != nil {
		return &v1.ReadNoticeResponse{Title: "not signed"}, nil //nolint:nilerr // that is what it is
	}
	response := &v1.ReadNoticeResponse{Verified: true, Title: string(event.Type)}
	if event.Data == nil {
		return response, nil
	}
	switch kind := string(event.Type); {
	case strings.HasPrefix(kind, "checkout.session."):
		var session stripe.CheckoutSession
		if err := json.Unmarshal(event.Data.Raw, &session); err != nil {
			return nil, status.Error(codes.InvalidArgument, "the event's session cannot be read")
		}
		if session.Metadata[metaPayment] == "" {
			return response, nil // of another program that uses the account
		}
		if kind == "checkout.session.async_payment_failed" {
			response.Facts = []*v1.Fact{{Kind: v1.FactKind_FACT_KIND_PAYMENT_FAILED, PaymentId: session.Metadata[metaPayment], GatewayPaymentId: session.ID}}
		} else if f := ofSession(&session); f != nil {
			response.Facts = []*v1.Fact{f}
		}
	case kind == "payment_intent.succeeded":
		var intent stripe.PaymentIntent
		if err := json.Unmarshal(event.Data.Raw, &intent); err != nil {
			return nil, status.Error(codes.InvalidArgument, "the event's intent cannot be read")
		}
		// That of a session the session says, and one that was refused has been answered so.
		if f := ofIntent(&intent); f != nil && intent.Metadata[metaCard] != "" && intent.Metadata[metaPayment] != "" {
			response.Facts = []*v1.Fact{f}
		}
	case strings.HasPrefix(kind, "charge."), strings.HasPrefix(kind, "refund."):
		return response, s.hint(ctx, event.Data.Raw, response)
	}
	return response, nil
}

// hint finds the payment that an event is about: a charge or refund of ours says it, and a dispute's intent does.
func (s *gatewayService) hint(ctx context.Context, raw []byte, response *v1.ReadNoticeResponse) error {
	var about struct {
		Metadata      map[string]string `json:"metadata"`
		PaymentIntent json.RawMessage   `json:"payment_intent"`
	}
	if err := json.Unmarshal(raw, &about); err != nil {
		return status.Error(codes.InvalidArgument, "the event cannot be read")
	}
	payment := about.Metadata[metaPayment]
	if id, ok := stripe.ParseID(about.PaymentIntent); payment == "" && ok && id != "" {
		intent, err := s.client.V1PaymentIntents.Retrieve(ctx, id, nil)
		if err != nil {
			return failed(err)
		}
		payment = intent.Metadata[metaPayment]
	}
	if payment != "" {
		response.Hints = []*v1.PaymentHint{{PaymentId: payment}}
	}
	return nil
}
