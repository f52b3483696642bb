package clientmanager_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

func ids(clients ...*v1.Client) []string {
	out := make([]string, len(clients))
	for i, c := range clients {
		out[i] = c.GetId()
	}
	return out
}

func (p *portal) read(who user, id string) *v1.Client {
	p.t.Helper()
	got, err := p.clients.GetClient(who, &v1.GetClientRequest{Id: id})
	require.NoError(p.t, err)
	return got.GetClient()
}

func TestBulkSaysWhatItPassedOver(t *testing.T) {
	p := newPortal(t)
	head, taras, iryna := p.head(), p.manager("Taras"), p.manager("Iryna")
	a := p.add(taras, &v1.Client{Name: "A", Tags: []string{"old", "small"}})
	same := p.add(taras, &v1.Client{Name: "Same", Tags: []string{"new"}})
	quiet := p.add(taras, &v1.Client{Name: "Quiet", Tags: []string{"old"}})
	_, err := p.clients.SuspendClient(head, &v1.SuspendClientRequest{Id: quiet.GetId()})
	require.NoError(t, err)
	foreign := p.add(iryna, &v1.Client{Name: "Foreign", Tags: []string{"old"}})
	missing := store.NewID()

	request := &v1.BulkUpdateClientsRequest{
		RequestId: store.NewID(), Ids: append(ids(a, same, quiet, foreign), missing), AddTags: []string{"new"}, RemoveTags: []string{"old"},
	}
	got, err := p.bulk.BulkUpdateClients(taras, request)
	require.NoError(t, err)
	require.EqualValues(t, 1, got.GetChanged())
	require.EqualValues(t, 1, got.GetUnchanged())
	reasons := map[string]v1.BulkSkip{}
	for _, s := range got.GetSkipped() {
		reasons[s.GetId()] = s.GetReason()
	}
	require.Equal(t, map[string]v1.BulkSkip{
		quiet.GetId(): v1.BulkSkip_BULK_SKIP_SUSPENDED, missing: v1.BulkSkip_BULK_SKIP_NOT_FOUND,
		foreign.GetId(): v1.BulkSkip_BULK_SKIP_NOT_FOUND, // as one that there is not
	}, reasons)
	require.Equal(t, []string{"new", "small"}, p.read(head, a.GetId()).GetTags())
	require.Equal(t, []string{"old"}, p.read(head, foreign.GetId()).GetTags(), "another's client was changed")
	require.EqualValues(t, 1, p.read(head, foreign.GetId()).GetRevision())
	require.EqualValues(t, 2, p.read(head, a.GetId()).GetRevision())
	require.Equal(t, 1, p.rows(`select count(*) from clientmanager.history where client_id = $1 and what = 'updated' and fields = '{tags}'`, a.GetId()))
	require.Equal(t, 1, p.rows(`select count(*) from kernel.audit_entry where client_id = $1 and method like '%BulkUpdateClients'`, a.GetId()))

	again, err := p.bulk.BulkUpdateClients(taras, request)
	require.NoError(t, err)
	require.EqualValues(t, 1, again.GetChanged(), "the first answer again")
	require.EqualValues(t, 2, p.read(head, a.GetId()).GetRevision(), "and nothing done twice")
}

func TestBulkSetsTheManagerOnlyByWhoMay(t *testing.T) {
	p := newPortal(t)
	head, taras, iryna := p.head(), p.manager("Taras"), p.manager("Iryna")
	a, b := p.named(taras, "A"), p.named(taras, "B")
	give := &v1.BulkUpdateClientsRequest{RequestId: store.NewID(), Ids: ids(a, b), ManagerId: iryna.id}
	_, err := p.bulk.BulkUpdateClients(taras, give)
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.bulk.BulkUpdateClients(p.contact("Olena", a.GetId(), "client.director"), give)
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.bulk.BulkUpdateClients(head, &v1.BulkUpdateClientsRequest{RequestId: store.NewID(), Ids: ids(a), ManagerId: store.NewID()})
	require.Equal(t, codes.InvalidArgument, status.Code(err))

	got, err := p.bulk.BulkUpdateClients(head, give)
	require.NoError(t, err)
	require.EqualValues(t, 2, got.GetChanged())
	require.Equal(t, "Iryna", p.read(iryna, a.GetId()).GetManagerName())
	_, err = p.clients.GetClient(taras, &v1.GetClientRequest{Id: a.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err), "the former manager sees it no more")
	require.Len(t, events[*v1.ManagerAssigned](p), 2)

	got, err = p.bulk.BulkUpdateClients(head, &v1.BulkUpdateClientsRequest{RequestId: store.NewID(), Ids: ids(a, b), WithoutManager: true})
	require.NoError(t, err)
	require.EqualValues(t, 2, got.GetChanged())
	_, err = p.clients.GetClient(iryna, &v1.GetClientRequest{Id: b.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err))
}

func TestBulkAsksForSomethingThatCanBeDone(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	a := p.named(head, "A")
	for name, r := range map[string]*v1.BulkUpdateClientsRequest{
		"nothing":       {Ids: ids(a)},
		"both tags":     {Ids: ids(a), AddTags: []string{"x"}, RemoveTags: []string{"x"}},
		"both managers": {Ids: ids(a), ManagerId: head.id, WithoutManager: true},
		"nobody":        {AddTags: []string{"x"}},
		"no tag":        {Ids: ids(a), AddTags: []string{"  "}},
	} {
		r.RequestId = store.NewID()
		_, err := p.bulk.BulkUpdateClients(head, r)
		require.Equal(t, codes.InvalidArgument, status.Code(err), name)
	}
}

// Two who give overlapping clients tags in opposite order neither wait for each other nor lose a tag.
func TestBulkChangesAtOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	var all []string
	for range 20 {
		all = append(all, p.named(head, "C").GetId())
	}
	back := make([]string, len(all))
	for i := range all {
		back[len(all)-1-i] = all[i]
	}
	tags := []string{"a", "b", "c", "d"}
	errs := kerneltest.AtOnce(len(tags), func(i int) error {
		order := all
		if i%2 == 1 {
			order = back
		}
		_, err := p.bulk.BulkUpdateClients(head, &v1.BulkUpdateClientsRequest{RequestId: store.NewID(), Ids: order, AddTags: []string{tags[i]}})
		return err
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, len(all), p.rows(`select count(*) from clientmanager.clients where tags = '{a,b,c,d}'`))
}
