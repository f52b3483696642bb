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

func (p *portal) entitiesOf(who user, clientID string) []string {
	p.t.Helper()
	list, err := p.entities.ListEntities(who, &v1.ListEntitiesRequest{ClientId: clientID})
	require.NoError(p.t, err)
	return names(list.GetClients())
}

func (p *portal) join(who user, a, b string) error {
	_, err := p.entities.JoinEntities(who, &v1.JoinEntitiesRequest{ClientId: a, OtherClientId: b})
	return err
}

func TestLegalEntitiesOfOneCustomer(t *testing.T) {
	p := newPortal(t)
	head, taras := p.head(), p.manager("Taras")
	roastery := p.add(taras, &v1.Client{Name: "Zerno Roastery", TaxId: "1", Phone: "+380445550118", Tags: []string{"Business"}})
	require.Empty(t, p.entitiesOf(taras, roastery.GetId()))

	begins, err := p.entities.PreviewEntity(taras, &v1.PreviewEntityRequest{ClientId: roastery.GetId()})
	require.NoError(t, err)
	require.Equal(t, "+380445550118", begins.GetClient().GetPhone())
	require.Empty(t, begins.GetClient().GetTaxId(), "what is its own it has of its own")

	cafe := begins.GetClient()
	cafe.Name, cafe.TaxId = "Zerno Café", "2"
	request := &v1.CreateEntityRequest{RequestId: store.NewID(), ClientId: roastery.GetId(), Client: cafe, SamePeople: true}
	made, err := p.entities.CreateEntity(head, request)
	require.NoError(t, err)
	again, err := p.entities.CreateEntity(head, request)
	require.NoError(t, err)
	require.Equal(t, made.GetClient().GetId(), again.GetClient().GetId())
	require.Equal(t, []string{"Zerno Café", "Zerno Roastery"}, p.entitiesOf(taras, roastery.GetId()), "the same manager serves it, and sees it")
	require.Equal(t, []string{"Business"}, made.GetClient().GetTags())
	require.NoError(t, p.dispatcher.WaitDrained(t.Context()))
	require.Len(t, p.admissions.copied, 1)
	require.Equal(t, roastery.GetId(), p.admissions.copied[0].GetFromClientId())

	_, err = p.entities.PartEntity(taras, &v1.PartEntityRequest{ClientId: made.GetClient().GetId()})
	require.NoError(t, err)
	require.Empty(t, p.entitiesOf(head, made.GetClient().GetId()))
	require.NoError(t, p.join(taras, made.GetClient().GetId(), roastery.GetId()))
	require.NoError(t, p.join(taras, roastery.GetId(), made.GetClient().GetId()), "twice, and the other way round")
	require.Len(t, p.entitiesOf(head, roastery.GetId()), 2)

	person := p.add(taras, &v1.Client{Name: "Olena", Kind: v1.ClientKind_CLIENT_KIND_PERSON})
	for _, err := range []error{p.join(taras, person.GetId(), roastery.GetId()), p.join(taras, roastery.GetId(), person.GetId())} {
		require.Equal(t, codes.FailedPrecondition, status.Code(err))
	}
	require.Equal(t, codes.FailedPrecondition, status.Code(p.join(taras, roastery.GetId(), roastery.GetId())))
}

func TestAGroupOpensNothing(t *testing.T) {
	p := newPortal(t)
	head, taras, iryna := p.head(), p.manager("Taras"), p.manager("Iryna")
	own, other, third := p.named(taras, "Own"), p.named(iryna, "Other"), p.named(iryna, "Third")
	require.Equal(t, codes.NotFound, status.Code(p.join(taras, own.GetId(), other.GetId())), "nobody joins what they do not see")
	require.Equal(t, codes.NotFound, status.Code(p.join(taras, other.GetId(), own.GetId())))
	_, err := p.entities.CreateEntity(taras, &v1.CreateEntityRequest{RequestId: store.NewID(), ClientId: other.GetId(), Client: &v1.Client{Name: "Sly"}, SamePeople: true})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = p.entities.PartEntity(taras, &v1.PartEntityRequest{ClientId: other.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err))

	require.NoError(t, p.join(iryna, other.GetId(), third.GetId()))
	require.NoError(t, p.join(head, own.GetId(), other.GetId()))
	require.Equal(t, []string{"Own"}, p.entitiesOf(taras, own.GetId()), "of the group each sees what is theirs")
	require.Equal(t, []string{"Other", "Third"}, p.entitiesOf(iryna, third.GetId()))
	require.Len(t, p.entitiesOf(head, third.GetId()), 3, "and the whole group came along")
	_, err = p.clients.GetClient(taras, &v1.GetClientRequest{Id: third.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err))
	contact := p.contact("Olena", own.GetId(), "client.director")
	_, err = p.entities.ListEntities(contact, &v1.ListEntitiesRequest{ClientId: own.GetId()})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	require.Len(t, events[*v1.ClientRegrouped](p), 5)
}

func TestManyJoinAtOnce(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	var ids []string
	for _, name := range []string{"A", "B", "C", "D"} {
		ids = append(ids, p.named(head, name).GetId())
	}
	for _, err := range kerneltest.AtOnce(12, func(i int) error { return p.join(head, ids[i%4], ids[(i+1+i/4)%4]) }) {
		if code := status.Code(err); code != codes.FailedPrecondition { // with itself
			require.NoError(t, err)
		}
	}
	require.Equal(t, 1, p.rows(`select count(distinct group_id) from clientmanager.clients`))
	require.Zero(t, p.rows(`select count(*) from clientmanager.clients where group_id is null`))
}
