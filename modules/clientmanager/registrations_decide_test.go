package clientmanager_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestOfManyWhoDecideOneDoes(t *testing.T) {
	p := newPortal(t, open)
	heads := make([]user, 8)
	for i := range heads {
		heads[i] = p.head()
	}
	one := p.asked(heads[0], bakery())
	errs := kerneltest.AtOnce(8, func(i int) error {
		if i%2 == 0 {
			_, err := p.requests.ApproveRegistration(heads[i], &v1.ApproveRegistrationRequest{Id: one.GetId()})
			return err
		}
		_, err := p.requests.DeclineRegistration(heads[i], &v1.DeclineRegistrationRequest{Id: one.GetId(), Reason: "No."})
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			require.Contains(t, []string{"was_approved", "was_declined"}, reasons(err)[""], err)
		}
	}
	require.Equal(t, 1, won)
	now, err := p.requests.GetRegistration(heads[0], &v1.GetRegistrationRequest{Id: one.GetId()})
	require.NoError(t, err)
	made := p.rows(`select count(*) from clientmanager.clients`)
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	if now.GetRegistration().GetState() == v1.RegistrationState_REGISTRATION_STATE_APPROVED {
		require.Equal(t, 1, made)
		require.Len(t, p.admissions.admitted, 1)
	} else {
		require.Zero(t, made)
		require.Empty(t, p.admissions.admitted)
	}
}

func TestDutiesAreSeparate(t *testing.T) {
	p := newPortal(t, open)
	olena, taras := p.head(), p.manager("Taras")
	filed, err := p.requests.CreateRegistration(olena, &v1.CreateRegistrationRequest{RequestId: store.NewID(), Registration: bakery()})
	require.NoError(t, err)
	id := filed.GetRegistration().GetId()
	own := func(err error) {
		t.Helper()
		require.Equal(t, codes.PermissionDenied, status.Code(err), err)
		info, ok := status.Convert(err).Details()[0].(*errdetails.ErrorInfo)
		require.True(t, ok)
		require.Equal(t, "own_request", info.GetReason())
	}
	_, err = p.requests.ApproveRegistration(olena, &v1.ApproveRegistrationRequest{Id: id})
	own(err)
	_, err = p.requests.DeclineRegistration(olena, &v1.DeclineRegistrationRequest{Id: id, Reason: "No."})
	own(err)
	acting := access.From(olena)
	acting.UserID, acting.ActedBy, acting.MayWrite = store.NewID(), olena.id, true
	_, err = p.requests.ApproveRegistration(access.With(t.Context(), acting), &v1.ApproveRegistrationRequest{Id: id})
	own(err)

	iryna := p.manager("Iryna")
	_, err = p.requests.UpdateRegistration(iryna, &v1.UpdateRegistrationRequest{
		Registration: &v1.Registration{Id: id, Place: "Ternopil"}, UpdateMask: mask("place"),
	})
	require.NoError(t, err)
	_, err = p.requests.ApproveRegistration(iryna, &v1.ApproveRegistrationRequest{Id: id})
	own(err)

	done, err := p.requests.ApproveRegistration(taras, &v1.ApproveRegistrationRequest{Id: id})
	require.NoError(t, err)
	_, err = p.clients.GetClient(taras, &v1.GetClientRequest{Id: done.GetRegistration().GetClientId()})
	require.NoError(t, err, "a manager who approves serves the client")
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.False(t, p.admissions.admitted[0].GetConfirmed(), "nobody has shown that this e-mail is theirs")

	t.Run("unless an integrator wants it", func(t *testing.T) {
		p := newPortal(t, open, func(s *clientmanager.Settings) { s.SeparateDuties = false })
		head := p.head()
		filed, err := p.requests.CreateRegistration(head, &v1.CreateRegistrationRequest{RequestId: store.NewID(), Registration: bakery()})
		require.NoError(t, err)
		_, err = p.requests.ApproveRegistration(head, &v1.ApproveRegistrationRequest{Id: filed.GetRegistration().GetId()})
		require.NoError(t, err)
	})
}

func TestLookalikesShowNobodyElsesClients(t *testing.T) {
	p := newPortal(t, open)
	head, taras, iryna := p.head(), p.manager("Taras"), p.manager("Iryna")
	theirs := p.add(taras, &v1.Client{Name: "Bakery of Taras", TaxId: "14360570"})
	other := p.add(iryna, &v1.Client{Name: "Bakery of Iryna", Phone: "+380671112233"})
	one := p.asked(head, bakery())
	require.Equal(t, "clientmanager.registration.lookalike", one.GetWarning())

	seen, err := p.requests.ListLookalikes(taras, &v1.ListLookalikesRequest{Id: one.GetId()})
	require.NoError(t, err)
	require.Len(t, seen.GetLookalikes(), 2)
	require.NotContains(t, seen.String(), "Iryna", "of another manager's client only that there is one")
	_, err = p.requests.AttachRegistration(taras, &v1.AttachRegistrationRequest{Id: one.GetId(), ClientId: other.GetId(), Role: "client.accountant"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = p.requests.ApproveRegistration(taras, &v1.ApproveRegistrationRequest{Id: one.GetId()})
	require.Equal(t, map[string]string{"": "is_client"}, reasons(err))
	_, err = p.requests.ApproveRegistration(taras, &v1.ApproveRegistrationRequest{Id: one.GetId(), ManagerId: iryna.id})
	require.Equal(t, map[string]string{"manager_id": "not_assign"}, reasons(err))

	done, err := p.requests.AttachRegistration(taras, &v1.AttachRegistrationRequest{Id: one.GetId(), ClientId: theirs.GetId(), Role: "client.accountant"})
	require.NoError(t, err)
	require.Equal(t, theirs.GetId(), done.GetRegistration().GetClientId())
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Equal(t, "client.accountant", p.admissions.admitted[0].GetRole())
	require.Equal(t, 2, p.rows(`select count(*) from clientmanager.clients`), "no new client is made")
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.contacts where client_id = $1`, theirs.GetId()))
}

func TestWhoNeedsNoApproval(t *testing.T) {
	p := newPortal(t, open, func(s *clientmanager.Settings) {
		s.Registration.Approval = "rules"
		s.Registration.Rules = []clientmanager.ApprovalRule{{Kinds: []string{"person"}, Approval: "never"}}
	})
	head := p.head()
	require.Equal(t, v1.RegistrationState_REGISTRATION_STATE_WAITING, p.asked(head, bakery()).GetState())
	person := &v1.Registration{Kind: v1.ClientKind_CLIENT_KIND_PERSON, Name: "Halyna Savka", Email: "halyna@mail.example", TaxId: "3184502120", BirthDate: "1987-03-08"}
	require.NoError(t, p.start(person))
	confirmed, err := p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: p.token()})
	require.NoError(t, err)
	require.Equal(t, v1.RegistrationState_REGISTRATION_STATE_APPROVED, confirmed.GetState())
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.clients where kind = 'person' and birth_date = '1987-03-08'`))

	again := proto.CloneOf(person)
	again.Name = "H. Savka"
	require.NoError(t, p.start(again))
	confirmed, err = p.requests.ConfirmRegistration(stranger(p), &v1.ConfirmRegistrationRequest{Token: p.token()})
	require.NoError(t, err)
	require.Equal(t, v1.RegistrationState_REGISTRATION_STATE_WAITING, confirmed.GetState(), "who looks like a client waits for people")
}

func TestAccessThatCannotBeGivenIsSaid(t *testing.T) {
	p := newPortal(t, open)
	head := p.head()
	one := p.asked(head, bakery())
	failures := 2
	p.admissions.mu.Lock()
	p.admissions.before = func(r proto.Message) error {
		if _, ok := r.(*accountmanagerv1.AdmitPersonRequest); !ok {
			return nil
		}
		if failures--; failures >= 0 {
			return errors.New("it is away for a moment")
		}
		return status.Error(codes.FailedPrecondition, "the e-mail is staff's")
	}
	p.admissions.mu.Unlock()
	_, err := p.requests.ApproveRegistration(head, &v1.ApproveRegistrationRequest{Id: one.GetId()})
	require.NoError(t, err)
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	now, err := p.requests.GetRegistration(head, &v1.GetRegistrationRequest{Id: one.GetId()})
	require.NoError(t, err)
	require.Equal(t, "clientmanager.registration.access_refused", now.GetRegistration().GetAccess())
}
