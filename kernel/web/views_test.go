package web_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// saved makes a view of the list of clients as its reader would: by the form that the list leads to.
func (s *site) saved(t *testing.T, u *kerneltest.User, name, query string) string {
	t.Helper()
	form := u.Get(t, "/views/new?"+url.Values{"screen": {"clientmanager.clients"}, "query": {query}}.Encode())
	require.Equal(t, 200, form.Status)
	sent := u.Post(t, "/views/new", url.Values{
		"name": {name}, "screen": {"clientmanager.clients"}, "query": {query}, "request_id": {store.NewID()},
	})
	require.Equal(t, 303, sent.Status, sent.Body)
	opened := u.Get(t, sent.Location())
	require.Equal(t, 303, opened.Status)
	at, err := url.Parse(opened.Location())
	require.NoError(t, err)
	require.Equal(t, "/clients", at.Path)
	return at.Query().Get("view")
}

func TestViewsOfAList(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	for _, c := range []*clientmanagerv1.Client{{Name: "Kyiv One", Place: "Kyiv"}, {Name: "Kyiv Two", Place: "Kyiv", Tags: []string{"x"}}, {Name: "Lviv One", Place: "Lviv"}} {
		s.client(t, c)
	}
	require.NotContains(t, head.Get(t, "/clients").Body, "viewbar", "nothing to show and nothing to save")
	filtered := head.Get(t, "/clients?place=Kyiv&page=")
	require.Contains(t, filtered.Body, "Save view")
	require.Contains(t, filtered.Body, "query=place%3DKyiv")

	id := s.saved(t, head, "In <Kyiv>", "place=Kyiv")
	page := head.Get(t, "/clients?view="+id)
	require.Equal(t, []string{"Kyiv One", "Kyiv Two"}, namesOn(page))
	require.Contains(t, page.Body, "In &lt;Kyiv&gt;")
	require.NotContains(t, page.Body, "Save view", "it is as it was saved")
	require.Equal(t, []string{"Kyiv One", "Kyiv Two", "Lviv One"}, namesOn(head.Get(t, "/clients")))

	// Other filters, begun from the view.
	page = head.Get(t, "/clients?of="+id+"&place=Kyiv&tags=x")
	require.Equal(t, []string{"Kyiv Two"}, namesOn(page))
	require.Contains(t, page.Body, "Save view")
	require.Contains(t, page.Body, "Keep what is set now")
	require.Equal(t, []string{"Kyiv One", "Kyiv Two", "Lviv One"}, namesOn(head.Get(t, "/clients?of="+id)), "cleared, though it is of a view")
	kept := head.Post(t, "/actions/kernel.views/save", url.Values{"id": {id}, "query": {"place=Kyiv&tags=x"}, "return": {"/clients?view=" + id}})
	require.Equal(t, 303, kept.Status)
	require.Equal(t, []string{"Kyiv Two"}, namesOn(head.Get(t, kept.Location())))

	// The first view is what the list opens with, and only when nothing else is said.
	head.Post(t, "/actions/kernel.views/first", url.Values{"id": {id}})
	page = head.Get(t, "/clients")
	require.Equal(t, []string{"Kyiv Two"}, namesOn(page))
	require.Contains(t, page.Body, `href="/clients?view=all"`)
	require.Len(t, namesOn(head.Get(t, "/clients?view=all")), 3)
	require.Len(t, namesOn(head.Get(t, "/clients?place=Lviv")), 1)
	head.Post(t, "/actions/kernel.views/not_first", url.Values{"id": {id}})
	require.Len(t, namesOn(head.Get(t, "/clients")), 3)

	// Names that cannot be come back to their writer with what was typed.
	taken := head.Post(t, "/views/new", url.Values{"name": {"In <Kyiv>"}, "screen": {"clientmanager.clients"}, "query": {"place=Lviv"}, "request_id": {store.NewID()}})
	require.Equal(t, 422, taken.Status)
	require.Contains(t, taken.Body, "You have a view of this list by this name.")
	require.Contains(t, taken.Body, `name="query" value="place=Lviv"`)
}

func TestViewsThatAreNoMore(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, taras := s.Head(t), s.Staff(t, "manager")
	s.client(t, &clientmanagerv1.Client{Name: "Kyiv One", Place: "Kyiv"})
	mine := s.saved(t, head, "Mine", "place=Kyiv")

	other := taras.Get(t, "/clients?view="+mine)
	require.Equal(t, 200, other.Status)
	require.Contains(t, other.Body, "This view is no more")
	require.NotContains(t, other.Body, "Mine")
	require.Equal(t, 404, taras.Get(t, "/views/"+mine).Status)
	require.Equal(t, 404, taras.Get(t, "/views/"+mine+"/name").Status)
	require.Equal(t, 404, head.Get(t, "/views/no-id").Status)
	stolen := taras.Post(t, "/actions/kernel.views/save", url.Values{"id": {mine}, "query": {""}})
	require.Equal(t, 404, stolen.Status)
	forged := head.Post(t, "/actions/kernel.views/delete", url.Values{"id": {mine}, "confirmed": {"1"}, "csrf": {"forged"}})
	require.Equal(t, 403, forged.Status)

	// A field that was taken away, and a value that is none any more.
	gone := s.saved(t, head, "Old", "place=Kyiv&extra.tier=gold&nothing=1")
	page := head.Get(t, "/clients?view="+gone)
	require.Equal(t, []string{"Kyiv One"}, namesOn(page), "the rest holds")
	require.Contains(t, page.Body, "A part of this view is no more")
	require.Contains(t, page.Body, "extra.tier and nothing")
	broken := s.saved(t, head, "Broken", "statuses=CLIENT_STATUS_ASLEEP")
	page = head.Get(t, "/clients?view="+broken)
	require.Equal(t, 422, page.Status)
	require.Contains(t, page.Body, "view-menu", "and it can still be deleted")
	asked := head.Post(t, "/actions/kernel.views/delete", url.Values{"id": {broken}})
	require.Contains(t, asked.Body, "Delete this view?", "without script a page asks")
	deleted := head.Post(t, "/actions/kernel.views/delete", url.Values{"id": {broken}, "confirmed": {"1"}, "return": {"/clients"}})
	require.Equal(t, "/clients", deleted.Location())
}

func TestViewsOfContacts(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	olena := s.Contact(t, s.client(t, &clientmanagerv1.Client{Name: "Roastery"}), "client.director")
	sent := olena.Post(t, "/views/new", url.Values{"name": {"Since May"}, "screen": {"kernel.activity"}, "query": {"from_date=2026-05-01"}, "request_id": {store.NewID()}})
	require.Equal(t, 303, sent.Status, sent.Body)
	page := olena.Get(t, "/activity")
	require.Contains(t, page.Body, "Since May")
	page = olena.Get(t, olena.Get(t, sent.Location()).Location())
	require.Contains(t, page.Body, "view-menu")
	require.NotContains(t, page.Body, "Share with colleagues")
	require.Contains(t, olena.Get(t, "/views").Body, "Since May")
}

var chosenIDs = regexp.MustCompile(`<input type="hidden" name="ids" value="([0-9a-f-]+)"`)

// Many rows go to a form: those chosen, or all that match as their reader sees them.
func TestManyRowsIntoAForm(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head, taras := s.Head(t), s.Staff(t, "manager")
	var all []string
	for i := range 55 {
		all = append(all, s.client(t, &clientmanagerv1.Client{Name: fmt.Sprintf("Client %02d", i), Place: "Kyiv"}))
	}
	other := s.client(t, &clientmanagerv1.Client{Name: "Elsewhere", Place: "Lviv"})
	page := head.Get(t, "/clients?place=Kyiv")
	require.Contains(t, page.Body, `method="get" action="/clients/change"`)
	require.Contains(t, page.Body, "Take all 55 that match")
	bar := page.Body[strings.Index(page.Body, `class="bulk"`):]
	require.NotContains(t, bar[:strings.Index(bar, "</form>")], "csrf", "no token goes into an address")

	form := head.Get(t, "/clients/change?ids="+all[0]+"&ids="+all[1])
	require.Contains(t, form.Body, "2 chosen")
	require.Contains(t, form.Body, "Client 00 and Client 01")
	require.Len(t, chosenIDs.FindAllString(form.Body, -1), 2)
	form = head.Get(t, "/clients/change?all=1&from=clientmanager.clients&match="+url.QueryEscape("place=Kyiv"))
	require.Contains(t, form.Body, "55 chosen")
	require.Contains(t, form.Body, "and 50 more")
	require.Len(t, chosenIDs.FindAllString(form.Body, -1), 55)
	require.NotContains(t, form.Body, other)

	require.Contains(t, head.Get(t, "/clients/change").Body, "Nothing is chosen")
	for name, query := range map[string]string{
		"a list that does not lead here": "from=kernel.audit", "no list": "from=clientmanager.client", "none at all": "from=x", "no query": "from=clientmanager.clients&match=%25zz",
	} {
		require.Contains(t, head.Get(t, "/clients/change?all=1&"+query).Body, "Nothing is chosen", name)
	}
	require.Contains(t, taras.Get(t, "/clients/change?all=1&from=clientmanager.clients&match=").Body, "Nothing is chosen", "of those that he sees, none")
	strange := taras.Get(t, "/clients/change?ids="+all[0])
	require.Contains(t, strange.Body, "1 chosen")
	require.NotContains(t, strange.Body, "Client 00", "another's client is not named")

	sent := head.Post(t, "/clients/change", url.Values{"ids": all[:3], "add_tags": {"vip, key"}, "request_id": {store.NewID()}})
	require.Equal(t, 303, sent.Status, sent.Body)
	require.Contains(t, head.Get(t, sent.Location()).Body, "Changed: 3. Already so: 0.")
	sent = taras.Post(t, "/clients/change", url.Values{"ids": all[:3], "add_tags": {"stolen"}, "request_id": {store.NewID()}})
	require.Contains(t, taras.Get(t, sent.Location()).Body, "3 not among yours")
	nothing := head.Post(t, "/clients/change", url.Values{"ids": all[:3], "request_id": {store.NewID()}})
	require.Equal(t, 422, nothing.Status)
	require.Len(t, chosenIDs.FindAllString(nothing.Body, -1), 3, "what was chosen is not lost")
}

func TestSegmentForm(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	s.client(t, &clientmanagerv1.Client{Name: "A", Place: "Kyiv, Podil"})
	s.client(t, &clientmanagerv1.Client{Name: "B", Place: "Lviv"})
	typed := url.Values{"name": {"Both"}, "priority": {"5"}, "places": {"Kyiv, Podil\r\n\r\n Lviv "}, "kinds": {"CLIENT_KIND_COMPANY"}, "asked_statuses": {"1"}, "request_id": {store.NewID()}}
	typed.Set("preview", "1")
	shown := head.Post(t, "/clients/segments/new", typed)
	require.Equal(t, 200, shown.Status)
	require.Contains(t, shown.Body, "The rule matches 2 clients now")
	require.Contains(t, shown.Body, "Both", "nothing typed is lost")
	typed.Del("preview")
	made := head.Post(t, "/clients/segments/new", typed)
	require.Equal(t, 303, made.Status, made.Body)
	id := made.Location()[strings.LastIndex(made.Location(), "/")+1:]
	got, err := clientmanagerv1.NewSegmentServiceClient(head.Conn).GetSegment(t.Context(), &clientmanagerv1.GetSegmentRequest{Id: id})
	require.NoError(t, err)
	require.Equal(t, []string{"Kyiv, Podil", "Lviv"}, got.GetSegment().GetPlaces(), "one on each line, commas and all")
	edit := head.Get(t, "/clients/segments/"+id+"/edit")
	require.Contains(t, edit.Body, "Kyiv, Podil\nLviv</textarea>")
	gone := head.Post(t, "/actions/clientmanager.segment/delete", url.Values{"id": {id}, "confirmed": {"1"}, "return": {"/clients/segments/" + id}})
	require.Equal(t, "/clients/segments", gone.Location(), "not to what is gone")
}
