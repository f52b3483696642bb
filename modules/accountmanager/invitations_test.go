package accountmanager_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func TestInvitationIsUsedOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("Alpha")
	token := p.invite(head, a, "Ann@Example.com", "client.director")
	preview, err := p.identity.PreviewInvitation(p.kernel(), &kernelv1.PreviewInvitationRequest{Token: token})
	require.NoError(t, err)
	require.Equal(t, "ann@example.com", preview.GetEmail())
	require.Equal(t, "Alpha", preview.GetClientName())
	require.Equal(t, "Olena Head", preview.GetInvitedBy())
	require.False(t, preview.GetHasPassword())

	errs := kerneltest.AtOnce(32, func(i int) error {
		_, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: token, Name: "Ann", Password: fmt.Sprintf("the password of %d", i)})
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
	// The others were too late, or met Ann's account and did not know her password.
	require.Equal(t, 31, kerneltest.Count(errs, codes.NotFound)+kerneltest.Count(errs, codes.Unauthenticated)+kerneltest.Count(errs, codes.ResourceExhausted), "%v", errs)
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.users where email = 'ann@example.com'`))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.memberships`))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.sessions s join accountmanager.users u using (user_id) where not u.staff`))
	require.Equal(t, 1, p.rows(`select count(*) from kernel.client_grant where client_id = $1`, a))
	_, err = p.identity.PreviewInvitation(p.kernel(), &kernelv1.PreviewInvitationRequest{Token: token})
	require.Equal(t, codes.NotFound, status.Code(err))
}

func TestInvitationsThatAreNoMore(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("Alpha")
	refused := func(token string) {
		t.Helper()
		_, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: token, Name: "X", Password: password})
		require.Equal(t, codes.NotFound, status.Code(err), "%v", err)
	}
	refused("forged")
	earlier := p.invite(head, a, "ann@example.com", "client.director")
	later := p.invite(head, a, "ann@example.com", "client.accountant")
	refused(earlier) // one link a person

	listed, err := p.invitations.ListInvitations(p.as(head), &accountmanagerv1.ListInvitationsRequest{
		ClientId: a, States: []accountmanagerv1.InvitationState{accountmanagerv1.InvitationState_INVITATION_STATE_WAITING}})
	require.NoError(t, err)
	require.Len(t, listed.GetInvitations(), 1)
	for range 2 {
		revoked, err := p.invitations.RevokeInvitation(p.as(head), &accountmanagerv1.RevokeInvitationRequest{Id: listed.GetInvitations()[0].GetId()})
		require.NoError(t, err)
		require.Equal(t, accountmanagerv1.InvitationState_INVITATION_STATE_REVOKED, revoked.GetInvitation().GetState())
	}
	refused(later)

	last := p.invite(head, a, "ann@example.com", "client.director")
	p.clock.Move(7 * 24 * time.Hour)
	refused(last)
	again, err := p.signIn("head@example.com", password)
	require.NoError(t, err)
	listed, err = p.invitations.ListInvitations(p.as(again), &accountmanagerv1.ListInvitationsRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, accountmanagerv1.InvitationState_INVITATION_STATE_EXPIRED, listed.GetInvitations()[0].GetState())
	require.NotEmpty(t, listed.GetNextPageToken())
	rest, err := p.invitations.ListInvitations(p.as(again), &accountmanagerv1.ListInvitationsRequest{PageToken: listed.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, rest.GetInvitations(), 2)
}

func TestTheSameRequestGivesTheSameLink(t *testing.T) {
	p := newPortal(t)
	head := p.as(p.head())
	request := &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), ClientId: p.client("Alpha"), Name: "Ann", Email: "ann@example.com", Role: "client.director"}
	var answers [8]*accountmanagerv1.CreateInvitationResponse
	errs := kerneltest.AtOnce(len(answers), func(i int) (err error) {
		answers[i], err = p.invitations.CreateInvitation(head, request)
		return err
	})
	require.Equal(t, len(answers), kerneltest.Count(errs, codes.OK), "%v", errs)
	for _, answer := range answers {
		require.True(t, proto.Equal(answers[0], answer))
	}
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.invitations where email <> ''`))
	require.Zero(t, p.rows(`select count(*) from kernel.once where position(convert_to($1, 'utf8') in answer) > 0`, answers[0].GetToken()), "no token is kept")
	request.Email = "other@example.com"
	_, err := p.invitations.CreateInvitation(head, request)
	require.Equal(t, codes.AlreadyExists, status.Code(err))
}

func TestAnExistingUserProvesThemselves(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	p.contact(head, p.client("Alpha"), "ann@example.com", "client.director")
	token := p.invite(head, p.client("Beta"), "ann@example.com", "client.accountant")
	preview, err := p.identity.PreviewInvitation(p.kernel(), &kernelv1.PreviewInvitationRequest{Token: token})
	require.NoError(t, err)
	require.True(t, preview.GetHasPassword())
	accept := func(password string) error {
		_, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: token, Name: "Mallory", Password: password})
		return err
	}
	require.Equal(t, codes.Unauthenticated, status.Code(accept("not the password")))
	require.NoError(t, accept(password), "a wrong one does not use it up")
	require.Zero(t, p.rows(`select count(*) from accountmanager.users where name = 'Mallory'`))
}

func TestNobodyIsOnBothSides(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("Alpha")
	p.contact(head, a, "ann@example.com", "client.director")
	_, err := p.invitations.InviteStaff(p.as(head), &accountmanagerv1.InviteStaffRequest{RequestId: store.NewID(), Name: "Ann", Email: "ann@example.com", Role: "manager"})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	create := func(email, role string) codes.Code {
		_, err := p.invitations.CreateInvitation(p.as(head), &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), ClientId: a, Name: "X", Email: email, Role: role})
		return status.Code(err)
	}
	require.Equal(t, codes.FailedPrecondition, create("head@example.com", "client.director"))
	require.Equal(t, codes.FailedPrecondition, create("ann@example.com", "client.director"), "she has access already")
	require.Equal(t, codes.InvalidArgument, create("x@example.com", "manager"), "a staff role is no contact's")
	require.Equal(t, codes.InvalidArgument, create("x@example.com", "client"), "the base role is not given")

	// Two invitations of one e-mail, made before either side was known.
	asStaff, err := p.invitations.InviteStaff(p.as(head), &accountmanagerv1.InviteStaffRequest{RequestId: store.NewID(), Name: "B", Email: "both@example.com", Role: "manager"})
	require.NoError(t, err)
	asContact := p.invite(head, a, "both@example.com", "client.director")
	p.accept(asStaff.GetToken(), "B", "")
	_, err = p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: asContact, Name: "B", Password: password})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
}

func TestForeignClients(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	mine, foreign := p.client("Alpha"), p.client("Beta")
	manager := p.staff(head, "mia@example.com", "manager")
	p.serve(p.who(manager).GetUserId(), mine)
	director := p.contact(manager, mine, "ann@example.com", "client.director")
	other := p.contact(head, foreign, "bob@example.com", "client.accountant")
	waiting := p.invite(head, foreign, "late@example.com", "client.director")

	listed, err := p.invitations.ListInvitations(p.as(head), &accountmanagerv1.ListInvitationsRequest{ClientId: foreign})
	require.NoError(t, err)
	members, err := p.memberships.ListMemberships(p.as(head), &accountmanagerv1.ListMembershipsRequest{ClientId: foreign})
	require.NoError(t, err)
	for name, token := range map[string]string{"a manager of another client": manager, "another client's director": director} {
		ctx := p.as(token)
		_, err := p.invitations.CreateInvitation(ctx, &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), ClientId: foreign, Name: "X", Email: "x@example.com", Role: "client.accountant"})
		require.Equal(t, codes.NotFound, status.Code(err), name)
		seen, err := p.invitations.ListInvitations(ctx, &accountmanagerv1.ListInvitationsRequest{ClientId: foreign})
		require.NoError(t, err)
		require.Empty(t, seen.GetInvitations(), name)
		all, err := p.invitations.ListInvitations(ctx, &accountmanagerv1.ListInvitationsRequest{})
		require.NoError(t, err)
		for _, i := range all.GetInvitations() {
			require.Equal(t, mine, i.GetClientId(), name)
		}
		for _, i := range listed.GetInvitations() {
			_, err = p.invitations.RevokeInvitation(ctx, &accountmanagerv1.RevokeInvitationRequest{Id: i.GetId()})
			require.Equal(t, codes.NotFound, status.Code(err), name)
		}
		people, err := p.memberships.ListMemberships(ctx, &accountmanagerv1.ListMembershipsRequest{ClientId: foreign})
		require.NoError(t, err)
		require.Empty(t, people.GetMemberships(), name)
		_, err = p.memberships.DeleteMembership(ctx, &accountmanagerv1.DeleteMembershipRequest{Id: members.GetMemberships()[0].GetId()})
		require.Equal(t, codes.NotFound, status.Code(err), name)
		_, err = p.memberships.UpdateMembership(ctx, &accountmanagerv1.UpdateMembershipRequest{Id: members.GetMemberships()[0].GetId(), Role: "client.director"})
		require.Equal(t, codes.NotFound, status.Code(err), name)
	}
	p.who(other)
	p.accept(waiting, "Late", "")
	// A contact who says whom they act for, against what the database knows.
	liar := p.principal(director)
	liar.ActingFor = foreign
	people, err := p.memberships.ListMemberships(p.acting(liar), &accountmanagerv1.ListMembershipsRequest{ClientId: foreign})
	require.NoError(t, err)
	require.Empty(t, people.GetMemberships())
}

func TestMemberships(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b := p.client("Alpha"), p.client("Beta")
	director := p.contact(head, a, "ann@example.com", "client.director")
	accountant := p.contact(director, "", "bob@example.com", "client.accountant") // the client she acts for
	p.contact(head, b, "bob@example.com", "client.director")

	list, err := p.memberships.ListMemberships(p.as(director), &accountmanagerv1.ListMembershipsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetMemberships(), 2)
	ann, bob := list.GetMemberships()[0], list.GetMemberships()[1]
	require.Equal(t, "bob@example.com", bob.GetEmail())

	_, err = p.memberships.DeleteMembership(p.as(director), &accountmanagerv1.DeleteMembershipRequest{Id: ann.GetId()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "not her own")
	_, err = p.memberships.UpdateMembership(p.as(director), &accountmanagerv1.UpdateMembershipRequest{Id: ann.GetId(), Role: "client.manager"})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	_, err = p.memberships.DeleteMembership(p.as(accountant), &accountmanagerv1.DeleteMembershipRequest{Id: ann.GetId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.memberships.UpdateMembership(p.as(director), &accountmanagerv1.UpdateMembershipRequest{Id: bob.GetId(), Role: "head"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))

	changed, err := p.memberships.UpdateMembership(p.as(director), &accountmanagerv1.UpdateMembershipRequest{Id: bob.GetId(), Role: "client.manager"})
	require.NoError(t, err)
	require.Equal(t, "client.manager", changed.GetMembership().GetRole())
	require.Equal(t, []string{"client", "client.manager"}, p.who(accountant).GetRoles(), "from the next click on")

	require.Equal(t, 8, kerneltest.Count(kerneltest.AtOnce(8, func(int) error {
		_, err := p.memberships.DeleteMembership(p.as(head), &accountmanagerv1.DeleteMembershipRequest{Id: bob.GetId()})
		if status.Code(err) == codes.NotFound {
			return nil // it was gone when this one looked
		}
		return err
	}), codes.OK))
	p.gone(accountant)
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Len(t, p.ended, 1)
	require.Zero(t, p.rows(`select count(*) from kernel.client_grant where client_id = $1 and user_id = $2`, a, bob.GetUserId()))
	in, err := p.signIn("bob@example.com", password)
	require.NoError(t, err)
	require.Equal(t, b, p.who(in).GetActingClientId())
}
