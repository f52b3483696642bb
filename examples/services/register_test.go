package main

import (
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

// asFile is what an address has and a file's name has not.
var asFile = regexp.MustCompile(`[^a-z]+`)

// TestRegistrationInABrowser looks at what strangers see, at the queue, and at what differs between kinds of client.
func TestRegistrationInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	list, err := clientsv1.NewRegistrationServiceClient(s.Kernel()).ListRegistrations(t.Context(), &clientsv1.ListRegistrationsRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetRegistrations(), len(requests))
	alike, person := "/registrations/"+list.GetRegistrations()[0].GetId(), "/registrations/"+list.GetRegistrations()[1].GetId()
	roastery, halyna := s.client(t, "Zerno Roastery"), s.client(t, "Halyna Savka")
	head, manager := s.head(t), s.session(t, staff[0].email)

	look := func(who, session string, paths ...string) {
		t.Run(who, func(t *testing.T) {
			t.Parallel()
			b := newTab(t, browser, s, session)
			for _, path := range paths {
				b.open(path)
				b.look(who + "-" + asFile.ReplaceAllString(path, "_"))
			}
		})
	}
	look("stranger", "", "/sign-in", "/register", "/register/person", "/register?said=1")
	look("head", head, "/registrations", alike, person, alike+"/approve", alike+"/attach", alike+"/decline", alike+"/edit", person+"/edit", "/registrations/new/person")
	look("manager", manager, "/clients", "/clients/"+roastery, "/clients/"+roastery+"?tab=clientmanager.entities", "/clients/"+roastery+"/entities/new",
		"/clients/"+roastery+"/entities/join", "/clients/"+halyna, "/clients/new", "/clients/new/person")
	look("halyna", s.session(t, people[2].email), "/", "/details", "/details/edit")
	look("stranger-uk", "", "/language/uk?to=/register", "/register/person", "/register?said=1")
	t.Run("switch", func(t *testing.T) {
		t.Parallel()
		b := newTab(t, browser, s, s.actingFor(t, people[0].email, roastery))
		b.open("/company")
		b.do(chromedp.Evaluate[chromedp.Void](`document.getElementById('client').showPopover()`))
		require.True(t, ask[bool](b, `document.querySelectorAll('#client .h').length === 2`), "its customer stands above the three")
		b.shoot("switch")
	})
	look("director", s.actingFor(t, people[0].email, roastery), "/company")
}
