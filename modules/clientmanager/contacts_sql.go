package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

type contactRow struct {
	ID, ClientID, Name, Position, Email, Phone, Role string
	Main                                             bool
	Created                                          time.Time
	Revision                                         int64
	NameKey                                          []byte
}

const contactFields = `id::text, client_id::text, name, position, email, phone, role, main, create_time, revision, name_key`

func (r contactRow) contact() *v1.Contact {
	return &v1.Contact{
		Id: r.ID, ClientId: r.ClientID, Name: r.Name, Position: r.Position, Email: r.Email, Phone: r.Phone, Role: r.Role, Main: r.Main,
		CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
}

func findContact(ctx context.Context, q store.Querier, id string) (*v1.Contact, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[contactRow], `select `+contactFields+` from clientmanager.contacts where id = $1`, id)
	return row.contact(), store.NotFoundAs(err, errNoContact)
}

// listContacts lists a client's people, the main one first, then by name.
func (m *Module) listContacts(ctx context.Context, c *store.Where, limit int) ([]contactRow, error) {
	most := c.Arg(limit)
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[contactRow], `
		select `+contactFields+` from clientmanager.contacts`+c.String()+` order by contacts.client_id, contacts.main desc, contacts.name_key, contacts.id limit `+most, c.Args...)
}

// saveContact writes a contact, new or over the present one. A client has one main contact: who was it before is no more.
func saveContact(ctx context.Context, tx *store.Tx, c *v1.Contact) error {
	if c.GetMain() {
		if _, err := tx.Exec(ctx, `update clientmanager.contacts set main = false, revision = revision + 1
			where client_id = $1 and main and id <> $2`, c.GetClientId(), c.GetId()); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		insert into clientmanager.contacts (id, client_id, name, position, email, phone, role, main, create_time, revision, name_key)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		on conflict (id) do update set name = excluded.name, position = excluded.position, email = excluded.email, phone = excluded.phone,
			role = excluded.role, main = excluded.main, revision = excluded.revision, name_key = excluded.name_key`,
		c.GetId(), c.GetClientId(), c.GetName(), c.GetPosition(), c.GetEmail(), c.GetPhone(), c.GetRole(), c.GetMain(),
		c.GetCreateTime().AsTime(), c.GetRevision(), sortKey(c.GetName()))
	return err
}
