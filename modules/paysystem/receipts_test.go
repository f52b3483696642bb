package paysystem_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// The queue outlives an outage of the cash register, and a refund's receipt waits for its payment's.
func TestReceipts(t *testing.T) {
	register := pt.NewRegister("testregister")
	own := pt.Assemble(simulated.Unit, register.Unit)
	w := pt.Open(t, kerneltest.Options{Assemble: own, Config: `modules: {paysystem: {settings: {fiscal: {UAH: testregister}}}}`})
	made, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &v1.Method{Title: "By card", Kind: v1.MethodKind_METHOD_KIND_GATEWAY, Gateway: "testpay", Receipts: true},
	})
	require.NoError(t, err)
	receipts := func(u *kerneltest.User, payment string) []*v1.Receipt {
		t.Helper()
		list, err := v1.NewReceiptServiceClient(u.Conn).ListReceipts(t.Context(), &v1.ListReceiptsRequest{PaymentId: payment})
		require.NoError(t, err)
		return list.GetReceipts()
	}
	paid := func(t *testing.T) *v1.Payment {
		t.Helper()
		p := w.Pay(t, made.GetMethod(), "100.00")
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("100.00")))
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("100.00")), pt.Paid(p.GetId(), pt.Money("100.00")))
		return p
	}
	done := func(p *v1.Payment, many int) bool {
		n := 0
		for _, r := range receipts(w.Head, p.GetId()) {
			if r.GetState() == v1.ReceiptState_RECEIPT_STATE_DONE {
				n++
			}
		}
		return n == many
	}

	t.Run("on the client's page", func(t *testing.T) {
		p := paid(t)
		list := receipts(w.Contact, p.GetId())
		require.Len(t, list, 1)
		require.Equal(t, v1.ReceiptState_RECEIPT_STATE_DONE, list[0].GetState())
		require.Contains(t, w.Contact.Get(t, "/payments/"+p.GetId()).Body, "https://fiscal.example/"+list[0].GetId())
		require.Equal(t, "100.00", register.Asked()[0].GetAmount().GetAmount())
	})
	t.Run("the cash register is away", func(t *testing.T) {
		register.Say(func(*v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
			return nil, status.Error(codes.Unavailable, "away")
		})
		p := paid(t)
		_, err := refund(t, w, p.GetId(), "40.00")
		require.NoError(t, err)
		w.Drained(t)
		for range 6 { // for some hours
			w.Clock.Move(61 * time.Minute)
			w.Drained(t)
		}
		list := receipts(w.Head, p.GetId())
		require.Len(t, list, 2)
		for _, r := range list {
			require.Equal(t, v1.ReceiptState_RECEIPT_STATE_WAITING, r.GetState())
		}
		before := len(register.Asked())
		register.Say(func(one *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
			if one.GetProviderReceiptId() == "" { // it takes its time
				return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_WAITING, ProviderReceiptId: "F-" + one.GetReceiptId()}, nil
			}
			return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_DONE, ProviderReceiptId: one.GetProviderReceiptId(), Number: "2"}, nil
		})
		require.Eventually(t, func() bool { w.Clock.Move(10 * time.Minute); return done(p, 2) }, 30*time.Second, 50*time.Millisecond)
		var sale bool
		for _, r := range register.Asked()[before:] {
			switch r.GetKind() {
			case v1.ReceiptKind_RECEIPT_KIND_SALE:
				sale = true
			case v1.ReceiptKind_RECEIPT_KIND_REFUND:
				require.True(t, sale, "the payment's comes first")
				require.NotEmpty(t, r.GetSaleProviderReceiptId())
				require.Equal(t, "40.00", r.GetAmount().GetAmount())
			}
		}
	})
	t.Run("refused, and tried again", func(t *testing.T) {
		register.Say(func(*v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
			return nil, status.Error(codes.FailedPrecondition, "no such company")
		})
		p := paid(t)
		failed := receipts(w.Head, p.GetId())[0]
		require.Equal(t, v1.ReceiptState_RECEIPT_STATE_FAILED, failed.GetState())
		register.Say(func(*v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
			return &v1.RegisterReceiptResponse{State: v1.ReceiptState_RECEIPT_STATE_DONE}, nil
		})
		_, err := v1.NewReceiptServiceClient(w.Head.Conn).RetryReceipt(t.Context(), &v1.RetryReceiptRequest{Id: failed.GetId()})
		require.NoError(t, err)
		w.Drained(t)
		require.True(t, done(p, 1))
		audited(t, w, "RetryReceipt")
	})
	t.Run("settled, taken back, and settled again", func(t *testing.T) {
		transfer, err := v1.NewMethodServiceClient(w.Head.Conn).CreateMethod(t.Context(), &v1.CreateMethodRequest{
			RequestId: store.NewID(), Method: &v1.Method{Title: "By transfer", Kind: v1.MethodKind_METHOD_KIND_NON_CASH, Receipts: true},
		})
		require.NoError(t, err)
		p := w.Pay(t, transfer.GetMethod(), "12.00")
		ctx, service := access.With(t.Context(), access.AsKernel()), v1.NewPaymentServiceClient(w.Router())
		for range 2 {
			_, err = service.UnsettlePayment(ctx, &v1.UnsettlePaymentRequest{PaymentId: p.GetId()})
			require.NoError(t, err)
			_, err = service.SettlePayment(ctx, &v1.SettlePaymentRequest{PaymentId: p.GetId(), Amount: pt.Money("12.00")})
			require.NoError(t, err)
		}
		_, err = service.UnsettlePayment(ctx, &v1.UnsettlePaymentRequest{PaymentId: p.GetId()})
		require.NoError(t, err)
		_, err = pt.Payments(w.Staff(t, "head")).ConfirmPayment(t.Context(), &v1.ConfirmPaymentRequest{Id: p.GetId()})
		require.NoError(t, err)
		w.Drained(t)
		require.Equal(t, succeeded, w.Payment(t, p.GetId()).GetState())
		require.Len(t, receipts(w.Head, p.GetId()), 1)
		require.True(t, done(p, 1))
	})
	t.Run("described at length", func(t *testing.T) {
		made, err := pt.Payments(w.Contact).CreatePayment(t.Context(), &v1.CreatePaymentRequest{
			RequestId: store.NewID(), MethodId: made.GetMethod().GetId(), Amount: "3.00", Description: strings.Repeat("їжа і кава ", 27),
		})
		require.NoError(t, err)
		p := made.GetPayment()
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("3.00")))
		require.True(t, done(p, 1))
		asked := register.Asked()
		said := asked[len(asked)-1].GetDescription()
		require.Equal(t, 300, utf8.RuneCountInString(said))
		require.Contains(t, said, "… ("+p.GetReference()+")")
		require.Equal(t, said, simulated.Made()[p.GetId()].GetDescription())
	})
	t.Run("a way to pay without receipts", func(t *testing.T) {
		p := w.Pay(t, w.Method(t, "testpay", "UAH"), "5.00")
		tell(t, w, true, pt.Paid(p.GetId(), pt.Money("5.00")))
		require.Empty(t, receipts(w.Head, p.GetId()))
	})
}
