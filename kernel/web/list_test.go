package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientNames are the names of the clients that a list shows, in its order.
var clientName = regexp.MustCompile(`href="/clients/[0-9a-f-]{36}"[^>]*>(?:<[^>]*>[^<]*</[^>]*>)*\s*([^<]+)`)

func namesOn(page *kerneltest.Page) []string {
	var names []string
	for _, found := range clientName.FindAllStringSubmatch(page.Body, -1) {
		if name := strings.TrimSpace(found[1]); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// linkOf is the address of a link, by a part of what the link says or is.
func linkOf(t *testing.T, page *kerneltest.Page, part string) string {
	t.Helper()
	for _, to := range linked(page) {
		if strings.Contains(to, part) {
			return to
		}
	}
	require.Fail(t, "no link has "+part, page.Body)
	return ""
}

func (s *site) client(t *testing.T, c *clientmanagerv1.Client) string {
	t.Helper()
	if c.GetKind() == 0 {
		c.Kind = clientmanagerv1.ClientKind_CLIENT_KIND_COMPANY
	}
	made, err := clientmanagerv1.NewClientServiceClient(s.Kernel()).CreateClient(t.Context(), &clientmanagerv1.CreateClientRequest{RequestId: store.NewID(), Client: c})
	require.NoError(t, err)
	return made.GetClient().GetId()
}

func TestList(t *testing.T) {
	t.Parallel()
	s := start(t, options{})
	head := s.Head(t)
	require.Contains(t, head.Get(t, "/clients").Body, s.Texts().For("en", nil).T("clientmanager.clients.empty"))
	const many = 120
	for i := range many {
		c := &clientmanagerv1.Client{Name: fmt.Sprintf("Client %03d", i), Place: "Kyiv"}
		if i%40 == 7 {
			c.Place, c.Tags = "Odesa & port", []string{"Key"}
		}
		s.client(t, c)
	}
	s.client(t, &clientmanagerv1.Client{Name: "Zerno Roastery", Kind: clientmanagerv1.ClientKind_CLIENT_KIND_PERSON, Place: "Lviv"})

	t.Run("pages lead on and back", func(t *testing.T) {
		seen := map[string]bool{}
		path := "/clients?order_by=CLIENT_ORDER_NAME"
		var firsts []string
		for page := 0; path != ""; page++ {
			require.Less(t, page, 5)
			shown := head.Get(t, path)
			require.Equal(t, http.StatusOK, shown.Status, path)
			names := namesOn(shown)
			require.NotEmpty(t, names)
			firsts = append(firsts, names[0])
			for _, name := range names {
				require.False(t, seen[name], "%s is on two pages", name)
				seen[name] = true
			}
			path = nextOf(shown)
			if path != "" {
				require.Contains(t, path, "order_by=CLIENT_ORDER_NAME", "the order stays")
			}
		}
		require.Len(t, seen, many+1)
		require.Equal(t, []string{"Client 000", "Client 050", "Client 100"}, firsts)

		second := nextOf(head.Get(t, "/clients?order_by=CLIENT_ORDER_NAME"))
		third := nextOf(head.Get(t, second))
		u, err := url.Parse(third)
		require.NoError(t, err)
		require.Len(t, u.Query()["page"], 2)
		back := linkWith(head.Get(t, third), func(v url.Values) bool { return len(v["page"]) == 1 })
		require.Equal(t, "Client 050", namesOn(head.Get(t, back))[0], "back is the page before")
	})
	t.Run("orders", func(t *testing.T) {
		page := head.Get(t, "/clients?order_by=CLIENT_ORDER_NAME&place=Kyiv")
		down := linkWith(page, func(v url.Values) bool {
			return v.Get("order_by") == "CLIENT_ORDER_NAME" && v.Get("descending") == "true"
		})
		require.Contains(t, down, "place=Kyiv", "the filter stays")
		require.Equal(t, "Client 119", namesOn(head.Get(t, down))[0])
		require.Equal(t, "Zerno Roastery", namesOn(head.Get(t, "/clients?order_by=CLIENT_ORDER_NEWEST"))[0])
	})
	t.Run("filters", func(t *testing.T) {
		for query, want := range map[string][]string{
			"name=zern":                               {"Zerno Roastery"},
			"name=ROAST":                              {"Zerno Roastery"},
			"name=%D0%B7%D0%B5%D1%80":                 nil,
			"place=Lviv":                              {"Zerno Roastery"},
			"tags=Key&order_by=CLIENT_ORDER_NAME":     {"Client 007", "Client 047", "Client 087"},
			"kind=CLIENT_KIND_PERSON":                 {"Zerno Roastery"},
			"kind=CLIENT_KIND_PERSON&place=Kyiv":      nil,
			"statuses=CLIENT_STATUS_SUSPENDED":        nil,
			"place=Odesa+%26+port&name=087":           {"Client 087"},
			"name=100%25":                             nil,
			"name=___":                                nil,
			"name=%27+or+1%3D1":                       nil,
			"manager_ids=" + head.ID:                  nil,
			"without_manager=true&place=Lviv&name=":   {"Zerno Roastery"},
			"place=Lviv&nonsense=%3Cscript%3E&page=":  {"Zerno Roastery"},
			"statuses=CLIENT_STATUS_ACTIVE&name=zern": {"Zerno Roastery"},
		} {
			page := head.Get(t, "/clients?"+query)
			require.Equal(t, http.StatusOK, page.Status, query)
			require.Equal(t, want, namesOn(page), query)
			if want == nil {
				require.Contains(t, page.Body, "Nothing found", query)
				require.Contains(t, page.Body, `href="/clients"`, "a way to clear the filters")
			}
		}
	})
	t.Run("what is typed is shown, not run", func(t *testing.T) {
		page := head.Get(t, "/clients?name="+url.QueryEscape(`"><script>alert(1)</script>`))
		require.Equal(t, http.StatusOK, page.Status)
		require.NotContains(t, page.Body, "<script>alert")
		require.Contains(t, page.Body, "&lt;script&gt;")
	})
	t.Run("what the contract has no place for", func(t *testing.T) {
		for _, query := range []string{"order_by=SIZE", "descending=perhaps", "page=AAAA"} {
			page := head.Get(t, "/clients?"+query)
			require.Equal(t, http.StatusBadRequest, page.Status, query)
			require.Contains(t, page.Body, "<h1>", query)
		}
	})
	t.Run("a filter that cannot be can be put right", func(t *testing.T) {
		for _, query := range []string{"statuses=ASLEEP", "manager_ids=me", "name=ze", "name=" + strings.Repeat("x", 300)} {
			page := head.Get(t, "/clients?"+query)
			require.Equal(t, http.StatusUnprocessableEntity, page.Status, query)
			require.Contains(t, page.Body, "Please look at these again", query)
			require.Contains(t, page.Body, `name="name"`, "the filters are still there")
		}
		require.Contains(t, head.Get(t, "/clients?name=ze").Body, "At least 3 characters.")
	})
}

// nextOf is where the pager of a list leads on to; empty on the last page.
func nextOf(page *kerneltest.Page) string {
	now := -1
	next := ""
	for _, to := range linked(page) {
		u, err := url.Parse(to)
		if err != nil || u.Path != "/clients" || !u.Query().Has("page") {
			continue
		}
		if n := len(u.Query()["page"]); n > now {
			now, next = n, to
		}
	}
	if next != "" && !strings.Contains(page.Body, `rel="next"`) {
		return ""
	}
	return next
}

func linkWith(page *kerneltest.Page, fits func(url.Values) bool) string {
	for _, to := range linked(page) {
		if u, err := url.Parse(to); err == nil && fits(u.Query()) {
			return to
		}
	}
	return ""
}
