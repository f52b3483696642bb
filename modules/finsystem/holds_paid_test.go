package finsystem_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// figures are what a client has, has ahead, has held otherwise, and may spend.
func (d *desk) figures(client string) []string {
	d.t.Helper()
	b := d.balance(client)
	return []string{b.GetBalance().GetAmount(), b.GetAdvance().GetAmount(), b.GetHeld().GetAmount(), b.GetAvailable().GetAmount()}
}

// become makes a document of another kind of an issued one; change may change the draft.
func (d *desk) become(id string, kind v1.DocumentKind, lines ...*v1.DocumentLine) string {
	d.t.Helper()
	made, err := d.documents.CopyDocument(d.t.Context(), &v1.CopyDocumentRequest{RequestId: store.NewID(), Id: id, Kind: kind})
	require.NoError(d.t, err)
	if len(lines) > 0 {
		made.GetDocument().Lines = lines
		_, err := d.documents.UpdateDocument(d.t.Context(), &v1.UpdateDocumentRequest{Document: made.GetDocument(), UpdateMask: mask("lines")})
		require.NoError(d.t, err)
	}
	return made.GetDocument().GetId()
}

func (d *desk) void(id string) error {
	_, err := d.documents.VoidDocument(d.t.Context(), &v1.VoidDocumentRequest{Id: id, Reason: "a mistake"})
	return err
}

func (d *desk) reverse(payment string) error {
	_, err := d.payments.ReversePayment(d.t.Context(), &v1.ReversePaymentRequest{Id: payment, Reason: "a mistake"})
	return err
}

const act = v1.DocumentKind_DOCUMENT_KIND_ACT

// What was paid for an invoice that charges at its act is there for the act, whatever else is charged in between.
func TestWhatWasPaidForAnInvoiceIsHeldForIt(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.issued(o.zerno, nil)
	payment := o.manager.paid(o.zerno, "1200.00", invoice.GetId())
	o.manager.paid(o.zerno, "100.00", "")
	require.Equal(t, []string{"1300.00", "1200.00", "0.00", "100.00"}, o.director.figures(""))

	// Nothing else takes it: neither by hand, nor another invoice, nor a hold.
	_, err := o.head.ledger.CreateAdjustment(t.Context(), &v1.CreateAdjustmentRequest{RequestId: store.NewID(), ClientId: o.zerno, Amount: uah("-100.01"), Memo: "x"})
	refusedFor(t, err, codes.FailedPrecondition, "", "limit")
	later, err := o.manager.draft(o.zerno, func(d *v1.Document) { d.PaymentDays = 5 })
	require.NoError(t, err)
	_, err = o.manager.issue(later.GetId())
	refusedFor(t, err, codes.FailedPrecondition, "", "limit")
	second := o.manager.issued(o.zerno, nil)
	require.Equal(t, "100.00", second.GetPaid().GetAmount(), "no more than is free")
	require.Equal(t, []string{"1300.00", "1300.00", "0.00", "0.00"}, o.director.figures(""))

	// The client sees what it is held for, and comes to it.
	holds, err := o.director.ledger.ListHolds(t.Context(), &v1.ListHoldsRequest{Statuses: []v1.HoldStatus{v1.HoldStatus_HOLD_STATUS_HELD}})
	require.NoError(t, err)
	require.Len(t, holds.GetHolds(), 2)
	require.Equal(t, []string{invoice.GetId(), "1200.00"}, []string{holds.GetHolds()[1].GetDocumentId(), holds.GetHolds()[1].GetAmount().GetAmount()})
	page := o.director.user.Get(t, "/balance").Body
	for _, part := range []string{"Held for invoice", invoice.GetNumber(), "/documents/" + invoice.GetId()} {
		require.Contains(t, page, part)
	}
	_, err = o.head.ledger.ReleaseHold(t.Context(), &v1.ReleaseHoldRequest{Id: holds.GetHolds()[1].GetId()})
	refusedFor(t, err, codes.FailedPrecondition, "id", "held_for_invoice")
	strange, err := o.stranger.ledger.ListHolds(t.Context(), &v1.ListHoldsRequest{})
	require.NoError(t, err)
	require.Empty(t, strange.GetHolds())

	// In two parts: what each act charges is held no more, and what a voided one charged is held again.
	first := o.manager.become(invoice.GetId(), act, line("Half", "5", "100", onTop, "20"))
	_, err = o.manager.issue(first)
	require.NoError(t, err)
	require.Equal(t, []string{"700.00", "700.00", "0.00", "0.00"}, o.director.figures(""))
	rest := o.manager.become(invoice.GetId(), act, line("Half", "5", "100", onTop, "20"))
	_, err = o.manager.issue(rest)
	require.NoError(t, err)
	require.Equal(t, []string{"100.00", "100.00", "0.00", "0.00"}, o.director.figures(""))
	require.NoError(t, o.manager.void(rest))
	require.Equal(t, []string{"700.00", "700.00", "0.00", "0.00"}, o.director.figures(""))

	// What goes back to the payer is held no more, and what was paid for a voided invoice is the client's.
	require.NoError(t, o.manager.void(first))
	require.NoError(t, o.manager.void(invoice.GetId()))
	require.Equal(t, []string{"1300.00", "100.00", "0.00", "1200.00"}, o.director.figures(""))
	require.NoError(t, o.manager.reverse(payment.GetId()))
	require.Equal(t, []string{"100.00", "100.00", "0.00", "0.00"}, o.director.figures(""))
	_, err = o.manager.issue(o.manager.become(second.GetId(), act))
	refusedFor(t, err, codes.FailedPrecondition, "", "limit")
	require.Equal(t, []string{"100.00", "100.00", "0.00", "0.00"}, o.director.figures(""))
	require.Equal(t, []string{"100"}, o.query("select held::text::int / 100 || '' from finsystem.balances where client_id = $1::uuid", o.zerno))

	// A part that is credited is held no more either.
	note := o.manager.become(second.GetId(), v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE, line("Off", "9.5", "100", onTop, "20"))
	_, err = o.manager.issue(note)
	require.NoError(t, err)
	require.Equal(t, []string{"100.00", "60.00", "0.00", "40.00"}, o.director.figures(""))
}

// An act is issued while its invoice is voided, and while the payment is taken back: one of both happens, and what is held is what is left.
func TestAnActRacesItsInvoice(t *testing.T) {
	o := newOffice(t)
	for range 4 {
		invoice := o.manager.issued(o.zerno, nil)
		o.manager.paid(o.zerno, "1200.00", invoice.GetId())
		done := o.manager.become(invoice.GetId(), act)
		var voided, issued atomic.Int64
		errs := kerneltest.AtOnce(6, func(i int) error {
			if i%2 == 0 {
				_, err := o.manager.issue(done)
				if err == nil {
					issued.Add(1)
				}
				return err
			}
			err := o.manager.void(invoice.GetId())
			if err == nil {
				voided.Add(1)
			}
			return err
		})
		for _, err := range errs {
			require.True(t, err == nil || strings.Contains(err.Error(), "void those first") || strings.Contains(err.Error(), "not in force"), "%v", err)
		}
		require.True(t, (voided.Load() == 0) != (issued.Load() == 0), "one of both: %d, %d", voided.Load(), issued.Load())
		b := o.director.balance("")
		require.Equal(t, "0.00", b.GetAdvance().GetAmount())
		if voided.Load() > 0 { // spend it, for the next one to begin with nothing
			_, err := o.head.ledger.CreateAdjustment(t.Context(), &v1.CreateAdjustmentRequest{RequestId: store.NewID(), ClientId: o.zerno, Amount: uah("-1200.00"), Memo: "x"})
			require.NoError(t, err)
		}
		require.Equal(t, []string{"0.00", "0.00", "0.00", "0.00"}, o.director.figures(""))
	}
}

// Payments come and are taken back, invoices are issued, voided and delivered, all at once: nobody waits in a circle, and what is held is what was paid and is not
// charged. That the books hold together is looked at when the test ends.
func TestMoneyAndDocumentsAtOnce(t *testing.T) {
	o := newOffice(t)
	var invoices, acts []string
	for range 4 {
		invoice := o.manager.issued(o.zerno, nil)
		invoices, acts = append(invoices, invoice.GetId()), append(acts, o.manager.become(invoice.GetId(), act))
	}
	kerneltest.AtOnce(24, func(i int) error {
		switch i % 4 {
		case 0:
			p, err := o.manager.pay(o.zerno, "700.00", invoices[i/4%4])
			if err == nil && i%8 == 0 {
				err = o.manager.reverse(p.GetId())
			}
			return err
		case 1:
			_, err := o.manager.pay(o.zerno, "300.00", "")
			return err
		case 2:
			_, err := o.manager.issue(acts[i/4%4])
			return err
		}
		return o.manager.void(invoices[i/4%4])
	})
	require.Empty(t, o.query(`
		select d.number from finsystem.documents d left join finsystem.holds h on h.document_id = d.id and h.status = 'held'
		where d.kind = 'invoice' and coalesce(h.amount, 0) <> case when d.status = 'issued' then greatest(0, d.paid - (
			select coalesce(sum(a.total), 0) from finsystem.documents a where a.based_on_id = d.id and a.status = 'issued' and a.charged)) else 0 end`))
	require.Empty(t, o.query("select 'over' from finsystem.balances where balance < held"), "what is held is there")
	require.Equal(t, []string{"0"}, o.query("select deadlocks::text from pg_stat_database where datname = current_database()"))
}

// "Record a payment" on an invoice comes with what is left of it, and its money goes there.
func TestAPaymentIsRecordedFromAnInvoice(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.issued(o.zerno, nil)
	o.manager.paid(o.zerno, "200.00", invoice.GetId())
	link := "/clients/" + o.zerno + "/payments/new?amount=1000.00&currency_code=UAH&document_id=" + invoice.GetId()
	page := o.manager.user.Get(t, "/documents/"+invoice.GetId())
	found := false
	for _, href := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(page.Body, -1) {
		at, err := url.Parse(html.UnescapeString(href[1]))
		require.NoError(t, err)
		if strings.HasSuffix(at.Path, "/payments/new") && at.Query().Get("document_id") != "" && strings.HasPrefix(at.Path, "/clients/") {
			require.Equal(t, link, at.Path+"?"+at.Query().Encode())
			found = true
		}
	}
	require.True(t, found)
	form := o.manager.user.Get(t, link)
	require.Contains(t, form.Body, `value="1000.00"`)
	sent := o.manager.user.Post(t, "/clients/"+o.zerno+"/payments/new", url.Values{
		"request_id": {store.NewID()}, "source": {"PAYMENT_SOURCE_CASH"}, "amount": {"1000.00"}, "currency_code": {"UAH"}, "document_id": {invoice.GetId()},
	})
	require.Equal(t, http.StatusSeeOther, sent.Status, sent.Body)
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.manager.document(invoice.GetId()).GetStatus())
}
