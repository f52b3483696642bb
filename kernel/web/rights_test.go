package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// A client that somebody does not serve or act for is, for them, not there: not in any page's address, nor in a post.
func TestForeignClients(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	own := s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery"})
	foreign := s.client(t, &clientmanagerv1.Client{Name: "Museum of Maps", Note: "the museum's secret"})
	manager := s.Staff(t, "manager")
	s.Serve(t, manager, own)
	director := s.Contact(t, own, "client.director")
	stranger := s.Contact(t, foreign, "client.director")
	foreignContact, err := clientmanagerv1.NewContactServiceClient(s.Kernel()).CreateContact(t.Context(), &clientmanagerv1.CreateContactRequest{
		RequestId: store.NewID(), Contact: &clientmanagerv1.Contact{ClientId: foreign, Name: "Ostap of the museum"},
	})
	require.NoError(t, err)
	contact := foreignContact.GetContact().GetId()

	for _, u := range []*kerneltest.User{manager, director} {
		for _, sc := range s.screens() {
			path := strings.NewReplacer("{client_id}", foreign, "{id}", foreign).Replace(sc)
			if path == sc {
				continue
			}
			page := u.Get(t, path)
			require.NotContains(t, page.Body, "Museum of Maps", "%s sees %s", u.Role, path)
			require.NotContains(t, page.Body, "secret", path)
			require.NotContains(t, page.Body, "Ostap", path)
			// Whoever asks learns nothing: an id that was never given is answered alike.
			nowhere := strings.NewReplacer("{client_id}", store.NewID(), "{id}", store.NewID()).Replace(sc)
			require.Equal(t, u.Get(t, nowhere).Status, page.Status, path)
		}
	}
	for _, path := range []string{"/clients/" + foreign, "/clients/" + foreign + "/edit", "/contacts/" + contact + "/edit"} {
		require.Equal(t, http.StatusNotFound, manager.Get(t, path).Status, path)
	}
	require.Equal(t, http.StatusNotFound, director.Get(t, "/company/contacts/"+contact).Status)

	for path, form := range map[string]url.Values{
		"/clients/" + foreign + "/edit":                  {"name": {"Taken over"}, "id": {foreign}},
		"/clients/" + foreign + "/suspend":               {"reason": {"x"}},
		"/clients/" + foreign + "/contacts/new":          {"name": {"Intruder"}, "request_id": {store.NewID()}},
		"/clients/" + foreign + "/invite":                {"name": {"Intruder"}, "email": {"i@example.com"}, "role": {"client.director"}, "request_id": {store.NewID()}},
		"/contacts/" + contact + "/edit":                 {"name": {"Intruder"}},
		"/company/contacts/" + contact:                   {"name": {"Intruder"}},
		"/company/contacts/new":                          {"name": {"Intruder"}, "client_id": {foreign}, "request_id": {store.NewID()}},
		"/company/invite":                                {"name": {"Intruder"}, "email": {"i@example.com"}, "role": {"client.director"}, "client_id": {foreign}, "request_id": {store.NewID()}},
		"/actions/clientmanager.client/resume":           {"id": {foreign}},
		"/actions/clientmanager.contacts/remove":         {"id": {contact}, "confirmed": {"1"}},
		"/actions/clientmanager.company_contacts/remove": {"id": {contact}, "confirmed": {"1"}},
		"/switch-client":                                 {"client_id": {foreign}},
	} {
		for _, u := range []*kerneltest.User{manager, director} {
			u.Post(t, path, form)
		}
	}
	head := s.Head(t)
	require.Equal(t, "Museum of Maps", s.read(t, head, foreign).GetName())
	require.Equal(t, clientmanagerv1.ClientStatus_CLIENT_STATUS_ACTIVE, s.read(t, head, foreign).GetStatus())
	page := head.Get(t, "/clients/"+foreign)
	require.Contains(t, page.Body, "Ostap of the museum")
	require.NotContains(t, page.Body, "Intruder")
	require.Contains(t, stranger.Get(t, "/company").Body, "Ostap of the museum")
	require.Equal(t, http.StatusOK, stranger.Get(t, "/").Status)
}

// screens are the paths of all screens.
func (s *site) screens() []string {
	var paths []string
	for _, m := range s.Manifests() {
		for _, sc := range m.Screens {
			paths = append(paths, sc.Path)
		}
	}
	return paths
}

// What is for staff is in no page of a contact, and cannot be sent by one.
func TestFieldsForStaff(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	id := s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery", Note: "pays late, be polite", Tags: []string{"difficult"}})
	director := s.Contact(t, id, "client.director")
	require.Contains(t, s.Head(t).Get(t, "/clients/"+id).Body, "pays late")
	for _, path := range append(s.screens(), "/") {
		page := director.Get(t, strings.NewReplacer("{client_id}", id, "{id}", id).Replace(path))
		require.NotContains(t, page.Body, "pays late", path)
		require.NotContains(t, page.Body, "difficult", path)
		require.Less(t, page.Status, 500, path)
	}
	form := s.formOf(t, director, "/company/edit")
	require.False(t, form.Has("note"))
	form.Set("note", "pays on time")
	form.Set("tags", "darling")
	form.Set("place", "Lviv")
	form.Set("name", "Renamed by itself")
	s.post(t, director, "/company/edit", form)
	c := s.read(t, s.Head(t), id)
	require.Equal(t, "pays late, be polite", c.GetNote())
	require.Equal(t, []string{"difficult"}, c.GetTags())
	require.Equal(t, "Zerno Roastery", c.GetName(), "the name is not among what a client may change")

	form = s.formOf(t, director, "/company/edit")
	form.Set("place", "Lviv")
	require.Equal(t, "/company", s.post(t, director, "/company/edit", form).Location())
	require.Equal(t, "Lviv", s.read(t, s.Head(t), id).GetPlace())
}

// Pages for staff are closed to contacts, and the other way round; links to what is closed are not shown.
func TestAudiences(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	id := s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery"})
	head, manager := s.Head(t), s.Staff(t, "manager")
	s.Serve(t, manager, id)
	accountant, director := s.Contact(t, id, "client.accountant"), s.Contact(t, id, "client.director")
	for u, want := range map[*kerneltest.User]map[string]int{
		head:       {"/clients": 200, "/people": 200, "/roles": 200, "/company": 403, "/company/people": 403},
		manager:    {"/clients": 200, "/clients/new": 200, "/company/edit": 403, "/clients/" + id + "/manager": 403},
		accountant: {"/company": 200, "/clients": 403, "/people": 403, "/clients/" + id: 403, "/clients/import": 403, "/company/edit": 403, "/clients/new": 403},
		director:   {"/company/edit": 200, "/company/invite": 200, "/clients/" + id + "/edit": 403},
	} {
		shown := linked(u.Get(t, "/"))
		for path, code := range want {
			page := u.Get(t, path)
			require.Equal(t, code, page.Status, "%s asks for %s", u.Role, path)
			if code == http.StatusForbidden {
				require.NotContains(t, shown, path, u.Role)
				require.Contains(t, page.Body, "not for you to see")
			}
		}
		for _, to := range shown {
			if path, _, _ := strings.Cut(to, "#"); strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "/assets/") {
				require.NotEqual(t, http.StatusForbidden, u.Get(t, path).Status, "%s is led to %s", u.Role, path)
			}
		}
	}
	require.NotContains(t, linked(accountant.Get(t, "/company")), "/company/edit")
	require.Contains(t, linked(director.Get(t, "/company")), "/company/edit")
}

// An invitation's link is shown once, to whoever made it; it works once.
func TestInvitation(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	id := s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery"})
	path := "/clients/" + id + "/invite"
	form := s.formOf(t, head, path+"?name=Lesia+Kovalenko&email=lesia%40zerno.example&role=client.accountant")
	require.Equal(t, []string{"Lesia Kovalenko", "lesia@zerno.example", "client.accountant"}, []string{form.Get("name"), form.Get("email"), form.Get("role")})
	made := s.post(t, head, path, form)
	require.Equal(t, http.StatusOK, made.Status)
	_, after, found := strings.Cut(made.Body, s.URL()+"/invitation/")
	require.True(t, found, made.Body)
	token, _, _ := strings.Cut(after, `"`)
	for _, elsewhere := range []string{"/clients/" + id, "/people/invitations", "/clients/" + id + "/invitations", "/"} {
		require.NotContains(t, head.Get(t, elsewhere).Body, token, elsewhere)
	}
	require.NotContains(t, s.log.String(), token)

	guest := s.Anonymous(t)
	page := guest.Get(t, "/invitation/"+token)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Body, "Zerno Roastery")
	in := formIn(t, page, "/invitation/"+token)
	require.Equal(t, "Lesia Kovalenko", in.Get("name"))
	in.Set("password", "short")
	refused := s.post(t, guest, "/invitation/"+token, in)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status)
	require.Contains(t, refused.Body, "Ten characters at least")
	require.NotContains(t, refused.Body, `value="short"`)
	for _, strange := range []string{strings.Repeat("я", 5000), strings.Repeat("long", 1000)} {
		in.Set("password", strange)
		require.Equal(t, http.StatusUnprocessableEntity, s.post(t, guest, "/invitation/"+token, in).Status)
	}
	in.Set("password", "ten characters and more")
	in.Set("email", "somebody@else.example")
	welcome := s.post(t, guest, "/invitation/"+token, in)
	require.Equal(t, http.StatusSeeOther, welcome.Status, welcome.Body)
	require.Contains(t, guest.Get(t, "/").Body, "Your account is ready")
	me, err := accountmanagerv1.NewUserServiceClient(head.Conn).ListUsers(t.Context(), &accountmanagerv1.ListUsersRequest{Query: "lesia"})
	require.NoError(t, err)
	require.Equal(t, "lesia@zerno.example", me.GetUsers()[0].GetEmail(), "it is for whom it was made out to")

	for range 2 {
		gone := s.Anonymous(t).Get(t, "/invitation/"+token)
		require.Equal(t, http.StatusGone, gone.Status)
		require.Contains(t, gone.Body, "has been used or has expired")
	}
	require.Equal(t, http.StatusGone, s.Anonymous(t).Get(t, "/invitation/"+strings.Repeat("A", len(token))).Status)
}

// A part of the first page that is down says so; the others stand.
func TestDashboardWithAPartDown(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	id := s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery"})
	text := s.Texts().For("en", nil)
	whole := head.Get(t, "/")
	require.Contains(t, whole.Body, "Zerno Roastery")
	require.NotContains(t, whole.Body, text.T("kernel.part_down"))
	for name, broken := range map[string]fault{
		"away":  func(context.Context) error { return status.Error(codes.Unavailable, "away") },
		"slow":  func(context.Context) error { return status.Error(codes.DeadlineExceeded, "slow") },
		"wrong": func(context.Context) error { panic("wrong") },
	} {
		s.faults.set(clientmanagerv1.ClientService_GetOverview_FullMethodName, broken)
		s.faults.set(clientmanagerv1.ContactService_ListContacts_FullMethodName, broken)
		page := head.Get(t, "/")
		require.Equal(t, http.StatusOK, page.Status, name)
		require.Contains(t, page.Body, text.T("kernel.part_down"), name)
		require.Contains(t, page.Body, "Zerno Roastery", "%s: the other part stands", name)
		page = head.Get(t, "/clients/"+id)
		require.Equal(t, http.StatusOK, page.Status, name)
		require.Contains(t, page.Body, text.T("kernel.part_down"), name)
	}
	s.faults.set(clientmanagerv1.ClientService_GetOverview_FullMethodName, nil)
	require.NotContains(t, head.Get(t, "/").Body, text.T("kernel.part_down"))
}
