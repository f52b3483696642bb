package clientmanager_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
)

const (
	legal    = v1.AddressKind_ADDRESS_KIND_LEGAL
	delivery = v1.AddressKind_ADDRESS_KIND_DELIVERY
)

func (p *portal) address(who user, a *v1.Address) *v1.Address {
	p.t.Helper()
	made, err := p.addresses.CreateAddress(who, &v1.CreateAddressRequest{RequestId: store.NewID(), Address: a})
	require.NoError(p.t, err)
	return made.GetAddress()
}

// places are a client's addresses in order, the primary ones with a star.
func (p *portal) places(who user, client string) (found []string) {
	p.t.Helper()
	r := &v1.ListAddressesRequest{ClientId: client, PageSize: 2}
	for {
		got, err := p.addresses.ListAddresses(who, r)
		require.NoError(p.t, err)
		for _, a := range got.GetAddresses() {
			text := a.GetStreet()
			if a.GetPrimary() {
				text += "*"
			}
			found = append(found, text)
		}
		if r.PageToken = got.GetNextPageToken(); r.PageToken == "" {
			return found
		}
	}
}

// Of the addresses of a kind one is primary, whatever is added, moved, or removed.
func TestAddresses(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	first := p.address(olha, &v1.Address{ClientId: client, Kind: legal, Street: "  Khoryva   1 ", CountryCode: "UA"})
	require.Equal(t, "Khoryva 1", first.GetStreet())
	require.True(t, first.GetPrimary(), "the first of a kind is primary")
	second := p.address(olha, &v1.Address{ClientId: client, Kind: legal, Street: "Khoryva 2"})
	require.False(t, second.GetPrimary())
	p.address(olha, &v1.Address{ClientId: client, Kind: delivery, Street: "Yard 1"})
	yard := p.address(olha, &v1.Address{ClientId: client, Kind: delivery, Street: "Yard 2", Primary: true})
	require.Equal(t, []string{"Khoryva 1*", "Yard 2*", "Khoryva 2", "Yard 1"}, p.places(olha, client))

	update := func(a *v1.Address, fields ...string) (*v1.Address, error) {
		got, err := p.addresses.UpdateAddress(olha, &v1.UpdateAddressRequest{Address: a, UpdateMask: mask(fields...)})
		return got.GetAddress(), err
	}
	moved, err := update(&v1.Address{Id: yard.GetId(), Kind: legal, Revision: yard.GetRevision()}, "kind")
	require.NoError(t, err)
	require.True(t, moved.GetPrimary(), "it stays primary, now of another kind")
	require.Equal(t, []string{"Yard 1*", "Yard 2*", "Khoryva 1", "Khoryva 2"}, p.places(olha, client))
	_, err = update(&v1.Address{Id: yard.GetId()}, "primary")
	require.NoError(t, err)
	require.Equal(t, []string{"Khoryva 1*", "Yard 1*", "Khoryva 2", "Yard 2"}, p.places(olha, client), "the oldest of the others follows")
	_, err = p.addresses.DeleteAddress(olha, &v1.DeleteAddressRequest{Id: first.GetId()})
	require.NoError(t, err)
	require.Equal(t, []string{"Khoryva 2*", "Yard 1*", "Yard 2"}, p.places(olha, client))
	_, err = update(&v1.Address{Id: yard.GetId(), Street: "Other", Revision: yard.GetRevision()}, "street")
	refused(t, err, codes.Aborted, "", "clientmanager.refusal.meanwhile")
	_, err = update(&v1.Address{Id: yard.GetId(), Street: " "}, "street")
	refused(t, err, codes.InvalidArgument, "address.street", "string.min_len")
	_, err = update(&v1.Address{Id: yard.GetId(), ClientId: store.NewID()}, "client_id")
	refused(t, err, codes.InvalidArgument, "update_mask", "clientmanager.refusal.no_field")
	_, err = p.addresses.CreateAddress(olha, &v1.CreateAddressRequest{RequestId: store.NewID(), Address: &v1.Address{ClientId: client, Street: "A"}})
	require.Equal(t, codes.InvalidArgument, status.Code(err), "an address is for something: %v", err)

	director, accountant := p.contact("Olena", client, "client.director"), p.contact("Lesia", client, "client.accountant")
	require.Equal(t, client, p.address(director, &v1.Address{Kind: delivery, Street: "Yard 3"}).GetClientId())
	require.Len(t, p.places(accountant, ""), 4)
	_, err = p.addresses.CreateAddress(accountant, &v1.CreateAddressRequest{RequestId: store.NewID(), Address: &v1.Address{Kind: delivery, Street: "A"}})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	history, err := p.clients.ListHistory(olha, &v1.ListHistoryRequest{ClientId: client, PageSize: 4})
	require.NoError(t, err)
	require.Equal(t, []string{"clientmanager.fields.primary"}, history.GetEntries()[2].GetFields())
}

func TestPrimaryAddressFromManyAtOnce(t *testing.T) {
	p := newPortal(t)
	olha := p.manager("Olha")
	client := p.named(olha, "Zerno").GetId()
	made := make([]string, 12)
	errs := kerneltest.AtOnce(len(made), func(i int) error {
		got, err := p.addresses.CreateAddress(olha, &v1.CreateAddressRequest{
			RequestId: store.NewID(), Address: &v1.Address{ClientId: client, Kind: legal, Street: fmt.Sprint("House ", i), Primary: i%2 == 0},
		})
		made[i] = got.GetAddress().GetId()
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 1, p.rows("select count(*) from clientmanager.addresses where main"))
	// All but one go, at once: whichever is left is the primary one.
	errs = kerneltest.AtOnce(len(made)-1, func(i int) error {
		_, err := p.addresses.DeleteAddress(olha, &v1.DeleteAddressRequest{Id: made[i]})
		return err
	})
	require.Equal(t, len(errs), kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, []string{fmt.Sprint("House ", len(made)-1, "*")}, p.places(olha, client))
}
