package finsystem_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// The month of a client that pays before it gets anything: billed, paid, and closed with an act.
func TestAMonth(t *testing.T) {
	o := newOffice(t)
	draft, err := o.manager.draft(o.zerno, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"1000.00", "200.00", "1200.00"}, []string{draft.GetNet().GetAmount(), draft.GetTax().GetAmount(), draft.GetTotal().GetAmount()})
	_, err = o.director.documents.GetDocument(t.Context(), &v1.GetDocumentRequest{Id: draft.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err), "a draft is the business's own")

	invoice, err := o.manager.issue(draft.GetId())
	require.NoError(t, err)
	require.Equal(t, "INVOICE-00001", invoice.GetNumber())
	require.Equal(t, "1200.00", o.director.document(invoice.GetId()).GetDue().GetAmount())
	b := o.director.balance("")
	require.Equal(t, []string{"0.00", "1200.00", "2026-11-02"}, []string{b.GetBalance().GetAmount(), b.GetDue().GetAmount(), b.GetNextDueDate()})

	o.manager.paid(o.zerno, "500.00", invoice.GetId())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PARTLY_PAID, o.director.document(invoice.GetId()).GetStatus())
	rest := o.manager.paid(o.zerno, "800.00", "")
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.director.document(invoice.GetId()).GetStatus())
	require.Equal(t, []string{"700.00", "100.00"}, []string{rest.GetAllocated().GetAmount(), rest.GetFree().GetAmount()})
	require.Equal(t, "1300.00", o.director.balance("").GetBalance().GetAmount())

	act, err := o.manager.documents.CopyDocument(t.Context(), &v1.CopyDocumentRequest{RequestId: store.NewID(), Id: invoice.GetId(), Kind: v1.DocumentKind_DOCUMENT_KIND_ACT})
	require.NoError(t, err)
	require.Equal(t, invoice.GetId(), act.GetDocument().GetBasedOnId())
	done, err := o.manager.issue(act.GetDocument().GetId())
	require.NoError(t, err)
	require.Equal(t, "ACT-00001", done.GetNumber())
	require.Equal(t, "100.00", o.director.balance("").GetBalance().GetAmount())

	// Every figure opens to what made it.
	list, err := o.director.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{})
	require.NoError(t, err)
	var balances []string
	for _, p := range list.GetPostings() {
		balances = append(balances, p.GetAmount().GetAmount()+" → "+p.GetBalance().GetAmount())
	}
	require.Equal(t, []string{"-1200.00 → 100.00", "800.00 → 1300.00", "500.00 → 500.00"}, balances)
	why, err := o.director.ledger.GetPosting(t.Context(), &v1.GetPostingRequest{Id: list.GetPostings()[0].GetId()})
	require.NoError(t, err)
	require.Equal(t, done.GetId(), why.GetPosting().GetDocumentId())
	require.Len(t, why.GetPosting().GetEntries(), 2)
	require.Equal(t, []string{"finsystem.accounts.revenue", "-1000.00"}, []string{why.GetPosting().GetEntries()[0].GetAccount(), why.GetPosting().GetEntries()[0].GetAmount().GetAmount()})
	require.Equal(t, []string{"finsystem.accounts.tax", "20", "-200.00"}, []string{
		why.GetPosting().GetEntries()[1].GetAccount(), why.GetPosting().GetEntries()[1].GetCode(), why.GetPosting().GetEntries()[1].GetAmount().GetAmount(),
	})

	// Nobody else's.
	for _, call := range []func() error{
		func() error {
			_, err := o.stranger.ledger.GetPosting(t.Context(), &v1.GetPostingRequest{Id: list.GetPostings()[0].GetId()})
			return err
		},
		func() error {
			_, err := o.stranger.documents.GetDocument(t.Context(), &v1.GetDocumentRequest{Id: invoice.GetId()})
			return err
		},
		func() error {
			_, err := o.stranger.ledger.GetBalance(t.Context(), &v1.GetBalanceRequest{ClientId: o.zerno})
			return err
		},
		func() error { _, err := o.manager.draft(o.other, nil); return err },
		func() error { _, err := o.manager.pay(o.other, "1.00", ""); return err },
		func() error { _, err := o.manager.pay(o.other, "1.00", invoice.GetId()); return err },
	} {
		require.Equal(t, codes.NotFound, status.Code(call()))
	}
}

// A client with a deferral is charged by the invoice, and the act does not charge again.
func TestADeferredInvoiceChargesOnce(t *testing.T) {
	o := newOffice(t)
	draft, err := o.manager.draft(o.zerno, func(d *v1.Document) { d.PaymentDays = 14 })
	require.NoError(t, err)
	_, err = o.manager.issue(draft.GetId())
	refusedFor(t, err, codes.FailedPrecondition, "", "limit")
	require.Empty(t, o.manager.document(draft.GetId()).GetNumber(), "no number was taken")

	o.manager.paid(o.zerno, "1200.00", "")
	invoice, err := o.manager.issue(draft.GetId())
	require.NoError(t, err)
	require.Equal(t, "2026-11-16", invoice.GetDueDate())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, invoice.GetStatus(), "from the balance")
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())
	act, err := o.manager.documents.CopyDocument(t.Context(), &v1.CopyDocumentRequest{RequestId: store.NewID(), Id: invoice.GetId(), Kind: v1.DocumentKind_DOCUMENT_KIND_ACT})
	require.NoError(t, err)
	_, err = o.manager.issue(act.GetDocument().GetId())
	require.NoError(t, err)
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())
}

func TestVoidAndCredit(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "2400.00", "")
	first := o.manager.issued(o.zerno, func(d *v1.Document) { d.PaymentDays = 10 })
	require.Equal(t, "1200.00", o.director.balance("").GetBalance().GetAmount())

	// A third of it is given back.
	note, err := o.manager.documents.CopyDocument(t.Context(), &v1.CopyDocumentRequest{RequestId: store.NewID(), Id: first.GetId(), Kind: v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE})
	require.NoError(t, err)
	part := note.GetDocument()
	part.Lines = []*v1.DocumentLine{line("Too many hours", "3.333333", "100", onTop, "20")}
	_, err = o.manager.documents.UpdateDocument(t.Context(), &v1.UpdateDocumentRequest{Document: part, UpdateMask: mask("lines")})
	require.NoError(t, err)
	_, err = o.manager.issue(part.GetId())
	require.NoError(t, err)
	require.Equal(t, "1600.00", o.director.balance("").GetBalance().GetAmount())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.manager.document(first.GetId()).GetStatus())

	void := func(id string) error {
		_, err := o.manager.documents.VoidDocument(t.Context(), &v1.VoidDocumentRequest{Id: id, Reason: "a mistake"})
		return err
	}
	refusedFor(t, void(first.GetId()), codes.FailedPrecondition, "id", "has_others")
	require.NoError(t, void(part.GetId()))
	require.NoError(t, void(first.GetId()))
	require.NoError(t, void(first.GetId()), "once more is the same")
	require.Equal(t, "2400.00", o.director.balance("").GetBalance().GetAmount())
	got := o.director.document(first.GetId())
	require.Equal(t, []string{"a mistake", first.GetNumber()}, []string{got.GetVoidReason(), got.GetNumber()})
}

// Rounding happens once, where it is said, and everything adds up.
func TestRounding(t *testing.T) {
	o := newOffice(t)
	for name, c := range map[string]struct {
		lines           []*v1.DocumentLine
		net, tax, total string
	}{
		"three times a tenth": {[]*v1.DocumentLine{line("x", "3", "0.1", noTax, "")}, "0.30", "0.00", "0.30"},
		"thirds":              {[]*v1.DocumentLine{line("x", "0.333333", "10", noTax, ""), line("x", "0.333333", "10", noTax, ""), line("x", "0.333334", "10", noTax, "")}, "9.99", "0.00", "9.99"},
		"tax of the sum, not of each line": {[]*v1.DocumentLine{
			line("x", "1", "0.02", onTop, "20"), line("x", "1", "0.02", onTop, "20"), line("x", "1", "0.02", onTop, "20"),
		}, "0.06", "0.01", "0.07"},
		"tax in the price":            {[]*v1.DocumentLine{line("x", "1", "100", included, "20")}, "83.33", "16.67", "100.00"},
		"both, at one rate":           {[]*v1.DocumentLine{line("x", "1", "100", included, "20"), line("x", "1", "100", onTop, "20")}, "183.33", "36.67", "220.00"},
		"a discount":                  {[]*v1.DocumentLine{{Description: "x", Quantity: "3", Price: "9.99", DiscountPercent: "33.3333", TaxMode: noTax}}, "19.98", "0.00", "19.98"},
		"half a kopiyka":              {[]*v1.DocumentLine{line("x", "0.5", "0.01", noTax, "")}, "0.01", "0.00", "0.01"},
		"less than nothing in a line": {[]*v1.DocumentLine{line("x", "1", "100", onTop, "20"), line("off", "1", "-30", onTop, "20")}, "70.00", "14.00", "84.00"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := o.manager.draft(o.zerno, func(d *v1.Document) { d.Lines = c.lines })
			require.NoError(t, err)
			require.Equal(t, []string{c.net, c.tax, c.total}, []string{d.GetNet().GetAmount(), d.GetTax().GetAmount(), d.GetTotal().GetAmount()})
		})
	}
}

func TestBadDocuments(t *testing.T) {
	o := newOffice(t)
	good := o.manager.issued(o.zerno, nil)
	other := o.head.issued(o.other, nil)
	for name, c := range map[string]struct {
		change        func(*v1.Document)
		code          codes.Code
		field, reason string
	}{
		"a negative total": {func(d *v1.Document) { d.Lines = []*v1.DocumentLine{line("x", "1", "-1", noTax, "")} }, codes.InvalidArgument, "document.lines", "below_zero"},
		"no such currency": {func(d *v1.Document) { d.CurrencyCode = "XYZ" }, codes.InvalidArgument, "document.currency_code", "no_currency"},
		"more than can be counted": {func(d *v1.Document) {
			d.Lines = []*v1.DocumentLine{line("x", "999999999999", "999999999999", noTax, "")}
		}, codes.InvalidArgument, "document.lines[0].price", "amount_range"},
		"a tax, and none":             {func(d *v1.Document) { d.Lines[0].TaxMode = noTax }, codes.InvalidArgument, "document.lines[0].tax_mode", "tax_mode"},
		"a tax of which nobody knows": {func(d *v1.Document) { d.Lines[0].TaxPercent = "" }, codes.InvalidArgument, "document.lines[0].tax_percent", "tax_percent"},
		"no such day":                 {func(d *v1.Document) { d.IssueDate = "2026-02-30" }, codes.InvalidArgument, "document.issue_date", "no_date"},
		"about another client's":      {func(d *v1.Document) { d.BasedOnId = other.GetId() }, codes.InvalidArgument, "document.based_on_id", "no_document"},
		"in another currency":         {func(d *v1.Document) { d.BasedOnId, d.CurrencyCode = good.GetId(), "EUR" }, codes.InvalidArgument, "document.currency_code", "other_currency"},
		"a credit note of nothing":    {func(d *v1.Document) { d.Kind = v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE }, codes.InvalidArgument, "document.based_on_id", "credits_what"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := o.manager.draft(o.zerno, c.change)
			refusedFor(t, err, c.code, c.field, c.reason)
		})
	}
	t.Run("nothing on it", func(t *testing.T) {
		d, err := o.manager.draft(o.zerno, func(d *v1.Document) { d.Lines = nil })
		require.NoError(t, err)
		_, err = o.manager.issue(d.GetId())
		refusedFor(t, err, codes.FailedPrecondition, "document.lines", "no_lines")
	})
	t.Run("issued ones stay", func(t *testing.T) {
		_, err := o.manager.documents.UpdateDocument(t.Context(), &v1.UpdateDocumentRequest{Document: &v1.Document{Id: good.GetId(), Subject: "x"}, UpdateMask: mask("subject")})
		refusedFor(t, err, codes.FailedPrecondition, "id", "no_draft")
		_, err = o.manager.documents.DeleteDocument(t.Context(), &v1.DeleteDocumentRequest{Id: good.GetId()})
		refusedFor(t, err, codes.FailedPrecondition, "id", "no_draft")
	})
	t.Run("a suspended client", func(t *testing.T) {
		d, err := o.manager.draft(o.zerno, nil)
		require.NoError(t, err)
		clients := clientmanagerv1.NewClientServiceClient(o.head.user.Conn)
		_, err = clients.SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: o.zerno, Reason: "x"})
		require.NoError(t, err)
		_, err = o.manager.issue(d.GetId())
		refusedFor(t, err, codes.FailedPrecondition, "id", "suspended")
		o.manager.paid(o.zerno, "5.00", "") // what comes is taken all the same
	})
}

// Many issue at once, some of the same document: each has one number, none is left out, and nobody is charged twice.
func TestManyIssueAtOnce(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "12000.00", "")
	var ids []string
	for range 10 {
		d, err := o.manager.draft(o.zerno, func(d *v1.Document) { d.PaymentDays = 5 })
		require.NoError(t, err)
		ids = append(ids, d.GetId())
	}
	var mu sync.Mutex
	numbers := map[string]string{}
	errs := kerneltest.AtOnce(30, func(i int) error {
		d, err := o.manager.issue(ids[i%10])
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			numbers[d.GetNumber()] = d.GetId()
		}
		return err
	})
	require.Equal(t, 30, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Len(t, numbers, 10)
	for n := range 10 {
		require.Contains(t, numbers, fmt.Sprintf("INVOICE-%05d", n+1))
	}
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())
}

// Payments and invoices that come at once: what was paid is never more than came, nor than was due.
func TestManyPayAtOnce(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.issued(o.zerno, nil)
	errs := kerneltest.AtOnce(20, func(int) error {
		_, err := o.manager.pay(o.zerno, "100.00", invoice.GetId())
		return err
	})
	require.Equal(t, 20, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.manager.document(invoice.GetId()).GetStatus())
	require.Equal(t, "2000.00", o.director.balance("").GetBalance().GetAmount())
	list, err := o.manager.payments.ListPayments(t.Context(), &v1.ListPaymentsRequest{ClientId: o.zerno, PageSize: 200})
	require.NoError(t, err)
	allocated := 0
	for _, p := range list.GetPayments() {
		if p.GetAllocated().GetAmount() == "100.00" {
			allocated++
		}
	}
	require.Equal(t, 12, allocated)

	// One that was a mistake is taken back, and the invoice is due again.
	p := list.GetPayments()[len(list.GetPayments())-1]
	for range 2 {
		back, err := o.manager.payments.ReversePayment(t.Context(), &v1.ReversePaymentRequest{Id: p.GetId(), Reason: "typed twice"})
		require.NoError(t, err)
		require.Equal(t, v1.PaymentStatus_PAYMENT_STATUS_REVERSED, back.GetPayment().GetStatus())
	}
	require.Equal(t, "1900.00", o.director.balance("").GetBalance().GetAmount())
}

func TestDaysPass(t *testing.T) {
	o := newOffice(t)
	o.manager.paid(o.zerno, "1200.00", "")
	paid := o.manager.issued(o.zerno, nil)
	due := o.manager.issued(o.zerno, func(d *v1.Document) { d.IssueDate = "2026-11-01" })
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_OVERDUE, o.manager.document(due.GetId()).GetStatus())
	require.Equal(t, v1.BalanceState_BALANCE_STATE_OVERDUE, o.director.balance("").GetState())
	for state, want := range map[v1.DocumentStatus]string{
		v1.DocumentStatus_DOCUMENT_STATUS_OVERDUE: due.GetId(), v1.DocumentStatus_DOCUMENT_STATUS_PAID: paid.GetId(),
	} {
		list, err := o.director.documents.ListDocuments(t.Context(), &v1.ListDocumentsRequest{Statuses: []v1.DocumentStatus{state}})
		require.NoError(t, err)
		require.Len(t, list.GetDocuments(), 1)
		require.Equal(t, want, list.GetDocuments()[0].GetId())
	}
}

// The file of an issued document is made once, is what its hash says, and is served to who may read the document.
func TestTheFileOfADocument(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.issued(o.zerno, nil)
	require.Eventually(t, func() bool { return o.director.document(invoice.GetId()).GetFileSha256() != "" }, 20*time.Second, 20*time.Millisecond)
	d := o.director.document(invoice.GetId())
	page := o.director.user.Get(t, d.GetFilePath())
	require.Equal(t, http.StatusOK, page.Status)
	pdf := []byte(page.Body)
	// A browser opens it, to be printed, and takes it for nothing else.
	require.Equal(t, []string{"application/pdf", `inline; filename="INVOICE-00001.pdf"`, "nosniff", "private, no-store"}, []string{
		page.Header.Get("Content-Type"), page.Header.Get("Content-Disposition"), page.Header.Get("X-Content-Type-Options"), page.Header.Get("Cache-Control"),
	})
	require.Contains(t, o.director.user.Get(t, "/documents/"+invoice.GetId()).Body, `href="`+d.GetFilePath()+`"`)
	require.Equal(t, d.GetFileSha256(), fmt.Sprintf("%x", sha256.Sum256(pdf)))
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
	require.Equal(t, http.StatusNotFound, o.stranger.user.Get(t, d.GetFilePath()).Status)
	if folder := os.Getenv("CABINET_SHOTS"); folder != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, "invoice.pdf"), pdf, 0o600))
	}

	var code string
	conn, err := pgx.Connect(t.Context(), o.DSN)
	require.NoError(t, err)
	require.NoError(t, conn.QueryRow(t.Context(), "select check_code from finsystem.documents where id = $1", invoice.GetId()).Scan(&code))
	_, err = conn.Exec(t.Context(), "update finsystem.documents set file_hash = repeat('0', 64) where id = $1", invoice.GetId())
	require.ErrorContains(t, err, "what was issued stays")
	_, err = conn.Exec(t.Context(), "update finsystem.documents set total = 1 where id = $1", invoice.GetId())
	require.ErrorContains(t, err, "what was issued stays")
	require.NoError(t, conn.Close(t.Context()))
	checked, err := v1.NewDocumentServiceClient(o.Anonymous(t).Conn).CheckDocument(t.Context(), &v1.CheckDocumentRequest{Code: code})
	require.NoError(t, err)
	require.Equal(t, []string{d.GetNumber(), "1200.00", d.GetFileSha256()}, []string{checked.GetNumber(), checked.GetTotal().GetAmount(), checked.GetFileSha256()})
}

// A client that is merged brings its money, its documents and its holds.
func TestAMergedClientBringsItsMoney(t *testing.T) {
	o := newOffice(t)
	o.head.paid(o.zerno, "100.00", "")
	o.head.paid(o.other, "50.00", "")
	held, err := o.head.ledger.CreateHold(t.Context(), &v1.CreateHoldRequest{RequestId: store.NewID(), ClientId: o.other, Amount: uah("20.00"), What: "a room"})
	require.NoError(t, err)
	invoice := o.head.issued(o.other, nil)
	require.Equal(t, "30.00", invoice.GetPaid().GetAmount(), "what is not held")
	_, err = clientmanagerv1.NewMergeServiceClient(o.head.user.Conn).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{RequestId: store.NewID(), IntoId: o.zerno, FromId: o.other})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return o.head.balance(o.zerno).GetBalance().GetAmount() == "150.00" }, 20*time.Second, 20*time.Millisecond)
	b := o.head.balance(o.zerno)
	require.Equal(t, []string{"20.00", "30.00", "100.00"}, []string{b.GetHeld().GetAmount(), b.GetAdvance().GetAmount(), b.GetAvailable().GetAmount()})
	require.Equal(t, o.zerno, o.director.document(invoice.GetId()).GetClientId())
	_, err = o.head.ledger.ReleaseHold(t.Context(), &v1.ReleaseHoldRequest{Id: held.GetHold().GetId()})
	require.NoError(t, err)
	require.Equal(t, "120.00", o.head.balance(o.zerno).GetAvailable().GetAmount(), "the rest is paid ahead")
}

func TestAnAdjustmentIsTakenBack(t *testing.T) {
	o := newOffice(t)
	adjust := func(d *desk, client, amount string) (*v1.Posting, error) {
		done, err := d.ledger.CreateAdjustment(t.Context(), &v1.CreateAdjustmentRequest{RequestId: store.NewID(), ClientId: client, Amount: uah(amount), Memo: "a gift"})
		return done.GetPosting(), err
	}
	given, err := adjust(o.head, o.zerno, "30.00")
	require.NoError(t, err)
	require.Equal(t, "30.00", o.director.balance("").GetBalance().GetAmount())
	_, err = adjust(o.head, o.zerno, "-30.01")
	refusedFor(t, err, codes.FailedPrecondition, "", "limit")
	_, err = adjust(o.manager, o.zerno, "1.00")
	require.Equal(t, codes.PermissionDenied, status.Code(err), "by hand is the head's")
	reverse := func(id string) error {
		_, err := o.head.ledger.ReversePosting(t.Context(), &v1.ReversePostingRequest{RequestId: store.NewID(), Id: id, Memo: "by mistake"})
		return err
	}
	require.NoError(t, reverse(given.GetId()))
	require.NoError(t, reverse(given.GetId()), "once more is the same")
	require.Equal(t, "0.00", o.director.balance("").GetBalance().GetAmount())

	payment := o.manager.paid(o.zerno, "100.00", "")
	list, err := o.head.ledger.ListPostings(t.Context(), &v1.ListPostingsRequest{ClientId: o.zerno})
	require.NoError(t, err)
	refusedFor(t, reverse(list.GetPostings()[0].GetId()), codes.FailedPrecondition, "id", "refund_it")
	invoice := o.manager.issued(o.zerno, nil)
	require.Equal(t, "1100.00", invoice.GetDue().GetAmount(), "what was free went towards it")
	again, err := o.manager.payments.AllocatePayment(t.Context(), &v1.AllocatePaymentRequest{Id: payment.GetId()})
	require.NoError(t, err)
	require.Equal(t, "0.00", again.GetPayment().GetFree().GetAmount())
}
