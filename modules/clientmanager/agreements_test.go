package clientmanager_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// paper is an agreement as it is asked for, from a day to another.
func paper(client, number, from, to string) *v1.Agreement {
	return &v1.Agreement{
		ClientId: client, Number: number, Kind: v1.AgreementKind_AGREEMENT_KIND_SERVICE, StartDate: from, EndDate: to, CurrencyCode: "UAH",
	}
}

func (p *portal) agree(who context.Context, a *v1.Agreement) (*v1.Agreement, error) {
	made, err := p.agreements.CreateAgreement(who, &v1.CreateAgreementRequest{RequestId: store.NewID(), Agreement: a})
	return made.GetAgreement(), err
}

func (p *portal) agreed(who context.Context, a *v1.Agreement) *v1.Agreement {
	p.t.Helper()
	made, err := p.agree(who, a)
	require.NoError(p.t, err)
	return made
}

func (p *portal) activate(who context.Context, id string) (*v1.Agreement, error) {
	got, err := p.agreements.ActivateAgreement(who, &v1.ActivateAgreementRequest{Id: id})
	return got.GetAgreement(), err
}

func (p *portal) end(who context.Context, id, last string) (*v1.Agreement, error) {
	got, err := p.agreements.EndAgreement(who, &v1.EndAgreementRequest{Id: id, LastDate: last, Reason: "done"})
	return got.GetAgreement(), err
}

func TestAgreement(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	director, contact := p.contact("Olena", client, "client.director"), p.contact("Ihor", client, "client.manager")
	want := paper(client, "24/118", "2026-01-01", "")
	want.Subject, want.PaymentDays, want.Note = "Maintenance", 14, "gave them a discount"
	want.CreditLimit = &kernelv1.Money{CurrencyCode: "UAH", Amount: "60000.00"}
	made := p.agreed(olha, want)
	require.True(t, proto.Equal(want.GetCreditLimit(), made.GetCreditLimit()))
	require.Equal(t, v1.AgreementStatus_AGREEMENT_STATUS_DRAFT, made.GetStatus())

	list := func(who user) (numbers []string) {
		got, err := p.agreements.ListAgreements(who, &v1.ListAgreementsRequest{ClientId: client})
		require.NoError(t, err)
		for _, a := range got.GetAgreements() {
			numbers = append(numbers, a.GetNumber())
		}
		return numbers
	}
	require.Equal(t, []string{"24/118"}, list(olha))
	require.Empty(t, list(director), "a draft is the business's own")
	_, err := p.agreements.GetAgreement(director, &v1.GetAgreementRequest{Id: made.GetId()})
	refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_agreement")

	_, err = p.agreements.SuspendAgreement(olha, &v1.SuspendAgreementRequest{Id: made.GetId()})
	refused(t, err, codes.FailedPrecondition, "id", "clientmanager.refusal.not_in_force")
	for range 2 {
		got, err := p.activate(olha, made.GetId())
		require.NoError(t, err)
		require.EqualValues(t, 2, got.GetRevision(), "once is enough")
		require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_RUNNING, got.GetTerm())
	}
	require.Equal(t, []string{"24/118"}, list(director))
	seen, err := p.agreements.GetAgreement(director, &v1.GetAgreementRequest{Id: made.GetId()})
	require.NoError(t, err)
	require.Empty(t, seen.GetAgreement().GetNote(), "a client never sees what staff noted")
	require.Equal(t, "60000.00", seen.GetAgreement().GetCreditLimit().GetAmount())
	_, err = p.agreements.GetAgreement(contact, &v1.GetAgreementRequest{Id: made.GetId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "what was agreed is for directors and accountants")
	_, err = p.activate(director, made.GetId())
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	_, err = p.agreements.DeleteAgreement(olha, &v1.DeleteAgreementRequest{Id: made.GetId()})
	refused(t, err, codes.FailedPrecondition, "id", "clientmanager.refusal.no_draft")
	_, err = p.agreements.SuspendAgreement(olha, &v1.SuspendAgreementRequest{Id: made.GetId(), Reason: "does not pay"})
	require.NoError(t, err)
	_, err = p.activate(olha, made.GetId())
	require.NoError(t, err)
	_, err = p.end(olha, made.GetId(), "2025-12-31")
	refused(t, err, codes.InvalidArgument, "last_date", "clientmanager.refusal.ends_before")
	got, err := p.end(olha, made.GetId(), "")
	require.NoError(t, err)
	require.Equal(t, "2026-03-02", got.GetEndDate(), "today, in the portal's time zone")
	_, err = p.activate(olha, made.GetId())
	refused(t, err, codes.FailedPrecondition, "", "clientmanager.refusal.agreement_ended")
	_, err = p.agreements.UpdateAgreement(olha, &v1.UpdateAgreementRequest{Agreement: &v1.Agreement{Id: made.GetId(), Number: "x"}, UpdateMask: mask("number")})
	refused(t, err, codes.FailedPrecondition, "", "clientmanager.refusal.agreement_ended")

	var statuses []v1.AgreementStatus
	for _, e := range events[*v1.AgreementChanged](p) {
		require.Equal(t, made.GetId(), e.GetAgreementId())
		statuses = append(statuses, e.GetStatus())
	}
	require.Equal(t, []v1.AgreementStatus{2, 3, 2, 4}, statuses)
	other := p.agreed(olha, paper(client, "other", "2026-01-01", ""))
	_, err = p.agreements.DeleteAgreement(olha, &v1.DeleteAgreementRequest{Id: other.GetId()})
	require.NoError(t, err)
	history, err := p.clients.ListHistory(olha, &v1.ListHistoryRequest{ClientId: client, AboutId: made.GetId()})
	require.NoError(t, err)
	var what []string
	for _, e := range history.GetEntries() {
		what = append(what, e.GetWhat()+" "+e.GetDetail())
	}
	require.Equal(t, []string{
		"clientmanager.history.agreement_ended 24/118: done", "clientmanager.history.agreement_activated 24/118",
		"clientmanager.history.agreement_suspended 24/118: does not pay", "clientmanager.history.agreement_activated 24/118",
		"clientmanager.history.agreement_added 24/118",
	}, what)
}

func TestAgreementIsChecked(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	for field, c := range map[string]struct {
		change func(*v1.Agreement)
		reason string
	}{
		"agreement.start_date":          {func(a *v1.Agreement) { a.StartDate = "2026-02-30" }, "clientmanager.refusal.no_date"},
		"agreement.end_date":            {func(a *v1.Agreement) { a.EndDate = "2025-12-31" }, "clientmanager.refusal.ends_before"},
		"agreement.currency_code":       {func(a *v1.Agreement) { a.CurrencyCode = "QQQ" }, "clientmanager.refusal.no_currency"},
		"agreement.credit_limit":        {func(a *v1.Agreement) { a.CreditLimit = &kernelv1.Money{CurrencyCode: "EUR", Amount: "1"} }, "clientmanager.refusal.other_currency"},
		"agreement.credit_limit.amount": {func(a *v1.Agreement) { a.CreditLimit = &kernelv1.Money{CurrencyCode: "UAH", Amount: "1,5"} }, "string.pattern"},
		"agreement.payment_days":        {func(a *v1.Agreement) { a.PaymentDays = -1 }, "int32.gte_lte"},
		"agreement.number":              {func(a *v1.Agreement) { a.Number = " " }, "string.min_len"},
	} {
		a := paper(client, "1", "2026-01-01", "")
		c.change(a)
		_, err := p.agree(olha, a)
		refused(t, err, codes.InvalidArgument, field, c.reason)
	}
	a := paper(client, "1", "2026-01-01", "")
	a.CreditLimit = &kernelv1.Money{CurrencyCode: "UAH", Amount: "-1"}
	_, err := p.agree(olha, a)
	refused(t, err, codes.InvalidArgument, "agreement.credit_limit", "clientmanager.refusal.limit_below_zero")
	require.Zero(t, p.rows("select count(*) from clientmanager.agreements"))
}

// The term is told by the portal's day: in Kyiv it is the next one while it is still evening in London.
func TestTermOfAgreement(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	a := p.agreed(olha, paper(client, "1", "2026-03-10", "2026-05-01"))
	term := func(at time.Time) v1.AgreementTerm {
		p.clock.Move(at.Sub(p.clock.Now()))
		got, err := p.agreements.GetAgreement(olha, &v1.GetAgreementRequest{Id: a.GetId()})
		require.NoError(t, err)
		return got.GetAgreement().GetTerm()
	}
	march := time.Date(2026, 3, 9, 21, 59, 0, 0, time.UTC)
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_UNSPECIFIED, term(march), "a draft has no term")
	_, err := p.activate(olha, a.GetId())
	require.NoError(t, err)
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_AHEAD, term(march))
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_RUNNING, term(march.Add(time.Minute)))
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_RUNNING, term(time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)))
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_EXPIRING, term(time.Date(2026, 4, 1, 12, 0, 0, 0, time.UTC)))
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_EXPIRING, term(time.Date(2026, 5, 1, 20, 59, 0, 0, time.UTC)))
	require.Equal(t, v1.AgreementTerm_AGREEMENT_TERM_EXPIRED, term(time.Date(2026, 5, 1, 21, 0, 0, 0, time.UTC)))
}

// A number is given once for a day: to many at once, in any writing, and also past the module's code.
func TestNumbersDoNotOverlap(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client, other := p.named(olha, "Zerno").GetId(), p.named(olha, "Lan").GetId()
	errs := kerneltest.AtOnce(12, func(i int) error {
		number := []string{"A/1", "a/1", "  A/1"}[i%3]
		_, err := p.agree(olha, paper(client, number, "2026-01-01", []string{"", "2026-12-31"}[i%2]))
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, len(errs)-1, kerneltest.Count(errs, codes.AlreadyExists), "%v", errs)
	for _, err := range errs {
		if err != nil {
			refused(t, err, codes.AlreadyExists, "agreement.number", "clientmanager.refusal.number_taken")
		}
	}
	p.agreed(olha, paper(other, "A/1", "2026-01-01", ""))
	next := p.agreed(olha, paper(client, "A/2", "2026-01-01", "2026-06-30"))
	p.agreed(olha, paper(client, "A/2", "2026-07-01", ""))
	_, err := p.agreements.UpdateAgreement(olha, &v1.UpdateAgreementRequest{Agreement: &v1.Agreement{Id: next.GetId(), EndDate: "2026-07-01"}, UpdateMask: mask("end_date")})
	refused(t, err, codes.AlreadyExists, "agreement.number", "clientmanager.refusal.number_taken")
	_, err = p.admin().Exec(t.Context(), `update clientmanager.agreements set end_date = null where id = $1`, next.GetId())
	require.ErrorContains(t, err, "agreements_no_overlap")
}

// Of those who end, suspend and resume one at once, whoever comes last decides; it is ended once, and stays so.
func TestStatusFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	a := p.agreed(olha, paper(p.named(olha, "Zerno").GetId(), "1", "2026-01-01", ""))
	_, err := p.activate(olha, a.GetId())
	require.NoError(t, err)
	errs := kerneltest.AtOnce(18, func(i int) error {
		var err error
		switch i % 3 {
		case 0:
			_, err = p.end(olha, a.GetId(), "")
		case 1:
			_, err = p.agreements.SuspendAgreement(olha, &v1.SuspendAgreementRequest{Id: a.GetId()})
		default:
			_, err = p.activate(olha, a.GetId())
		}
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK)+kerneltest.Count(errs, codes.FailedPrecondition), "%v", errs)
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.agreements where status = 'ended'"))
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'agreement_ended'"))
	said := events[*v1.AgreementChanged](p)
	for i, e := range said[1:] {
		require.Equal(t, said[i].GetStatus(), e.GetFormerStatus(), "each follows the one before")
	}
	require.Equal(t, v1.AgreementStatus_AGREEMENT_STATUS_ENDED, said[len(said)-1].GetStatus())
}

func TestClientSummary(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	for number, last := range map[string]string{"open": "", "past": "2026-02-01", "soon": "2026-04-01", "later": "2026-04-02"} {
		_, err := p.activate(olha, p.agreed(olha, paper(client, number, "2026-01-01", last)).GetId())
		require.NoError(t, err)
	}
	p.agreed(olha, paper(client, "draft", "2026-01-01", ""))
	p.person(olha, &v1.Contact{ClientId: client, Name: "Ihor"})
	got, err := p.clients.GetClientSummary(olha, &v1.GetClientSummaryRequest{Id: client})
	require.NoError(t, err)
	require.Equal(t, []int32{4, 2, 1}, []int32{got.GetAgreementsInForce(), got.GetAgreementsExpiring(), got.GetContacts()})
	require.Equal(t, p.clock.Now(), got.GetLastEventTime().AsTime())
	_, err = p.clients.GetClientSummary(p.manager("Petro"), &v1.GetClientSummaryRequest{Id: client})
	refused(t, err, codes.NotFound, "", "clientmanager.refusal.no_client")
}
