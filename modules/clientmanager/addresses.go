package clientmanager

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// addressService keeps where clients are. Of the addresses of a kind one is primary, as long as there are any.
type addressService struct {
	v1.UnimplementedAddressServiceServer
	*Module
}

var _ v1.AddressServiceServer = (*addressService)(nil)

// ListAddresses lists a client's addresses, the primary ones first.
func (s *addressService) ListAddresses(ctx context.Context, r *v1.ListAddressesRequest) (*v1.ListAddressesResponse, error) {
	client, err := s.clientMeant(ctx, r.GetClientId(), "client_id")
	if err != nil {
		return nil, err
	}
	if _, err := findClient(ctx, s.host.Store, client); err != nil {
		return nil, err
	}
	c := &store.Where{}
	c.Add("client_id = ?::uuid", client)
	if r.GetKind() != v1.AddressKind_ADDRESS_KIND_UNSPECIFIED {
		c.Add("kind = ?", addressKinds.Text(r.GetKind()))
	}
	var main bool
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &main, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(not main, id) > (not ?::boolean, ?::uuid)", main, id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := s.listAddresses(ctx, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListAddressesResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last addressRow) []any { return []any{last.Main, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Addresses = append(response.Addresses, row.address())
	}
	return response, nil
}

// GetAddress returns an address of a client the caller sees.
func (s *addressService) GetAddress(ctx context.Context, r *v1.GetAddressRequest) (*v1.GetAddressResponse, error) {
	address, err := findAddress(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	return &v1.GetAddressResponse{Address: address}, nil
}

// addressChanges are the fields of an address that can be written.
var addressChanges = map[string]func(to, from *v1.Address){
	"kind":         func(to, from *v1.Address) { to.Kind = from.GetKind() },
	"recipient":    func(to, from *v1.Address) { to.Recipient = oneLine(from.GetRecipient()) },
	"street":       func(to, from *v1.Address) { to.Street = oneLine(from.GetStreet()) },
	"place":        func(to, from *v1.Address) { to.Place = oneLine(from.GetPlace()) },
	"region":       func(to, from *v1.Address) { to.Region = oneLine(from.GetRegion()) },
	"postal_code":  func(to, from *v1.Address) { to.PostalCode = oneLine(from.GetPostalCode()) },
	"country_code": func(to, from *v1.Address) { to.CountryCode = oneLine(from.GetCountryCode()) },
	"directions":   func(to, from *v1.Address) { to.Directions = lines(from.GetDirections()) },
	"primary":      func(to, from *v1.Address) { to.Primary = from.GetPrimary() },
}

// CreateAddress adds an address to a client.
func (s *addressService) CreateAddress(ctx context.Context, r *v1.CreateAddressRequest) (*v1.CreateAddressResponse, error) {
	client, err := s.clientMeant(ctx, r.GetAddress().GetClientId(), "address.client_id")
	if err != nil {
		return nil, err
	}
	var response *v1.CreateAddressResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateAddressResponse, error) {
			address := &v1.Address{Id: store.NewID(), ClientId: client, Revision: 1, CreateTime: timestamppb.New(s.host.Now())}
			for _, apply := range addressChanges {
				apply(address, r.GetAddress())
			}
			if _, err := holdClient(ctx, tx, client); err != nil {
				return nil, err
			}
			made, err := s.write(ctx, tx, address, entry{what: "address_added"})
			return &v1.CreateAddressResponse{Address: made}, err
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	return response, nil
}

// write saves an address of a held client and writes it down. What it gives is the address as it became: the only one of
// its kind is primary whether it was asked to be or not.
func (s *addressService) write(ctx context.Context, tx *store.Tx, a *v1.Address, e entry) (*v1.Address, error) {
	if err := module.Constrained("address", a); err != nil {
		return nil, err
	}
	if err := saveAddress(ctx, tx, a); err != nil {
		return nil, err
	}
	e.client = a.GetClientId()
	if err := s.record(ctx, tx, []entry{e}); err != nil {
		return nil, err
	}
	return findAddress(ctx, tx, a.GetId())
}

// UpdateAddress changes the named fields. An address stays with its client.
func (s *addressService) UpdateAddress(ctx context.Context, r *v1.UpdateAddressRequest) (*v1.UpdateAddressResponse, error) {
	if !store.IsID(r.GetAddress().GetId()) {
		return nil, refuse(codes.InvalidArgument, "address.id", "refusal.which", "say by its id which address is meant")
	}
	fields, err := named(r.GetUpdateMask(), addressChanges)
	if err != nil {
		return nil, err
	}
	var address *v1.Address
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		present, err := s.holdAddress(ctx, tx, r.GetAddress().GetId())
		if err != nil {
			return err
		}
		var differ []string
		address, differ = changedBy(present, r.GetAddress(), fields, addressChanges)
		switch {
		case len(differ) == 0:
			return nil
		case r.GetAddress().GetRevision() != 0 && r.GetAddress().GetRevision() != present.GetRevision():
			return errMeanwhile
		}
		address.Revision++
		if address, err = s.write(ctx, tx, address, entry{what: "address_updated", fields: differ}); err != nil {
			return err
		}
		audit.Changed(tx, present, address)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &v1.UpdateAddressResponse{Address: address}, nil
}

// holdAddress reads an address while its client is held: who changes an address holds its client.
func (s *addressService) holdAddress(ctx context.Context, tx *store.Tx, id string) (*v1.Address, error) {
	address, err := findAddress(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if _, err := holdClient(ctx, tx, address.GetClientId()); err != nil {
		return nil, err
	}
	return findAddress(ctx, tx, id) // as it is now that nobody else changes it
}

// DeleteAddress removes an address. Where it was the primary one, the oldest of its kind follows it.
func (s *addressService) DeleteAddress(ctx context.Context, r *v1.DeleteAddressRequest) (*v1.DeleteAddressResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		address, err := s.holdAddress(ctx, tx, r.GetId())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `delete from clientmanager.addresses where id = $1`, r.GetId()); err != nil {
			return err
		}
		if err := settlePrimary(ctx, tx, address.GetClientId(), r.GetId()); err != nil {
			return err
		}
		audit.Changed(tx, address, nil)
		return s.record(ctx, tx, []entry{{client: address.GetClientId(), what: "address_removed"}})
	})
	if err != nil {
		return nil, err
	}
	return &v1.DeleteAddressResponse{}, nil
}
