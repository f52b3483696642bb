package main

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// TestInABrowser opens the example in a real browser: the whole path from the first head to a client that is suspended,
// and every screen of every role, on a phone and at a desk, in both themes.
//
//	CABINET_SHOTS=/some/folder go test -run InABrowser ./examples/services
//
// keeps a picture of each page in that folder.
func TestInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	all := &walked{seen: map[string]bool{}}
	roastery := s.client(t, "Zerno Roastery")
	page := "/clients/" + roastery
	// Before there is another head.
	t.Run("first head", func(t *testing.T) { firstHead(t, browser, s) })
	s.park(t)
	s.looked(t, s.session(t, staff[0].email), roastery)
	head, manager := s.head(t), s.session(t, staff[0].email)
	director, accountant := s.actingFor(t, people[0].email, roastery), s.session(t, people[1].email)
	person := s.session(t, people[2].email)

	passkey(t, browser, s, manager)

	t.Run("all", func(t *testing.T) {
		run := func(name string, test func(t *testing.T)) {
			t.Run(name, func(t *testing.T) { t.Parallel(); test(t) })
		}
		run("path at a desk", func(t *testing.T) {
			path(t, browser, s, desk, companies503(t), "accounts@garmin.example")
		})
		run("path on a phone", func(t *testing.T) {
			path(t, browser, s, phone, few(t, "Southwind", "SW"), "accounts@southwind.example")
		})
		run("walk as head", func(t *testing.T) {
			people := []string{"/people/" + s.user(t, manager), "/people/" + s.user(t, director)}
			// What links lead to only where filters are set, or rows chosen.
			set := []string{"/clients?statuses=CLIENT_STATUS_ACTIVE", "/clients/change?ids=" + roastery}
			walk(t, browser, s, "head", head, all, slices.Concat(s.parts(roastery, module.ForStaff), people, set, s.moneyInAllStates(t), []string{page})...)
		})
		run("walk as manager", func(t *testing.T) { walk(t, browser, s, "manager", manager, all, page) })
		run("walk as director", func(t *testing.T) { walk(t, browser, s, "director", director, all) })
		run("walk as a person", func(t *testing.T) { walk(t, browser, s, "person", person, all) })
		run("walk as accountant", func(t *testing.T) { walk(t, browser, s, "accountant", accountant, all) })
		run("opened", func(t *testing.T) { opened(t, browser, s, manager, page) })
		run("keyboard", func(t *testing.T) { keyboard(t, browser, s) })
		run("without script", func(t *testing.T) { bare(t, browser, s) })
		run("audit", func(t *testing.T) { audited(t, browser, s, head, manager, director, page) })
		run("paper", func(t *testing.T) { paper(t, browser, s, manager, page) })
		run("view as", func(t *testing.T) { viewsAs(t, browser, s, all, head, roastery) })
		run("switch", func(t *testing.T) { switches(t, browser, s, s.actingFor(t, people[0].email, roastery)) })
	})
	// Who merges has shown that it is them lately, which the head of a long walk has not.
	t.Run("merge", func(t *testing.T) { merges(t, browser, s, s.session(t, "oksana@polissia.example"), all) })
	t.Run("console", func(t *testing.T) { console(t, browser, s, head) })
	t.Run("links lead to every screen", func(t *testing.T) { all.complete(t, s) })
}

// TestOverHTTP reads the example's pages without a browser.
func TestOverHTTP(t *testing.T) {
	s := openSite(t)
	roastery := s.client(t, "Zerno Roastery")
	page := "/clients/" + roastery
	s.park(t)
	head, director := s.head(t), s.actingFor(t, people[0].email, roastery)
	for _, language := range []string{"en", "uk", "ru"} {
		t.Run(language, func(t *testing.T) {
			speaks(t, s, language, head, append(s.parts(roastery, module.ForStaff), page)...)
			speaks(t, s, language, director)
			speaks(t, s, language, "nobody's")
		})
	}
	t.Run("weight", func(t *testing.T) {
		light(t, s, "/sign-in", "")
		light(t, s, "/", head)
		light(t, s, "/clients", head)
	})
}

// client finds one of the story by its name.
func (s *site) client(t *testing.T, name string) string {
	t.Helper()
	found, err := clientsv1.NewClientServiceClient(s.Kernel()).ListClients(t.Context(), &clientsv1.ListClientsRequest{Name: name})
	require.NoError(t, err)
	require.Len(t, found.GetClients(), 1)
	return found.GetClients()[0].GetId()
}
