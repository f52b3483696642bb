package stripe_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
	"github.com/opencabinet/cabinet/plugins/stripe"
	"github.com/opencabinet/cabinet/plugins/stripe/stripetest"
)

var assemble = pt.Assemble(func(router *call.Router) module.Unit { return module.Unit(stripe.NewUnit(stripe.New(router))) })

func TestMain(m *testing.M) {
	if kernel.Serve(assemble) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

func settings(url string) string {
	return fmt.Sprintf("modules: {stripe: {settings: {secret_key: sk_test_123, webhook_secret: %s, url: %s}}}", signingSecret, url)
}

// The gateway does the same in a process of its own.
func TestStripe(t *testing.T) {
	for name, processes := range map[string][]string{"in process": nil, "as a process": {stripe.ID}} {
		t.Run(name, func(t *testing.T) {
			v := newVendor(t)
			w := pt.Open(t, kerneltest.Options{Assemble: assemble, Config: settings(v.URL), Processes: processes})
			pays(t, w, v)
		})
	}
}

func pays(t *testing.T, w *pt.World, v *vendor) {
	method := w.Method(t, stripe.ID, "UAH")
	tell := func(t *testing.T, kind string, object any) {
		t.Helper()
		headers, body := v.event(kind, object, signingSecret)
		w.Tell(t, stripe.ID, headers, body)
	}
	paid := func(t *testing.T, amount string) (*v1.Payment, string) {
		t.Helper()
		p := w.Payment(t, w.Pay(t, method, amount).GetId())
		intent := v.pay(p.GetGatewayPaymentId())
		tell(t, "checkout.session.completed", v.asEvent(p.GetGatewayPaymentId()))
		p = w.Payment(t, p.GetId())
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, p.GetState())
		return p, intent
	}

	t.Run("paid", func(t *testing.T) {
		p := w.Pay(t, method, "1250.50")
		require.Regexp(t, "^https://checkout.stripe.com/c/cs_test_", p.GetCheckoutUrl())
		session := w.Payment(t, p.GetId()).GetGatewayPaymentId()
		tell(t, "checkout.session.completed", v.asEvent(session)) // complete, but by a way that takes days
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, w.Payment(t, p.GetId()).GetState())
		v.pay(session)
		for range 2 {
			tell(t, "checkout.session.async_payment_succeeded", v.asEvent(session))
		}
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, w.Payment(t, p.GetId()).GetState())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	})
	t.Run("never told, and found with its fee", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		v.pay(w.Payment(t, p.GetId()).GetGatewayPaymentId())
		got, err := pt.Payments(w.Contact).CheckPayment(t.Context(), &v1.CheckPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, got.GetPayment().GetState())
		require.Equal(t, "0.29", w.Payment(t, p.GetId()).GetFee().GetAmount())
	})
	t.Run("a wrong signature", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		session := w.Payment(t, p.GetId()).GetGatewayPaymentId()
		forged := v.asEvent(session)
		forged["payment_status"], forged["status"] = "paid", "complete"
		headers, body := v.event("checkout.session.completed", forged, "whsec_of_another")
		w.Tell(t, stripe.ID, headers, body)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, w.Payment(t, p.GetId()).GetState())
		require.False(t, w.Notices(t)[0].GetVerified())
	})
	t.Run("another amount", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		session := w.Payment(t, p.GetId()).GetGatewayPaymentId()
		v.pay(session)
		wrong := v.asEvent(session)
		wrong["amount_total"] = 999
		tell(t, "checkout.session.completed", wrong)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, w.Payment(t, p.GetId()).GetState())
		require.Equal(t, v1.NoticeOddity_NOTICE_ODDITY_AMOUNT_DIFFERS, w.Notices(t)[0].GetOddity())
	})
	t.Run("expired", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		session := v.asEvent(w.Payment(t, p.GetId()).GetGatewayPaymentId())
		session["status"] = "expired"
		tell(t, "checkout.session.expired", session)
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_CANCELLED, w.Payment(t, p.GetId()).GetState())
	})
	t.Run("given back in part, here and on Stripe's own page", func(t *testing.T) {
		p, intent := paid(t, "100.00")
		_, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: "30.00"})
		require.NoError(t, err)
		w.Drained(t)
		require.Equal(t, "30.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		v.mu.Lock()
		v.refunds = append(v.refunds, map[string]any{"id": "re_own", "object": "refund", "amount": 2000, "currency": "uah", "payment_intent": intent, "status": "succeeded", "created": 1})
		v.mu.Unlock()
		for range 2 {
			tell(t, "charge.refunded", map[string]any{"id": "ch", "object": "charge", "payment_intent": intent, "metadata": map[string]string{"cabinet_payment_id": p.GetId()}})
		}
		require.Equal(t, "50.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		require.Equal(t, 2, w.Published(t, "PaymentRefunded", p.GetId()))
	})
	t.Run("disputed, and won", func(t *testing.T) {
		p, intent := paid(t, "70.00")
		dispute := map[string]any{"id": "dp_1" + intent, "object": "dispute", "amount": 7000, "currency": "uah", "payment_intent": intent, "status": "warning_needs_response", "created": 1}
		set := func(state string) {
			v.mu.Lock()
			dispute["status"] = state
			v.mu.Unlock()
		}
		v.mu.Lock()
		v.disputes = append(v.disputes, dispute)
		v.mu.Unlock()
		tell(t, "charge.dispute.created", dispute) // an inquiry takes no money
		require.Nil(t, w.Payment(t, p.GetId()).GetChargedBack())
		set("needs_response")
		tell(t, "charge.dispute.funds_withdrawn", dispute)
		require.Equal(t, "70.00", w.Payment(t, p.GetId()).GetChargedBack().GetAmount())
		set("won")
		tell(t, "charge.dispute.closed", dispute)
		require.Nil(t, w.Payment(t, p.GetId()).GetChargedBack())
		require.Equal(t, 1, w.Published(t, "ChargebackWon", p.GetId()))
	})
	t.Run("Stripe is down for a moment", func(t *testing.T) {
		request := &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "10.00"}
		v.mu.Lock()
		v.down = 3 // more often than stripe-go tries
		v.mu.Unlock()
		_, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.Equal(t, codes.Unavailable, status.Code(err))
		v.mu.Lock()
		v.down = 0
		v.mu.Unlock()
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.NoError(t, err)
		require.NotEmpty(t, made.GetPayment().GetCheckoutUrl())
	})
	t.Run("a card that is kept", func(t *testing.T) { keeps(t, w, v, method) })
	t.Run("what others do with the same account", func(t *testing.T) {
		tell(t, "invoice.paid", map[string]any{"id": "in_1", "object": "invoice"})
		tell(t, "checkout.session.completed", map[string]any{"id": "cs_other", "object": "checkout.session", "payment_status": "paid", "amount_total": 5, "currency": "uah"})
		require.Equal(t, v1.NoticeState_NOTICE_STATE_IGNORED, w.Notices(t)[0].GetState())
	})
}

func keeps(t *testing.T, w *pt.World, v *vendor, method *v1.Method) {
	pay := func(way string, keep bool) (*v1.Payment, error) {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: way, Amount: "10.00", KeepCard: keep})
		return made.GetPayment(), err
	}
	bank := func(says string) {
		v.mu.Lock()
		defer v.mu.Unlock()
		v.bank = says
	}
	p, err := pay(method.GetId(), true)
	require.NoError(t, err)
	session := w.Payment(t, p.GetId()).GetGatewayPaymentId()
	v.pay(session)
	headers, body := v.event("checkout.session.completed", v.asEvent(session), signingSecret)
	w.Tell(t, stripe.ID, headers, body)
	cards := func() []*v1.SavedCard {
		t.Helper()
		list, err := v1.NewSavedCardServiceClient(w.Contact.Conn).ListSavedCards(t.Context(), &v1.ListSavedCardsRequest{})
		require.NoError(t, err)
		return list.GetSavedCards()
	}
	require.Len(t, cards(), 1)
	card := cards()[0]
	require.Equal(t, []string{"Visa •• 4242", "04/2029"}, []string{card.GetTitle(), card.GetExpires()})

	p, err = pay(card.GetId(), false)
	require.NoError(t, err)
	require.Equal(t, v1.PaymentState_PAYMENT_STATE_SUCCEEDED, p.GetState())
	intent := w.Payment(t, p.GetId()).GetGatewayPaymentId()
	require.Regexp(t, "^pi_", intent)
	headers, body = v.event("payment_intent.succeeded", v.intent(intent), signingSecret)
	w.Tell(t, stripe.ID, headers, body)
	require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	_, err = pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: "4.00"})
	require.NoError(t, err)
	w.Drained(t)
	require.Equal(t, "4.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())

	bank("authentication_required")
	p, err = pay(card.GetId(), false)
	require.NoError(t, err)
	require.Equal(t, v1.PaymentState_PAYMENT_STATE_PENDING, p.GetState())
	require.Contains(t, p.GetCheckoutUrl(), "https://checkout.stripe.com/")
	bank("card_declined")
	_, err = pay(card.GetId(), false)
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	bank("")

	_, err = v1.NewSavedCardServiceClient(w.Contact.Conn).DeleteSavedCard(t.Context(), &v1.DeleteSavedCardRequest{Id: card.GetId()})
	require.NoError(t, err)
	require.Empty(t, cards())
	require.Nil(t, v.card(card.GetId()))
	require.Empty(t, v.cards)
}

// Stripe's own stripe-mock holds every request against the published description of the API, and answers with its examples.
func TestStripeMockTakesEachRequest(t *testing.T) {
	url := stripetest.Mock(t)
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: settings(url)})
	who := access.With(t.Context(), access.AsModule("paysystem"))
	ctx, gateway := call.To(who, stripe.ID), v1.NewGatewayServiceClient(p.Router())
	payment, refund := store.NewID(), store.NewID()

	about, err := gateway.DescribeGateway(ctx, &v1.DescribeGatewayRequest{})
	require.NoError(t, err)
	require.True(t, about.GetPartialRefunds())
	made, err := gateway.CreateCheckout(ctx, &v1.CreateCheckoutRequest{
		PaymentId: payment, Amount: pt.Money("125.50"), Description: "Bill 12", CustomerEmail: "payer@example.com", ReturnUrl: "https://portal.example/payments/1",
	})
	require.NoError(t, err)
	require.NotEmpty(t, made.GetGatewayPaymentId())
	_, err = gateway.GetCheckout(ctx, &v1.GetCheckoutRequest{PaymentId: payment, GatewayPaymentId: made.GetGatewayPaymentId()})
	require.NoError(t, err)
	given, err := gateway.RefundCheckout(ctx, &v1.RefundCheckoutRequest{RefundId: refund, PaymentId: payment, GatewayPaymentId: made.GetGatewayPaymentId(), Amount: pt.Money("1.00")})
	if status.Code(err) != codes.FailedPrecondition { // its example session may have no intent
		require.NoError(t, err)
		require.Equal(t, refund, given.GetFact().GetRefundId())
	}
	// Cards that are kept.
	kept, err := gateway.CreateCheckout(ctx, &v1.CreateCheckoutRequest{
		PaymentId: store.NewID(), ClientId: store.NewID(), Amount: pt.Money("10.00"), Description: "Bill 13", CustomerEmail: "payer@example.com",
		ReturnUrl: "https://portal.example/payments/1", KeepMethod: true,
	})
	require.NoError(t, err)
	require.NotEmpty(t, kept.GetCustomerToken())
	_, err = gateway.ListSavedMethods(ctx, &v1.ListSavedMethodsRequest{ClientId: store.NewID(), CustomerToken: kept.GetCustomerToken()})
	require.NoError(t, err)
	charged, err := gateway.CreateCheckout(ctx, &v1.CreateCheckoutRequest{
		PaymentId: store.NewID(), Amount: pt.Money("10.00"), Description: "Bill 14", ReturnUrl: "https://portal.example/payments/1",
		SavedMethodId: "pm_card_visa", CustomerToken: kept.GetCustomerToken(),
	})
	require.NoError(t, err)
	_, err = gateway.GetCheckout(ctx, &v1.GetCheckoutRequest{PaymentId: payment, GatewayPaymentId: charged.GetGatewayPaymentId()})
	require.NoError(t, err)
	_, err = gateway.RemoveSavedMethod(ctx, &v1.RemoveSavedMethodRequest{ClientId: store.NewID(), Id: "pm_1"}) // its example card is of no customer
	require.NoError(t, err)
	_, err = gateway.CreateCheckout(ctx, &v1.CreateCheckoutRequest{PaymentId: store.NewID(), Amount: pt.Money("1.234")})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}
