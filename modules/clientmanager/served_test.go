package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func TestSuspendAndResume(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	made := p.named(olha, "Zerno")
	errs := kerneltest.AtOnce(8, func(int) error {
		got, err := p.clients.SuspendClient(olha, &v1.SuspendClientRequest{Id: made.GetId(), Reason: "does not pay"})
		if err == nil && got.GetClient().GetStatus() != v1.ClientStatus_CLIENT_STATUS_SUSPENDED {
			return status.Error(codes.Internal, "it is not suspended")
		}
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "suspending twice is no error")
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.history where what = 'suspended'"))
	said := events[*v1.ClientSuspended](p)
	require.Len(t, said, 1)
	require.True(t, proto.Equal(&v1.ClientSuspended{ClientId: made.GetId(), Time: said[0].GetTime()}, said[0]))
	require.Equal(t, p.clock.Now(), said[0].GetTime().AsTime())

	for range 2 {
		got, err := p.clients.ResumeClient(olha, &v1.ResumeClientRequest{Id: made.GetId()})
		require.NoError(t, err)
		require.Equal(t, v1.ClientStatus_CLIENT_STATUS_ACTIVE, got.GetClient().GetStatus())
		require.EqualValues(t, 3, got.GetClient().GetRevision())
	}
	require.Len(t, events[*v1.ClientResumed](p), 1)
}

func TestAssignManager(t *testing.T) {
	p := newPortal(t)
	head, olha, petro := p.head(), p.manager("Olha"), p.manager("Petro")
	made := p.named(olha, "Zerno")
	sees := func(who user) bool {
		_, err := p.clients.GetClient(who, &v1.GetClientRequest{Id: made.GetId()})
		require.Contains(t, []codes.Code{codes.OK, codes.NotFound}, status.Code(err))
		return err == nil
	}
	assign := func(id string) *v1.Client {
		got, err := p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: id})
		require.NoError(t, err)
		return got.GetClient()
	}
	got := assign(petro.id)
	require.Equal(t, petro.id, got.GetManagerId())
	require.Equal(t, "Petro", got.GetManagerName())
	require.True(t, sees(petro))
	require.False(t, sees(olha), "the former manager sees the client no more")
	assign(petro.id)
	said := events[*v1.ManagerAssigned](p)
	require.Len(t, said, 1, "assigning twice is assigning once")
	require.Equal(t, []string{made.GetId(), petro.id, olha.id}, []string{said[0].GetClientId(), said[0].GetManagerId(), said[0].GetFormerManagerId()})

	p.staff.cards[petro.id].Name = "Petro the Second"
	got = assign(petro.id)
	require.Equal(t, "Petro the Second", got.GetManagerName())
	require.Len(t, events[*v1.ManagerAssigned](p), 1, "a new name is no new manager")

	got = assign("")
	require.Empty(t, got.GetManagerId())
	require.Empty(t, got.GetManagerName())
	require.False(t, sees(petro))
	require.True(t, sees(head))
	require.Equal(t, 0, p.rows("select count(*) from kernel.client_grant"))

	_, err := p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: store.NewID()})
	refused(t, err, codes.InvalidArgument, "manager_id", "clientmanager.refusal.no_manager")
	_, err = p.clients.AssignManager(olha, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: olha.id})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "managers do not hand clients over themselves")
}

// Whoever wins, one manager serves the client in the end, and only they see it.
func TestAssignFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	made := p.named(head, "Zerno")
	managers := make([]user, 8)
	for i := range managers {
		managers[i] = p.manager(string(rune('A' + i)))
	}
	errs := kerneltest.AtOnce(len(managers), func(i int) error {
		_, err := p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: managers[i].id})
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 1, p.rows("select count(*) from kernel.client_grant"))
	require.Equal(t, 1, p.rows("select count(*) from kernel.client_grant g join clientmanager.clients c on c.id = g.client_id and c.manager_id = g.user_id"))
	require.Len(t, events[*v1.ManagerAssigned](p), len(managers))
}
