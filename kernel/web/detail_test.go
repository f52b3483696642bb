package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A thing's page has a first view and a tab for each list that belongs to it; a list that does not fit leads to its tab.
func TestTabsOfADetail(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	client := s.Client(t, "Zerno Roastery")
	contacts := clientmanagerv1.NewContactServiceClient(head.Conn)
	for i := range 8 {
		_, err := contacts.CreateContact(t.Context(), &clientmanagerv1.CreateContactRequest{
			RequestId: store.NewID(), Contact: &clientmanagerv1.Contact{ClientId: client, Name: fmt.Sprint("Person ", i)},
		})
		require.NoError(t, err)
	}
	page := "/clients/" + client
	tab := page + "?tab=clientmanager.contacts"
	count := func(body string) int { return len(regexp.MustCompile(`>\s*Person \d\s*<`).FindAllString(body, -1)) }
	overview := head.Get(t, page).Body
	require.Equal(t, 6, count(overview), "the first view shows some")
	require.Contains(t, overview, `href="`+tab+`"`)
	require.Contains(t, overview, "How to reach them")
	require.NotContains(t, overview, "Invitations</h2>", "what has its tab alone is not on the first view")
	alone := head.Get(t, tab).Body
	require.Equal(t, 8, count(alone))
	require.Regexp(t, `aria-current="page">\s*Contacts`, alone)
	require.NotContains(t, alone, "How to reach them")
	require.Contains(t, alone, `name="return" value="`+tab+`"`, "what is done to a row leads back to where it was done")
	for _, unknown := range []string{"?tab=clientmanager.nothing", "?tab=", "?tab=clientmanager.company_contacts"} {
		answer := head.Get(t, page+unknown)
		require.Equal(t, http.StatusOK, answer.Status)
		require.Contains(t, answer.Body, "How to reach them", unknown)
	}
}

// Who serves a client stands on its page as a card; nobody serves it, or the reader may not know: then there is no card.
func TestTilesOfADetail(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, manager := s.Head(t), s.Staff(t, "manager")
	client := s.Client(t, "Zerno Roastery")
	page := "/clients/" + client
	require.NotContains(t, head.Get(t, page).Body, `aria-label="Manager"`)
	_, err := clientmanagerv1.NewClientServiceClient(head.Conn).AssignManager(t.Context(), &clientmanagerv1.AssignManagerRequest{Id: client, ManagerId: manager.ID})
	require.NoError(t, err)
	require.Contains(t, manager.Get(t, page).Body, `aria-label="Manager"`)
}
