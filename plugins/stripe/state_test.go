package stripe

import (
	"testing"

	"github.com/stretchr/testify/require"
	stripe "github.com/stripe/stripe-go/v84"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
)

// What a payer's bank takes days for is on its way until it came or did not.
func TestMoneyThatIsOnItsWay(t *testing.T) {
	const complete, unpaid = stripe.CheckoutSessionStatusComplete, stripe.CheckoutSessionPaymentStatusUnpaid
	intent := func(status stripe.PaymentIntentStatus) *stripe.PaymentIntent {
		return &stripe.PaymentIntent{Status: status, Currency: "uah"}
	}
	for _, c := range []struct {
		session *stripe.CheckoutSession
		says    v1.FactKind
	}{
		{&stripe.CheckoutSession{Status: stripe.CheckoutSessionStatusOpen, PaymentStatus: unpaid}, 0},
		{&stripe.CheckoutSession{Status: complete, PaymentStatus: unpaid}, v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS}, // as notices say it
		{&stripe.CheckoutSession{Status: complete, PaymentStatus: unpaid, PaymentIntent: intent("processing")}, v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS},
		{&stripe.CheckoutSession{Status: complete, PaymentStatus: unpaid, PaymentIntent: intent("requires_payment_method")}, v1.FactKind_FACT_KIND_PAYMENT_FAILED},
		{&stripe.CheckoutSession{Status: complete, PaymentStatus: stripe.CheckoutSessionPaymentStatusPaid, PaymentIntent: intent("succeeded")}, v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED},
		{&stripe.CheckoutSession{Status: stripe.CheckoutSessionStatusExpired, PaymentStatus: unpaid}, v1.FactKind_FACT_KIND_PAYMENT_CANCELLED},
	} {
		c.session.Currency = "uah"
		require.Equal(t, c.says, ofSession(c.session).GetKind(), "%v %v", c.session.Status, c.session.PaymentIntent)
	}
	require.Equal(t, v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS, ofIntent(intent("processing")).GetKind())
	require.Nil(t, ofIntent(intent("requires_action")))
}
