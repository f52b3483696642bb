package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// waiting is an invitation that can be accepted.
type waiting struct {
	ID         string
	ClientID   string
	ClientName string
	Staff      bool
	FirstHead  bool
	Name       string
	Email      string
	Role       string
	InvitedBy  string
	Expires    time.Time
}

func findWaiting(ctx context.Context, s *store.Store, hash []byte, now time.Time) ([]waiting, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[waiting], `
		select i.id::text, coalesce(i.client_id::text, ''), coalesce(k.name, ''), i.staff, i.first_head, i.name, i.email, i.role,
			i.invited_by_name, i.expire_time
		from accountmanager.invitations i left join accountmanager.client_copies k using (client_id)
		where i.token_hash = $1 and i.accept_time is null and i.revoke_time is null and i.expire_time > $2`, hash, now)
}

// useUp marks an invitation as accepted; false when it was used or revoked meanwhile.
func useUp(ctx context.Context, tx *store.Tx, id, userID string, now time.Time) (bool, error) {
	used, err := store.Query(ctx, tx, pgx.RowTo[string], `
		update accountmanager.invitations set accept_time = $3, accepted_by = $2
		where id = $1 and accept_time is null and revoke_time is null and expire_time > $3 returning id::text`, id, userID, now)
	return len(used) == 1, err
}

type newUser struct {
	id, name, email string
	staff           bool
	now             time.Time
}

// insertUser makes a user; false when the e-mail is somebody's.
func insertUser(ctx context.Context, tx *store.Tx, u newUser) (bool, error) {
	made, err := store.Query(ctx, tx, pgx.RowTo[string], `
		insert into accountmanager.users (user_id, email, name, staff, create_time, last_seen_time) values ($1, $2, $3, $4, $5, $5)
		on conflict (email) do nothing returning user_id::text`, u.id, u.email, u.name, u.staff, u.now)
	return len(made) == 1, err
}

func addRole(ctx context.Context, tx *store.Tx, userID, role string) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.users set roles = array_append(array_remove(roles, $2), $2), revision = revision + 1 where user_id = $1`,
		userID, role)
	return err
}

// heldSuspension tells whether a client is suspended, and holds that until the transaction ends.
func heldSuspension(ctx context.Context, tx *store.Tx, clientID string) (bool, error) {
	return firstOf(store.Query(ctx, tx, pgx.RowTo[bool], `
		select suspended from accountmanager.client_copies where client_id = $1 for share`, clientID))
}

// insertMembership makes a membership; false when the user has one in the client already.
func insertMembership(ctx context.Context, tx *store.Tx, id, clientID, userID, role string, now time.Time) (bool, error) {
	made, err := store.Query(ctx, tx, pgx.RowTo[string], `
		insert into accountmanager.memberships (id, client_id, user_id, role, create_time) values ($1, $2, $3, $4, $5)
		on conflict (user_id, client_id) do nothing returning id::text`, id, clientID, userID, role, now)
	return len(made) == 1, err
}

type newInvitation struct {
	id, clientID             string
	staff, firstHead         bool
	suspended                bool // the client is
	name, email, role        string
	hash                     []byte
	invitedBy, invitedByName string
	now, expires             time.Time
}

// insertInvitation makes an invitation, and revokes one that the same person has for the same thing.
func insertInvitation(ctx context.Context, tx *store.Tx, n newInvitation) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.invitations set revoke_time = $4
		where email = $1 and email <> '' and client_id is not distinct from nullif($2, '')::uuid and staff = $3
			and accept_time is null and revoke_time is null`, n.email, n.clientID, n.staff, n.now)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into accountmanager.invitations
			(id, client_id, staff, first_head, name, email, role, token_hash, invited_by, invited_by_name, create_time, expire_time)
		values ($1, nullif($2, '')::uuid, $3, $4, $5, $6, $7, $8, nullif($9, '')::uuid, $10, $11, $12)`,
		n.id, n.clientID, n.staff, n.firstHead, n.name, n.email, n.role, n.hash, n.invitedBy, n.invitedByName, n.now, n.expires)
	return err
}

func revokeFirstHead(ctx context.Context, tx *store.Tx, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.invitations set revoke_time = $1 where first_head and accept_time is null and revoke_time is null`, now)
	return err
}
