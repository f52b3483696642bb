package web_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// suspensions is a bell that counts a reader's clients who are suspended.
var suspensions = &module.Bell{Method: clientmanagerv1.ClientService_GetOverview_FullMethodName, Field: "suspended", Screen: "clients"}

// The bell counts what waits for its reader, as its contract says it, and names the topic by which it is live.
func TestTheBell(t *testing.T) {
	s := start(t, options{bell: suspensions})
	zerno, polissia := s.Client(t, "Zerno"), s.Client(t, "Polissia")
	head, manager := s.Head(t), s.Staff(t, "manager")
	s.Serve(t, manager, zerno)
	require.Contains(t, head.Get(t, "/").Body, `id="bell" href="/clients" aria-label="Clients" data-live="cabinet.clientmanager.v1.GetOverviewResponse"`)

	clients := clientmanagerv1.NewClientServiceClient(s.Kernel())
	_, err := clients.SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: polissia, Reason: "unpaid"})
	require.NoError(t, err)
	require.Contains(t, head.Get(t, "/").Body, `aria-label="Clients, 1 new"`)
	require.Contains(t, head.Get(t, "/").Body, `<span class="count hot" aria-hidden="true">1</span>`)
	require.NotContains(t, manager.Get(t, "/").Body, `class="count hot"`, "another's client was counted")

	// Who may not call the method, or not see where the bell leads, has no bell; nor has a portal without a module that brings one.
	require.NotContains(t, s.Contact(t, zerno, "client.director").Get(t, "/").Body, `id="bell"`)
	without := start(t, options{})
	require.NotContains(t, without.Head(t).Get(t, "/").Body, `id="bell"`)

	// A count that cannot be had leaves the page standing.
	s.faults.set(suspensions.Method, func(context.Context) error { return status.Error(codes.Unavailable, "down") })
	page := head.Get(t, "/clients")
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Body, `aria-label="Clients" data-live`)
}

// What a form did is said to its reader, not to a page that refreshed itself meanwhile.
func TestARefreshTakesNoNotice(t *testing.T) {
	s := start(t, options{})
	zerno := s.Client(t, "Zerno")
	head := s.Head(t)
	_, err := clientmanagerv1.NewClientServiceClient(s.Kernel()).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: zerno, Reason: "x"})
	require.NoError(t, err)
	resumed := head.Post(t, "/actions/clientmanager.client/resume", map[string][]string{"id": {zerno}, "return": {"/clients/" + zerno}})
	require.Equal(t, http.StatusSeeOther, resumed.Status, resumed.Body)
	refreshed := s.send(t, head, http.MethodGet, "/clients/"+zerno, nil, "Cabinet-Live", "1")
	require.NotContains(t, refreshed.Body, "data-keep")
	require.Contains(t, head.Get(t, "/clients/"+zerno).Body, "data-keep")
}

// Pages name what they show, of one client where it is known which; a form is not refreshed.
func TestTopicsOfPages(t *testing.T) {
	s := start(t, options{})
	zerno := s.Client(t, "Zerno")
	head := s.Head(t)
	live := func(path string) string {
		body := head.Get(t, path).Body
		_, after, ok := strings.Cut(body, `<div id="page"`)
		require.True(t, ok)
		tag, _, _ := strings.Cut(after, ">")
		return tag
	}
	require.Contains(t, live("/clients"), `data-live="cabinet.clientmanager.v1.Client,cabinet.clientmanager.v1.Branch"`)
	detail := live("/clients/" + zerno)
	for _, topic := range []string{
		"cabinet.clientmanager.v1.Client", "cabinet.clientmanager.v1.Contact", "cabinet.clientmanager.v1.TimelineEntry",
		"cabinet.accountmanager.v1.Membership", "cabinet.accountmanager.v1.Invitation",
	} {
		require.Contains(t, detail, topic+" "+zerno)
	}
	require.NotContains(t, detail, "data-live-form")
	require.Contains(t, live("/clients/"+zerno+"/edit"), "data-live-form")
	require.NotContains(t, live("/clients/new"), "data-live")
	require.Contains(t, live("/"), "cabinet.clientmanager.v1.GetOverviewResponse")
}

// The stream lies below the portal's path, as its pages do.
func TestTheStreamBelowAPath(t *testing.T) {
	s := start(t, options{config: "path: /my"})
	head := s.Head(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/live", nil)
	require.NoError(t, err)
	response, err := head.HTTP.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	line, err := bufio.NewReader(response.Body).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, "retry: ")
	require.Contains(t, head.Get(t, "/").Body, `data-stream="/my/live"`)
}
