package finsystem_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/paysystem"
	pt "github.com/opencabinet/cabinet/modules/paysystem/paysystemtest"
)

// till is an office where clients pay by themselves too.
type till struct {
	*office
	gateway *pt.Gateway
	ways    map[paysystemv1.MethodKind]string
	bank    string // the way to pay by a gateway that tells nothing
}

const (
	byGateway    = paysystemv1.MethodKind_METHOD_KIND_GATEWAY
	byNonCash    = paysystemv1.MethodKind_METHOD_KIND_NON_CASH
	byDeferral   = paysystemv1.MethodKind_METHOD_KIND_DEFERRAL
	byBonus      = paysystemv1.MethodKind_METHOD_KIND_BONUS
	byPrepayment = paysystemv1.MethodKind_METHOD_KIND_PREPAYMENT

	isPaid     = paysystemv1.PaymentState_PAYMENT_STATE_SUCCEEDED
	isPending  = paysystemv1.PaymentState_PAYMENT_STATE_PENDING
	isDeferred = paysystemv1.PaymentState_PAYMENT_STATE_DEFERRED
)

func newTill(t *testing.T) *till {
	t.Helper()
	bank := pt.NewGateway("testbank")
	bank.Silent = true
	w := &till{gateway: pt.NewGateway("testpay"), ways: map[paysystemv1.MethodKind]string{}}
	o := &office{t: t, clock: kerneltest.NewClock(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))}
	o.Portal = kerneltest.Start(t, kerneltest.Options{Config: config, Clock: o.clock, Assemble: func(router *call.Router) ([]module.Unit, error) {
		units, err := assemble(router)
		return append(units, module.Unit(paysystem.NewUnit(paysystem.New(router))), w.gateway.Unit(router), bank.Unit(router)), err
	}})
	o.zerno, o.other = o.Client(t, "Zerno"), o.Client(t, "Other")
	o.head, o.manager = o.desk(o.Head(t)), o.desk(o.Staff(t, "manager"))
	o.Serve(t, o.manager.user, o.zerno)
	o.director, o.stranger = o.desk(o.Contact(t, o.zerno, "client.director")), o.desk(o.Contact(t, o.other, "client.director"))
	t.Cleanup(o.balanced)
	w.office = o
	for kind, title := range map[paysystemv1.MethodKind]string{byGateway: "By card", byNonCash: "By transfer", byDeferral: "Later", byBonus: "With bonuses", byPrepayment: "From what was paid ahead"} {
		m := &paysystemv1.Method{Title: title, Kind: kind}
		if kind == byGateway {
			m.Gateway = "testpay"
		}
		made, err := paysystemv1.NewMethodServiceClient(o.head.user.Conn).CreateMethod(t.Context(), &paysystemv1.CreateMethodRequest{RequestId: store.NewID(), Method: m})
		require.NoError(t, err)
		w.ways[kind] = made.GetMethod().GetId()
	}
	made, err := paysystemv1.NewMethodServiceClient(o.head.user.Conn).CreateMethod(t.Context(), &paysystemv1.CreateMethodRequest{
		RequestId: store.NewID(), Method: &paysystemv1.Method{Title: "By bank", Kind: byGateway, Gateway: "testbank"},
	})
	require.NoError(t, err)
	w.bank = made.GetMethod().GetId()
	return w
}

func (w *till) drained() {
	w.t.Helper()
	require.NoError(w.t, w.Events().WaitDrained(w.t.Context()))
}

// checkout begins a payment of a bill.
func (w *till) checkout(d *desk, kind paysystemv1.MethodKind, amount, document string, partly bool) (*paysystemv1.Payment, error) {
	made, err := paysystemv1.NewPaymentServiceClient(d.user.Conn).CreatePayment(w.t.Context(), &paysystemv1.CreatePaymentRequest{
		RequestId: store.NewID(), MethodId: w.ways[kind], CurrencyCode: "UAH", Amount: amount, DocumentId: document, Partly: partly,
	})
	return made.GetPayment(), err
}

func (w *till) must(p *paysystemv1.Payment, err error) *paysystemv1.Payment {
	w.t.Helper()
	require.NoError(w.t, err)
	return p
}

// told has the gateway say that a payment was made, of the amount.
func (w *till) told(p *paysystemv1.Payment, amount string) {
	w.t.Helper()
	headers, body := pt.Notice(true, pt.Paid(p.GetId(), uah(amount)))
	world := pt.World{Portal: w.Portal}
	world.Tell(w.t, "testpay", headers, body)
}

func (w *till) payment(id string) *paysystemv1.Payment {
	w.t.Helper()
	got, err := paysystemv1.NewPaymentServiceClient(w.head.user.Conn).GetPayment(w.t.Context(), &paysystemv1.GetPaymentRequest{Id: id})
	require.NoError(w.t, err)
	return got.GetPayment()
}

func (w *till) refund(id, amount string) *paysystemv1.Payment {
	w.t.Helper()
	_, err := paysystemv1.NewPaymentServiceClient(w.head.user.Conn).RefundPayment(w.t.Context(), &paysystemv1.RefundPaymentRequest{
		RequestId: store.NewID(), PaymentId: id, Amount: amount, Reason: "not wanted",
	})
	require.NoError(w.t, err)
	w.drained()
	return w.payment(id)
}

// bill issues one that charges nothing before it is delivered; later, where days are given, charges at once.
func (w *till) bill(client, amount string, days int32) *v1.Document {
	w.t.Helper()
	return w.head.issued(client, func(d *v1.Document) {
		d.PaymentDays, d.Lines = days, []*v1.DocumentLine{line("Maintenance", "1", amount, noTax, "")}
	})
}

func (w *till) offered(d *desk, document string) map[paysystemv1.MethodKind]string {
	w.t.Helper()
	list, err := paysystemv1.NewMethodServiceClient(d.user.Conn).ListPaymentMethods(w.t.Context(), &paysystemv1.ListPaymentMethodsRequest{DocumentId: document})
	require.NoError(w.t, err)
	out := map[paysystemv1.MethodKind]string{}
	for _, m := range list.GetMethods() {
		out[m.GetKind()] = m.GetTitle()
	}
	return out
}

func (w *till) grant(client, amount string) error {
	_, err := v1.NewBonusServiceClient(w.head.user.Conn).GrantBonus(w.t.Context(), &v1.GrantBonusRequest{RequestId: store.NewID(), ClientId: client, Amount: uah(amount), Reason: "A good year"})
	return err
}

// mayOwe grants a deferral of thirty days.
func (w *till) mayOwe(client, amount string) {
	w.t.Helper()
	deferrals := v1.NewDeferralServiceClient(w.head.user.Conn)
	asked, err := deferrals.RequestDeferral(w.t.Context(), &v1.RequestDeferralRequest{RequestId: store.NewID(), ClientId: client, Amount: uah(amount), Days: 30})
	require.NoError(w.t, err)
	_, err = deferrals.GrantDeferral(w.t.Context(), &v1.GrantDeferralRequest{Id: asked.GetDeferral().GetId()})
	require.NoError(w.t, err)
}

func (w *till) bonus(d *desk) string {
	w.t.Helper()
	got, err := v1.NewBonusServiceClient(d.user.Conn).GetBonus(w.t.Context(), &v1.GetBonusRequest{})
	require.NoError(w.t, err)
	return got.GetBonus().GetBalance().GetAmount()
}

// ahead has a client pay more than is due, so that some is free: it is taken down before there is a bill, and a bill takes what is free when it is
// issued, so the bill comes first and is made due again.
func (w *till) ahead(client, amount string) {
	w.t.Helper()
	d := w.bill(client, amount, 0)
	w.head.paid(client, amount, d.GetId())
	_, err := w.head.documents.VoidDocument(w.t.Context(), &v1.VoidDocumentRequest{Id: d.GetId(), Reason: "not wanted"})
	require.NoError(w.t, err)
}

// One portal serves what follows.
func TestClientsPay(t *testing.T) {
	w := newTill(t)
	t.Run("from accounts", w.fromAccounts)
	t.Run("in parts", w.inParts)
	t.Run("by a bank's statement", w.byStatement)
	t.Run("suspended in mid-payment", w.suspendedMeanwhile)
	logged, err := kernelv1.NewAuditServiceClient(w.head.user.Conn).ListAuditEntries(t.Context(), &kernelv1.ListAuditEntriesRequest{PageSize: 200})
	require.NoError(t, err)
	for _, method := range []string{"PayFromAccount", "ReturnToAccount"} {
		require.True(t, slices.ContainsFunc(logged.GetEntries(), func(e *kernelv1.AuditEntry) bool { return strings.HasSuffix(e.GetMethod(), "/"+method) }), method)
	}
	t.Run("said twice", w.saidTwice)
	t.Run("won, and given back", w.wonAndGivenBack)
}

// Money that comes from who was suspended in the meantime is theirs as any other.
func (w *till) suspendedMeanwhile(t *testing.T) {
	bill := w.bill(w.zerno, "90.00", 0)
	due := bill.GetDue().GetAmount()
	p := w.must(w.checkout(w.director, byGateway, due, bill.GetId(), false))
	clients := clientmanagerv1.NewClientServiceClient(w.head.user.Conn)
	_, err := clients.SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: w.zerno, Reason: "x"})
	require.NoError(t, err)
	w.told(p, due)
	w.drained()
	require.Equal(t, isPaid, w.payment(p.GetId()).GetState())
	require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(bill.GetId()).GetStatus())
	_, err = clients.ResumeClient(t.Context(), &clientmanagerv1.ResumeClientRequest{Id: w.zerno})
	require.NoError(t, err)
}

func (w *till) fromAccounts(t *testing.T) {
	t.Run("from what was paid ahead", func(t *testing.T) {
		w.mayOwe(w.zerno, "500.00")
		first, second := w.bill(w.zerno, "300.00", 0), w.bill(w.zerno, "500.00", 10)
		require.NotContains(t, w.offered(w.director, first.GetId()), byPrepayment, "nothing was")
		w.ahead(w.zerno, "400.00")
		require.Equal(t, "From what was paid ahead (400.00 UAH)", w.offered(w.director, first.GetId())[byPrepayment])
		require.NotContains(t, w.offered(w.director, ""), byPrepayment, "of no bill")

		_, err := w.checkout(w.director, byPrepayment, "300.01", first.GetId(), true)
		refusedFor(t, err, codes.FailedPrecondition, "amount", "above_due")
		_, err = w.checkout(w.director, byPrepayment, "450.00", second.GetId(), false)
		refusedFor(t, err, codes.FailedPrecondition, "amount", "not_ahead")
		p := w.must(w.checkout(w.director, byPrepayment, "300.00", first.GetId(), false))
		require.Equal(t, isPaid, p.GetState())
		require.Equal(t, v1.DocumentStatus_DOCUMENT_STATUS_PAID, w.head.document(first.GetId()).GetStatus())
		part := w.must(w.checkout(w.director, byPrepayment, "500.00", second.GetId(), true))
		require.Equal(t, "100.00", part.GetAmount().GetAmount(), "all that was left")
		require.Equal(t, "400.00", w.head.document(second.GetId()).GetDue().GetAmount())
		_, err = w.checkout(w.director, byPrepayment, "1.00", second.GetId(), true)
		refusedFor(t, err, codes.FailedPrecondition, "amount", "not_ahead")
		w.drained()
		require.Equal(t, "-100.00", w.director.balance(w.zerno).GetBalance().GetAmount(), "no money moved: 500 charged, 400 came")
		require.Contains(t, w.director.user.Get(t, "/payments").Body, p.GetReference())
		require.Contains(t, w.director.user.Get(t, "/payments/"+p.GetId()).Body, "From what was paid ahead")

		// It is given back to where it came from, and to nowhere else.
		require.Equal(t, "120.00", w.refund(p.GetId(), "120.00").GetRefunded().GetAmount())
		require.Equal(t, "120.00", w.head.document(first.GetId()).GetDue().GetAmount())
		require.Equal(t, "From what was paid ahead (120.00 UAH)", w.offered(w.director, second.GetId())[byPrepayment])
	})

	t.Run("with bonuses", func(t *testing.T) {
		d := w.bill(w.other, "80.00", 0)
		require.Equal(t, codes.PermissionDenied, status.Code(func() error {
			_, err := v1.NewBonusServiceClient(w.manager.user.Conn).GrantBonus(t.Context(), &v1.GrantBonusRequest{RequestId: store.NewID(), ClientId: w.zerno, Amount: uah("1.00"), Reason: "x"})
			return err
		}()))
		require.NoError(t, w.grant(w.other, "50.00"))
		refusedFor(t, w.grant(w.other, "-50.01"), codes.FailedPrecondition, "amount", "not_bonus")
		require.Equal(t, "With bonuses (50.00 UAH)", w.offered(w.stranger, d.GetId())[byBonus])
		_, err := w.checkout(w.stranger, byBonus, "60.00", d.GetId(), false)
		refusedFor(t, err, codes.FailedPrecondition, "amount", "not_bonus")
		p := w.must(w.checkout(w.stranger, byBonus, "80.00", d.GetId(), true))
		require.Equal(t, isPaid, p.GetState())
		require.Equal(t, "50.00", p.GetAmount().GetAmount())
		require.Equal(t, "0.00", w.bonus(w.stranger))
		require.Equal(t, "30.00", w.head.document(d.GetId()).GetDue().GetAmount())
		require.Equal(t, "50.00", w.stranger.balance(w.other).GetAdvance().GetAmount())
		page := w.stranger.user.Get(t, "/bonuses")
		require.Contains(t, page.Body, "A good year")
		require.Contains(t, w.head.user.Get(t, "/clients/"+w.other+"/bonuses").Body, "A good year")
		list, err := v1.NewBonusServiceClient(w.stranger.user.Conn).ListBonusPostings(t.Context(), &v1.ListBonusPostingsRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetPostings(), 2)
		posting := w.head.user.Get(t, "/postings/"+list.GetPostings()[0].GetId()).Body
		require.NotContains(t, posting, `href="/postings"`, "of no client there are none")

		require.Equal(t, "20.00", w.refund(p.GetId(), "20.00").GetRefunded().GetAmount())
		require.Equal(t, "20.00", w.bonus(w.stranger), "and no card")
		require.Equal(t, "50.00", w.head.document(d.GetId()).GetDue().GetAmount())
		require.Empty(t, w.gateway.Asked())
	})

	t.Run("later", func(t *testing.T) {
		client := w.Client(t, "Later Ltd")
		payer := w.desk(w.Contact(t, client, "client.director"))
		first, second := w.bill(client, "600.00", 0), w.bill(client, "500.00", 0)
		_, err := w.checkout(payer, byDeferral, "600.00", first.GetId(), false)
		refusedFor(t, err, codes.FailedPrecondition, "method_id", "no_deferral_granted")
		w.mayOwe(client, "1000.00")
		_, err = w.checkout(payer, byDeferral, "100.00", first.GetId(), false)
		refusedFor(t, err, codes.FailedPrecondition, "amount", "defer_all")

		require.Contains(t, w.offered(payer, first.GetId()), byDeferral)
		p := w.must(w.checkout(payer, byDeferral, "600.00", first.GetId(), false))
		require.Equal(t, isDeferred, p.GetState())
		require.Equal(t, "2026-12-02", p.GetDueDate())
		require.Equal(t, "2026-12-02", w.head.document(first.GetId()).GetDueDate())
		require.Equal(t, "0.00", payer.balance(client).GetBalance().GetAmount(), "nothing is posted")
		require.NotContains(t, w.offered(payer, second.GetId()), byDeferral)
		_, err = w.checkout(payer, byDeferral, "500.00", second.GetId(), false)
		refusedFor(t, err, codes.FailedPrecondition, "method_id", "defer_limit")
		_, err = w.checkout(payer, byDeferral, "600.00", first.GetId(), false)
		refusedFor(t, err, codes.FailedPrecondition, "method_id", "due_later")
		_, err = paysystemv1.NewPaymentServiceClient(payer.user.Conn).CancelPayment(t.Context(), &paysystemv1.CancelPaymentRequest{Id: p.GetId()})
		require.Equal(t, codes.FailedPrecondition, status.Code(err))

		// What is paid of it leaves room for another.
		w.head.paid(client, "150.00", first.GetId())
		require.Equal(t, isDeferred, w.must(w.checkout(payer, byDeferral, "500.00", second.GetId(), false)).GetState())
		w.drained()
		require.Contains(t, payer.user.Get(t, "/payments/"+p.GetId()).Body, "To be paid later")
	})

	t.Run("two at once", func(t *testing.T) {
		client := w.Client(t, "Racer")
		payer := w.desk(w.Contact(t, client, "client.director"))
		bills := make([]string, 6)
		for i := range bills {
			bills[i] = w.bill(client, "70.00", 0).GetId()
		}
		w.ahead(client, "100.00")
		require.NoError(t, w.grant(client, "100.00"))
		for _, kind := range []paysystemv1.MethodKind{byPrepayment, byBonus} {
			errs := kerneltest.AtOnce(len(bills), func(i int) error {
				_, err := w.checkout(payer, kind, "30.00", bills[i], false)
				return err
			})
			require.Equal(t, 3, kerneltest.Count(errs, codes.OK), "%v", kind)
			require.Equal(t, 3, kerneltest.Count(errs, codes.FailedPrecondition), "%v", kind)
		}
		require.Equal(t, "10.00", w.bonus(payer))
		require.Equal(t, []string{"180.00"}, w.query("select (sum(paid) / 100.0)::numeric(10, 2)::text from finsystem.documents where client_id = $1", client))
		// The same request from many sides is one payment.
		require.NoError(t, w.grant(client, "100.00"))
		request := &paysystemv1.CreatePaymentRequest{RequestId: store.NewID(), MethodId: w.ways[byBonus], CurrencyCode: "UAH", Amount: "5.00", DocumentId: bills[5]}
		errs := kerneltest.AtOnce(6, func(int) error {
			_, err := paysystemv1.NewPaymentServiceClient(payer.user.Conn).CreatePayment(context.WithoutCancel(t.Context()), request)
			return err
		})
		require.Equal(t, 6, kerneltest.Count(errs, codes.OK), "%v", errs)
		require.Equal(t, "105.00", w.bonus(payer))
	})

	t.Run("what is not one's own", func(t *testing.T) {
		d := w.bill(w.other, "10.00", 0)
		_, err := w.checkout(w.director, byBonus, "10.00", d.GetId(), false)
		require.Equal(t, codes.NotFound, status.Code(err), "another's bill")
		_, err = paysystemv1.NewPaymentServiceClient(w.director.user.Conn).CreatePayment(t.Context(), &paysystemv1.CreatePaymentRequest{
			RequestId: store.NewID(), ClientId: w.other, MethodId: w.ways[byBonus], Amount: "10.00", DocumentId: d.GetId(),
		})
		require.Equal(t, codes.NotFound, status.Code(err), "another client")
		require.NotContains(t, w.offered(w.director, d.GetId()), byBonus)
		_, err = w.checkout(w.stranger, byBonus, "10.00", "", false)
		require.Equal(t, codes.InvalidArgument, status.Code(err), "no bill")
		_, err = v1.NewBonusServiceClient(w.director.user.Conn).GetBonus(t.Context(), &v1.GetBonusRequest{ClientId: w.other})
		require.Contains(t, []codes.Code{codes.NotFound, codes.PermissionDenied}, status.Code(err))
	})

	t.Run("a client who is suspended", func(t *testing.T) {
		client := w.Client(t, "Suspended Ltd")
		payer := w.desk(w.Contact(t, client, "client.director"))
		d := w.bill(client, "10.00", 0)
		require.NoError(t, w.grant(client, "10.00"))
		_, err := clientmanagerv1.NewClientServiceClient(w.head.user.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: client})
		require.NoError(t, err)
		_, err = w.checkout(payer, byBonus, "10.00", d.GetId(), false)
		require.Error(t, err)
		_, err = paysystemv1.NewPaymentServiceClient(w.head.user.Conn).CreatePayment(t.Context(), &paysystemv1.CreatePaymentRequest{
			RequestId: store.NewID(), ClientId: client, MethodId: w.ways[byBonus], Amount: "10.00", DocumentId: d.GetId(),
		})
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	})
}
