package finsystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func units(t *testing.T, m *kernelv1.Money) int64 {
	t.Helper()
	n, err := money.Units(m)
	require.NoError(t, err)
	return n
}

func TestBooks(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "100.00", "")
	checked, err := o.head.books().CheckBooks(t.Context(), &v1.CheckBooksRequest{})
	require.NoError(t, err)
	require.Equal(t, v1.BooksState_BOOKS_STATE_IN_ORDER, checked.GetBooks().GetState())
	_, err = o.manager.books().GetBooks(t.Context(), &v1.GetBooksRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	t.Run("closed days", func(t *testing.T) {
		_, err := o.head.books().CloseBooks(t.Context(), &v1.CloseBooksRequest{UntilDate: "2026-11-02"})
		refusedFor(t, err, codes.FailedPrecondition, "until_date", "not_ended")
		done, err := o.head.books().CloseBooks(t.Context(), &v1.CloseBooksRequest{UntilDate: "2026-10-31"})
		require.NoError(t, err)
		require.Equal(t, "2026-10-31", done.GetBooks().GetClosedUntil())
		done, err = o.head.books().CloseBooks(t.Context(), &v1.CloseBooksRequest{UntilDate: "2026-09-30"})
		require.NoError(t, err)
		require.Equal(t, "2026-10-31", done.GetBooks().GetClosedUntil(), "days are never opened again")

		_, err = o.head.ledger.CreateAdjustment(t.Context(), &v1.CreateAdjustmentRequest{
			RequestId: store.NewID(), ClientId: o.zerno, Amount: uah("1.00"), EffectiveDate: "2026-10-31", Memo: "late",
		})
		refusedFor(t, err, codes.FailedPrecondition, "", "closed")
		_, err = o.manager.payments.CreatePayment(t.Context(), &v1.CreatePaymentRequest{
			RequestId: store.NewID(), ClientId: o.zerno, Source: v1.PaymentSource_PAYMENT_SOURCE_BANK, Amount: uah("1.00"), PayDate: "2026-10-01",
		})
		refusedFor(t, err, codes.FailedPrecondition, "", "closed")
		o.head.adjust(o.zerno, "1.00", "2026-11-01", "in time")
	})
	t.Run("what is wrong is found", func(t *testing.T) {
		storetest.Run(t, o.DSN, "update finsystem.balances set balance = balance + 1")
		t.Cleanup(func() { storetest.Run(t, o.DSN, "update finsystem.balances set balance = balance - 1") })
		checked, err := o.head.books().CheckBooks(t.Context(), &v1.CheckBooksRequest{})
		require.NoError(t, err)
		require.Equal(t, v1.BooksState_BOOKS_STATE_WRONG, checked.GetBooks().GetState())
		require.EqualValues(t, 1, checked.GetBooks().GetProblems())
		require.Contains(t, checked.GetBooks().GetFound()[0], "its balance is not what its entries come to")
	})
}
