package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	clientsv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// TestMergeInABrowser is the part of TestInABrowser about clients that are there twice, by itself.
func TestMergeInABrowser(t *testing.T) {
	browser := openBrowser(t)
	s := openSite(t)
	merges(t, browser, s, s.head(t), &walked{seen: map[string]bool{}})
}

// merges finds a client that is there twice, looks at both side by side, and makes one of them.
func merges(t *testing.T, browser context.Context, s *site, head string, all *walked) {
	kept := s.client(t, "Zerno Café Podil")
	made, err := clientsv1.NewClientServiceClient(s.Kernel()).CreateClient(t.Context(), &clientsv1.CreateClientRequest{
		RequestId: store.NewID(), Client: &clientsv1.Client{
			Kind: clientsv1.ClientKind_CLIENT_KIND_COMPANY, Name: "ТОВ «Zerno Cafe Podil»", Phone: "+380445550119", Website: "https://podil.zerno.example",
			Place: "Kyiv", Note: "Came in by the website.", Tags: []string{"Website"}, TaxId: "99887766",
		},
	})
	require.NoError(t, err)
	twin := made.GetClient().GetId()
	_, err = clientsv1.NewContactServiceClient(s.Kernel()).CreateContact(t.Context(), &clientsv1.CreateContactRequest{
		RequestId: store.NewID(), Contact: &clientsv1.Contact{ClientId: twin, Name: "Danylo Hrytsenko", Email: "danylo@zerno.example", Main: true},
	})
	require.NoError(t, err)
	require.NoError(t, s.Events().RunSchedule(t.Context(), "clientmanager.match-clients", store.NewID()))
	require.NoError(t, s.Events().WaitDrained(t.Context()))

	b := newTab(t, browser, s, head)
	for _, path := range []string{"/clients/duplicates", "/clients/" + kept, "/clients/" + kept + "/merge", "/clients/" + kept + "/merge/" + twin, "/clients/" + kept + "/history"} {
		b.open(path)
		all.first(screenOf(path))
		b.look("merge-" + screenName(path))
	}
	b.open("/clients/" + kept + "/merge/" + twin)
	b.setLanguage("uk")
	b.open("/clients/" + kept + "/merge/" + twin)
	b.view(phone, "light")
	b.shoot("merge-uk-phone")
	b.fits("merge in Ukrainian", phone)
	b.setLanguage("en")
	b.view(desk, "light")
	b.open("/clients/" + kept + "/merge/" + twin)
	require.True(t, ask[bool](b, `document.querySelector('input[name="take_website"][value=right]').checked`), "what one lacks is taken from the other")
	require.True(t, ask[bool](b, `document.querySelector('input[name="take_place"][value=left]').checked`))
	b.leads(422, click("#form button.danger"))
	b.says("tick the box")
	b.do(click(`input[name="take_place"][value=right]`), click(`input[name="confirm"]`))
	b.leads(200, click("#form button.danger"))
	b.says("The clients are one now")
	require.Equal(t, "/clients/"+kept, b.path())
	b.look("merge-done")
	b.open("/clients/" + twin)
	require.Equal(t, "/clients/"+kept, b.path(), "the merged one's page leads to the survivor")
	got, err := clientsv1.NewClientServiceClient(s.Kernel()).GetClient(t.Context(), &clientsv1.GetClientRequest{Id: kept})
	require.NoError(t, err)
	require.Equal(t, []string{"Kyiv", "https://podil.zerno.example"}, []string{got.GetClient().GetPlace(), got.GetClient().GetWebsite()})

	b.open("/clients/" + kept + "/history")
	b.says("Merged with ТОВ «Zerno Cafe Podil»")
	b.look("merge-history")
	contact := newTab(t, browser, s, s.actingFor(t, people[0].email, s.client(t, "Zerno Roastery")))
	contact.open("/company/happened")
	all.first("/company/happened")
	contact.look("merge-happened")
}

// says checks that the page says something.
func (b *tab) says(text string) {
	b.t.Helper()
	require.Contains(b.t, ask[string](b, `document.body.innerText`), text)
}

// screenName is a screen as a file is named.
func screenName(path string) string {
	out := []rune{}
	for _, r := range screenOf(path) {
		if r == '/' || r == '{' || r == '}' {
			r = '-'
		}
		out = append(out, r)
	}
	return string(out)
}
