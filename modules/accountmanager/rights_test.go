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
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Whoever is put out does not come back by a link that they made before.
func TestInvitationsEndWithTheirMakersRights(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b := p.client("Alpha"), p.client("Beta")
	second := p.staff(head, "second@example.com", "head")
	third := p.staff(head, "third@example.com", "head")
	director := p.contact(head, a, "ann@example.com", "client.director")
	p.contact(head, b, "ann@example.com", "client.director")
	staffLink := func(by, email string) string {
		made, err := p.invitations.InviteStaff(p.as(by), &accountmanagerv1.InviteStaffRequest{RequestId: store.NewID(), Name: "X", Email: email, Role: "head"})
		require.NoError(t, err)
		return made.GetToken()
	}
	works := func(token string) bool {
		_, err := p.identity.PreviewInvitation(p.kernel(), &kernelv1.PreviewInvitationRequest{Token: token})
		return err == nil
	}
	bySecond, byThird := staffLink(second, "backdoor@example.com"), staffLink(third, "other@example.com")
	byAnn := p.invite(director, a, "friend@example.com", "client.accountant")
	_, err := p.identity.SwitchClient(p.kernel(), &kernelv1.SwitchClientRequest{SessionToken: director, ClientId: b})
	require.NoError(t, err)
	byAnnForB := p.invite(director, b, "friend@example.com", "client.accountant")

	_, err = p.users.BlockUser(p.as(head), &accountmanagerv1.BlockUserRequest{Id: p.who(second).GetUserId()})
	require.NoError(t, err)
	require.False(t, works(bySecond))
	require.NoError(t, p.setRoles(p.as(head), p.who(third).GetUserId(), "manager"))
	require.False(t, works(byThird))
	people, err := p.memberships.ListMemberships(p.as(head), &accountmanagerv1.ListMembershipsRequest{ClientId: a})
	require.NoError(t, err)
	_, err = p.memberships.DeleteMembership(p.as(head), &accountmanagerv1.DeleteMembershipRequest{Id: people.GetMemberships()[0].GetId()})
	require.NoError(t, err)
	require.False(t, works(byAnn))
	require.True(t, works(byAnnForB), "there she is a director still")
}

func TestAnAcceptedClientIsTheOneActedFor(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b := p.client("Alpha"), p.client("Beta")
	first := p.contact(head, a, "ann@example.com", "client.director")
	require.Equal(t, b, p.who(p.contact(head, b, "ann@example.com", "client.accountant")).GetActingClientId())
	require.Equal(t, a, p.who(first).GetActingClientId(), "the other session goes on as it was")

	// Somebody who has no client left acts for the next one that lets them in, wherever they are signed in.
	people, err := p.memberships.ListMemberships(p.as(head), &accountmanagerv1.ListMembershipsRequest{ClientId: a})
	require.NoError(t, err)
	bob := p.contact(head, a, "bob@example.com", "client.accountant")
	id := p.who(bob).GetUserId()
	people, err = p.memberships.ListMemberships(p.as(head), &accountmanagerv1.ListMembershipsRequest{ClientId: a, PageToken: people.GetNextPageToken()})
	require.NoError(t, err)
	for _, m := range people.GetMemberships() {
		if m.GetUserId() == id {
			_, err = p.memberships.DeleteMembership(p.as(head), &accountmanagerv1.DeleteMembershipRequest{Id: m.GetId()})
			require.NoError(t, err)
		}
	}
	adrift, err := p.signIn("bob@example.com", password)
	require.NoError(t, err)
	require.Empty(t, p.who(adrift).GetActingClientId())
	require.Equal(t, []string{"client"}, p.who(adrift).GetRoles())
	_, err = p.memberships.ListMemberships(p.as(adrift), &accountmanagerv1.ListMembershipsRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	p.contact(head, b, "bob@example.com", "client.director")
	require.Equal(t, b, p.who(adrift).GetActingClientId())
	p.say(b, &clientmanagerv1.ClientSuspended{ClientId: b})
	p.gone(adrift)
}

// What was answered is answered again, though nothing of it could be asked for anew.
func TestAnAnsweredInvitationIsAnsweredAgain(t *testing.T) {
	p := newPortal(t)
	head := p.as(p.head())
	a := p.client("Alpha")
	request := &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), ClientId: a, Name: "Ann", Email: "ann@example.com", Role: "client.director"}
	first, err := p.invitations.CreateInvitation(head, request)
	require.NoError(t, err)
	p.accept(first.GetToken(), "Ann", "")
	p.say(a, &clientmanagerv1.ClientSuspended{ClientId: a})
	again, err := p.invitations.CreateInvitation(head, request)
	require.NoError(t, err)
	require.True(t, proto.Equal(first, again))
	request.RequestId = store.NewID()
	_, err = p.invitations.CreateInvitation(head, request)
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	request = &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), ClientId: p.client("Beta"), Name: "  ", Email: "x@example.com", Role: "client.director"}
	_, err = p.invitations.CreateInvitation(head, request)
	require.Equal(t, "accountmanager.errors.name_needed", faults(err)["name"])
}

// However a switch and a suspension meet, nobody acts for the client afterwards, nor once it is resumed.
func TestSwitchingMeetsSuspension(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a, b := p.client("Alpha"), p.client("Beta")
	var sessions []string
	for i := range 8 {
		email := fmt.Sprintf("u%d@example.com", i)
		p.contact(head, a, email, "client.director")
		sessions = append(sessions, p.contact(head, b, email, "client.director"))
	}
	kerneltest.AtOnce(len(sessions)+1, func(i int) error {
		if i == len(sessions) {
			p.say(a, &clientmanagerv1.ClientSuspended{ClientId: a})
			return nil
		}
		_, err := p.identity.SwitchClient(p.kernel(), &kernelv1.SwitchClientRequest{SessionToken: sessions[i], ClientId: a})
		return err
	})
	require.Zero(t, p.rows(`select count(*) from accountmanager.sessions where client_id = $1`, a))
	p.say(a, &clientmanagerv1.ClientResumed{ClientId: a})
	for _, session := range sessions {
		got, err := p.identity.Identify(p.kernel(), &kernelv1.IdentifyRequest{SessionToken: session})
		if err == nil {
			require.Equal(t, b, got.GetIdentity().GetActingClientId())
		} else {
			require.Equal(t, codes.Unauthenticated, status.Code(err))
		}
	}
}

// A session that is used from everywhere while its user is blocked ends, and nobody is kept waiting by the other.
func TestUseMeetsBlocking(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	id := p.who(manager).GetUserId()
	p.clock.Move(2 * time.Minute) // the use is to be written down
	ctx := p.as(head)
	errs := kerneltest.AtOnce(16, func(i int) error {
		if i == 0 {
			_, err := p.users.BlockUser(ctx, &accountmanagerv1.BlockUserRequest{Id: id})
			return err
		}
		_, err := p.identity.Identify(p.kernel(), &kernelv1.IdentifyRequest{SessionToken: manager})
		return err
	})
	require.NoError(t, errs[0])
	require.Equal(t, 15, kerneltest.Count(errs[1:], codes.OK)+kerneltest.Count(errs[1:], codes.Unauthenticated), "%v", errs)
	p.gone(manager)
}

// otherPrice is the hash of password, made with twice the memory and iterations that tests take.
const otherPrice = "$argon2id$v=19$m=16,t=2,p=1$Uv0gCPQ/JbD8KBxJD7vbXw$4r6uEJs38Efyp2e2nVaDKoGeIAtQzgx9FyNAeG0QHg8"

// A hash at an old price is made anew when its owner signs in.
func TestHashesFollowTheirPrice(t *testing.T) {
	p := newPortal(t)
	p.head()
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.credentials where password_hash like '%m=8,t=1,%'`))
	p.exec(`update accountmanager.credentials set password_hash = $1`, otherPrice)
	_, err := p.signIn("head@example.com", "wrong")
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	require.Zero(t, p.rows(`select count(*) from accountmanager.credentials where password_hash like '%m=8,t=1,%'`))
	_, err = p.signIn("head@example.com", password)
	require.NoError(t, err)
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.credentials where password_hash like '%m=8,t=1,%'`))
	_, err = p.signIn("head@example.com", password)
	require.NoError(t, err)
}

func TestOneMembership(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("Alpha")
	director := p.contact(head, a, "ann@example.com", "client.director")
	foreign := p.contact(head, p.client("Beta"), "bob@example.com", "client.director")
	people, err := p.memberships.ListMemberships(p.as(director), &accountmanagerv1.ListMembershipsRequest{})
	require.NoError(t, err)
	request := &accountmanagerv1.GetMembershipRequest{Id: people.GetMemberships()[0].GetId()}
	for _, token := range []string{director, head} {
		got, err := p.memberships.GetMembership(p.as(token), request)
		require.NoError(t, err)
		require.True(t, proto.Equal(people.GetMemberships()[0], got.GetMembership()))
	}
	_, err = p.memberships.GetMembership(p.as(foreign), request)
	require.Equal(t, codes.NotFound, status.Code(err))
}

// A contact looks after nobody, and ends nobody's session but their own.
func TestContactsReachNobodyElse(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	director := p.contact(head, p.client("Alpha"), "ann@example.com", "client.director")
	victim := p.contact(head, p.client("Beta"), "bob@example.com", "client.accountant")
	ctx, id := p.as(director), p.who(victim).GetUserId()
	for name, call := range map[string]func() error{
		"ListUsers":  func() error { _, err := p.users.ListUsers(ctx, &accountmanagerv1.ListUsersRequest{}); return err },
		"GetUser":    func() error { _, err := p.users.GetUser(ctx, &accountmanagerv1.GetUserRequest{Id: id}); return err },
		"UpdateUser": func() error { return p.setRoles(ctx, p.who(director).GetUserId(), "head") },
		"BlockUser":  func() error { _, err := p.users.BlockUser(ctx, &accountmanagerv1.BlockUserRequest{Id: id}); return err },
		"UnblockUser": func() error {
			_, err := p.users.UnblockUser(ctx, &accountmanagerv1.UnblockUserRequest{Id: id})
			return err
		},
		"ListStaff": func() error { _, err := p.users.ListStaff(ctx, &accountmanagerv1.ListStaffRequest{}); return err },
		"GetStaffCard": func() error {
			_, err := p.users.GetStaffCard(ctx, &accountmanagerv1.GetStaffCardRequest{UserId: p.who(head).GetUserId()})
			return err
		},
		"ListRoles": func() error { _, err := p.users.ListRoles(ctx, &accountmanagerv1.ListRolesRequest{}); return err },
		"InviteStaff": func() error {
			_, err := p.invitations.InviteStaff(ctx, &accountmanagerv1.InviteStaffRequest{RequestId: store.NewID(), Name: "X", Email: "x@example.com", Role: "head"})
			return err
		},
	} {
		require.Equal(t, codes.PermissionDenied, status.Code(call()), name)
	}
	_, err := p.me.RevokeSession(ctx, &accountmanagerv1.RevokeSessionRequest{Id: p.who(victim).GetSessionId()})
	require.NoError(t, err)
	require.NotEmpty(t, p.who(victim).GetActingClientId(), "theirs goes on")
	mine, err := p.me.ListSessions(ctx, &accountmanagerv1.ListSessionsRequest{})
	require.NoError(t, err)
	require.Len(t, mine.GetSessions(), 1)
	require.True(t, mine.GetSessions()[0].GetCurrent())
}
