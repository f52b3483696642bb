package accountmanager_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// Whatever it stands on, it falls with it, at the very next question.
func TestHowItEnds(t *testing.T) {
	const prefix = "IMPERSONATION_STATE_"
	for name, c := range map[string]struct {
		end  func(s *scene)
		how  string
		gone bool // the staff's own session, too
	}{
		"by its time":                      {end: func(s *scene) { s.clock.Move(30 * time.Minute) }, how: "EXPIRED"},
		"the manager signs out":            {end: func(s *scene) { s.signOut(s.manager) }, how: "SIGNED_OUT", gone: true},
		"the manager is blocked":           {end: func(s *scene) { s.block(s.manager) }, how: "NO_RIGHT", gone: true},
		"the manager's sessions are ended": {end: func(s *scene) { s.endSessions(s.manager) }, how: "SIGNED_OUT", gone: true},
		"the manager loses the role": {end: func(s *scene) {
			require.NoError(s.t, s.setRoles(s.as(s.head), s.id(s.manager), "warden"))
		}, how: "NO_RIGHT"},
		"the client is another's": {end: func(s *scene) { s.unserve(s.id(s.manager), s.client) }, how: "NO_CLIENT"},
		"the client is suspended": {end: func(s *scene) { s.say(s.client, &clientmanagerv1.ClientSuspended{ClientId: s.client}) }, how: "NO_CLIENT"},
		"the contact is blocked":  {end: func(s *scene) { s.block(s.director) }, how: "NO_CONTACT"},
		"the contact loses access": {end: func(s *scene) {
			_, err := s.memberships.DeleteMembership(s.as(s.head), &accountmanagerv1.DeleteMembershipRequest{Id: s.membership})
			require.NoError(s.t, err)
		}, how: "NO_CONTACT"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t)
			begun, err := s.look(s.manager, s.membership)
			require.NoError(t, err)
			require.Empty(t, s.endedOf(begun.GetId()))
			c.end(s)
			require.Equal(t, []string{begun.GetId()}, s.endedOf(begun.GetId()))
			if c.gone {
				s.portal.gone(s.manager)
			} else {
				require.Empty(t, s.who(s.manager).GetActedById())
				require.Equal(t, s.id(s.manager), s.who(s.manager).GetUserId())
			}
			require.Equal(t, prefix+c.how, s.state(s.head, begun.GetId()).String())
			require.NoError(t, s.dispatcher.WaitDrained(t.Context()))
			s.mu.Lock()
			defer s.mu.Unlock()
			require.Len(t, s.over, 1)
			require.Equal(t, prefix+c.how, s.over[0].GetState().String())
		})
	}
}

// Nobody asks, and it is closed all the same.
func TestItIsClosedByItself(t *testing.T) {
	s := newScene(t)
	begun, err := s.look(s.manager, s.membership)
	require.NoError(t, err)
	s.clock.Move(30*time.Minute + time.Second)
	require.Eventually(t, func() bool {
		return s.state(s.head, begun.GetId()) == accountmanagerv1.ImpersonationState_IMPERSONATION_STATE_EXPIRED
	}, 10*time.Second, 20*time.Millisecond)
	got, err := s.views.GetImpersonation(s.as(s.head), &accountmanagerv1.GetImpersonationRequest{Id: begun.GetId()})
	require.NoError(t, err)
	require.Equal(t, begun.GetExpireTime().AsTime(), got.GetImpersonation().GetEndTime().AsTime())
}

// Beginning and what takes the ground from it come one after the other, whichever is first: nothing is left that goes on.
func TestBeginningRacesWithItsEnd(t *testing.T) {
	for i := range 4 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			s := newScene(t)
			who, head := s.as(s.manager), s.as(s.head)
			_ = kerneltest.AtOnce(3, func(i int) error {
				switch i {
				case 0:
					_, err := s.views.ViewAs(who, &accountmanagerv1.ViewAsRequest{MembershipId: s.membership, Reason: "let me see"})
					return err
				case 1:
					_, err := s.users.BlockUser(head, &accountmanagerv1.BlockUserRequest{Id: s.id(s.manager)})
					return err
				default:
					_, err := s.users.BlockUser(head, &accountmanagerv1.BlockUserRequest{Id: s.id(s.director)})
					return err
				}
			})
			s.gone(s.manager)
			require.Zero(t, s.rows("select count(*) from accountmanager.impersonations where end_time is null"))
		})
	}
}
