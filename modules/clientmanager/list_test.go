package clientmanager_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
)

func TestSearch(t *testing.T) {
	p := newPortal(t)
	head, olha := p.head(), p.manager("Olha")
	p.add(olha, &v1.Client{Name: "Зерно і кава", LegalName: `ТОВ "Обсмаження"`, Code: "ZR-118", TaxId: "12345678"})
	p.add(olha, &v1.Client{Name: "100% Natural_Food"})
	p.add(olha, &v1.Client{Name: "100 Natural Foods", Code: "A\\B"})
	p.add(head, &v1.Client{Name: "Ґанок"})
	for _, who := range []user{head, olha} {
		for text, want := range map[string][]string{
			"зер":         {"Зерно і кава"},
			"ЗЕРНО":       {"Зерно і кава"},
			"  і  КАВА ":  {"Зерно і кава"},
			"обсмаж":      {"Зерно і кава"},
			`"Обс`:        {"Зерно і кава"},
			"r-11":        {"Зерно і кава"},
			"345678":      {"Зерно і кава"},
			"зерно кава":  nil,
			"100%":        {"100% Natural_Food"},
			"%%%":         nil,
			"___":         nil,
			"l_F":         {"100% Natural_Food"},
			`a\b`:         {"100 Natural Foods"},
			"natural":     {"100 Natural Foods", "100% Natural_Food"},
			"кава\nобсма": nil,
		} {
			got, err := p.clients.ListClients(who, &v1.ListClientsRequest{Name: text})
			require.NoError(t, err, text)
			require.ElementsMatch(t, want, names(got.GetClients()), text)
			require.EqualValues(t, len(want), got.GetTotalSize(), text)
		}
	}
	got, err := p.clients.ListClients(olha, &v1.ListClientsRequest{Name: "ґанок"})
	require.NoError(t, err)
	require.Empty(t, got.GetClients(), "a search finds what its caller sees")
	_, err = p.clients.ListClients(olha, &v1.ListClientsRequest{Name: "зе"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	_, err = p.clients.ListClients(olha, &v1.ListClientsRequest{Name: "а    "})
	refused(t, err, codes.InvalidArgument, "name", "clientmanager.refusal.three_letters")
}

func TestFilters(t *testing.T) {
	p := newPortal(t)
	head, olha, petro := p.head(), p.manager("Olha"), p.manager("Petro")
	p.add(olha, &v1.Client{Name: "A", Place: "Київ, Поділ", Tags: []string{"key", "coffee"}})
	p.add(olha, &v1.Client{Name: "B", Place: "київ", Tags: []string{"key"}, Kind: v1.ClientKind_CLIENT_KIND_PERSON})
	c := p.add(petro, &v1.Client{Name: "C", Place: "Києво-Святошин", Tags: []string{"coffee"}})
	p.add(head, &v1.Client{Name: "D", Place: "100%"})
	_, err := p.clients.SuspendClient(head, &v1.SuspendClientRequest{Id: c.GetId()})
	require.NoError(t, err)
	const (
		active    = v1.ClientStatus_CLIENT_STATUS_ACTIVE
		suspended = v1.ClientStatus_CLIENT_STATUS_SUSPENDED
	)
	for name, test := range map[string]struct {
		r          *v1.ListClientsRequest
		all, olhas string
	}{
		"nothing":         {&v1.ListClientsRequest{}, "ABCD", "AB"},
		"place":           {&v1.ListClientsRequest{Place: "КИЇВ"}, "AB", "AB"},
		"place, narrower": {&v1.ListClientsRequest{Place: "київ, "}, "A", "A"},
		"place, district": {&v1.ListClientsRequest{Place: "київ, поділ"}, "A", "A"},
		"place, %":        {&v1.ListClientsRequest{Place: "%"}, "", ""},
		"place, 100%":     {&v1.ListClientsRequest{Place: "100%"}, "D", ""},
		"active":          {&v1.ListClientsRequest{Statuses: []v1.ClientStatus{active}}, "ABD", "AB"},
		"suspended":       {&v1.ListClientsRequest{Statuses: []v1.ClientStatus{suspended}}, "C", ""},
		"both":            {&v1.ListClientsRequest{Statuses: []v1.ClientStatus{active, suspended}}, "ABCD", "AB"},
		"any status":      {&v1.ListClientsRequest{Statuses: []v1.ClientStatus{0}}, "ABCD", "AB"},
		"unknown status":  {&v1.ListClientsRequest{Statuses: []v1.ClientStatus{77}}, "", ""},
		"company":         {&v1.ListClientsRequest{Kind: v1.ClientKind_CLIENT_KIND_COMPANY}, "ACD", "A"},
		"person":          {&v1.ListClientsRequest{Kind: v1.ClientKind_CLIENT_KIND_PERSON}, "B", "B"},
		"unknown kind":    {&v1.ListClientsRequest{Kind: 77}, "", ""},
		"tag":             {&v1.ListClientsRequest{Tags: []string{"coffee"}}, "AC", "A"},
		"tags":            {&v1.ListClientsRequest{Tags: []string{"coffee", "key"}}, "A", "A"},
		"no such tag":     {&v1.ListClientsRequest{Tags: []string{"Coffee"}}, "", ""},
		"manager":         {&v1.ListClientsRequest{ManagerIds: []string{petro.id}}, "C", ""},
		"managers":        {&v1.ListClientsRequest{ManagerIds: []string{petro.id, olha.id}}, "ABC", "AB"},
		"nobody's":        {&v1.ListClientsRequest{WithoutManager: true}, "D", ""},
		"all together": {&v1.ListClientsRequest{
			Place: "ки", Tags: []string{"key"}, Statuses: []v1.ClientStatus{active}, ManagerIds: []string{olha.id}, Kind: v1.ClientKind_CLIENT_KIND_COMPANY,
		}, "A", "A"},
	} {
		for who, want := range map[*user]string{&head: test.all, &olha: test.olhas} {
			got, err := p.clients.ListClients(who, test.r)
			require.NoError(t, err, name)
			found := ""
			for _, name := range names(got.GetClients()) {
				found += name
			}
			require.Equal(t, want, found, "%s, %s", name, who.name)
			require.EqualValues(t, len(want), got.GetTotalSize())
		}
	}
}

// Pages of every order, both ways and with ties, give each client once and in order.
func TestOrdersAndPages(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	var byName []string
	for i := range 23 {
		c := &v1.Client{Name: fmt.Sprintf("Тезка %d", i/4), Place: []string{"Львів", "", "Київ"}[i%3]}
		if i%2 == 1 {
			c.Name = fmt.Sprintf("ТЕЗКА %d", i/4)
		}
		byName = append(byName, p.add(head, c).GetId())
	}
	all := func(r *v1.ListClientsRequest, size int32) (ids []string, clients []*v1.Client) {
		r = proto.CloneOf(r)
		r.PageSize = size
		for {
			got, err := p.clients.ListClients(head, r)
			require.NoError(t, err)
			require.EqualValues(t, 23, got.GetTotalSize(), "the count is of all pages")
			require.LessOrEqual(t, len(got.GetClients()), int(size))
			for _, c := range got.GetClients() {
				ids, clients = append(ids, c.GetId()), append(clients, c)
			}
			if r.PageToken = got.GetNextPageToken(); r.PageToken == "" {
				return ids, clients
			}
		}
	}
	for _, by := range []v1.ClientOrder{0, v1.ClientOrder_CLIENT_ORDER_NAME, v1.ClientOrder_CLIENT_ORDER_NEWEST, v1.ClientOrder_CLIENT_ORDER_PLACE} {
		up, clients := all(&v1.ListClientsRequest{OrderBy: by}, 5)
		require.Len(t, slices.Compact(slices.Sorted(slices.Values(up))), 23, by)
		down, _ := all(&v1.ListClientsRequest{OrderBy: by, Descending: true}, 4)
		slices.Reverse(down)
		require.Equal(t, up, down, by)
		whole, _ := all(&v1.ListClientsRequest{OrderBy: by}, 23)
		require.Equal(t, up, whole, by)
		switch by {
		case v1.ClientOrder_CLIENT_ORDER_NEWEST:
			newest := slices.Clone(byName)
			slices.Reverse(newest)
			require.Equal(t, newest, up)
		case v1.ClientOrder_CLIENT_ORDER_PLACE:
			require.True(t, slices.IsSortedFunc(clients, func(a, b *v1.Client) int { return slices.Compare([]byte(a.GetPlace()), []byte(b.GetPlace())) }))
		default:
			require.Equal(t, byName, up, "names that differ in case alone stand in the order they came in")
		}
	}
}

func TestPageTokens(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	for i := range 3 {
		p.named(head, fmt.Sprintf("\ufdfa%d", i)) // the sign with the longest sort key
	}
	first, err := p.clients.ListClients(head, &v1.ListClientsRequest{PageSize: 1})
	require.NoError(t, err)
	for _, r := range []*v1.ListClientsRequest{
		{PageToken: first.GetNextPageToken(), Descending: true},
		{PageToken: first.GetNextPageToken(), OrderBy: v1.ClientOrder_CLIENT_ORDER_PLACE},
		{PageToken: first.GetNextPageToken(), Place: "a"},
		{PageToken: first.GetNextPageToken() + "x"},
		{PageToken: "x"},
	} {
		_, err := p.clients.ListClients(head, r)
		require.Equal(t, codes.InvalidArgument, status.Code(err))
	}
	second, err := p.clients.ListClients(head, &v1.ListClientsRequest{PageSize: 2, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Len(t, second.GetClients(), 2)
	require.Empty(t, second.GetNextPageToken())
	_, err = p.clients.ListClients(head, &v1.ListClientsRequest{PageSize: 201})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

// A client that is added between two pages moves nothing that was not shown yet.
func TestPagesWhileClientsAreAdded(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	for _, name := range []string{"B", "D", "F"} {
		p.named(head, name)
	}
	first, err := p.clients.ListClients(head, &v1.ListClientsRequest{PageSize: 2})
	require.NoError(t, err)
	p.named(head, "A")
	p.named(head, "E")
	second, err := p.clients.ListClients(head, &v1.ListClientsRequest{PageSize: 2, PageToken: first.GetNextPageToken()})
	require.NoError(t, err)
	require.Equal(t, []string{"E", "F"}, names(second.GetClients()))
}

// Every list shows who serves a client as it is now.
func TestListAfterHandover(t *testing.T) {
	p := newPortal(t)
	head, olha, petro := p.head(), p.manager("Olha"), p.manager("Petro")
	made := p.named(olha, "Zerno")
	_, err := p.clients.AssignManager(head, &v1.AssignManagerRequest{Id: made.GetId(), ManagerId: petro.id})
	require.NoError(t, err)
	for who, want := range map[*user]int{&olha: 0, &petro: 1} {
		for _, r := range []*v1.ListClientsRequest{{}, {Name: "zer"}, {ManagerIds: []string{petro.id}}} {
			got, err := p.clients.ListClients(who, r)
			require.NoError(t, err)
			require.Len(t, got.GetClients(), want)
		}
	}
	_, err = p.clients.ListClients(p.contact("Lesia", made.GetId(), "client.director"), &v1.ListClientsRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.clients.ListClients(p.t.Context(), &v1.ListClientsRequest{})
	require.Equal(t, codes.Unauthenticated, status.Code(err))
}
