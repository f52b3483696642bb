package live_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Who leads a branch is told at once that a client came or went, and hears of those that are there and of no others.
func TestWhoLeadsABranchHearsOfItsClients(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	head, lead := p.Head(t), p.Staff(t, "branch-manager")
	branches := clientmanagerv1.NewBranchServiceClient(head.Conn)
	branch := func(name string) string {
		made, err := branches.CreateBranch(t.Context(), &clientmanagerv1.CreateBranchRequest{RequestId: store.NewID(), Branch: &clientmanagerv1.Branch{Name: name}})
		require.NoError(t, err)
		return made.GetBranch().GetId()
	}
	west, south := branch("West"), branch("South")
	move := func(client, to string) {
		_, err := branches.MoveClient(t.Context(), &clientmanagerv1.MoveClientRequest{Id: client, BranchId: to})
		require.NoError(t, err)
	}
	zerno, lan := p.Client(t, "Zerno"), p.Client(t, "Lan")
	move(zerno, west)
	move(lan, south)
	s := listen(t, p, lead)
	again := func(what string) {
		t.Helper()
		begun := time.Now()
		for {
			e, ok := s.next()
			require.True(t, ok, what)
			if e.Again {
				t.Logf("%s: told after %s", what, time.Since(begun))
				return
			}
		}
	}
	_, err := branches.SetBranchPerson(t.Context(), &clientmanagerv1.SetBranchPersonRequest{BranchId: west, UserId: lead.ID, Leads: true})
	require.NoError(t, err)
	again("let in")
	rename(t, head, lan, "Lan 2")
	rename(t, head, zerno, "Zerno 2")
	for _, e := range s.until(aClient) {
		for _, topic := range e.Of {
			require.NotContains(t, topic, lan, "a client of another branch")
		}
	}
	move(zerno, south)
	again("a client left")
	_, err = clientmanagerv1.NewClientServiceClient(lead.Conn).GetClient(t.Context(), &clientmanagerv1.GetClientRequest{Id: zerno})
	require.Equal(t, codes.NotFound, status.Code(err), "what is asked for again is not there")
	move(lan, west)
	again("a client came")
	_, err = branches.CloseBranch(t.Context(), &clientmanagerv1.CloseBranchRequest{Id: west})
	require.NoError(t, err)
	again("the branch was closed")
}
