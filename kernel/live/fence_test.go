package live_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clients are those that a reader was told of.
func clients(t *testing.T, heard []told) map[string]bool {
	t.Helper()
	of := map[string]bool{}
	for _, e := range heard {
		require.False(t, e.Again, "told everything: %v", heard)
		for _, topic := range e.Of {
			require.Contains(t, topic, " ", "a topic that names no client was told: %v", heard)
			of[topic[len(topic)-36:]] = true
		}
	}
	return of
}

// A reader hears of the clients whose rows they may read, and of no others: not that anything about them changed.
func TestNobodyHearsOfOthersClients(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno, polissia := p.Client(t, "Zerno"), p.Client(t, "Polissia")
	head := p.Head(t)
	manager := p.Staff(t, "manager")
	p.Serve(t, manager, zerno)
	mine, other := p.Contact(t, zerno, "client.director"), p.Contact(t, polissia, "client.director")

	heads, managers := listen(t, p, head), listen(t, p, manager)
	mines, others := listen(t, p, mine), listen(t, p, other)

	// What is foreign comes first, many times and in every table; what is one's own last, so that hearing it says that
	// nothing else was to be heard.
	contacts := clientmanagerv1.NewContactServiceClient(head.Conn)
	for _, name := range []string{"Polissia 2", "Polissia 3", "Polissia 4"} {
		rename(t, head, polissia, name)
		_, err := contacts.CreateContact(t.Context(), &clientmanagerv1.CreateContactRequest{
			RequestId: store.NewID(), Contact: &clientmanagerv1.Contact{ClientId: polissia, Name: name},
		})
		require.NoError(t, err)
	}
	p.Contact(t, polissia, "client.accountant") // an invitation, a user, a membership
	rename(t, head, zerno, "Zerno 2")

	require.Equal(t, map[string]bool{zerno: true}, clients(t, managers.until(aClient)))
	require.Equal(t, map[string]bool{zerno: true}, clients(t, mines.until(aClient)))
	heard := others.until(aClient)
	for len(others.events) > 0 {
		heard = append(heard, <-others.events)
	}
	require.Equal(t, map[string]bool{polissia: true}, clients(t, heard))
	both := map[string]bool{}
	for !both[zerno] || !both[polissia] {
		e, ok := heads.next()
		require.True(t, ok)
		for _, topic := range e.Of {
			_, client, _ := strings.Cut(topic, " ")
			both[client] = true
		}
	}
}

// What no method shows to a role, its people do not hear of, though the rows are of their own client.
func TestTopicsAskForThePermission(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno := p.Client(t, "Zerno")
	director, accountant := p.Contact(t, zerno, "client.director"), p.Contact(t, zerno, "client.accountant")
	may, mayNot := listen(t, p, director), listen(t, p, accountant)
	_, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
		RequestId: store.NewID(), ClientId: zerno, Name: "Lesia", Email: "lesia@example.com", Role: "client.accountant",
	})
	require.NoError(t, err)
	may.until(anInvitation)
	rename(t, p.Head(t), zerno, "Zerno 2")
	for _, e := range mayNot.until(aClient) {
		require.False(t, e.has(anInvitation), "a role without the permission heard of invitations")
	}
}

// Roles are changed while streams are open: what follows from them is not remembered for longer.
func TestARightThatWasTakenIsHeardNoMore(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno, head := p.Client(t, "Zerno"), p.Head(t)
	s := listen(t, p, p.Contact(t, zerno, "client.director"))
	invite := func(email string) {
		_, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
			RequestId: store.NewID(), ClientId: zerno, Name: "Lesia", Email: email, Role: "client.accountant",
		})
		require.NoError(t, err)
	}
	right := func(reach kernelv1.RoleReach) {
		_, err := kernelv1.NewRoleServiceClient(p.Kernel()).SetRoleRight(t.Context(), &kernelv1.SetRoleRightRequest{
			RoleId: "client.director", Permission: "accountmanager.invitations.read", Reach: reach,
		})
		require.NoError(t, err)
	}
	invite("one@example.com")
	s.until(anInvitation)
	right(kernelv1.RoleReach_ROLE_REACH_NONE)
	invite("two@example.com")
	rename(t, head, zerno, "Zerno 2")
	for _, e := range s.until(aClient) {
		require.False(t, e.has(anInvitation), "a right that was taken is still heard by")
	}
	right(kernelv1.RoleReach_ROLE_REACH_GRANTED)
	invite("three@example.com")
	s.until(anInvitation)
}

// Another client of the same contact is not told of while they act for the first, granted as it is.
func TestAContactHearsOfTheClientActedFor(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno, polissia := p.Client(t, "Zerno"), p.Client(t, "Polissia")
	head := p.Head(t)
	lesia := p.Contact(t, zerno, "client.director")
	invited, err := accountmanagerv1.NewInvitationServiceClient(p.Kernel()).CreateInvitation(t.Context(), &accountmanagerv1.CreateInvitationRequest{
		RequestId: store.NewID(), ClientId: polissia, Name: lesia.Name, Email: lesia.Email, Role: "client.director",
	})
	require.NoError(t, err)
	acceptAs(t, p, lesia, invited.GetToken())

	s := listen(t, p, lesia)
	rename(t, head, polissia, "Polissia 2")
	rename(t, head, zerno, "Zerno 2")
	require.Equal(t, map[string]bool{zerno: true}, clients(t, s.until(aClient)))

	// Acting for the other one, they are told to ask again for what they look at, and then hear of that one.
	switchTo(t, p, lesia, polissia)
	e, ok := s.next()
	require.True(t, ok)
	for !e.Again {
		e, ok = s.next()
		require.True(t, ok)
	}
	rename(t, head, zerno, "Zerno 3")
	rename(t, head, polissia, "Polissia 3")
	require.Equal(t, map[string]bool{polissia: true}, clients(t, s.until(aClient)))
}

// Who gets a client, or loses one, is told to ask again: what they look at shows more, or less.
func TestGrantsAreToldToTheirUsers(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	zerno := p.Client(t, "Zerno")
	former, next, bystander := p.Staff(t, "manager"), p.Staff(t, "manager"), p.Staff(t, "manager")
	p.Serve(t, former, zerno)
	a, b, c := listen(t, p, former), listen(t, p, next), listen(t, p, bystander)
	p.Serve(t, next, zerno)
	for _, s := range []*stream{a, b} {
		e, ok := s.next()
		require.True(t, ok)
		require.True(t, e.Again, "%v", e)
	}
	own := p.Client(t, "Own")
	p.Serve(t, bystander, own)
	for again := false; !again; {
		e, ok := c.next()
		require.True(t, ok)
		for _, topic := range e.Of {
			require.Contains(t, topic, own, "the bystander heard of another's client")
		}
		again = e.Again
	}
	// The one who lost it hears nothing more of it.
	rename(t, p.Head(t), zerno, "Zerno 2")
	p.Serve(t, former, own)
	for again := false; !again; {
		e, ok := a.next()
		require.True(t, ok)
		for _, topic := range e.Of {
			require.Contains(t, topic, own, "the former manager heard of the client")
		}
		again = e.Again
	}
}

// The module is the one whose schema the table is in, whatever the session says; no runtime role can write notes or
// make triggers of its own on another's table.
func TestAModuleSpeaksForItselfAlone(t *testing.T) {
	p := kerneltest.Start(t, kerneltest.Options{Assemble: assemble})
	for _, attack := range []string{
		`insert into kernel.live_note (module, topics, fence, ids) values ('clientmanager', '{x}', 'shared', '{}')`,
		`select * from kernel.live_note`,
		`select kernel.live_rows()`,
		`select kernel.live('clientmanager.clients', 'x')`,
		`select kernel.live_off('clientmanager.clients')`,
		`insert into kernel.live_asleep (node, until) values (gen_random_uuid(), now() + interval '1 hour')`,
	} {
		err := asRole(t, p, "cab_kerneltest_accountmanager_all", attack)
		require.Error(t, err, attack)
	}
}
