package paysystem_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// days are a portal whose clock goes on by more than sessions last: the kernel asks, who needs none.
type days struct {
	*pt.World
	v1.PaymentServiceClient
	ctx    context.Context
	method string
}

func openDays(t testing.TB) *days {
	t.Helper()
	w := pt.Open(t, kerneltest.Options{Assemble: assemble})
	return &days{World: w, PaymentServiceClient: v1.NewPaymentServiceClient(w.Router()), ctx: access.With(t.Context(), access.AsKernel()), method: w.Method(t, "testpay", "UAH").GetId()}
}

// begun begins a payment, and says its id.
func (d *days) begun(t testing.TB, amount string) string {
	t.Helper()
	made, err := d.CreatePayment(d.ctx, &v1.CreatePaymentRequest{RequestId: store.NewID(), ClientId: d.ClientID, MethodId: d.method, Amount: amount})
	require.NoError(t, err)
	return made.GetPayment().GetId()
}

func (d *days) payment(t testing.TB, id string) *v1.Payment {
	t.Helper()
	got, err := d.GetPayment(d.ctx, &v1.GetPaymentRequest{Id: id})
	require.NoError(t, err)
	return got.GetPayment()
}

// until moves the clock on by steps until a payment is in a state.
func (d *days) until(t testing.TB, step time.Duration, id string, state v1.PaymentState) {
	t.Helper()
	require.Eventually(t, func() bool {
		d.Clock.Move(step)
		return d.payment(t, id).GetState() == state
	}, 30*time.Second, 20*time.Millisecond, "%v", state)
}

// planned counts the checks of a payment that are to come.
func (d *days) planned(t testing.TB, id string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	require.NoError(t, conn.QueryRow(t.Context(), "select count(*) from kernel.job where type = 'cabinet.paysystem.v1.PaymentCheckDue' and key = $1", id).Scan(&n))
	return n
}

// The one notice of money is lost, and the payment is over: it is credited all the same, by itself or because somebody asks.
func TestPaidAfterItWasOver(t *testing.T) {
	w := openDays(t)
	late := []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_LATE}
	off := func(t *testing.T) string {
		t.Helper()
		id := w.begun(t, "1.00")
		_, err := w.CancelPayment(w.ctx, &v1.CancelPaymentRequest{Id: id})
		require.NoError(t, err)
		return id
	}

	t.Run("expired", func(t *testing.T) {
		id := w.begun(t, "1.00")
		w.until(t, time.Hour, id, expired)
		simulated.Say(id, pt.Paid(id, pt.Money("1.00")))
		w.until(t, 6*time.Hour, id, succeeded)
		require.Equal(t, late, flags(w.payment(t, id)))
	})
	t.Run("called off", func(t *testing.T) {
		id := off(t)
		simulated.Say(id, pt.Paid(id, pt.Money("1.00")))
		w.until(t, time.Minute, id, succeeded)
		require.Equal(t, late, flags(w.payment(t, id)))
	})
	t.Run("somebody asks", func(t *testing.T) {
		id := off(t)
		require.Contains(t, w.Staff(t, "head").Get(t, "/payments/"+id).Body, "Check now")
		simulated.Say(id, pt.Paid(id, pt.Money("1.00")))
		got, err := w.CheckPayment(w.ctx, &v1.CheckPaymentRequest{Id: id})
		require.NoError(t, err)
		require.Equal(t, succeeded, got.GetPayment().GetState())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", id))
	})
	t.Run("not for ever", func(t *testing.T) {
		id := off(t)
		checks := func() int64 { return w.payment(t, id).GetRevision() }
		before := checks()
		require.Equal(t, 1, w.planned(t, id))
		require.Eventually(t, func() bool {
			w.Clock.Move(24 * time.Hour)
			taken := w.planned(t, id) == 0
			w.Drained(t) // and so one that was taken has planned the next by now, if any
			return taken && w.planned(t, id) == 0
		}, 30*time.Second, 20*time.Millisecond)
		require.Greater(t, checks(), before)
	})
}

// A debit that a bank looks at for days is waited for.
func TestMoneyOnItsWay(t *testing.T) {
	w := openDays(t)
	p, never := w.begun(t, "1.00"), w.begun(t, "2.00")
	for _, id := range []string{p, never} {
		simulated.Say(id, &v1.Fact{Kind: v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS, PaymentId: id})
	}
	gone := w.begun(t, "3.00")
	w.until(t, time.Hour, gone, expired)
	w.Clock.Move(4 * 24 * time.Hour)
	w.Drained(t)
	require.Equal(t, pending, w.payment(t, p).GetState())
	tell(t, w.World, true, &v1.Fact{Kind: v1.FactKind_FACT_KIND_PAYMENT_IN_PROGRESS, PaymentId: p})
	require.Equal(t, pending, w.payment(t, p).GetState())
	simulated.Say(p, pt.Paid(p, pt.Money("1.00")))
	w.until(t, time.Hour, p, succeeded)
	require.Empty(t, flags(w.payment(t, p)), "it is not late")
	w.until(t, 24*time.Hour, never, expired)
}

// A kept card is charged, and the answer does not arrive, or arrives too late.
func TestAnswersOfKeptCardsThatAreLost(t *testing.T) {
	gateway := pt.NewGateway("testpay")
	w := pt.Open(t, kerneltest.Options{Assemble: pt.Assemble(gateway.Unit)})
	method := w.Method(t, "testpay", "UAH")
	made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: method.GetId(), Amount: "10.00", KeepCard: true})
	require.NoError(t, err)
	gateway.Keep(pt.Customer(w.ClientID), visa("pm_1"))
	tell(t, w, true, pt.Paid(made.GetPayment().GetId(), pt.Money("10.00")))
	list, err := v1.NewSavedCardServiceClient(w.Contact.Conn).ListSavedCards(t.Context(), &v1.ListSavedCardsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetSavedCards(), 1)
	pay := func() (*v1.Payment, error) {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: list.GetSavedCards()[0].GetId(), Amount: "10.00"})
		return made.GetPayment(), err
	}
	charged := func(r *v1.CreateCheckoutRequest) *v1.CreateCheckoutResponse {
		return &v1.CreateCheckoutResponse{GatewayPaymentId: "T-" + r.GetPaymentId(), Facts: []*v1.Fact{pt.Paid(r.GetPaymentId(), r.GetAmount())}}
	}

	t.Run("asked for again", func(t *testing.T) {
		var id string
		var times atomic.Int32
		gateway.Charge(func(r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
			id = r.GetPaymentId()
			if times.Add(1) == 1 {
				return nil, status.Error(codes.Unavailable, "lost")
			}
			return charged(r), nil
		})
		_, err := pay()
		require.Equal(t, codes.Unavailable, status.Code(err))
		w.Clock.Move(61 * time.Second)
		w.Becomes(t, id, succeeded)
		require.Empty(t, flags(w.Payment(t, id)))
		require.Equal(t, "T-"+id, w.Payment(t, id).GetGatewayPaymentId())
		require.Equal(t, 1, w.Published(t, "PaymentSucceeded", id))
		require.EqualValues(t, 2, times.Load())
	})
	t.Run("called off meanwhile", func(t *testing.T) {
		gateway.Charge(func(r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
			_, err := pt.Payments(w.Contact).CancelPayment(t.Context(), &v1.CancelPaymentRequest{Id: r.GetPaymentId()})
			return charged(r), err
		})
		p, err := pay()
		require.NoError(t, err)
		p = w.Payment(t, p.GetId())
		require.Equal(t, succeeded, p.GetState())
		require.Equal(t, []v1.PaymentFlag{v1.PaymentFlag_PAYMENT_FLAG_LATE}, flags(p))
		require.Equal(t, "T-"+p.GetId(), p.GetGatewayPaymentId())
	})
	t.Run("not after a vendor has forgotten the request", func(t *testing.T) {
		var id string
		var times atomic.Int32
		gateway.Charge(func(r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
			id = r.GetPaymentId()
			times.Add(1)
			return nil, status.Error(codes.Unavailable, "lost")
		})
		_, err := pay()
		require.Equal(t, codes.Unavailable, status.Code(err))
		w.Clock.Move(21 * time.Hour)
		w.Drained(t)
		w.Clock.Move(4 * time.Hour)
		require.Eventually(t, func() bool { return w.Published(t, "PaymentFailed", id) == 1 }, 20*time.Second, 20*time.Millisecond)
		require.EqualValues(t, 1, times.Load())
	})
}
