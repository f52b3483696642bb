package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

var addressKinds = store.Enum[v1.AddressKind]{Prefix: "ADDRESS_KIND_", Values: v1.AddressKind_value}

type addressRow struct {
	ID, ClientID, Kind, Recipient, Street, Place, Region, PostalCode, CountryCode, Directions string
	Main                                                                                      bool
	Created                                                                                   time.Time
	Revision                                                                                  int64
}

const addressFields = `id::text, client_id::text, kind, recipient, street, place, region, postal_code, country_code, directions, main, create_time, revision`

func (r addressRow) address() *v1.Address {
	return &v1.Address{
		Id: r.ID, ClientId: r.ClientID, Kind: addressKinds.Of(r.Kind), Recipient: r.Recipient, Street: r.Street, Place: r.Place,
		Region: r.Region, PostalCode: r.PostalCode, CountryCode: r.CountryCode, Directions: r.Directions, Primary: r.Main,
		CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
}

func findAddress(ctx context.Context, q store.Querier, id string) (*v1.Address, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[addressRow], `select `+addressFields+` from clientmanager.addresses where id = $1`, id)
	return row.address(), store.NotFoundAs(err, errNoAddress)
}

func (m *Module) listAddresses(ctx context.Context, c *store.Where, limit int) ([]addressRow, error) {
	most := c.Arg(limit)
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[addressRow], `
		select `+addressFields+` from clientmanager.addresses`+c.String()+` order by addresses.client_id, addresses.main desc, addresses.id limit `+most, c.Args...)
}

// saveAddress writes an address, new or over the present one, and sees to it that each kind has one primary address.
func saveAddress(ctx context.Context, tx *store.Tx, a *v1.Address) error {
	if a.GetPrimary() {
		if _, err := tx.Exec(ctx, `update clientmanager.addresses set main = false, revision = revision + 1
			where client_id = $1 and kind = $2 and main and id <> $3`, a.GetClientId(), addressKinds.Text(a.GetKind()), a.GetId()); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `
		insert into clientmanager.addresses (id, client_id, kind, recipient, street, place, region, postal_code, country_code, directions, main, create_time, revision)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (id) do update set kind = excluded.kind, recipient = excluded.recipient, street = excluded.street, place = excluded.place,
			region = excluded.region, postal_code = excluded.postal_code, country_code = excluded.country_code, directions = excluded.directions,
			main = excluded.main, revision = excluded.revision`,
		a.GetId(), a.GetClientId(), addressKinds.Text(a.GetKind()), a.GetRecipient(), a.GetStreet(), a.GetPlace(), a.GetRegion(), a.GetPostalCode(),
		a.GetCountryCode(), a.GetDirections(), a.GetPrimary(), a.GetCreateTime().AsTime(), a.GetRevision()); err != nil {
		return err
	}
	return settlePrimary(ctx, tx, a.GetClientId(), a.GetId())
}

// settlePrimary makes the oldest address of each kind that has no primary one the primary: another than the one that was
// just written, where there is another.
func settlePrimary(ctx context.Context, tx *store.Tx, client, written string) error {
	_, err := tx.Exec(ctx, `
		update clientmanager.addresses set main = true, revision = revision + case when id = $2 then 0 else 1 end where id in (
			select distinct on (a.kind) a.id from clientmanager.addresses a
			where a.client_id = $1 and not exists (select from clientmanager.addresses b where b.client_id = $1 and b.kind = a.kind and b.main)
			order by a.kind, a.id = $2, a.id)`, client, written)
	return err
}
