package paysystem_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// What the module that keeps accounts does of it, its own tests say; here is what paysystem makes of its answers, and of none.
func TestPaidFromAccounts(t *testing.T) {
	accounts := pt.NewAccounts("testbooks")
	w := pt.Open(t, kerneltest.Options{Assemble: pt.Assemble(simulated.Unit, accounts.Unit)})
	ways := map[v1.MethodKind]*v1.Method{}
	for _, kind := range []v1.MethodKind{v1.MethodKind_METHOD_KIND_BONUS, v1.MethodKind_METHOD_KIND_DEFERRAL} {
		made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{RequestId: store.NewID(), Method: &v1.Method{Title: kind.String(), Kind: kind}})
		require.NoError(t, err)
		ways[kind] = made.GetMethod()
	}
	bonus := ways[v1.MethodKind_METHOD_KIND_BONUS].GetId()
	ask := func(way, amount string) *v1.CreatePaymentRequest {
		return &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: way, Amount: amount, DocumentId: store.NewID()}
	}
	pay := func(r *v1.CreatePaymentRequest) (*v1.Payment, error) {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), r)
		return made.GetPayment(), err
	}
	latest := func() *v1.Payment {
		t.Helper()
		list, err := pt.Payments(w.Head).ListPayments(t.Context(), &v1.ListPaymentsRequest{PageSize: 1})
		require.NoError(t, err)
		return list.GetPayments()[0]
	}
	away := status.Error(codes.Unavailable, "away")

	t.Run("refused, and in part", func(t *testing.T) {
		_, err := pay(ask(bonus, "900.00"))
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		require.ErrorContains(t, err, "there is less", "in the words of who refused")
		require.Equal(t, []any{v1.PaymentState_PAYMENT_STATE_FAILED, "too_little"}, []any{latest().GetState(), latest().GetFailure()})
		r := ask(bonus, "900.00")
		r.Partly = true
		p, err := pay(r)
		require.NoError(t, err)
		require.Equal(t, "100.00", p.GetAmount().GetAmount())
		require.Zero(t, w.Published(t, "PaymentSucceeded", p.GetId()), "nobody posts it a second time")
		require.Equal(t, 1, w.Published(t, "PaymentSettled", p.GetId()))
	})
	t.Run("nobody says that it was paid, nor takes it for money", func(t *testing.T) {
		p, err := pay(ask(ways[v1.MethodKind_METHOD_KIND_DEFERRAL].GetId(), "100.00"))
		require.NoError(t, err)
		require.Equal(t, []any{v1.PaymentState_PAYMENT_STATE_DEFERRED, "2026-04-01"}, []any{p.GetState(), p.GetDueDate()})
		_, err = pt.Payments(w.Head).ConfirmPayment(t.Context(), &v1.ConfirmPaymentRequest{Id: p.GetId()})
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		_, err = refund(t, w, p.GetId(), "1.00")
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
		r := ask(bonus, "10.00")
		r.ClientId, r.Received = w.ClientID, true
		_, err = pt.Payments(w.Head).CreatePayment(t.Context(), r)
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	})
	t.Run("away for a moment", func(t *testing.T) {
		accounts.Fail(away, nil)
		r := ask(bonus, "10.00")
		_, err := pay(r)
		require.Equal(t, codes.Unavailable, status.Code(err))
		accounts.Fail(nil, nil)
		p, err := pay(r)
		require.NoError(t, err)
		require.Equal(t, succeeded, p.GetState())
	})
	t.Run("the answer is lost, and nobody asks again", func(t *testing.T) {
		accounts.Fail(nil, away)
		_, err := pay(ask(bonus, "10.00"))
		require.Equal(t, codes.Unavailable, status.Code(err))
		p := latest()
		require.Equal(t, v1.PaymentState_PAYMENT_STATE_NEW, p.GetState())
		require.NotNil(t, accounts.Paid(p.GetId()))
		accounts.Fail(nil, nil)
		w.Clock.Move(61 * time.Second)
		w.Becomes(t, p.GetId(), succeeded)
		require.Empty(t, flags(w.Payment(t, p.GetId())))
	})
	t.Run("given back", func(t *testing.T) {
		p, err := pay(ask(bonus, "10.00"))
		require.NoError(t, err)
		_, err = refund(t, w, p.GetId(), "4.00")
		require.NoError(t, err)
		w.Drained(t)
		require.Equal(t, "4.00", w.Payment(t, p.GetId()).GetRefunded().GetAmount())
		require.Equal(t, 1, accounts.Returned())
		require.Zero(t, w.Published(t, "PaymentRefunded", p.GetId()))
		_, err = refund(t, w, p.GetId(), "6.01")
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	})
	t.Run("the form", func(t *testing.T) {
		bill := store.NewID()
		page := w.Contact.Get(t, "/payments/new?document_id="+bill).Body
		require.Contains(t, page, "METHOD_KIND_BONUS (100.00 UAH)")
		require.Contains(t, page, `data-asks="partly"`)
		require.Contains(t, page, `name="partly"`)
		require.NotContains(t, page, `name="keep_card"`, "no gateway keeps any")
		require.NotContains(t, w.Contact.Get(t, "/payments/new").Body, "METHOD_KIND_BONUS")
	})
}

// A portal without a module that keeps accounts says so.
func TestNobodyKeepsAccounts(t *testing.T) {
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &v1.Method{Title: "With bonuses", Kind: v1.MethodKind_METHOD_KIND_BONUS},
	})
	require.NoError(t, err)
	bill := store.NewID()
	list, err := v1.NewMethodServiceClient(w.Contact.Conn).ListPaymentMethods(t.Context(), &v1.ListPaymentMethodsRequest{DocumentId: bill})
	require.NoError(t, err)
	require.Empty(t, list.GetMethods())
	_, err = pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: made.GetMethod().GetId(), Amount: "5.00", DocumentId: bill})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.ErrorContains(t, err, "nothing here keeps accounts")
}
