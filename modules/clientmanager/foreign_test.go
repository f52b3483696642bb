package clientmanager_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// The id of a client whom the caller does not see opens nothing in any method, and nothing is changed by trying.
func TestForeignClients(t *testing.T) {
	p := newPortal(t)
	head := p.head()
	client, own := p.add(head, &v1.Client{Name: "Foreign", Code: "F-1"}), p.named(head, "Own")
	contact := p.person(head, &v1.Contact{ClientId: client.GetId(), Name: "Foreign contact"})
	address := p.address(head, &v1.Address{ClientId: client.GetId(), Kind: legal, Street: "Foreign street"})
	agreement, draft := p.agreed(head, paper(client.GetId(), "Foreign 1", "2026-01-01", "")), p.agreed(head, paper(client.GetId(), "Foreign 2", "2026-01-01", ""))
	_, err := p.activate(head, agreement.GetId())
	require.NoError(t, err)
	petro := p.manager("Petro")
	p.named(petro, "Petro's")
	director := p.contact("Olena", own.GetId(), "client.director")
	// Somebody who says to act for a client that was never granted to them.
	forged := p.as(director.kind(), director.id, director.name, client.GetId(), "client", "client.director")
	state := func() []int {
		return []int{
			p.rows("select count(*) from clientmanager.clients where name = 'Foreign' and revision = 1 and status = 'active' and manager_id is null"),
			p.rows("select count(*) from clientmanager.contacts where name = 'Foreign contact' and revision = 1"),
			p.rows("select count(*) from clientmanager.addresses where street = 'Foreign street' and revision = 1"),
			p.rows("select count(*) from clientmanager.agreements where number like 'Foreign%' and revision + (status = 'draft')::int = 2"),
			p.rows("select count(*) from clientmanager.history where client_id = $1", client.GetId()),
			p.rows("select count(*) from kernel.client_grant where client_id = $1", client.GetId()),
		}
	}
	before := state()
	require.Equal(t, []int{1, 1, 1, 2, 6, 0}, before)
	id := client.GetId()
	for name, try := range map[string]func(context.Context) error{
		"GetClient": func(ctx context.Context) error {
			_, err := p.clients.GetClient(ctx, &v1.GetClientRequest{Id: id})
			return err
		},
		"UpdateClient": func(ctx context.Context) error {
			_, err := p.clients.UpdateClient(ctx, &v1.UpdateClientRequest{Client: &v1.Client{Id: id, Name: "Mine"}, UpdateMask: mask("name")})
			return err
		},
		"SuspendClient": func(ctx context.Context) error {
			_, err := p.clients.SuspendClient(ctx, &v1.SuspendClientRequest{Id: id})
			return err
		},
		"ResumeClient": func(ctx context.Context) error {
			_, err := p.clients.ResumeClient(ctx, &v1.ResumeClientRequest{Id: id})
			return err
		},
		"AssignManager": func(ctx context.Context) error {
			_, err := p.clients.AssignManager(ctx, &v1.AssignManagerRequest{Id: id, ManagerId: petro.id})
			return err
		},
		"ListHistory": func(ctx context.Context) error {
			_, err := p.clients.ListHistory(ctx, &v1.ListHistoryRequest{ClientId: id})
			return err
		},
		"ListContacts": func(ctx context.Context) error {
			_, err := p.contacts.ListContacts(ctx, &v1.ListContactsRequest{ClientId: id})
			return err
		},
		"GetContact": func(ctx context.Context) error {
			_, err := p.contacts.GetContact(ctx, &v1.GetContactRequest{Id: contact.GetId()})
			return err
		},
		"CreateContact": func(ctx context.Context) error {
			_, err := p.contacts.CreateContact(ctx, &v1.CreateContactRequest{RequestId: store.NewID(), Contact: &v1.Contact{ClientId: id, Name: "Mine"}})
			return err
		},
		"UpdateContact": func(ctx context.Context) error {
			_, err := p.contacts.UpdateContact(ctx, &v1.UpdateContactRequest{Contact: &v1.Contact{Id: contact.GetId(), Name: "Mine"}, UpdateMask: mask("name")})
			return err
		},
		"DeleteContact": func(ctx context.Context) error {
			_, err := p.contacts.DeleteContact(ctx, &v1.DeleteContactRequest{Id: contact.GetId()})
			return err
		},
		"ListAddresses": func(ctx context.Context) error {
			return second(p.addresses.ListAddresses(ctx, &v1.ListAddressesRequest{ClientId: id}))
		},
		"GetAddress": func(ctx context.Context) error {
			return second(p.addresses.GetAddress(ctx, &v1.GetAddressRequest{Id: address.GetId()}))
		},
		"CreateAddress": func(ctx context.Context) error {
			return second(p.addresses.CreateAddress(ctx, &v1.CreateAddressRequest{RequestId: store.NewID(), Address: &v1.Address{ClientId: id, Kind: legal, Street: "Mine"}}))
		},
		"UpdateAddress": func(ctx context.Context) error {
			return second(p.addresses.UpdateAddress(ctx, &v1.UpdateAddressRequest{Address: &v1.Address{Id: address.GetId(), Street: "Mine"}, UpdateMask: mask("street")}))
		},
		"DeleteAddress": func(ctx context.Context) error {
			return second(p.addresses.DeleteAddress(ctx, &v1.DeleteAddressRequest{Id: address.GetId()}))
		},
		"ListAgreements": func(ctx context.Context) error {
			return second(p.agreements.ListAgreements(ctx, &v1.ListAgreementsRequest{ClientId: id}))
		},
		"GetAgreement": func(ctx context.Context) error {
			return second(p.agreements.GetAgreement(ctx, &v1.GetAgreementRequest{Id: agreement.GetId()}))
		},
		"CreateAgreement": func(ctx context.Context) error { return second(p.agree(ctx, paper(id, "Mine", "2026-01-01", ""))) },
		"UpdateAgreement": func(ctx context.Context) error {
			return second(p.agreements.UpdateAgreement(ctx, &v1.UpdateAgreementRequest{Agreement: &v1.Agreement{Id: agreement.GetId(), Number: "Mine"}, UpdateMask: mask("number")}))
		},
		"DeleteAgreement": func(ctx context.Context) error {
			return second(p.agreements.DeleteAgreement(ctx, &v1.DeleteAgreementRequest{Id: draft.GetId()}))
		},
		"ActivateAgreement": func(ctx context.Context) error { return second(p.activate(ctx, draft.GetId())) },
		"SuspendAgreement": func(ctx context.Context) error {
			return second(p.agreements.SuspendAgreement(ctx, &v1.SuspendAgreementRequest{Id: agreement.GetId()}))
		},
		"EndAgreement": func(ctx context.Context) error { return second(p.end(ctx, agreement.GetId(), "")) },
		"UpdateProfile": func(ctx context.Context) error {
			_, err := p.profile.UpdateProfile(ctx, &v1.UpdateProfileRequest{Client: &v1.Client{Id: id, Place: "Mine"}, UpdateMask: mask("place")})
			return err
		},
	} {
		for _, who := range []user{petro, director, forged} {
			err := try(who)
			require.Contains(t, []codes.Code{codes.NotFound, codes.PermissionDenied}, status.Code(err), "%s by %s: %v", name, who.name, err)
			require.NotContains(t, err.Error(), "Foreign")
		}
	}
	for name, err := range map[string]error{
		"GetProfile":     second(p.profile.GetProfile(forged, &v1.GetProfileRequest{})),
		"GetManagerCard": second(p.profile.GetManagerCard(forged, &v1.GetManagerCardRequest{})),
	} {
		require.Equal(t, codes.NotFound, status.Code(err), "%s: %v", name, err)
	}
	require.Equal(t, before, state())

	// An import changes no foreign client either, and says so.
	i := p.upload(petro, "name,code\nMine,F-1\n")
	require.EqualValues(t, 1, p.check(petro, i).GetReport().GetFailed())
	require.EqualValues(t, 1, p.run(petro, i).GetReport().GetFailed())
	require.Equal(t, before, state())
}

func second[T any](_ T, err error) error { return err }
