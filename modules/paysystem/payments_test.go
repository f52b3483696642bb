package paysystem_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

const (
	pending   = v1.PaymentState_PAYMENT_STATE_PENDING
	succeeded = v1.PaymentState_PAYMENT_STATE_SUCCEEDED
	expired   = v1.PaymentState_PAYMENT_STATE_EXPIRED
	cancelled = v1.PaymentState_PAYMENT_STATE_CANCELLED
)

// tell posts a notice of the simulated vendor and waits until it is applied.
func tell(t testing.TB, w *pt.World, signed bool, facts ...*v1.Fact) {
	t.Helper()
	headers, body := pt.Notice(signed, facts...)
	w.Tell(t, "testpay", headers, body)
}

func refundFact(payment, id, amount string) *v1.Fact {
	return &v1.Fact{Kind: v1.FactKind_FACT_KIND_REFUND_SUCCEEDED, PaymentId: payment, GatewayId: id, Amount: pt.Money(amount)}
}

func chargeback(kind v1.FactKind, payment, id, amount string) *v1.Fact {
	return &v1.Fact{Kind: kind, PaymentId: payment, GatewayId: id, Amount: pt.Money(amount)}
}

// refund gives money back as the head.
func refund(t testing.TB, w *pt.World, payment, amount string) (*v1.Refund, error) {
	t.Helper()
	made, err := pt.Payments(w.Head).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: payment, Amount: amount})
	return made.GetRefund(), err
}

func flags(p *v1.Payment) []v1.PaymentFlag { return p.GetFlags() }

// One portal serves what follows: payments do not know of each other.
func TestPayments(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	method := w.Method(t, "testpay", "UAH")
	paid := func(t *testing.T, amount string) *v1.Payment {
		t.Helper()
		p := w.Pay(t, method, amount)
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money(amount)))
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		return p
	}

	t.Run("paid on the gateway's page", func(t *testing.T) {
		document := store.NewID()
		request := &v1.CreatePaymentRequest{
			RequestId: store.NewID(), MethodId: method.GetId(), Amount: "1250.5", Description: "Bill 12", DocumentId: document,
		}
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.NoError(t, err)
		p := made.GetPayment()
		require.Equal(t, pending, p.GetState())
		require.Equal(t, "https://pay.example/"+p.GetId(), p.GetCheckoutUrl())
		require.Equal(t, "1250.50", p.GetAmount().GetAmount())
		require.Regexp(t, "^PAY[0-9A-Z]{10}$", p.GetReference())
		require.Empty(t, p.GetGateway(), "for staff alone")
		asked := simulated.Made()[p.GetId()]
		require.Equal(t, w.URL()+"/m/paysystem/hooks/testpay", asked.GetNotifyUrl())
		require.Equal(t, w.URL()+"/payments/"+p.GetId(), asked.GetReturnUrl())
		require.Equal(t, "Bill 12 ("+p.GetReference()+")", asked.GetDescription())
		again, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, p.GetId(), again.GetPayment().GetId())

		page := w.Contact.Get(t, "/payments/"+p.GetId())
		require.Equal(t, http.StatusOK, page.Status)
		require.Contains(t, page.Body, `href="https://pay.example/`+p.GetId())

		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("1250.50")))
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		require.Empty(t, flags(p))
		require.Empty(t, p.GetCheckoutUrl())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
		require.Contains(t, w.Contact.Get(t, "/payments").Body, p.GetReference())
		list, err := pt.Payments(w.Head).ListPayments(t.Context(), &v1.ListPaymentsRequest{DocumentId: document})
		require.NoError(t, err)
		require.Len(t, list.GetPayments(), 1)
	})

	t.Run("the form is filled from the address", func(t *testing.T) {
		document := store.NewID()
		page := w.Contact.Get(t, "/payments/new?amount=99.90&description=Bill+7&document_id="+document)
		require.Equal(t, http.StatusOK, page.Status)
		for _, part := range []string{`value="99.90"`, `value="Bill 7"`, `value="` + document + `"`, "By testpay"} {
			require.Contains(t, page.Body, part)
		}
	})

	t.Run("a manager sees ways to pay, and is led to no form of them", func(t *testing.T) {
		manager := w.Staff(t, "manager")
		list, one := "/paysystem/methods", "/paysystem/methods/"+method.GetId()
		require.Contains(t, manager.Get(t, list).Body, `href="`+one+`"`)
		require.NotContains(t, manager.Get(t, list).Body, "/edit")
		page := manager.Get(t, one)
		require.Equal(t, http.StatusOK, page.Status)
		require.NotContains(t, page.Body, "/edit")
		require.Contains(t, w.Head.Get(t, one).Body, `href="`+one+`/edit"`)
		require.Equal(t, http.StatusOK, w.Head.Get(t, one+"/edit").Status)
	})

	t.Run("told twice and at once", func(t *testing.T) {
		p := w.Pay(t, method, "10.00")
		headers, body := pt.Notice(true, pt.Paid(p.GetId(), pt.Money("10.00")))
		kerneltest.AtOnce(8, func(int) error {
			w.Post(t, "testpay", headers, body)
			return nil
		})
		for i := range 4 { // the same, and told otherwise
			tell(t, w, true, pt.Paid(p.GetId(), pt.Money("10.00")), pt.Paid(p.GetId(), pt.Money("10."+strings.Repeat("0", i+2))))
		}
		w.Drained(t)
		require.Equal(t, succeeded, w.Payment(t, p.GetId()).GetState())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	})

	t.Run("a forged notice only has the gateway asked", func(t *testing.T) {
		p := w.Pay(t, method, "20.00")
		tell(t, w, false, pt.Paid(p.GetId(), pt.Money("20.00")))
		require.Equal(t, pending, w.Payment(t, p.GetId()).GetState())
		simulated.Say(p.GetId(), pt.Paid(p.GetId(), pt.Money("20.00")))
		w.Clock.Move(6 * time.Second) // within which it is not asked twice
		headers, body := pt.Notice(false, pt.Paid(p.GetId(), pt.Money("20.00")), pt.Paid(p.GetId(), pt.Money("20.00")))
		w.Tell(t, "testpay", headers, body)
		require.Equal(t, succeeded, w.Payment(t, p.GetId()).GetState())
	})

	t.Run("another amount, another currency", func(t *testing.T) {
		for _, amount := range []*kernelv1.Money{pt.Money("29.99"), {CurrencyCode: "USD", Amount: "30.00"}, pt.Money("30.001"), nil} {
			p := w.Pay(t, method, "30.00")
			tell(t, w, true, pt.Paid(p.GetId(), amount))
			p = w.Payment(t, p.GetId())
			require.Equal(t, pending, p.GetState())
			require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_AMOUNT_DIFFERS}, flags(p))
			require.Zero(t, w.Published(t, "PaymentSucceeded", p.GetId()))
			odd := w.Notices(t)[0]
			require.Equal(t, v1.NoticeState_NOTICE_STATE_ODD, odd.GetState())
			require.Equal(t, v1.NoticeOddity_NOTICE_ODDITY_AMOUNT_DIFFERS, odd.GetOddity())
		}
	})

	t.Run("notices of nothing we know", func(t *testing.T) {
		tell(t, w, true, pt.Paid(store.NewID(), pt.Money("1.00")))
		require.Equal(t, v1.NoticeOddity_NOTICE_ODDITY_UNKNOWN_PAYMENT, w.Notices(t)[0].GetOddity())
		w.Tell(t, "testpay", nil, []byte("what is this"))
		require.Equal(t, v1.NoticeState_NOTICE_STATE_IGNORED, w.Notices(t)[0].GetState())
		require.Equal(t, http.StatusNotFound, w.Post(t, "nopay", nil, []byte("{}")))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Post(t, "testpay", nil, make([]byte, 300<<10)))
		require.Equal(t, http.StatusRequestEntityTooLarge, w.Post(t, "testpay", nil, make([]byte, 2<<20)))
		// What one gateway tells of another's payment is about none of its own.
		p := w.Pay(t, method, "1.00")
		headers, body := pt.Notice(true, pt.Paid(p.GetId(), pt.Money("1.00")))
		w.Tell(t, "otherpay", headers, body)
		require.Equal(t, pending, w.Payment(t, p.GetId()).GetState())
	})

	t.Run("a refund's notice overtakes the payment's", func(t *testing.T) {
		p := w.Pay(t, method, "50.00")
		simulated.Say(p.GetId(), pt.Paid(p.GetId(), pt.Money("50.00")), refundFact(p.GetId(), "r1", "15.00"))
		tell(t, w, true, refundFact(p.GetId(), "r1", "15.00"))
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("50.00")))
		tell(t, w, true, refundFact(p.GetId(), "r1", "15.00"), refundFact(p.GetId(), "r1", "15.00"))
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		require.Equal(t, "15.00", p.GetRefunded().GetAmount())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
		require.Equal(t, 1, w.Published(t, "PaymentRefunded", p.GetId()))
	})

	t.Run("refunds, and no more than was paid", func(t *testing.T) {
		p := paid(t, "100.00")
		_, err := refund(t, w, p.GetId(), "100.01")
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		require.ErrorContains(t, err, "more than is left")
		made, err := refund(t, w, p.GetId(), "40.00")
		require.NoError(t, err)
		require.Equal(t, v1.RefundState_REFUND_STATE_PENDING, made.GetState())
		w.Drained(t)
		require.Equal(t, "40.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		require.Equal(t, "40.00", simulated.Asked()[made.GetId()].GetAmount().GetAmount())
		// The vendor tells of the same refund, by its own id.
		tell(t, w, true, refundFact(p.GetId(), "R-"+made.GetId(), "40.00"))
		require.Equal(t, "40.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		_, err = refund(t, w, p.GetId(), "60.01")
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		_, err = refund(t, w, p.GetId(), "0.001")
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		_, err = refund(t, w, p.GetId(), "")
		require.NoError(t, err)
		w.Drained(t)
		require.Equal(t, "100.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		require.Nil(t, w.Payment(t, p.GetId()).GetRefundable())
		require.Equal(t, 2, w.Published(t, "PaymentRefunded", p.GetId()))
		// Told of yet another, made at the vendor's.
		tell(t, w, true, refundFact(p.GetId(), "r9", "1.00"))
		require.Contains(t, flags(w.Payment(t, p.GetId())), v1.PaymentFlag_PAYMENT_FLAG_REFUND_EXCEEDS)
		require.Equal(t, "100.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		_, err = pt.Payments(w.Contact).RefundPayment(t.Context(), &v1.RefundPaymentRequest{RequestId: store.NewID(), PaymentId: p.GetId(), Amount: "1.00"})
		require.Equal(t, codes.PermissionDenied, status.Code(err))
	})

	t.Run("two refunds at once", func(t *testing.T) {
		p := paid(t, "100.00")
		errs := kerneltest.AtOnce(8, func(int) error {
			_, err := refund(t, w, p.GetId(), "60.00")
			return err
		})
		require.Equal(t, 1, kerneltest.Count(errs, codes.OK))
		require.Equal(t, 7, kerneltest.Count(errs, codes.FailedPrecondition))
		w.Drained(t)
		require.Equal(t, "60.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
	})

	t.Run("a refund that the gateway refuses", func(t *testing.T) {
		p := paid(t, "10.00")
		simulated.RefundsEnd(v1.FactKind_FACT_KIND_REFUND_FAILED)
		defer simulated.RefundsEnd(v1.FactKind_FACT_KIND_REFUND_SUCCEEDED)
		_, err := refund(t, w, p.GetId(), "")
		require.NoError(t, err)
		w.Drained(t)
		require.Equal(t, "10.00", w.Payment(t, p.GetId()).GetRefundable().GetAmount())
		list, err := pt.Payments(w.Head).ListRefunds(t.Context(), &v1.ListRefundsRequest{PaymentId: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.RefundState_REFUND_STATE_FAILED, list.GetRefunds()[0].GetState())
	})

	t.Run("a refund is told before the gateway's own answer is kept", func(t *testing.T) {
		p := paid(t, "10.00")
		simulated.RefundsEnd(v1.FactKind_FACT_KIND_REFUND_PENDING)
		made, err := refund(t, w, p.GetId(), "4.00")
		require.NoError(t, err)
		w.Drained(t)
		simulated.RefundsEnd(v1.FactKind_FACT_KIND_REFUND_SUCCEEDED)
		tell(t, w, true, refundFact(p.GetId(), "R-"+made.GetId(), "4.00"))
		require.Equal(t, "4.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
	})

	t.Run("chargebacks, lost and won", func(t *testing.T) {
		p := paid(t, "80.00")
		opened := chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_OPENED, p.GetId(), "d1", "80.00")
		tell(t, w, true, opened)
		tell(t, w, true, opened, opened)
		now := w.Payment(t, p.GetId())
		require.Equal(t, "80.00", now.GetChargedBack().GetAmount())
		require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_CHARGEBACK}, flags(now))
		_, err := refund(t, w, p.GetId(), "1.00")
		require.Equal(t, codes.FailedPrecondition, status.Code(err), "the bank has it already")
		tell(t, w, true, chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_WON, p.GetId(), "d1", "80.00"))
		tell(t, w, true, chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_LOST, p.GetId(), "d1", "80.00"))
		require.Nil(t, w.Payment(t, p.GetId()).GetChargedBack())
		// The end alone is told: both are booked.
		tell(t, w, true, chargeback(v1.FactKind_FACT_KIND_CHARGEBACK_WON, p.GetId(), "d2", "30.00"))
		require.Equal(t, 2, w.Published(t, "PaymentChargedBack", p.GetId()))
		require.Equal(t, 2, w.Published(t, "ChargebackWon", p.GetId()))
		list, err := pt.Payments(w.Head).ListChargebacks(t.Context(), &v1.ListChargebacksRequest{PaymentId: p.GetId()})
		require.NoError(t, err)
		require.Len(t, list.GetChargebacks(), 2)
	})

	t.Run("a client suspended in mid-payment", func(t *testing.T) {
		other := w.Client(t, "Kava Ltd")
		payer := w.Portal.Contact(t, other, "client.director")
		made, err := pt.Payments(payer).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "70.00"})
		require.NoError(t, err)
		_, err = clientmanagerv1.NewClientServiceClient(w.Head.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: other})
		require.NoError(t, err)
		w.Drained(t)
		tell(t, w, true, pt.Paid(made.GetPayment().GetId(), pt.Money("70.00")))
		p := w.Payment(t, made.GetPayment().GetId())
		require.Equal(t, succeeded, p.GetState(), "the money is there, so it is credited")
		require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_CLIENT_SUSPENDED}, flags(p))
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
	})

	t.Run("what is called off and paid all the same", func(t *testing.T) {
		p := w.Pay(t, method, "5.00")
		_, err := pt.Payments(w.Contact).CancelPayment(t.Context(), &v1.CancelPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		require.Equal(t, cancelled, w.Payment(t, p.GetId()).GetState())
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("5.00")))
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_LATE}, flags(p))
		_, err = pt.Payments(w.Contact).CancelPayment(t.Context(), &v1.CancelPaymentRequest{Id: p.GetId()})
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	})

	t.Run("amounts that are none", func(t *testing.T) {
		for amount, code := range map[string]codes.Code{"0": codes.InvalidArgument, "0.001": codes.InvalidArgument, "-5": codes.InvalidArgument, "1e3": codes.InvalidArgument, "5.10": codes.OK, "99999999999999999": codes.InvalidArgument} {
			_, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: amount})
			require.Equal(t, code, status.Code(err), amount)
		}
		_, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "5", CurrencyCode: "USD"})
		require.Equal(t, codes.InvalidArgument, status.Code(err), "the way is for hryvnias")
		_, err = pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "5", ClientId: w.Client(t, "Another")})
		require.Equal(t, codes.NotFound, status.Code(err), "another's client")
	})

	t.Run("the gateway is away when a payment begins", func(t *testing.T) {
		simulated.Fail(status.Error(codes.Unavailable, "away"))
		request := &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "5.00"}
		_, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.Equal(t, codes.Unavailable, status.Code(err))
		simulated.Fail(nil)
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, pending, made.GetPayment().GetState())
	})
}

// Clocks move here, so that it has a portal of its own.
func TestNobodyTells(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	method := w.Method(t, "testpay", "UAH")
	paid, never, late := w.Pay(t, method, "1.00").GetId(), w.Pay(t, method, "2.00").GetId(), w.Pay(t, method, "3.00").GetId()
	w.Clock.Move(61 * time.Second)
	w.Drained(t)
	simulated.Say(paid, pt.Paid(paid, pt.Money("1.00")))
	w.Clock.Move(3 * time.Minute)
	w.Becomes(t, paid, succeeded)
	require.Empty(t, flags(w.Payment(t, paid)))
	for range 40 {
		w.Clock.Move(time.Hour)
		if w.Payment(t, never).GetState() != pending {
			break
		}
		w.Drained(t)
	}
	w.Becomes(t, never, expired)
	w.Becomes(t, late, expired)
	require.Equal(t, 1, w.Published(t, "PaymentFailed", never))
	tell(t, w, true, pt.Paid(late, pt.Money("3.00")))
	p := w.Payment(t, late)
	require.Equal(t, succeeded, p.GetState())
	require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_LATE}, flags(p))
	require.Equal(t, 1, w.Published(t, "PaymentSucceeded", late))
}

func TestWhoAsksIsToldHowItStands(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	p := w.Pay(t, w.Method(t, "testpay", "UAH"), "12.00")
	simulated.Say(p.GetId(), pt.Paid(p.GetId(), pt.Money("12.00")))
	got, err := pt.Payments(w.Contact).CheckPayment(t.Context(), &v1.CheckPaymentRequest{Id: p.GetId()})
	require.NoError(t, err)
	require.Equal(t, succeeded, got.GetPayment().GetState())
	audited(t, w, "CheckPayment")
}

func TestOddNoticesAreLookedAt(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	p := w.Pay(t, w.Method(t, "testpay", "UAH"), "12.00")
	tell(t, w, true, pt.Paid(p.GetId(), pt.Money("11.00")))
	odd := w.Notices(t)[0]
	require.Equal(t, p.GetId(), odd.GetPaymentId())
	require.Contains(t, w.Head.Get(t, "/paysystem/notices").Body, "Another amount or currency")
	got, err := v1.NewNoticeServiceClient(w.Head.Conn).ResolveNotice(t.Context(), &v1.ResolveNoticeRequest{Id: odd.GetId()})
	require.NoError(t, err)
	require.Equal(t, v1.NoticeState_NOTICE_STATE_RESOLVED, got.GetNotice().GetState())
	audited(t, w, "ResolveNotice")
}

// audited looks whether a method left an entry in the audit log.
func audited(t testing.TB, w *pt.World, method string) {
	t.Helper()
	got, err := kernelv1.NewAuditServiceClient(w.Head.Conn).ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{PageSize: 50})
	require.NoError(t, err)
	for _, e := range got.GetEntries() {
		if strings.HasSuffix(e.GetMethod(), "/"+method) {
			return
		}
	}
	require.Fail(t, "no entry in the audit log", method)
}
