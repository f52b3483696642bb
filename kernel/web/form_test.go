package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

func (s *site) read(t *testing.T, u *kerneltest.User, id string) *clientmanagerv1.Client {
	t.Helper()
	got, err := clientmanagerv1.NewClientServiceClient(u.Conn).GetClient(t.Context(), &clientmanagerv1.GetClientRequest{Id: id})
	require.NoError(t, err)
	return got.GetClient()
}

func TestForms(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	count := func() int { return len(namesOn(head.Get(t, "/clients"))) }

	t.Run("create", func(t *testing.T) {
		form := s.formOf(t, head, "/clients/new")
		form.Set("name", "  Zerno Roastery ")
		form.Set("kind", "CLIENT_KIND_COMPANY")
		form.Set("phone", "+380 (44) 555-01-18")
		form.Set("email", "Office@Zerno.example")
		form.Set("note", "First line\r\nsecond line")
		made := s.post(t, head, "/clients/new", form)
		require.Equal(t, http.StatusSeeOther, made.Status, made.Body)
		c := s.read(t, head, strings.TrimPrefix(made.Location(), "/clients/"))
		require.Equal(t, []string{"Zerno Roastery", "+380445550118", "office@zerno.example", "First line\nsecond line"},
			[]string{c.GetName(), c.GetPhone(), c.GetEmail(), c.GetNote()})
		page := head.Get(t, made.Location())
		require.Contains(t, page.Body, ">Saved<", "the page it leads to says so")
		require.NotContains(t, head.Get(t, made.Location()).Body, ">Saved<", "once")
	})
	t.Run("sent twice it is done once", func(t *testing.T) {
		before := count()
		form := s.formOf(t, head, "/clients/new")
		form.Set("name", "Museum of Maps")
		form.Set("kind", "CLIENT_KIND_COMPANY")
		var places sync.Map
		var group sync.WaitGroup
		for range 5 {
			group.Go(func() {
				page := s.post(t, head, "/clients/new", form)
				places.Store(page.Location(), page.Status)
			})
		}
		group.Wait()
		places.Range(func(place, code any) bool {
			require.Equal(t, http.StatusSeeOther, code)
			return true
		})
		require.Equal(t, before+1, count())
		again := s.post(t, head, "/clients/new", form)
		_, known := places.Load(again.Location())
		require.True(t, known, "each leads to the one that was made")

		form.Set("name", "Museum of Other Maps")
		other := s.post(t, head, "/clients/new", form)
		require.Equal(t, http.StatusUnprocessableEntity, other.Status, "back, then changed and sent: it is not lost in silence")
		require.Equal(t, before+1, count())
	})
	t.Run("violations stand beside their fields, and what was typed stays", func(t *testing.T) {
		before := count()
		form := s.formOf(t, head, "/clients/new")
		for name, typed := range map[string]string{
			"name": "", "email": "not an address", "phone": "12", "website": "javascript:alert(1)",
			"tax_id": "ключ", "place": strings.Repeat("я", 201), "address": "Sahaidachnoho <12>", "tags": strings.Repeat("t", 41),
		} {
			form.Set(name, typed)
		}
		page := s.post(t, head, "/clients/new", form)
		require.Equal(t, http.StatusUnprocessableEntity, page.Status)
		for _, field := range []string{"name", "email", "phone", "website", "tax_id", "place"} {
			require.Contains(t, page.Body, `id="f-`+field+`-error"`, field)
			require.Contains(t, page.Body, `href="#f-`+field+`"`, "the summary leads to "+field)
		}
		require.NotContains(t, page.Body, `id="f-address-error"`)
		kept := formIn(t, page, "/clients/new")
		for _, name := range []string{"email", "website", "tax_id", "place", "address", "request_id"} {
			require.Equal(t, form.Get(name), kept.Get(name), name)
		}
		require.Equal(t, before, count())

		uk := s.send(t, head, http.MethodPost, "/clients/new", strings.NewReader(form.Encode()), "Content-Type", formType, "Accept-Language", "uk")
		require.Contains(t, uk.Body, s.Texts().For("uk", nil).T("kernel.violation.email"))
		require.NotContains(t, uk.Body, "value length must", "no rule speaks for itself")
	})
	t.Run("what the form has no choice for", func(t *testing.T) {
		path := "/clients/" + s.Client(t, "On the moon") + "/addresses/new"
		form := s.formOf(t, head, path)
		form.Set("street", "Mare Imbrium 1")
		form.Set("kind", "ADDRESS_KIND_MOON")
		page := s.post(t, head, path, form)
		require.Equal(t, http.StatusUnprocessableEntity, page.Status)
		require.Contains(t, page.Body, "Choose one of the list")
	})
	t.Run("the address prefills", func(t *testing.T) {
		form := s.formOf(t, head, "/clients/new?name=Caf%C3%A9+%22X%22&csrf=stolen&request_id=mine")
		require.Equal(t, `Café "X"`, form.Get("name"))
		require.NotEqual(t, "stolen", form.Get("csrf"))
		require.NotEqual(t, "mine", form.Get("request_id"))
	})
}

func TestEditing(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, other := s.Head(t), s.Head(t)
	id := s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery", Place: "Kyiv", Tags: []string{"Key", "24/7"}, Note: "Ring twice", CountryCode: "UA"})
	path := "/clients/" + id + "/edit"

	t.Run("unchanged it changes nothing", func(t *testing.T) {
		before := s.read(t, head, id)
		page := s.post(t, head, path, s.formOf(t, head, path))
		require.Equal(t, "/clients/"+id, page.Location(), page.Body)
		after := s.read(t, head, id)
		for _, c := range []*clientmanagerv1.Client{before, after} {
			c.Revision, c.UpdateTime = 0, nil
		}
		require.Equal(t, before.String(), after.String())
	})
	t.Run("a field is emptied", func(t *testing.T) {
		form := s.formOf(t, head, path)
		require.Equal(t, "Ring twice", form.Get("note"))
		form.Set("note", "")
		form.Set("tags", "")
		require.Equal(t, http.StatusSeeOther, s.post(t, head, path, form).Status)
		c := s.read(t, head, id)
		require.Empty(t, c.GetNote())
		require.Empty(t, c.GetTags())
		require.Equal(t, "Kyiv", c.GetPlace())
	})
	t.Run("somebody else was quicker", func(t *testing.T) {
		mine, theirs := s.formOf(t, head, path), s.formOf(t, other, path)
		theirs.Set("place", "Lviv")
		require.Equal(t, http.StatusSeeOther, s.post(t, other, path, theirs).Status)
		mine.Set("place", "Odesa")
		page := s.post(t, head, path, mine)
		require.Equal(t, http.StatusUnprocessableEntity, page.Status)
		require.Contains(t, page.Body, "Somebody else changed the same meanwhile")
		require.Contains(t, page.Body, "Lviv", "the other's value stands beside it")
		require.Equal(t, "Odesa", formIn(t, page, path).Get("place"), "what was typed is kept")
		require.Equal(t, "Lviv", s.read(t, head, id).GetPlace())
		require.Equal(t, http.StatusUnprocessableEntity, s.post(t, head, path, mine).Status, "sending the same again does not win by itself")
		require.Equal(t, http.StatusSeeOther, s.post(t, head, path, formIn(t, page, path)).Status, "who has seen both decides")
		require.Equal(t, "Odesa", s.read(t, head, id).GetPlace())
	})
	t.Run("another thing's id in the form", func(t *testing.T) {
		second := s.client(t, &clientmanagerv1.Client{Name: "Museum of Maps"})
		form := s.formOf(t, head, path)
		form.Set("id", second)
		form.Set("name", "Renamed")
		s.post(t, head, path, form)
		require.Equal(t, "Museum of Maps", s.read(t, head, second).GetName(), "the address says what is edited")
	})
}

// A manager's answer is lost on the way: the form that is sent again finds its first answer.
func TestAnAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	form := s.formOf(t, head, "/clients/new")
	form.Set("name", "Zerno Roastery")
	form.Set("kind", "CLIENT_KIND_COMPANY")
	s.faults.set(clientmanagerv1.ClientService_GetClient_FullMethodName, func(context.Context) error { panic("after the create") })
	made := s.post(t, head, "/clients/new", form)
	require.Equal(t, http.StatusSeeOther, made.Status)
	require.Equal(t, http.StatusInternalServerError, head.Get(t, made.Location()).Status)
	s.faults.set(clientmanagerv1.ClientService_GetClient_FullMethodName, nil)
	require.Equal(t, made.Location(), s.post(t, head, "/clients/new", form).Location())
	require.Len(t, namesOn(head.Get(t, "/clients")), 1)
}

// Actions ask first where they must: by a page of their own where no script asks.
func TestActions(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	manager := s.Staff(t, "manager")
	person := "/people/" + manager.ID
	const block = "/actions/accountmanager.user/block"

	form := formIn(t, head.Get(t, person), block)
	require.Equal(t, manager.ID, form.Get("id"))
	form.Del("confirmed")
	asked := s.post(t, head, block, form)
	require.Equal(t, http.StatusOK, asked.Status, asked.Body)
	require.Contains(t, asked.Body, s.Texts().For("en", nil).T("accountmanager.user.block_confirm"))
	require.Equal(t, http.StatusOK, manager.Get(t, "/").Status, "nothing was done yet")
	require.Contains(t, linked(asked), person, "a way back")

	yes := formIn(t, asked, block)
	done := s.post(t, head, block, yes)
	require.Equal(t, http.StatusSeeOther, done.Status)
	require.Equal(t, person, done.Location())
	require.Contains(t, head.Get(t, person).Body, s.Texts().For("en", nil).T("accountmanager.user.blocked"))
	require.Contains(t, manager.Get(t, "/").Location(), "/sign-in")

	after := head.Get(t, person)
	require.NotContains(t, after.Body, block, "what is done is not offered again")
	require.Contains(t, after.Body, "/actions/accountmanager.user/unblock")

	for path, want := range map[string]int{
		"/actions/accountmanager.user/promote": 404, "/actions/nobody.nothing/x": 404, "/actions/accountmanager.user/edit": 404,
	} {
		require.Equal(t, want, head.Post(t, path, url.Values{"id": {manager.ID}}).Status, path)
	}
	evil := head.Post(t, "/actions/accountmanager.user/unblock", url.Values{"id": {manager.ID}, "return": {"//evil.example"}})
	require.Equal(t, "/", evil.Location())
}
