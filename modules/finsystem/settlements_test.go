package finsystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (d *desk) settlements() v1.SettlementServiceClient {
	return v1.NewSettlementServiceClient(d.user.Conn)
}
func (d *desk) reports() v1.ReportServiceClient { return v1.NewReportServiceClient(d.user.Conn) }
func (d *desk) books() v1.BooksServiceClient    { return v1.NewBooksServiceClient(d.user.Conn) }

// adjust moves a balance by hand, for a day.
func (d *desk) adjust(client, amount, day, memo string) *v1.Posting {
	d.t.Helper()
	done, err := d.ledger.CreateAdjustment(d.t.Context(), &v1.CreateAdjustmentRequest{
		RequestId: store.NewID(), ClientId: client, Amount: uah(amount), EffectiveDate: day, Memo: memo,
	})
	require.NoError(d.t, err)
	return done.GetPosting()
}

// payOn takes money down that came on a day.
func (d *desk) payOn(client, amount, day, reference string) *v1.Payment {
	d.t.Helper()
	done, err := d.payments.CreatePayment(d.t.Context(), &v1.CreatePaymentRequest{
		RequestId: store.NewID(), ClientId: client, Source: v1.PaymentSource_PAYMENT_SOURCE_BANK, Amount: uah(amount), PayDate: day, Reference: reference, Title: "For " + reference,
	})
	require.NoError(d.t, err)
	return done.GetPayment()
}

// month is a client's October and November, posted in another order than the days count: 1,000 came in October, a deferred invoice of 1,200 was issued for
// the 10th of November and a third of it credited on the 20th; 700 came on the 5th and was taken down on the 20th; then a payment by mistake, taken back.
func (o *office) month() (invoice *v1.Document) {
	o.t.Helper()
	o.manager.payOn(o.zerno, "1000.00", "2026-10-31", "B-1")
	o.manager.payOn(o.zerno, "700.00", "2026-11-05", "B-2")
	invoice = o.manager.issued(o.zerno, func(d *v1.Document) { d.IssueDate, d.PaymentDays = "2026-11-10", 14 })
	note, err := o.manager.documents.CopyDocument(o.t.Context(), &v1.CopyDocumentRequest{
		RequestId: store.NewID(), Id: invoice.GetId(), Kind: v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE,
	})
	require.NoError(o.t, err)
	part := note.GetDocument()
	part.Lines = []*v1.DocumentLine{line("Too many hours", "3.333333", "100", onTop, "20")}
	_, err = o.manager.documents.UpdateDocument(o.t.Context(), &v1.UpdateDocumentRequest{Document: part, UpdateMask: mask("lines")})
	require.NoError(o.t, err)
	_, err = o.manager.issue(part.GetId())
	require.NoError(o.t, err)
	wrong := o.manager.payOn(o.zerno, "50.00", "2026-11-12", "B-3")
	_, err = o.manager.payments.ReversePayment(o.t.Context(), &v1.ReversePaymentRequest{Id: wrong.GetId(), Reason: "typed twice"})
	require.NoError(o.t, err)
	return invoice
}

// told is a statement in short.
func told(lines []*v1.ReconciliationLine) (out []string) {
	for _, l := range lines {
		out = append(out, l.GetEffectiveDate()[5:]+" −"+l.GetDebit().GetAmount()+" +"+l.GetCredit().GetAmount()+" = "+l.GetBalance().GetAmount()+" "+l.GetNumber())
	}
	return out
}

func TestReconciliation(t *testing.T) {
	o := newOfficeOn(t, 20)
	o.month()
	got, err := o.director.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{FromDate: "2026-11-01", ToDate: "2026-11-30"})
	require.NoError(t, err)
	r := got.GetReconciliation()
	require.Equal(t, []string{"1000.00", "1250.00", "1150.00", "900.00"}, []string{
		r.GetOpening().GetAmount(), r.GetDebits().GetAmount(), r.GetCredits().GetAmount(), r.GetClosing().GetAmount(),
	})
	require.Equal(t, v1.ReconciliationState_RECONCILIATION_STATE_CLIENT_HAS, r.GetState())
	require.Equal(t, []string{
		"11-05 − +700.00 = 1700.00 B-2",
		"11-10 −1200.00 + = 500.00 INVOICE-00001",
		"11-12 − +50.00 = 550.00 B-3",
		"11-20 − +400.00 = 950.00 CREDIT-NOTE-00001",
		"11-20 −50.00 + = 900.00 B-3",
	}, told(r.GetLines()))
	require.Equal(t, o.director.balance("").GetBalance().GetAmount(), r.GetClosing().GetAmount())

	t.Run("page by page", func(t *testing.T) {
		var lines []*v1.ReconciliationLine
		request := &v1.ListReconciliationLinesRequest{ClientId: o.zerno, FromDate: "2026-11-01", ToDate: "2026-11-30", PageSize: 2}
		for {
			page, err := o.manager.settlements().ListReconciliationLines(t.Context(), request)
			require.NoError(t, err)
			require.Equal(t, "900.00", page.GetReconciliation().GetClosing().GetAmount())
			lines = append(lines, page.GetLines()...)
			if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
				break
			}
		}
		require.Equal(t, told(r.GetLines()), told(lines))
	})
	t.Run("days follow each other", func(t *testing.T) {
		closing := "0.00"
		for _, days := range [][2]string{{"2026-01-01", "2026-10-30"}, {"2026-10-31", "2026-11-05"}, {"2026-11-06", "2026-11-10"}, {"2026-11-11", "2026-11-20"}, {"2026-11-21", "2027-01-31"}} {
			got, err := o.head.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{ClientId: o.zerno, FromDate: days[0], ToDate: days[1]})
			require.NoError(t, err)
			require.Equal(t, closing, got.GetReconciliation().GetOpening().GetAmount(), "%v", days)
			closing = got.GetReconciliation().GetClosing().GetAmount()
		}
		require.Equal(t, "900.00", closing)
	})
	t.Run("nobody else's", func(t *testing.T) {
		for _, who := range []*desk{o.stranger} {
			_, err := who.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{ClientId: o.zerno})
			require.Equal(t, codes.NotFound, status.Code(err))
			_, err = who.settlements().ListReconciliationLines(t.Context(), &v1.ListReconciliationLinesRequest{ClientId: o.zerno})
			require.Equal(t, codes.NotFound, status.Code(err))
			_, err = who.settlements().GetTurnover(t.Context(), &v1.GetTurnoverRequest{ClientId: o.zerno})
			require.Equal(t, codes.NotFound, status.Code(err))
		}
		_, err := o.manager.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{ClientId: o.other})
		require.Equal(t, codes.NotFound, status.Code(err))
	})
	postings := func(days ...string) (got []string) {
		request := &v1.ListPostingsRequest{FromDate: days[0], ToDate: days[1], PageSize: 2}
		for {
			page, err := o.director.ledger.ListPostings(t.Context(), request)
			require.NoError(t, err)
			for _, p := range page.GetPostings() {
				got = append(got, p.GetAmount().GetAmount())
			}
			if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
				break
			}
		}
		return got
	}
	require.Equal(t, []string{"-50.00", "400.00", "50.00", "-1200.00"}, postings("2026-11-06", "2026-11-20"), "the latest day first")
	require.Equal(t, []string{"1000.00"}, postings("2026-10-01", "2026-10-31"))
	t.Run("days that are none", func(t *testing.T) {
		_, err := o.director.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{FromDate: "2026-11-02", ToDate: "2026-11-01"})
		refusedFor(t, err, codes.InvalidArgument, "to_date", "days_order")
		_, err = o.director.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{FromDate: "2026-02-30"})
		refusedFor(t, err, codes.InvalidArgument, "from_date", "no_date")
	})
	t.Run("turnover", func(t *testing.T) {
		got, err := o.director.settlements().GetTurnover(t.Context(), &v1.GetTurnoverRequest{})
		require.NoError(t, err)
		v := got.GetTurnover()
		require.Equal(t, []string{"800.00", "700.00", "800.00", "1700.00", "800.00", "1700.00"}, []string{
			v.GetMonthCharged().GetAmount(), v.GetMonthPaid().GetAmount(), v.GetQuarterCharged().GetAmount(), v.GetQuarterPaid().GetAmount(),
			v.GetYearCharged().GetAmount(), v.GetYearPaid().GetAmount(),
		})
	})
}

func TestObligations(t *testing.T) {
	o := newOffice(t)
	for _, day := range []string{"2026-12-20", "2026-11-05", "2026-10-20", "2027-02-01", "2026-11-30"} {
		o.manager.issued(o.zerno, func(d *v1.Document) { d.IssueDate = day })
	}
	o.head.issued(o.other, nil)
	o.manager.paid(o.zerno, "200.00", "")
	list, err := o.director.settlements().ListObligations(t.Context(), &v1.ListObligationsRequest{PageSize: 3})
	require.NoError(t, err)
	var got []string
	for _, ob := range list.GetObligations() {
		got = append(got, ob.GetDueDate()+" "+ob.GetDue().GetAmount()+" "+ob.GetState().String()[len("OBLIGATION_STATE_"):])
	}
	require.Equal(t, []string{"2026-10-20 1000.00 OVERDUE", "2026-11-05 1200.00 SOON", "2026-11-30 1200.00 LATER"}, got)
	require.Equal(t, []int32{-13, 3, 28}, []int32{list.GetObligations()[0].GetDaysLeft(), list.GetObligations()[1].GetDaysLeft(), list.GetObligations()[2].GetDaysLeft()})
	s := list.GetTotals()
	require.Equal(t, []string{"1000.00", "2400.00", "1200.00", "1200.00", "5800.00"}, []string{
		s.GetOverdue().GetAmount(), s.GetThisMonth().GetAmount(), s.GetNextMonth().GetAmount(), s.GetLater().GetAmount(), s.GetTotal().GetAmount(),
	})
	rest, err := o.director.settlements().ListObligations(t.Context(), &v1.ListObligationsRequest{PageSize: 3, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, rest.GetObligations(), 2)
	served, err := o.manager.settlements().ListObligations(t.Context(), &v1.ListObligationsRequest{})
	require.NoError(t, err)
	require.Len(t, served.GetObligations(), 5, "of the clients the manager serves")
}
