package accountmanager_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// ended are those of the sessions that FindEndedSessions calls ended.
func (p *portal) endedOf(ids ...string) []string {
	p.t.Helper()
	found, err := p.identity.FindEndedSessions(p.kernel(), &kernelv1.FindEndedSessionsRequest{SessionIds: ids})
	require.NoError(p.t, err)
	return found.GetEndedIds()
}

func TestStaffSeeAndEndSessions(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager, dispatcher := p.staff(head, "m@example.com", "manager"), p.staff(head, "d@example.com", "dispatcher")
	more, err := p.signIn("m@example.com", password)
	require.NoError(t, err)
	of, one, two := p.who(manager).GetUserId(), p.who(manager).GetSessionId(), p.who(more).GetSessionId()
	none := store.NewID()
	require.ElementsMatch(t, []string{none}, p.endedOf(one, two, none), "what never was has ended")

	list, err := p.users.ListUserSessions(p.as(head), &accountmanagerv1.ListUserSessionsRequest{UserId: of})
	require.NoError(t, err)
	require.Len(t, list.GetSessions(), 2)
	require.False(t, list.GetSessions()[0].GetCurrent(), "none of them is the head's own")

	for name, ctx := range map[string]string{"a manager": manager, "somebody without the permission": dispatcher} {
		_, err = p.users.EndSession(p.as(ctx), &accountmanagerv1.EndSessionRequest{Id: p.who(head).GetSessionId()})
		require.Equal(t, codes.PermissionDenied, status.Code(err), name)
	}
	_, err = p.users.EndSession(p.as(head), &accountmanagerv1.EndSessionRequest{Id: two})
	require.NoError(t, err)
	p.gone(more)
	p.who(manager)
	_, err = p.users.EndSession(p.as(head), &accountmanagerv1.EndSessionRequest{Id: two})
	require.NoError(t, err, "twice is no error")

	ended, err := p.users.EndUserSessions(p.as(head), &accountmanagerv1.EndUserSessionsRequest{UserId: of})
	require.NoError(t, err)
	require.EqualValues(t, 1, ended.GetEnded())
	p.gone(manager)
	ended, err = p.users.EndUserSessions(p.as(head), &accountmanagerv1.EndUserSessionsRequest{UserId: p.who(head).GetUserId()})
	require.NoError(t, err)
	require.Zero(t, ended.GetEnded())
	p.who(head) // one's own present one stays
	_, err = p.users.EndUserSessions(p.as(head), &accountmanagerv1.EndUserSessionsRequest{UserId: none})
	require.Equal(t, codes.NotFound, status.Code(err))
	require.Equal(t, []int{1, 1}, []int{p.logged(accountmanagerv1.UserService_EndSession_FullMethodName), p.logged(accountmanagerv1.UserService_EndUserSessions_FullMethodName)})
}

// Whoever may end sessions, but not give somebody's role, ends none of theirs: so nobody throws a head out from below.
func TestNobodyEndsSessionsOfThoseAbove(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	warden := p.staff(head, "w@example.com", "warden")
	id := p.who(head)
	_, err := p.users.EndSession(p.as(warden), &accountmanagerv1.EndSessionRequest{Id: id.GetSessionId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.users.EndUserSessions(p.as(warden), &accountmanagerv1.EndUserSessionsRequest{UserId: id.GetUserId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	p.who(head)
}

func TestAnExpiredOrBlockedSessionHasEnded(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	manager := p.staff(head, "m@example.com", "manager")
	id := p.who(manager)
	p.exec(`update accountmanager.users set block_time = now() where user_id = $1`, id.GetUserId())
	require.Equal(t, []string{id.GetSessionId()}, p.endedOf(id.GetSessionId()), "blocked, though the row is there")
	first := p.who(head).GetSessionId()
	require.Empty(t, p.endedOf(first))
	p.clock.Move(12*time.Hour + time.Second)
	require.Equal(t, []string{first}, p.endedOf(first))
}
