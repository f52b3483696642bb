package finsystem_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (d *desk) deferrals() v1.DeferralServiceClient { return v1.NewDeferralServiceClient(d.user.Conn) }

func (d *desk) ask(client, amount string, days int32) (*v1.Deferral, error) {
	got, err := d.deferrals().RequestDeferral(d.t.Context(), &v1.RequestDeferralRequest{
		RequestId: store.NewID(), ClientId: client, Amount: uah(amount), Days: days, Why: "the harvest is late",
	})
	return got.GetDeferral(), err
}

func (d *desk) deferral(id string) *v1.Deferral {
	d.t.Helper()
	got, err := d.deferrals().GetDeferral(d.t.Context(), &v1.GetDeferralRequest{Id: id})
	require.NoError(d.t, err)
	return got.GetDeferral()
}

// A client asks, a manager grants less, what was blocked is charged, and at its day the limit falls back.
func TestADeferral(t *testing.T) {
	o := newOffice(t)
	s := o.manager.service(o.zerno, nil)
	require.Equal(t, []string{"2026-11-01 300.00 REFUSED"}, o.director.charges(s.GetId()))
	d, err := o.director.ask("", "1000.00", 10)
	require.NoError(t, err)
	require.Equal(t, v1.DeferralStatus_DEFERRAL_STATUS_REQUESTED, d.GetStatus())
	_, err = o.director.ask("", "2000.00", 10)
	refusedFor(t, err, codes.FailedPrecondition, "", "one_request")
	for _, err := range []error{
		second(o.stranger.deferrals().GetDeferral(t.Context(), &v1.GetDeferralRequest{Id: d.GetId()})),
		second(o.stranger.deferrals().WithdrawDeferral(t.Context(), &v1.WithdrawDeferralRequest{Id: d.GetId()})),
		second(o.manager.ask(o.other, "1.00", 1)),
	} {
		require.Equal(t, codes.NotFound, status.Code(err), "%v", err)
	}

	// Two decide at once: one is heard.
	errs := kerneltest.AtOnce(8, func(i int) error {
		if i%2 == 0 {
			return second(o.manager.deferrals().DeclineDeferral(t.Context(), &v1.DeclineDeferralRequest{Id: d.GetId(), Reason: "no"}))
		}
		return second(o.head.deferrals().GrantDeferral(t.Context(), &v1.GrantDeferralRequest{Id: d.GetId(), Granted: uah("500.00"), UntilDate: "2026-11-03"}))
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 7, kerneltest.Count(errs, codes.FailedPrecondition), "%v", errs)
	if o.director.deferral(d.GetId()).GetStatus() == v1.DeferralStatus_DEFERRAL_STATUS_DECLINED {
		require.Equal(t, "0.00", o.director.balance("").GetCreditLimit().GetAmount())
		again, err := o.director.ask("", "1000.00", 10)
		require.NoError(t, err)
		d = again
		require.NoError(t, second(o.manager.deferrals().GrantDeferral(t.Context(), &v1.GrantDeferralRequest{Id: d.GetId(), Granted: uah("500.00"), UntilDate: "2026-11-03"})))
	}
	d = o.director.deferral(d.GetId())
	require.Equal(t, []string{"500.00", "2026-11-03", "DEFERRAL_STATUS_GRANTED"}, []string{d.GetGranted().GetAmount(), d.GetUntilDate(), d.GetStatus().String()})
	require.Equal(t, "500.00", o.director.balance("").GetCreditLimit().GetAmount())
	require.Empty(t, d.GetDecidedBy(), "who decided is the business's own")
	o.clock.Move(time.Minute)
	o.run()
	require.Equal(t, []string{"2026-11-01 300.00 CHARGED"}, o.director.charges(s.GetId()))

	// Another takes its place, and what it falls back to stays what it was before both.
	more, err := o.director.ask("", "800.00", 1)
	require.NoError(t, err)
	require.NoError(t, second(o.manager.deferrals().GrantDeferral(t.Context(), &v1.GrantDeferralRequest{Id: more.GetId()})))
	require.Equal(t, v1.DeferralStatus_DEFERRAL_STATUS_EXPIRED, o.director.deferral(d.GetId()).GetStatus())
	require.Equal(t, []string{"800.00", "2026-11-03"}, []string{o.director.balance("").GetCreditLimit().GetAmount(), o.director.deferral(more.GetId()).GetUntilDate()})

	kernel := &desk{t: t, user: &kerneltest.User{Conn: o.Kernel()}, ledger: v1.NewLedgerServiceClient(o.Kernel())}
	o.clock.Move(38*time.Hour + 58*time.Minute) // to the last minute of the 3rd
	o.handled()
	require.Equal(t, "800.00", kernel.balance(o.zerno).GetCreditLimit().GetAmount())
	o.clock.Move(time.Minute)
	require.Eventually(t, func() bool { return kernel.balance(o.zerno).GetCreditLimit().GetAmount() == "0.00" }, 30*time.Second, 20*time.Millisecond)
	require.Equal(t, v1.DeferralStatus_DEFERRAL_STATUS_EXPIRED, kernel.deferral(more.GetId()).GetStatus())
	require.Equal(t, "-300.00", kernel.balance(o.zerno).GetBalance().GetAmount(), "what is owed stays owed")
	o.handled()
	require.Equal(t, "1", o.text("select count(*)::text from kernel.outbox where type = 'cabinet.finsystem.v1.DeferralDue'"))
}

// Rules and agreements grant by themselves, to whom they mean.
func TestDeferralsByThemselves(t *testing.T) {
	o := newOffice(t)
	rule := func(change func(*v1.DeferralRule)) *v1.DeferralRule {
		r := &v1.DeferralRule{Name: "Good payers", CurrencyCode: "UAH", MaxAmount: uah("1000.00"), MaxDays: 30, Months: 6, MinTurnover: uah("2000.00"), MinPaidInvoices: 1, NoOverdue: true, Active: true}
		change(r)
		made, err := o.head.deferrals().CreateDeferralRule(t.Context(), &v1.CreateDeferralRuleRequest{RequestId: store.NewID(), Rule: r})
		require.NoError(t, err)
		return made.GetRule()
	}
	good := rule(func(*v1.DeferralRule) {})
	_, err := o.manager.deferrals().ListDeferralRules(t.Context(), &v1.ListDeferralRulesRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
	withdrawn := func(amount string, days int32) v1.DeferralStatus {
		d, err := o.director.ask("", amount, days)
		require.NoError(t, err)
		if d.GetStatus() == v1.DeferralStatus_DEFERRAL_STATUS_REQUESTED {
			require.NoError(t, second(o.director.deferrals().WithdrawDeferral(t.Context(), &v1.WithdrawDeferralRequest{Id: d.GetId()})))
		}
		return d.GetStatus()
	}
	const asked, given = v1.DeferralStatus_DEFERRAL_STATUS_REQUESTED, v1.DeferralStatus_DEFERRAL_STATUS_GRANTED
	require.Equal(t, asked, withdrawn("500.00", 30), "nothing was paid yet")
	invoice := o.manager.issued(o.zerno, nil)
	o.manager.paid(o.zerno, "1200.00", invoice.GetId())
	require.Equal(t, asked, withdrawn("500.00", 30), "too little")
	o.manager.paid(o.zerno, "800.00", "")
	late := o.manager.issued(o.zerno, func(d *v1.Document) {
		d.IssueDate = "2026-11-01"
		d.Lines = []*v1.DocumentLine{line("x", "1", "5000", noTax, "")}
	})
	require.Equal(t, asked, withdrawn("500.00", 30), "something is overdue")
	require.NoError(t, second(o.manager.documents.VoidDocument(t.Context(), &v1.VoidDocumentRequest{Id: late.GetId(), Reason: "x"})))
	require.Equal(t, asked, withdrawn("1000.01", 30), "too much")
	require.Equal(t, asked, withdrawn("500.00", 31), "too long")
	require.Equal(t, given, withdrawn("1000.00", 30))
	require.Equal(t, "1000.00", o.director.balance("").GetCreditLimit().GetAmount())
	all, err := o.manager.deferrals().ListDeferrals(t.Context(), &v1.ListDeferralsRequest{Statuses: []v1.DeferralStatus{given}})
	require.NoError(t, err)
	require.Equal(t, good.GetId(), all.GetDeferrals()[0].GetRuleId())
	require.NoError(t, second(o.manager.deferrals().RevokeDeferral(t.Context(), &v1.RevokeDeferralRequest{Id: all.GetDeferrals()[0].GetId(), Reason: "the cheque bounced"})))
	require.Equal(t, "0.00", o.director.balance("").GetCreditLimit().GetAmount())

	// A rule of a segment is for that segment.
	good.Active = false
	require.NoError(t, second(o.head.deferrals().UpdateDeferralRule(t.Context(), &v1.UpdateDeferralRuleRequest{Rule: good, UpdateMask: mask("active")})))
	segments := clientmanagerv1.NewSegmentServiceClient(o.head.user.Conn)
	vip, err := segments.CreateSegment(t.Context(), &clientmanagerv1.CreateSegmentRequest{RequestId: store.NewID(), Segment: &clientmanagerv1.Segment{Name: "VIP"}})
	require.NoError(t, err)
	rule(func(r *v1.DeferralRule) {
		r.SegmentId, r.MinTurnover, r.MinPaidInvoices, r.NoOverdue = vip.GetSegment().GetId(), nil, 0, false
	})
	require.Equal(t, asked, withdrawn("100.00", 5), "not of the segment")
	_, err = segments.PlaceClient(t.Context(), &clientmanagerv1.PlaceClientRequest{ClientId: o.zerno, SegmentId: vip.GetSegment().GetId(), Placement: clientmanagerv1.Placement_PLACEMENT_IN})
	require.NoError(t, err)
	require.Equal(t, given, withdrawn("100.00", 5))

	// An agreement in force that says so is enough.
	agreements := clientmanagerv1.NewAgreementServiceClient(o.manager.user.Conn)
	made, err := agreements.CreateAgreement(t.Context(), &clientmanagerv1.CreateAgreementRequest{RequestId: store.NewID(), Agreement: &clientmanagerv1.Agreement{
		ClientId: o.zerno, Number: "24/118", Kind: clientmanagerv1.AgreementKind_AGREEMENT_KIND_SERVICE, StartDate: "2026-01-01", EndDate: "2026-11-30", CurrencyCode: "UAH",
		CreditLimit: uah("9000.00"),
	}})
	require.NoError(t, err)
	byAgreement := &v1.RequestDeferralRequest{RequestId: store.NewID(), Amount: uah("9000.00"), Days: 90, AgreementId: made.GetAgreement().GetId()}
	_, err = o.director.deferrals().RequestDeferral(t.Context(), byAgreement)
	require.Equal(t, codes.NotFound, status.Code(err), "a draft is no agreement: %v", err)
	_, err = agreements.ActivateAgreement(t.Context(), &clientmanagerv1.ActivateAgreementRequest{Id: made.GetAgreement().GetId()})
	require.NoError(t, err)
	got, err := o.director.deferrals().RequestDeferral(t.Context(), byAgreement)
	require.NoError(t, err)
	require.Equal(t, []string{"DEFERRAL_STATUS_GRANTED", "2026-11-30"}, []string{got.GetDeferral().GetStatus().String(), got.GetDeferral().GetUntilDate()})
	require.Equal(t, "9000.00", o.director.balance("").GetCreditLimit().GetAmount())
	_, err = o.director.ask("", "0.00", 5)
	refusedFor(t, err, codes.InvalidArgument, "amount", "amount_above_zero")
}
