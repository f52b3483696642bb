package clientmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/encoding/protojson"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clashing are numbers of agreements of which both clients have one for some of the same days.
func clashing(ctx context.Context, q store.Querier, into, from string) ([]string, error) {
	return store.Query(ctx, q, pgx.RowTo[string], `
		select distinct f.number from clientmanager.agreements f join clientmanager.agreements i on i.number_fold = f.number_fold
		where f.client_id = $2 and i.client_id = $1
			and daterange(f.start_date, f.end_date, '[]') && daterange(i.start_date, i.end_date, '[]')
		order by 1 limit 20`, into, from)
}

// moves are what makes the merged client's things the survivor's, in order: $1 is the survivor, $2 the merged client.
var moves = []string{
	// The same person of both is one: by e-mail, or by phone where their e-mails do not differ. The survivor's stays, and
	// what it lacks is taken from the other.
	`with same as (
			select f.id as gone, i.id as kept from clientmanager.contacts f join clientmanager.contacts i on lower(i.email) = lower(f.email)
			where f.client_id = $2 and i.client_id = $1 and f.email <> ''
			union
			select f.id, i.id from clientmanager.contacts f join clientmanager.contacts i on i.phone = f.phone
			where f.client_id = $2 and i.client_id = $1 and f.phone <> '' and (f.email = '' or i.email = '' or lower(f.email) = lower(i.email))
		), pairs as (select distinct on (gone) gone, kept from same order by gone, kept),
		joined as (
			select distinct on (p.kept) p.kept, f.position, f.email, f.phone, f.role from pairs p join clientmanager.contacts f on f.id = p.gone
			order by p.kept, f.main desc, f.id
		), mains as (
			select p.kept from pairs p join clientmanager.contacts f on f.id = p.gone and f.main
			where not exists (select from clientmanager.contacts x where x.client_id = $1 and x.main)
		), filled as (
			update clientmanager.contacts c set revision = c.revision + 1,
				position = coalesce(nullif(c.position, ''), j.position), email = coalesce(nullif(c.email, ''), j.email),
				phone = coalesce(nullif(c.phone, ''), j.phone), role = coalesce(nullif(c.role, ''), j.role),
				main = c.main or c.id in (select kept from mains)
			from joined j where c.id = j.kept
		)
		delete from clientmanager.contacts where id in (select gone from pairs)`,
	`update clientmanager.contacts set main = false where client_id = $2 and main
		and exists (select from clientmanager.contacts where client_id = $1 and main)`,
	`update clientmanager.contacts set client_id = $1 where client_id = $2`,
	// The same address of both is one.
	`delete from clientmanager.addresses f using clientmanager.addresses i
		where f.client_id = $2 and i.client_id = $1 and i.kind = f.kind and i.recipient = f.recipient and i.street = f.street and i.place = f.place
			and i.region = f.region and i.postal_code = f.postal_code and i.country_code = f.country_code`,
	`update clientmanager.addresses f set main = false where f.client_id = $2 and f.main
		and exists (select from clientmanager.addresses i where i.client_id = $1 and i.kind = f.kind and i.main)`,
	`update clientmanager.addresses set client_id = $1 where client_id = $2`,
	`update clientmanager.agreements set client_id = $1 where client_id = $2`,
	// Who was put into a segment by hand, or kept out: the survivor's word stands.
	`delete from clientmanager.segment_clients f using clientmanager.segment_clients i
		where f.client_id = $2 and i.client_id = $1 and i.segment_id = f.segment_id`,
	`update clientmanager.segment_clients set client_id = $1 where client_id = $2`,
	// Who helps to serve either helps to serve the survivor.
	`delete from clientmanager.further_managers f using clientmanager.further_managers i
		where f.client_id = $2 and i.client_id = $1 and i.user_id = f.user_id`,
	`update clientmanager.further_managers set client_id = $1 where client_id = $2`,
	// Revisions were the merged client's own.
	`update clientmanager.history set client_id = $1, revision = null where client_id = $2`,
	`update clientmanager.merged_clients set client_id = $1 where client_id = $2`,
	`select clientmanager.keep_dismissals($2, $1)`,
}

// moveAll makes everything of the merged client the survivor's.
func moveAll(ctx context.Context, tx *store.Tx, into, from string) error {
	for _, sql := range moves {
		if _, err := tx.Exec(ctx, sql, into, from); err != nil {
			return err
		}
	}
	return nil
}

// retire takes a client out of the register, and keeps it as it was.
func retire(ctx context.Context, tx *store.Tx, from *v1.Client, into string, now time.Time) error {
	was, err := protojson.Marshal(from)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `insert into clientmanager.merged_clients (id, client_id, was, merge_time) values ($1, $2, $3, $4)`,
		from.GetId(), into, string(was), now); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `delete from clientmanager.clients where id = $1`, from.GetId())
	return err
}

// findMerged reads a client that was merged into one that the caller sees.
func findMerged(ctx context.Context, q store.Querier, id string) (*v1.Client, error) {
	type row struct {
		Into   string
		Was    []byte
		Merged time.Time
	}
	r, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[row], `select client_id::text, was, merge_time from clientmanager.merged_clients where id = $1`, id)
	if err != nil {
		return nil, store.NotFoundAs(err, errNoClient)
	}
	client := &v1.Client{}
	if err := (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(r.Was, client); err != nil {
		return nil, err
	}
	client.Id, client.Status, client.MergedIntoId = id, v1.ClientStatus_CLIENT_STATUS_MERGED, r.Into
	return client, nil
}

// whereTo is the error about a client that is not there: it is another one now, or the caller sees none such.
func whereTo(ctx context.Context, q store.Querier, id string) error {
	if _, err := findMerged(ctx, q, id); err != nil {
		return err
	}
	return errMerged
}

// belongings counts what hangs on a client.
type belongings struct{ Contacts, Addresses, Agreements, History int64 }

func countBelongings(ctx context.Context, q store.Querier, id string) (belongings, error) {
	return store.QueryOne(ctx, q, pgx.RowToStructByPos[belongings], `select
		(select count(*) from clientmanager.contacts where client_id = $1), (select count(*) from clientmanager.addresses where client_id = $1),
		(select count(*) from clientmanager.agreements where client_id = $1), (select count(*) from clientmanager.history where client_id = $1)`, id)
}
