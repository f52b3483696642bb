package paysystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

const (
	credit   = v1.PaymentResolution_PAYMENT_RESOLUTION_CREDIT
	giveBack = v1.PaymentResolution_PAYMENT_RESOLUTION_GIVE_BACK
)

func TestMoneyOfAnotherAmount(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	method := w.Method(t, "testpay", "")
	odd := func(t *testing.T, amount *kernelv1.Money) *v1.Payment {
		t.Helper()
		p := w.Pay(t, method, "30.00")
		tell(t, w, true, pt.Paid(p.GetId(), amount))
		return w.Payment(t, p.GetId())
	}
	resolve := func(id string, how v1.PaymentResolution) error {
		_, err := pt.Payments(w.Head).ResolvePayment(t.Context(), &v1.ResolvePaymentRequest{Id: id, Resolution: how})
		return err
	}

	t.Run("what came is credited, once", func(t *testing.T) {
		p := odd(t, pt.Money("29.99"))
		require.Equal(t, "29.99", p.GetCame().GetAmount())
		require.Contains(t, w.Head.Get(t, "/payments/"+p.GetId()).Body, "Credit what came")
		require.NotContains(t, w.Contact.Get(t, "/payments/"+p.GetId()).Body, "Credit what came")
		errs := kerneltest.AtOnce(6, func(int) error { return resolve(p.GetId(), credit) })
		require.Equal(t, 6, kerneltest.Count(errs, codes.OK), "%v", errs)
		w.Drained(t)
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		require.Equal(t, "29.99", p.GetAmount().GetAmount())
		require.Empty(t, flags(p))
		require.Nil(t, p.GetCame())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
		require.Equal(t, v1.NoticeState_NOTICE_STATE_RESOLVED, w.Notices(t)[0].GetState())
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("29.99")), pt.Paid(p.GetId(), pt.Money("29.99"))) // told again, it is what is known
		require.Empty(t, flags(w.Payment(t, p.GetId())))
		require.Equal(t, codes.PermissionDenied, status.Code(func() error {
			_, err := pt.Payments(w.Contact).ResolvePayment(t.Context(), &v1.ResolvePaymentRequest{Id: p.GetId(), Resolution: credit})
			return err
		}()))
		audited(t, w, "ResolvePayment")
	})
	t.Run("by its notice, in another currency", func(t *testing.T) {
		p := odd(t, &kernelv1.Money{CurrencyCode: "USD", Amount: "30.00"})
		_, err := v1.NewNoticeServiceClient(w.Head.Conn).ResolveNotice(t.Context(), &v1.ResolveNoticeRequest{Id: w.Notices(t)[0].GetId(), Resolution: credit})
		require.NoError(t, err)
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		require.Equal(t, "USD", p.GetAmount().GetCurrencyCode())
		require.Equal(t, v1.NoticeState_NOTICE_STATE_RESOLVED, w.Notices(t)[0].GetState())
	})
	t.Run("given back", func(t *testing.T) {
		p := odd(t, pt.Money("31.00"))
		require.NoError(t, resolve(p.GetId(), giveBack))
		w.Drained(t)
		p = w.Payment(t, p.GetId())
		require.Equal(t, "31.00", p.GetRefunded().GetAmount())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", p.GetId()))
		require.Equal(t, 1, w.Published(t, "PaymentRefunded", p.GetId()))
	})
	t.Run("the right amount comes after all", func(t *testing.T) {
		p := odd(t, pt.Money("1.00"))
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("30.00")))
		require.NoError(t, resolve(p.GetId(), credit), "there is nothing left to say")
		require.Equal(t, "30.00", w.Payment(t, p.GetId()).GetAmount().GetAmount())
	})
	t.Run("nothing that is an amount", func(t *testing.T) {
		p := odd(t, pt.Money("30.001"))
		require.Equal(t, codes.FailedPrecondition, status.Code(resolve(p.GetId(), credit)))
	})
}

// What a bank's statement pays is settled by the module that keeps accounts, and may be taken back.
func TestSettledAndNot(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &v1.Method{Title: "By transfer", Kind: v1.MethodKind_METHOD_KIND_NON_CASH},
	})
	require.NoError(t, err)
	p := w.Pay(t, made.GetMethod(), "12.00")
	ctx := access.With(t.Context(), access.AsKernel())
	service := v1.NewPaymentServiceClient(w.Router())
	settle := func(amount string) error {
		_, err := service.SettlePayment(ctx, &v1.SettlePaymentRequest{PaymentId: p.GetId(), Amount: pt.Money(amount)})
		return err
	}
	found, err := service.FindPayments(ctx, &v1.FindPaymentsRequest{References: []string{p.GetReference(), "PAYNOTHING00"}})
	require.NoError(t, err)
	require.Len(t, found.GetPayments(), 1)
	require.Equal(t, codes.FailedPrecondition, status.Code(settle("12.01")))
	for range 2 {
		require.NoError(t, settle("12.00"))
	}
	require.Equal(t, succeeded, w.Payment(t, p.GetId()).GetState())
	for range 2 {
		_, err = service.UnsettlePayment(ctx, &v1.UnsettlePaymentRequest{PaymentId: p.GetId()})
		require.NoError(t, err)
	}
	now := w.Payment(t, p.GetId())
	require.Equal(t, pending, now.GetState())
	require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_UNSETTLED}, flags(now))
	require.NoError(t, settle("12.00"))
	require.Empty(t, flags(w.Payment(t, p.GetId())))
	_, err = refund(t, w, p.GetId(), "2.00")
	require.NoError(t, err)
	_, err = service.UnsettlePayment(ctx, &v1.UnsettlePaymentRequest{PaymentId: p.GetId()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.Zero(t, w.Published(t, "PaymentSucceeded", p.GetId()), "it was booked already")
	audited(t, w, "UnsettlePayment")
}
