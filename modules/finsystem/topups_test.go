package finsystem_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (w *till) topUp(d *desk, amount string) (*v1.Document, error) {
	made, err := v1.NewTopUpServiceClient(d.user.Conn).RequestTopUp(w.t.Context(), &v1.RequestTopUpRequest{RequestId: store.NewID(), Amount: uah(amount)})
	return made.GetDocument(), err
}

// A client has a bill made, pays it, and has the money for whatever is owed.
func TestTopUps(t *testing.T) {
	w := newTill(t)
	must := func(d *v1.Document, err error) *v1.Document {
		t.Helper()
		require.NoError(t, err)
		return d
	}
	t.Run("a bill is made, and made once", func(t *testing.T) {
		bills := make([]*v1.Document, 8)
		errs := make([]error, len(bills))
		var all sync.WaitGroup
		for i := range bills {
			all.Go(func() { bills[i], errs[i] = w.topUp(w.director, "1000.00") })
		}
		all.Wait()
		for i, bill := range bills {
			require.NoError(t, errs[i])
			require.Equal(t, bills[0].GetId(), bill.GetId(), "the one that waits is the one")
		}
		bill := w.director.document(bills[0].GetId())
		require.Equal(t, v1.DocumentKind_DOCUMENT_KIND_TOP_UP, bill.GetKind())
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_ISSUED, bill.GetStatus())
		require.Regexp(t, "^INVOICE-", bill.GetNumber())
		require.Equal(t, "1000.00", bill.GetDue().GetAmount())
		require.Equal(t, "0.00", w.director.balance(w.zerno).GetBalance().GetAmount(), "it charges nothing")
		require.Equal(t, "%PDF-", w.director.user.Get(t, bill.GetFilePath()).Body[:5])
	})
	t.Run("paid online, it pays what is due first, and the rest is the client's", func(t *testing.T) {
		w.mayOwe(w.zerno, "500.00")
		due := w.bill(w.zerno, "300.00", 10)
		bill := must(w.topUp(w.director, "1000.00"))
		require.NotContains(t, w.offered(w.director, bill.GetId()), byPrepayment, "what is there tops nothing up")
		_, err := w.checkout(w.director, byPrepayment, "10.00", bill.GetId(), true)
		refusedFor(t, err, codes.FailedPrecondition, "method_id", "not_for_top_ups")
		p := w.must(w.checkout(w.director, byGateway, "1000.00", bill.GetId(), false))
		for range 2 {
			w.told(p, "1000.00")
		}
		w.drained()
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(bill.GetId()).GetStatus())
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(due.GetId()).GetStatus())
		require.Equal(t, "700.00", w.director.balance(w.zerno).GetBalance().GetAmount())
		next := w.bill(w.zerno, "600.00", 0)
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(next.GetId()).GetStatus(), "what was paid ahead pays it at once")
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(bill.GetId()).GetStatus())

		// Money that goes back makes it wait again, by so much.
		w.refund(p.GetId(), "50.00")
		require.Equal(t, "50.00", w.head.document(bill.GetId()).GetDue().GetAmount())
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PARTLY_PAID, w.head.document(bill.GetId()).GetStatus())
	})
	t.Run("one payment pays no more of them than it is", func(t *testing.T) {
		one, two := must(w.topUp(w.director, "70.00")), must(w.topUp(w.director, "80.00"))
		p := w.head.paid(w.zerno, "100.00", one.GetId())
		got, err := w.head.payments.AllocatePayment(t.Context(), &v1.AllocatePaymentRequest{Id: p.GetId(), DocumentIds: []string{two.GetId()}})
		require.NoError(t, err)
		require.Equal(t, "100.00", got.GetPayment().GetFree().GetAmount())
		require.Equal(t, "50.00", w.head.document(two.GetId()).GetDue().GetAmount())
		require.Equal(t, "0.00", w.head.document(one.GetId()).GetDue().GetAmount())
		_, err = w.head.payments.ReversePayment(t.Context(), &v1.ReversePaymentRequest{Id: p.GetId(), Reason: "it never came"})
		require.NoError(t, err)
		require.Equal(t, "80.00", w.head.document(two.GetId()).GetDue().GetAmount())
		require.Equal(t, "70.00", w.head.document(one.GetId()).GetDue().GetAmount())
	})
	t.Run("refused", func(t *testing.T) {
		for amount, reason := range map[string]string{"0.00": "amount_above_zero", "-1.00": "amount_above_zero", "1.005": "amount_digits"} {
			_, err := w.topUp(w.director, amount)
			refusedFor(t, err, codes.InvalidArgument, "amount", reason)
		}
		_, err := v1.NewTopUpServiceClient(w.director.user.Conn).RequestTopUp(t.Context(), &v1.RequestTopUpRequest{RequestId: store.NewID(), ClientId: w.other, Amount: uah("5.00")})
		require.Error(t, err, "another client's")
		require.Empty(t, w.query("select id::text from finsystem.documents where client_id = $1", w.other))
		for _, amount := range []string{"1.00", "2.00", "3.00"} {
			must(w.topUp(w.director, amount))
		}
		_, err = w.topUp(w.director, "4.00")
		refusedFor(t, err, codes.FailedPrecondition, "", "many_top_ups")
		_, err = clientmanagerv1.NewClientServiceClient(w.head.user.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: w.zerno, Reason: "x"})
		require.NoError(t, err)
		_, err = w.topUp(w.director, "1.00")
		refusedFor(t, err, codes.FailedPrecondition, "client_id", "suspended")
	})
	t.Run("who pays ahead is never late", func(t *testing.T) {
		w.clock.Move(20 * 24 * time.Hour)
		late, err := w.desk(w.Staff(t, "head")).documents.ListDocuments(t.Context(), &v1.ListDocumentsRequest{Statuses: []v1.DocumentStatus{v1.DocumentStatus_DOCUMENT_STATUS_OVERDUE}})
		require.NoError(t, err)
		require.Empty(t, late.GetDocuments())
	})
}
