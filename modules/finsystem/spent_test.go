package finsystem_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (d *desk) corrected(client, amount string) error {
	_, err := d.ledger.CreateAdjustment(d.t.Context(), &v1.CreateAdjustmentRequest{RequestId: store.NewID(), ClientId: client, Amount: uah(amount), Memo: "a correction"})
	return err
}

// stands is a balance, and what of it is paid ahead and can be spent.
func (d *desk) stands() []string {
	d.t.Helper()
	b := d.balance("")
	return []string{b.GetBalance().GetAmount(), b.GetAdvance().GetAmount(), b.GetAvailable().GetAmount()}
}

// bills is an invoice of some hryvnias, due so many days later.
func (d *desk) bills(client, price string, days int32) *v1.Document {
	d.t.Helper()
	return d.issued(client, func(doc *v1.Document) {
		doc.PaymentDays, doc.Lines = days, []*v1.DocumentLine{line("Work", "1", price, noTax, "")}
	})
}

// mayOwe grants a deferral of ten days.
func (o *office) mayOwe(amount string) {
	o.t.Helper()
	d, err := o.director.ask("", amount, 10)
	require.NoError(o.t, err)
	if d.GetStatus() == v1.DeferralStatus_DEFERRAL_STATUS_REQUESTED {
		require.NoError(o.t, second(o.manager.deferrals().GrantDeferral(o.t.Context(), &v1.GrantDeferralRequest{Id: d.GetId()})))
	}
}

// Money that services and adjustments took pays no invoice, however free the payments are that it came by.
func TestMoneyThatIsSpentPaysNoInvoice(t *testing.T) {
	o := newOffice(t)
	o.mayOwe("500.00")
	first := o.manager.paid(o.zerno, "600.00", "")
	o.manager.paid(o.zerno, "400.00", "")
	require.NoError(t, o.head.corrected(o.zerno, "-900.00"))
	invoice := o.manager.bills(o.zerno, "300", 14)
	require.Equal(t, "-200.00", o.director.balance("").GetBalance().GetAmount())
	require.Equal(t, "200.00", o.director.document(invoice.GetId()).GetDue().GetAmount(), "a hundred was there")
	_, err := o.manager.payments.AllocatePayment(t.Context(), &v1.AllocatePaymentRequest{Id: first.GetId(), DocumentIds: []string{invoice.GetId(), invoice.GetId()}})
	require.NoError(t, err)
	require.Equal(t, "200.00", o.director.document(invoice.GetId()).GetDue().GetAmount())
	gone := o.manager.bills(o.zerno, "1", 0).GetId()
	require.NoError(t, o.manager.void(gone))
	_, err = o.manager.pay(o.zerno, "1.00", gone)
	refusedFor(t, err, codes.FailedPrecondition, "document_id", "not_payable")
	o.manager.paid(o.zerno, "150.00", "")
	require.Equal(t, "50.00", o.director.document(invoice.GetId()).GetDue().GetAmount())
	o.manager.paid(o.zerno, "70.00", "")
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, o.director.document(invoice.GetId()).GetStatus())
	require.Equal(t, "20.00", o.director.balance("").GetBalance().GetAmount())
}

// A credit note about an act gives back what the act's invoice charged, and is taken back with it.
func TestACreditNoteOfAnAct(t *testing.T) {
	o := newOffice(t)
	o.mayOwe("300.00")
	invoice := o.manager.bills(o.zerno, "300", 14)
	delivered, err := o.manager.issue(o.manager.become(invoice.GetId(), act))
	require.NoError(t, err)
	const note = v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE
	hundred := line("Work", "1", "100", noTax, "")
	credit, err := o.manager.issue(o.manager.become(delivered.GetId(), note, hundred))
	require.NoError(t, err)
	due := func() string { return o.director.document(invoice.GetId()).GetDue().GetAmount() }
	require.Equal(t, []string{"-200.00", "200.00"}, []string{o.director.stands()[0], due()})
	second, err := o.manager.issue(o.manager.become(invoice.GetId(), note, line("Work", "1", "150", noTax, "")))
	require.NoError(t, err)
	_, err = o.manager.issue(o.manager.become(delivered.GetId(), note, hundred))
	refusedFor(t, err, codes.FailedPrecondition, "id", "credits_more")
	require.NoError(t, o.manager.void(second.GetId()))
	require.NoError(t, o.manager.void(credit.GetId()))
	require.Equal(t, []string{"-300.00", "300.00"}, []string{o.director.stands()[0], due()})

	credit, err = o.manager.issue(o.manager.become(delivered.GetId(), note, hundred))
	require.NoError(t, err)
	_, err = o.manager.draft(o.zerno, func(d *v1.Document) { d.Kind, d.BasedOnId, d.Lines = note, credit.GetId(), []*v1.DocumentLine{hundred} })
	refusedFor(t, err, codes.InvalidArgument, "document.based_on_id", "credits_which")
}

// What was paid ahead and not delivered after all is kept for its invoice again.
func TestACreditedActLeavesItsMoneyToItsInvoice(t *testing.T) {
	o := newOffice(t)
	invoice := o.manager.bills(o.zerno, "300", 0)
	o.manager.paid(o.zerno, "300.00", invoice.GetId())
	delivered, err := o.manager.issue(o.manager.become(invoice.GetId(), act))
	require.NoError(t, err)
	require.Equal(t, []string{"0.00", "0.00", "0.00"}, o.director.stands())
	credit, err := o.manager.issue(o.manager.become(delivered.GetId(), v1.DocumentKind_DOCUMENT_KIND_CREDIT_NOTE))
	require.NoError(t, err)
	require.Equal(t, []string{"300.00", "300.00", "0.00"}, o.director.stands())
	require.Error(t, o.head.corrected(o.zerno, "-1.00"))
	require.NoError(t, o.manager.void(credit.GetId()))
	require.Equal(t, []string{"0.00", "0.00", "0.00"}, o.director.stands())
}

// Of a bill that was paid from what was paid ahead, what was delivered for it is not given back; and bonuses are no turnover.
func TestWhatIsDeliveredIsNotGivenBack(t *testing.T) {
	w := newTill(t)
	accounts := paysystemv1.NewAccountServiceClient(w.Kernel())
	bill := w.bill(w.zerno, "300.00", 0)
	w.ahead(w.zerno, "300.00")
	p := w.must(w.checkout(w.director, byPrepayment, "300.00", bill.GetId(), false))
	require.Equal(t, isPaid, p.GetState())
	_, err := w.manager.issue(w.manager.become(bill.GetId(), act, line("Work", "1", "200", noTax, "")))
	require.NoError(t, err)
	back := func(amount string) error {
		_, err := accounts.ReturnToAccount(t.Context(), &paysystemv1.ReturnToAccountRequest{RefundId: store.NewID(), PaymentId: p.GetId(), Amount: uah(amount), Reason: "not wanted"})
		return err
	}
	refusedFor(t, back("100.01"), codes.FailedPrecondition, "amount", "delivered")
	require.NoError(t, back("100.00"))
	require.Equal(t, []string{"100.00", "0.00", "100.00"}, w.director.stands())

	require.NoError(t, w.grant(w.zerno, "50.00"))
	w.must(w.checkout(w.director, byBonus, "50.00", w.bill(w.zerno, "150.00", 0).GetId(), true))
	rule := &v1.DeferralRule{Name: "Good payers", CurrencyCode: "UAH", MaxAmount: uah("1000.00"), MaxDays: 30, Months: 6, MinTurnover: uah("350.00"), Active: true}
	_, err = w.head.deferrals().CreateDeferralRule(t.Context(), &v1.CreateDeferralRuleRequest{RequestId: store.NewID(), Rule: rule})
	require.NoError(t, err)
	asked, err := w.director.ask("", "10.00", 5)
	require.NoError(t, err)
	require.Equal(t, v1.DeferralStatus_DEFERRAL_STATUS_REQUESTED, asked.GetStatus())
}
