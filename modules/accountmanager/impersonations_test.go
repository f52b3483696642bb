package accountmanager_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

// scene is a client with a director, a manager who serves it, and a head.
type scene struct {
	*portal
	head, manager, director string // tokens
	client                  string
	membership              string // the director's
	ids                     map[string]string
}

// id is whose a session was when it began, whoever acts in it now.
func (s *scene) id(token string) string { return s.ids[token] }

func (s *scene) known(tokens ...string) {
	for _, token := range tokens {
		s.ids[token] = s.principal(token).UserID
	}
}

func newScene(t *testing.T, change ...func(*accountmanager.Settings)) *scene {
	s := &scene{portal: newPortal(t, change...), ids: map[string]string{}}
	s.head = s.portal.head()
	s.client = s.portal.client("Zerno Roastery")
	s.manager = s.staff(s.head, "manager@example.com", "manager")
	s.serve(s.principal(s.manager).UserID, s.client)
	s.director = s.contact(s.head, s.client, "director@example.com", "client.director")
	s.membership = s.membershipOf(s.client, s.director)
	s.known(s.head, s.manager, s.director)
	return s
}

func (p *portal) membershipOf(client, token string) (id string) {
	p.t.Helper()
	list, err := p.memberships.ListMemberships(access.With(p.t.Context(), access.AsKernel()), &accountmanagerv1.ListMembershipsRequest{ClientId: client})
	require.NoError(p.t, err)
	user := p.principal(token).UserID
	for _, m := range list.GetMemberships() {
		if m.GetUserId() == user {
			return m.GetId()
		}
	}
	p.t.Fatal("no membership")
	return ""
}

func (s *scene) signOut(token string) {
	_, err := s.identity.SignOut(s.kernel(), &kernelv1.SignOutRequest{SessionToken: token})
	require.NoError(s.t, err)
}

func (s *scene) block(token string) {
	_, err := s.users.BlockUser(s.as(s.head), &accountmanagerv1.BlockUserRequest{Id: s.id(token)})
	require.NoError(s.t, err)
}

func (s *scene) endSessions(token string) {
	_, err := s.users.EndUserSessions(s.as(s.head), &accountmanagerv1.EndUserSessionsRequest{UserId: s.id(token)})
	require.NoError(s.t, err)
}

// unserve takes a client from a member of staff, as clientmanager does.
func (s *scene) unserve(userID, clientID string) {
	require.NoError(s.t, s.register.store.Tx(s.register.self(), func(ctx context.Context, tx *store.Tx) error { return tx.RevokeClients(ctx, userID, clientID) }))
}

// join lets somebody who has an account act for another client.
func (s *scene) join(client, email string) {
	s.accept(s.invite(s.head, client, email, "client.accountant"), "Contact "+email, "")
}

// look has a session see what a person sees.
func (p *portal) look(token, membership string) (*accountmanagerv1.Impersonation, error) {
	r, err := p.views.ViewAs(p.as(token), &accountmanagerv1.ViewAsRequest{RequestId: store.NewID(), MembershipId: membership, Reason: "cannot find the act"})
	return r.GetImpersonation(), err
}

func (p *portal) act(token, membership string) (*accountmanagerv1.Impersonation, error) {
	r, err := p.views.ActAs(p.as(token), &accountmanagerv1.ActAsRequest{
		RequestId: store.NewID(), MembershipId: membership, Reason: "cannot find the act", ActReason: "asked by phone to do it",
	})
	return r.GetImpersonation(), err
}

func (p *portal) stop(token string) string {
	p.t.Helper()
	r, err := p.identity.EndImpersonation(p.kernel(), &kernelv1.EndImpersonationRequest{SessionToken: token})
	require.NoError(p.t, err)
	return r.GetReturnPath()
}

// state is how an impersonation stands in the heads' list.
func (p *portal) state(head, id string) accountmanagerv1.ImpersonationState {
	p.t.Helper()
	got, err := p.views.GetImpersonation(p.as(head), &accountmanagerv1.GetImpersonationRequest{Id: id})
	require.NoError(p.t, err)
	return got.GetImpersonation().GetState()
}

func refusedAs(t *testing.T, err error, want access.Refusal) {
	t.Helper()
	require.Equal(t, codes.PermissionDenied, status.Code(err), "%v", err)
	require.Equal(t, want, access.RefusalOf(err))
}

func TestAManagerSeesThePortalAsADirector(t *testing.T) {
	s := newScene(t)
	staff, director := s.principal(s.manager), s.principal(s.director)
	begun, err := s.look(s.manager, s.membership)
	require.NoError(t, err)
	require.Equal(t, s.clock.Now().Add(30*time.Minute).Unix(), begun.GetExpireTime().GetSeconds())

	id := s.who(s.manager)
	require.Equal(t, director.UserID, id.GetUserId())
	require.Equal(t, begun.GetId(), id.GetSessionId(), "a session of its own kind")
	require.NotEqual(t, staff.SessionID, id.GetSessionId())
	require.False(t, id.GetStaff())
	require.Equal(t, []string{"client", "client.director"}, id.GetRoles())
	require.Equal(t, s.client, id.GetActingClientId())
	require.Equal(t, staff.UserID, id.GetActedById())
	require.Equal(t, "cannot find the act", id.GetActingReason())
	require.False(t, id.GetMayWrite())
	require.Nil(t, id.GetProofTime())
	require.Empty(t, s.endedOf(begun.GetId(), staff.SessionID), "both go on")

	// The director's own session knows nothing of it, and the director was not seen.
	require.Equal(t, director, s.principal(s.director))
	seen := s.rows("select count(*) from accountmanager.users where email = 'director@example.com' and last_seen_time > $1", s.clock.Now())
	require.Zero(t, seen)

	// Reading is as the director's; writing, and what is the director's own, is not.
	as := s.as(s.manager)
	_, err = s.memberships.ListMemberships(as, &accountmanagerv1.ListMembershipsRequest{})
	require.NoError(t, err)
	_, err = s.invitations.CreateInvitation(as, &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), Name: "Mole", Email: "mole@example.com", Role: "client.director"})
	refusedAs(t, err, access.ViewOnly)
	_, err = s.me.GetMe(as, &accountmanagerv1.GetMeRequest{})
	refusedAs(t, err, access.NotAsAnother)
	_, err = s.me.ListSessions(as, &accountmanagerv1.ListSessionsRequest{})
	refusedAs(t, err, access.NotAsAnother)
	_, err = s.me.ChangePassword(as, &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: "another long one"})
	refusedAs(t, err, access.ViewOnly)
	_, err = s.views.ViewAs(as, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, Reason: "once more"})
	refusedAs(t, err, access.ViewOnly)
	_, err = s.identity.Prove(s.kernel(), &kernelv1.ProveRequest{SessionToken: s.manager, Password: password})
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	require.Equal(t, "/clients/"+s.client+"/people", s.stop(s.manager))
	require.Equal(t, staff, s.principal(s.manager), "as before, without signing in again")
	require.Equal(t, []string{begun.GetId()}, s.endedOf(begun.GetId(), staff.SessionID))
	require.Empty(t, s.stop(s.manager), "twice is no error")
	require.Equal(t, accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_STOPPED, s.state(s.head, begun.GetId()))

	require.NoError(t, s.dispatcher.WaitDrained(t.Context()))
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Len(t, s.started, 1)
	require.Equal(t, staff.UserID, s.started[0].GetStaffId())
	require.Equal(t, director.UserID, s.started[0].GetUserId())
	require.Len(t, s.over, 1)
	require.Equal(t, accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_STOPPED, s.over[0].GetState())
	require.Empty(t, s.letters, "nobody asked for a notice")
}

func TestWhoMayBeSeenAs(t *testing.T) {
	s := newScene(t)
	foreign := s.portal.client("Foreign")
	stranger := s.contact(s.head, foreign, "stranger@example.com", "client.director")
	colleague := s.contact(s.head, s.client, "colleague@example.com", "client.accountant")
	for name, c := range map[string]struct {
		by  string
		to  *accountmanagerv1.ViewAsRequest
		why codes.Code
	}{
		"a foreign client's":       {s.manager, &accountmanagerv1.ViewAsRequest{MembershipId: s.membershipOf(foreign, stranger), Reason: "let me see"}, codes.NotFound},
		"none":                     {s.manager, &accountmanagerv1.ViewAsRequest{MembershipId: store.NewID(), Reason: "let me see"}, codes.NotFound},
		"another client's address": {s.head, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, ClientId: foreign, Reason: "let me see"}, codes.NotFound},
		"without a reason":         {s.manager, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership}, codes.InvalidArgument},
		"spaces are no reason":     {s.manager, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, Reason: "      "}, codes.InvalidArgument},
		"by a contact":             {colleague, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, Reason: "let me see"}, codes.PermissionDenied},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := s.views.ViewAs(s.as(c.by), c.to)
			require.Equal(t, c.why, status.Code(err), "%v", err)
		})
	}
	t.Run("by who has no session", func(t *testing.T) {
		for _, who := range []access.Principal{access.AsKernel(), access.AsModule("accountmanager")} {
			_, err := s.views.ViewAs(access.With(t.Context(), who), &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, Reason: "let me see"})
			require.Equal(t, codes.FailedPrecondition, status.Code(err), "%v", err)
		}
	})
	t.Run("without a fresh proof", func(t *testing.T) {
		s.clock.Move(11 * time.Minute)
		_, err := s.look(s.manager, s.membership)
		refusedAs(t, err, access.ProofNeeded)
		s.clock.Move(-11 * time.Minute)
	})
	t.Run("to act needs a role that says so", func(t *testing.T) {
		for _, by := range []string{s.manager, s.head} {
			_, err := s.act(by, s.membership)
			refusedAs(t, err, access.NotPermitted)
		}
	})
	require.Zero(t, s.rows("select count(*) from accountmanager.impersonations"))
}

// A contact of several clients is seen in those that both reach, and in no other.
func TestOnlyClientsOfBothAreSeen(t *testing.T) {
	s := newScene(t)
	other, third := s.portal.client("Cafe Podil"), s.portal.client("Bakery")
	for _, c := range []string{other, third} {
		s.join(c, "director@example.com")
	}
	s.serve(s.id(s.manager), third)
	_, err := s.look(s.manager, s.membership)
	require.NoError(t, err)
	var seen []string
	for _, c := range s.who(s.manager).GetClients() {
		seen = append(seen, c.GetClientId())
	}
	require.ElementsMatch(t, []string{s.client, third}, seen)

	turn := func(client string) error {
		_, err := s.identity.SwitchClient(s.kernel(), &kernelv1.SwitchClientRequest{SessionToken: s.manager, ClientId: client})
		return err
	}
	require.Equal(t, codes.PermissionDenied, status.Code(turn(other)))
	require.NoError(t, turn(third))
	require.Equal(t, third, s.who(s.manager).GetActingClientId())
	require.Zero(t, s.rows("select count(*) from accountmanager.users where last_client_id = $1 and email = 'director@example.com'", third), "nobody remembers it for the director")
	s.unserve(s.id(s.manager), third)
	require.Empty(t, s.who(s.manager).GetActedById())

	_, err = s.look(s.head, s.membership)
	require.NoError(t, err)
	require.Len(t, s.who(s.head).GetClients(), 3, "a head reaches all")
}

func TestActing(t *testing.T) {
	s := newScene(t)
	deputy := s.staff(s.head, "deputy@example.com", "deputy")
	s.known(deputy)
	_, err := s.act(deputy, s.membership)
	require.Equal(t, codes.NotFound, status.Code(err), "no client of the deputy's")
	s.serve(s.id(deputy), s.client)
	_, err = s.views.ActAs(s.as(deputy), &accountmanagerv1.ActAsRequest{MembershipId: s.membership, Reason: "cannot find the act", ActReason: "  x "})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	begun, err := s.act(deputy, s.membership)
	require.NoError(t, err)
	require.True(t, s.who(deputy).GetMayWrite())

	as := s.as(deputy)
	_, err = s.invitations.CreateInvitation(as, &accountmanagerv1.CreateInvitationRequest{RequestId: store.NewID(), Name: "Ann", Email: "ann@example.com", Role: "client.accountant"})
	require.NoError(t, err)
	require.Equal(t, 1, s.rows(`select count(*) from kernel.audit_entry where method like '%/CreateInvitation' and actor_id = $1 and acted_by = $2 and session_id = $3 and client_id = $4`,
		s.id(s.director), s.id(deputy), begun.GetId(), s.client), "both names are written down")

	for name, call := range map[string]func(ctx context.Context) error{
		"password": func(ctx context.Context) error {
			_, err := s.me.ChangePassword(ctx, &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: "another long one"})
			return err
		},
		"profile": func(ctx context.Context) error {
			_, err := s.me.UpdateMe(ctx, &accountmanagerv1.UpdateMeRequest{Me: &accountmanagerv1.Me{Name: "Mole"}})
			return err
		},
		"e-mail": func(ctx context.Context) error {
			_, err := s.me.ChangeEmail(ctx, &accountmanagerv1.ChangeEmailRequest{Email: "mole@example.com"})
			return err
		},
		"sessions": func(ctx context.Context) error {
			_, err := s.me.RevokeOtherSessions(ctx, &accountmanagerv1.RevokeOtherSessionsRequest{})
			return err
		},
		"factor": func(ctx context.Context) error {
			_, err := s.factors().StartTotp(ctx, &kernelv1.StartTotpRequest{})
			return err
		},
		"another impersonation": func(ctx context.Context) error {
			_, err := s.views.ViewAs(ctx, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, Reason: "once more"})
			return err
		},
		"what asks for a proof": func(ctx context.Context) error {
			_, err := s.users.EndUserSessions(ctx, &accountmanagerv1.EndUserSessionsRequest{UserId: s.id(s.director)})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) { refusedAs(t, call(as), access.NotAsAnother) })
	}

	// A role taken back takes the writing with it, the looking when it is no role for that either.
	require.NoError(t, s.setRoles(s.as(s.head), s.id(deputy), "manager"))
	require.False(t, s.who(deputy).GetMayWrite())
	require.NotEmpty(t, s.who(deputy).GetActedById())
}

// Of many at once one goes on, and the same request is done once.
func TestOneAtATimeInASession(t *testing.T) {
	s := newScene(t)
	who := s.as(s.manager)
	errs := kerneltest.AtOnce(8, func(int) error {
		_, err := s.views.ViewAs(who, &accountmanagerv1.ViewAsRequest{RequestId: store.NewID(), MembershipId: s.membership, Reason: "let me see"})
		return err
	})
	require.Equal(t, 8, kerneltest.Count(errs, codes.OK))
	require.Equal(t, 1, s.rows("select count(*) from accountmanager.impersonations where end_time is null"))
	require.Equal(t, 7, s.rows("select count(*) from accountmanager.impersonations where state = 2"), "the last one is what goes on")
	s.stop(s.manager)

	same := &accountmanagerv1.ViewAsRequest{RequestId: store.NewID(), MembershipId: s.membership, Reason: "let me see"}
	first, err := s.views.ViewAs(who, same)
	require.NoError(t, err)
	again, err := s.views.ViewAs(who, same)
	require.NoError(t, err)
	require.Equal(t, first.GetImpersonation().GetId(), again.GetImpersonation().GetId())
	// The same id of somebody else's is another request.
	theirs, err := s.views.ViewAs(s.as(s.head), same)
	require.NoError(t, err)
	require.NotEqual(t, first.GetImpersonation().GetId(), theirs.GetImpersonation().GetId())
}

func TestTheClientIsToldWhereWanted(t *testing.T) {
	const entries = `select count(*) from kernel.audit_entry where resource_id = $1 and client_id is not distinct from nullif($2, '')::uuid
		and actor_id = $3 and (method like '%/ViewAs' or method like '%/EndImpersonation')`
	t.Run("wanted", func(t *testing.T) {
		s := newScene(t, func(settings *accountmanager.Settings) {
			settings.Letters, settings.Impersonation.Notify = "module", true
		})
		_, err := s.look(s.manager, s.membership)
		require.NoError(t, err)
		s.stop(s.manager)
		letter := s.letter(accountmanagerv1.LetterKind_LETTER_KIND_IMPERSONATED)
		require.Equal(t, "director@example.com", letter.GetEmail())
		require.Empty(t, letter.GetPath())
		require.Equal(t, 2, s.rows(entries, s.membership, s.client, s.id(s.manager)), "the client's director reads when it began and ended")
	})
	t.Run("not wanted", func(t *testing.T) {
		s := newScene(t, sends)
		_, err := s.look(s.manager, s.membership)
		require.NoError(t, err)
		s.stop(s.manager)
		require.NoError(t, s.dispatcher.WaitDrained(t.Context()))
		require.Zero(t, s.rows("select count(*) from accountmanager.letters"))
		require.Equal(t, 2, s.rows(entries, s.membership, "", s.id(s.manager)), "heads read it all the same, and the client nothing")
	})
}

func TestHeadsReadWhoLookedAndManagersDoNot(t *testing.T) {
	s := newScene(t)
	begun, err := s.look(s.manager, s.membership)
	require.NoError(t, err)
	list := func(r *accountmanagerv1.ListImpersonationsRequest) []*accountmanagerv1.Impersonation {
		got, err := s.views.ListImpersonations(s.as(s.head), r)
		require.NoError(t, err)
		return got.GetImpersonations()
	}
	all := list(&accountmanagerv1.ListImpersonationsRequest{})
	require.Len(t, all, 1)
	require.Equal(t, "Staff manager@example.com", all[0].GetStaffName())
	require.Equal(t, "Contact director@example.com", all[0].GetName())
	require.Len(t, list(&accountmanagerv1.ListImpersonationsRequest{ClientId: s.client, StaffId: begun.GetStaffId(), UserId: begun.GetUserId()}), 1)
	require.Empty(t, list(&accountmanagerv1.ListImpersonationsRequest{StaffId: begun.GetUserId()}))
	require.Empty(t, list(&accountmanagerv1.ListImpersonationsRequest{States: []accountmanagerv1.ImpersonationState{accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_STOPPED}}))
	s.stop(s.manager)
	_, err = s.views.ListImpersonations(s.as(s.manager), &accountmanagerv1.ListImpersonationsRequest{})
	refusedAs(t, err, access.NotPermitted)
}
