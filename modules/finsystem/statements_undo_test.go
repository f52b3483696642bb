package finsystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
)

// What the bank told of is as if it had never told, in whichever order it is taken back, and brought in again it is there once.
func TestUndoOfARefundedPayment(t *testing.T) {
	o := newOffice(t)
	o.taxID(o.zerno, "43219879")
	came := paid{amount: "100.00", payer: "Zerno", account: "UA1", taxID: "43219879", purpose: "ahead"}
	back := paid{amount: "30.00", payer: "Zerno", account: "UA1", purpose: "too much", out: true}
	balance := func(want string, bank int64) {
		t.Helper()
		require.Equal(t, want, o.director.balance("").GetBalance().GetAmount())
		require.Equal(t, bank, o.own()["bank"])
	}
	paymentOf := func(s *v1.Statement) string { return o.head.entries(s.GetId())[0].GetPaymentId() }
	refund := func(s *v1.Statement, at int, payment string) {
		t.Helper()
		_, err := o.head.statements.MatchEntry(t.Context(), &v1.MatchEntryRequest{Id: o.head.entries(s.GetId())[at].GetId(), PaymentId: payment})
		require.NoError(t, err)
		require.EqualValues(t, 1, o.head.post(s.GetId()))
	}
	first := o.head.uploaded(bankFile("04.11.2026", came))
	require.EqualValues(t, 1, o.head.post(first.GetId()))
	second := o.head.uploaded(bankFile("05.11.2026", back))
	refund(second, 0, paymentOf(first))
	balance("70.00", -7000)

	// Of what was given back the payment stays.
	_, err := o.head.statements.UndoStatement(t.Context(), &v1.UndoStatementRequest{Id: first.GetId(), Reason: "the wrong file"})
	refusedFor(t, err, codes.FailedPrecondition, "", "given_back")
	refusedFor(t, o.head.match(o.head.entries(first.GetId())[0].GetId(), o.other), codes.FailedPrecondition, "", "given_back")
	balance("70.00", -7000)

	o.head.undo(second.GetId())
	balance("100.00", -10000)
	got, err := o.director.payments.GetPayment(t.Context(), &v1.GetPaymentRequest{Id: paymentOf(first)})
	require.NoError(t, err)
	require.Nil(t, got.GetPayment().GetReversed())
	list, err := o.director.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{Kinds: []v1.PostingKind{v1.PostingKind_POSTING_KIND_PAYMENT}})
	require.NoError(t, err)
	require.Len(t, list.GetPostings(), 1)
	require.Nil(t, list.GetPostings()[0].GetReversed())
	o.head.undo(first.GetId())
	balance("0.00", 0)

	// Both in one statement, again and again.
	for range 2 {
		both := o.head.uploaded(bankFile("05.11.2026", came, back))
		require.EqualValues(t, 1, o.head.post(both.GetId()))
		refund(both, 1, paymentOf(both))
		balance("70.00", -7000)
		o.head.undo(both.GetId())
		balance("0.00", 0)
	}

	// What a refund took pays again when there was none.
	again := o.head.uploaded(bankFile("04.11.2026", came))
	require.EqualValues(t, 1, o.head.post(again.GetId()))
	invoice := o.manager.issued(o.zerno, func(d *v1.Document) {
		d.PaymentDays, d.Lines = 5, []*v1.DocumentLine{line("Maintenance", "1", "90", noTax, "")}
	})
	second = o.head.uploaded(bankFile("05.11.2026", back))
	refund(second, 0, paymentOf(again))
	require.Equal(t, "20.00", o.director.document(invoice.GetId()).GetDue().GetAmount())
	o.head.undo(second.GetId())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.director.document(invoice.GetId()).GetStatus())
	balance("10.00", -10000)
}

// An invoice that is paid before anything is delivered has its money held; when the bank's statement is taken back, nothing is.
func TestUndoHoldsNothing(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.issued(o.zerno, nil)
	s := o.head.uploaded(bankFile("05.11.2026", paid{amount: "1200.00", account: "UA1", purpose: invoice.GetNumber()}))
	require.EqualValues(t, 1, o.head.post(s.GetId()))
	require.Equal(t, "1200.00", o.director.balance("").GetAdvance().GetAmount())
	o.head.undo(s.GetId())
	b := o.director.balance("")
	require.Equal(t, []string{"0.00", "0.00", "0.00"}, []string{b.GetBalance().GetAmount(), b.GetAdvance().GetAmount(), b.GetAvailable().GetAmount()})
	require.Equal(t, "1200.00", o.director.document(invoice.GetId()).GetDue().GetAmount())
}
