package kerneltest_test

import (
	"net/http"
	"net/url"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

func TestMain(m *testing.M) { os.Exit(kerneltest.Main(m)) }

// assemble is what Wire would write.
func assemble(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

func TestPeople(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Museum of Maps")
	get := func(u *kerneltest.User, id string) codes.Code {
		_, err := clientmanagerv1.NewClientServiceClient(u.Conn).GetClient(t.Context(), &clientmanagerv1.GetClientRequest{Id: id})
		return status.Code(err)
	}
	head, manager := p.Head(t), p.Staff(t, "manager")
	accountant := p.Contact(t, roastery, "client.accountant")
	p.Serve(t, manager, museum)
	for _, c := range []struct {
		who                  *kerneltest.User
		ofRoastery, ofMuseum codes.Code
	}{
		{head, codes.OK, codes.OK},
		{manager, codes.NotFound, codes.OK},
		{accountant, codes.OK, codes.NotFound},
		{p.Anonymous(t), codes.Unauthenticated, codes.Unauthenticated},
	} {
		require.Equal(t, c.ofRoastery, get(c.who, roastery), c.who.Role)
		require.Equal(t, c.ofMuseum, get(c.who, museum), c.who.Role)
	}
	require.Equal(t, roastery, accountant.ClientID)
	require.NotEqual(t, head.ID, p.Head(t).ID)
}

func TestPages(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Config: "name: Polissia Climate"})
	head, nobody := p.Head(t), p.Anonymous(t)
	require.Contains(t, head.Get(t, "/").Body, "Polissia Climate")
	lesia := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.accountant")
	require.Equal(t, http.StatusForbidden, lesia.Get(t, "/clients/"+p.Client(t, "Museum of Maps")).Status)
	require.Contains(t, nobody.Get(t, "/").Location(), "/sign-in")

	require.Equal(t, http.StatusForbidden, head.Post(t, "/sign-out", url.Values{"csrf": {"forged"}}).Status)
	require.Equal(t, http.StatusSeeOther, head.Post(t, "/sign-out", nil).Status)
	require.Contains(t, head.Get(t, "/").Location(), "/sign-in")
	_, err := accountmanagerv1.NewMeServiceClient(head.Conn).GetMe(t.Context(), &accountmanagerv1.GetMeRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err), "the connection ends with the session")

	in := nobody.Post(t, "/sign-in", url.Values{"login": {head.Email}, "password": {kerneltest.Password}})
	require.Equal(t, http.StatusSeeOther, in.Status, in.Body)
	require.Equal(t, http.StatusOK, nobody.Get(t, "/").Status)
}

// The clock is the test's, years from that of the database.
func TestClock(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(time.Date(2031, 3, 2, 9, 0, 0, 0, time.UTC))
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Now: clock.Now})
	head := p.Head(t)
	me := func() error {
		_, err := accountmanagerv1.NewMeServiceClient(head.Conn).GetMe(t.Context(), &accountmanagerv1.GetMeRequest{})
		return err
	}
	require.NoError(t, me())
	clock.Move(13 * time.Hour)
	require.Equal(t, codes.Unauthenticated, status.Code(me()), "a session that was not used for twelve hours has ended")

	past := kerneltest.NewClock(time.Date(2020, 3, 2, 9, 0, 0, 0, time.UTC))
	p = kerneltest.Start(t, kerneltest.Options{Assemble: assemble, Now: past.Now})
	head = p.Head(t)
	require.NoError(t, me())
}

func TestRestart(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	client, head := p.Client(t, "Zerno Roastery"), p.Head(t)
	p = p.Restart(t)
	head = p.User(t, head.Token)
	_, err := clientmanagerv1.NewClientServiceClient(head.Conn).GetClient(t.Context(), &clientmanagerv1.GetClientRequest{Id: client})
	require.NoError(t, err)
	var conn grpc.ClientConnInterface = p.Staff(t, "manager").Conn
	require.NotNil(t, conn)
}
