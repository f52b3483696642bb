package accountmanager_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func (p *portal) acting(who access.Principal) context.Context { return access.With(p.t.Context(), who) }

func (p *portal) setRoles(ctx context.Context, userID string, roles ...string) error {
	_, err := p.users.UpdateUser(ctx, &accountmanagerv1.UpdateUserRequest{
		User: &accountmanagerv1.User{Id: userID, Roles: roles}, UpdateMask: mask("roles")})
	return err
}

func TestTheFirstHeadComesInOnce(t *testing.T) {
	p := newPortal(t)
	invite := func() string {
		in, err := p.identity.InviteFirstHead(p.kernel(), &kernelv1.InviteFirstHeadRequest{})
		require.NoError(t, err)
		return in.GetToken()
	}
	old, token := invite(), invite()
	_, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: old, Name: "X", Email: "x@example.com", Password: password})
	require.Equal(t, codes.NotFound, status.Code(err), "each call revokes the token before")
	_, err = p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{Token: token, Name: "X", Password: password})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "it names nobody, so an e-mail is needed")
	errs := kerneltest.AtOnce(16, func(i int) error {
		_, err := p.identity.AcceptInvitation(p.kernel(), &kernelv1.AcceptInvitationRequest{
			Token: token, Name: "X", Email: string(rune('a'+i)) + "@example.com", Password: password})
		return err
	})
	require.Equal(t, 1, kerneltest.Count(errs, codes.OK))
	require.Equal(t, 15, kerneltest.Count(errs, codes.NotFound))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.users`))
	require.Empty(t, invite(), "the portal has a head")
}

// However many take the last heads away at once, one is left.
func TestTheLastHeadStays(t *testing.T) {
	p := newPortal(t)
	first := p.head()
	tokens := []string{first}
	for _, email := range []string{"b@example.com", "c@example.com", "d@example.com"} {
		tokens = append(tokens, p.staff(first, email, "head"))
	}
	var who []access.Principal
	for _, token := range tokens {
		who = append(who, p.principal(token))
	}
	errs := kerneltest.AtOnce(16, func(i int) error {
		ctx, victim := p.acting(who[i%4]), who[(i%4+1)%4].UserID
		if i < 8 {
			_, err := p.users.BlockUser(ctx, &accountmanagerv1.BlockUserRequest{Id: victim})
			return err
		}
		return p.setRoles(ctx, victim, "manager")
	})
	require.Equal(t, 16, kerneltest.Count(errs, codes.OK)+kerneltest.Count(errs, codes.FailedPrecondition), "%v", errs)
	require.NotZero(t, kerneltest.Count(errs, codes.FailedPrecondition))
	require.Equal(t, 1, p.rows(`select count(*) from accountmanager.users where 'head' = any(roles) and block_time is null`))
}

func TestRolesAreGivenByThoseWhoHaveThem(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager, dispatcher := p.staff(head, "m@example.com", "manager"), p.staff(head, "d@example.com", "dispatcher")
	m := p.who(manager).GetUserId()
	require.Equal(t, codes.PermissionDenied, status.Code(p.setRoles(p.as(manager), m, "head")), "no permission at all")
	require.Equal(t, codes.FailedPrecondition, status.Code(p.setRoles(p.as(dispatcher), p.who(dispatcher).GetUserId(), "dispatcher", "head")), "not one's own")
	require.Equal(t, codes.FailedPrecondition, status.Code(p.setRoles(p.as(head), p.who(head).GetUserId(), "manager")))
	for _, role := range []string{"head", "manager"} {
		_, err := p.invitations.InviteStaff(p.as(dispatcher), &accountmanagerv1.InviteStaffRequest{RequestId: store.NewID(), Name: "Y", Email: "y@example.com", Role: role})
		require.Equal(t, codes.PermissionDenied, status.Code(err), "a role that opens more than one's own")
	}
	_, err := p.users.BlockUser(p.as(dispatcher), &accountmanagerv1.BlockUserRequest{Id: p.who(head).GetUserId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "nor is a head blocked from below")
	require.Equal(t, codes.InvalidArgument, status.Code(p.setRoles(p.as(head), m, "client.director")))
	require.Equal(t, codes.InvalidArgument, status.Code(p.setRoles(p.as(head), m, "nonsense")))

	require.NoError(t, p.setRoles(p.as(head), m, "manager", "head"))
	require.ElementsMatch(t, []string{"manager", "head"}, p.who(manager).GetRoles())
	roles, err := p.users.ListRoles(p.as(head), &accountmanagerv1.ListRolesRequest{})
	require.NoError(t, err)
	for _, role := range roles.GetRoles() {
		if role.GetId() == "head" {
			require.EqualValues(t, 2, role.GetHolders())
		}
	}
}

func TestBlockingEndsEverySession(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	more, err := p.signIn("m@example.com", password)
	require.NoError(t, err)
	id := p.who(manager).GetUserId()

	_, err = p.users.BlockUser(p.as(head), &accountmanagerv1.BlockUserRequest{Id: p.who(head).GetUserId()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "nobody blocks themselves")
	ctx := p.as(head)
	errs := kerneltest.AtOnce(16, func(i int) error {
		if i%2 == 0 {
			_, err := p.users.BlockUser(ctx, &accountmanagerv1.BlockUserRequest{Id: id})
			return err
		}
		_, err := p.signIn("m@example.com", password)
		return err
	})
	require.Equal(t, 16, kerneltest.Count(errs, codes.OK)+kerneltest.Count(errs, codes.PermissionDenied), "%v", errs)
	p.gone(manager)
	p.gone(more)
	require.Zero(t, p.rows(`select count(*) from accountmanager.sessions where user_id = $1`, id), "also none that was opened meanwhile")
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Len(t, p.ended, 1)
	require.Equal(t, id, p.ended[0].GetUserId())
	_, err = p.signIn("m@example.com", "wrong")
	require.Equal(t, codes.Unauthenticated, status.Code(err))

	_, err = p.users.UnblockUser(p.as(head), &accountmanagerv1.UnblockUserRequest{Id: id})
	require.NoError(t, err)
	_, err = p.signIn("m@example.com", password)
	require.NoError(t, err)
}

func TestListUsers(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.client("Alpha")
	p.contact(head, a, "zoe@example.com", "client.director")
	p.contact(head, a, "ann_b@example.com", "client.accountant")
	p.staff(head, "m@example.com", "manager")
	list := func(r *accountmanagerv1.ListUsersRequest) (emails []string) {
		t.Helper()
		for {
			got, err := p.users.ListUsers(p.as(head), r)
			require.NoError(t, err)
			for _, u := range got.GetUsers() {
				emails = append(emails, u.GetEmail())
			}
			if r.PageToken = got.GetNextPageToken(); r.GetPageToken() == "" {
				return emails
			}
		}
	}
	yes := true
	require.Equal(t, []string{"ann_b@example.com", "zoe@example.com", "head@example.com", "m@example.com"}, list(&accountmanagerv1.ListUsersRequest{PageSize: 1}))
	require.Len(t, list(&accountmanagerv1.ListUsersRequest{PageSize: 1, OrderBy: accountmanagerv1.UserOrder_USER_ORDER_LAST_SEEN}), 4)
	require.Equal(t, []string{"head@example.com", "m@example.com"}, list(&accountmanagerv1.ListUsersRequest{Staff: &yes}))
	require.Equal(t, []string{"ann_b@example.com"}, list(&accountmanagerv1.ListUsersRequest{Query: "nn_"}), "signs are taken as they are")
	require.Empty(t, list(&accountmanagerv1.ListUsersRequest{Query: "%%%"}))
	for range 5 {
		_, err := p.signIn("zoe@example.com", "wrong")
		require.Error(t, err)
	}
	require.Equal(t, []string{"zoe@example.com"}, list(&accountmanagerv1.ListUsersRequest{States: []accountmanagerv1.UserState{accountmanagerv1.UserState_USER_STATE_LOCKED}}))
	_, err := p.users.ListUsers(p.as(head), &accountmanagerv1.ListUsersRequest{Query: "an"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	staff, err := p.users.ListStaff(p.as(head), &accountmanagerv1.ListStaffRequest{PageSize: 1})
	require.NoError(t, err)
	require.Equal(t, "head@example.com", staff.GetStaff()[0].GetEmail())
	require.NotEmpty(t, staff.GetNextPageToken())
}

func TestMyOwnAccount(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	second, err := p.signIn("m@example.com", password)
	require.NoError(t, err)
	third, err := p.signIn("m@example.com", password)
	require.NoError(t, err)
	ctx := p.as(manager)

	me, err := p.me.GetMe(ctx, &accountmanagerv1.GetMeRequest{})
	require.NoError(t, err)
	require.Equal(t, "m@example.com", me.GetMe().GetEmail())
	old := me.GetMe().GetRevision()
	_, err = p.me.UpdateMe(ctx, &accountmanagerv1.UpdateMeRequest{
		Me:         &accountmanagerv1.Me{Name: "Mia", Language: "uk", Theme: accountmanagerv1.Theme_THEME_DARK, Phone: "+380445550142", Revision: old},
		UpdateMask: mask("name", "language", "theme", "phone"),
	})
	require.NoError(t, err)
	require.Equal(t, "uk", p.who(manager).GetLanguage())
	require.Equal(t, "dark", p.who(manager).GetTheme())
	_, err = p.me.UpdateMe(ctx, &accountmanagerv1.UpdateMeRequest{Me: &accountmanagerv1.Me{Name: "Again", Revision: old}, UpdateMask: mask("name")})
	require.Equal(t, codes.Aborted, status.Code(err))
	_, err = p.me.UpdateMe(p.as(head), &accountmanagerv1.UpdateMeRequest{Me: &accountmanagerv1.Me{Phone: "+380445550142"}, UpdateMask: mask("phone")})
	require.Equal(t, codes.AlreadyExists, status.Code(err))

	sessions, err := p.me.ListSessions(ctx, &accountmanagerv1.ListSessionsRequest{})
	require.NoError(t, err)
	require.Len(t, sessions.GetSessions(), 3)
	// Somebody else's is not there to be ended.
	_, err = p.me.RevokeSession(p.as(head), &accountmanagerv1.RevokeSessionRequest{Id: p.who(second).GetSessionId()})
	require.NoError(t, err)
	p.who(second)
	_, err = p.me.RevokeSession(ctx, &accountmanagerv1.RevokeSessionRequest{Id: p.who(second).GetSessionId()})
	require.NoError(t, err)
	p.gone(second)

	_, err = p.me.ChangePassword(ctx, &accountmanagerv1.ChangePasswordRequest{PresentPassword: "wrong", NewPassword: "another long one"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	p.who(third)
	_, err = p.me.ChangePassword(ctx, &accountmanagerv1.ChangePasswordRequest{PresentPassword: password, NewPassword: "another long one"})
	require.NoError(t, err)
	p.gone(third)
	p.who(manager)
	_, err = p.signIn("m@example.com", password)
	require.Equal(t, codes.Unauthenticated, status.Code(err))
	_, err = p.signIn("m@example.com", "another long one")
	require.NoError(t, err)
	ended, err := p.me.RevokeOtherSessions(ctx, &accountmanagerv1.RevokeOtherSessionsRequest{})
	require.NoError(t, err)
	require.EqualValues(t, 1, ended.GetEnded())
}
