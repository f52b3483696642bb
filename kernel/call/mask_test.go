package call_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// cards is a provider of one card.
type cards struct {
	testpb.UnimplementedCardServiceServer
	card, got *testpb.Card
}

func (c *cards) GetCard(context.Context, *testpb.GetCardRequest) (*testpb.GetCardResponse, error) {
	return &testpb.GetCardResponse{Card: c.card}, nil
}

func (c *cards) PeekCard(context.Context, *testpb.PeekCardRequest) (*testpb.PeekCardResponse, error) {
	return &testpb.PeekCardResponse{Card: c.card}, nil
}

func (c *cards) WatchCards(_ *testpb.WatchCardsRequest, s grpc.ServerStreamingServer[testpb.WatchCardsResponse]) error {
	return s.Send(&testpb.WatchCardsResponse{Card: c.card})
}

func (c *cards) UpdateCard(_ context.Context, r *testpb.UpdateCardRequest) (*testpb.UpdateCardResponse, error) {
	c.got = proto.CloneOf(r.GetCard())
	return &testpb.UpdateCardResponse{Card: c.card}, nil
}

func card(email, phone, account string) *testpb.Card {
	return &testpb.Card{Email: email, Phones: []string{phone, phone}, Accounts: map[string]string{"bank": account}}
}

// deep has what is masked at every place it can be.
func deep(email, phone, account string) *testpb.Card {
	c := card(email, phone, account)
	c.Id, c.Name, c.Remark = "1", "Olena", "kind"
	c.Above = card(email, phone, account)
	c.Below = []*testpb.Card{card(email, phone, account), {Below: []*testpb.Card{card(email, phone, account)}}}
	c.Beside = map[string]*testpb.Card{"x": card(email, phone, account)}
	return c
}

func open() *testpb.Card { return deep("olena@zerno.example", "+380445550142", "UA21 3223") }

// hidden is open as it is seen in part.
func hidden() *testpb.Card {
	return deep("o•••@zerno.example", "+380 •• ••• 42", "U•••")
}

func withCards(t *testing.T) (*call.Router, testpb.CardServiceClient, *cards) {
	t.Helper()
	c := &cards{card: open()}
	r := call.New(call.Options{})
	testpb.RegisterCardServiceServer(r.For("cards", nil), c)
	r.Install(policy(t), nil)
	require.NoError(t, r.Err())
	return r, testpb.NewCardServiceClient(r), c
}

func TestWhatIsShownInPart(t *testing.T) {
	r, client, provider := withCards(t)
	contact := open()
	contact.Remark = ""
	strange := access.Principal{Kind: access.Staff, UserID: "u", Roles: []string{"client.director"}}
	require.Error(t, func() error { _, err := client.GetCard(as(t, strange), &testpb.GetCardRequest{}); return err }())
	for name, c := range map[string]struct {
		who  access.Principal
		want *testpb.Card
	}{
		"who may not": {manager, hidden()}, "who may": {head, open()}, "a contact": {director, contact}, "the kernel": {access.AsKernel(), open()},
		"a module by itself":        {access.AsModule("cards"), open()},
		"a module in its name":      {access.Principal{Kind: access.Staff, UserID: "u3", Roles: []string{"manager"}, Via: []string{"cards"}}, hidden()},
		"who may, of some rows":     {access.Principal{Kind: access.Staff, UserID: "u4", Roles: []string{"head"}, Within: access.Granted}, open()},
		"with both roles, the wide": {access.Principal{Kind: access.Staff, UserID: "u4", Roles: []string{"manager", "head"}}, open()},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := client.GetCard(as(t, c.who), &testpb.GetCardRequest{})
			require.NoError(t, err)
			requireEqual(t, c.want, got.GetCard())
			peeked, err := client.PeekCard(as(t, c.who), &testpb.PeekCardRequest{})
			require.NoError(t, err)
			requireEqual(t, c.want, peeked.GetCard())
			stream, err := client.WatchCards(as(t, c.who), &testpb.WatchCardsRequest{})
			require.NoError(t, err)
			streamed, err := stream.Recv()
			require.NoError(t, err)
			requireEqual(t, c.want, streamed.GetCard())
			// One that brings a descriptor of its own sees no more.
			dynamic := dynamicpb.NewMessage((&testpb.GetCardResponse{}).ProtoReflect().Descriptor())
			require.NoError(t, r.Invoke(as(t, c.who), testpb.CardService_GetCard_FullMethodName, &testpb.GetCardRequest{}, dynamic))
			data, err := proto.Marshal(dynamic)
			require.NoError(t, err)
			back := &testpb.GetCardResponse{}
			require.NoError(t, proto.Unmarshal(data, back))
			requireEqual(t, c.want, back.GetCard())
		})
	}
	requireEqual(t, open(), provider.card)
}

// Who may reveal something of granted clients alone, and reads all, sees none of it: the router does not know whose it is.
func TestWhatIsRevealedOfSome(t *testing.T) {
	_, client, _ := withCards(t)
	p := policy(t)
	require.NoError(t, p.Change([]access.RoleGrant{{Role: access.Role{ID: "head", Staff: true}, Changes: map[string]access.Reach{"calltest.notes.reveal": access.Granted}}}))
	require.True(t, p.Masks(head, "calltest.notes.reveal", access.All))
	require.False(t, p.Masks(head, "calltest.notes.reveal", access.Granted))
	got, err := client.GetCard(as(t, manager), &testpb.GetCardRequest{})
	require.NoError(t, err)
	requireEqual(t, hidden(), got.GetCard())
}

func TestWhatWasShownInPartDoesNotComeBack(t *testing.T) {
	_, client, provider := withCards(t)
	update := func(who access.Principal, c *testpb.Card, paths ...string) error {
		_, err := client.UpdateCard(as(t, who), &testpb.UpdateCardRequest{Card: c, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return err
	}
	found := fields(t, update(manager, hidden(), "name"))
	for _, path := range []string{"card.email", "card.phones", "card.accounts", "card.above.email", "card.below[1].below[0].email", `card.beside["x"].phones`} {
		require.Contains(t, found, path)
	}
	require.Contains(t, fields(t, update(manager, &testpb.Card{Email: "mine@example.com"}, "name", "email")), "update_mask")
	require.Contains(t, fields(t, update(manager, &testpb.Card{}, "card.phones")), "update_mask", "and does not clear it")
	require.Nil(t, provider.got)
	require.NoError(t, update(manager, &testpb.Card{Name: "Olha"}, "name"))
	require.Equal(t, "Olha", provider.got.GetName())
	require.NoError(t, update(head, open(), "email"))
	require.NoError(t, update(director, &testpb.Card{Email: "mine@example.com"}, "email"))
}
