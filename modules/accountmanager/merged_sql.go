package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// moveMemberships moves who may act for a client, and tells whether the one that goes on is suspended.
func moveMemberships(ctx context.Context, tx *store.Tx, from, into string) (suspended bool, err error) {
	suspended, err = store.QueryOne(ctx, tx, pgx.RowTo[bool], `
		insert into accountmanager.client_copies as k (client_id, name_time) values ($1, '-infinity')
		on conflict (client_id) do update set suspended = k.suspended returning suspended`, into)
	if err != nil {
		return false, err
	}
	for _, sql := range []string{
		`delete from accountmanager.memberships f using accountmanager.memberships i
			where f.client_id = $1 and i.client_id = $2 and i.user_id = f.user_id`,
		`update accountmanager.memberships set client_id = $2 where client_id = $1`,
		`update accountmanager.users set last_client_id = $2 where last_client_id = $1
			and user_id in (select user_id from accountmanager.memberships where client_id = $2)`,
	} {
		if _, err := tx.Exec(ctx, sql, from, into); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, `delete from accountmanager.client_copies where client_id = $1`, from)
	return suspended, err
}

// moveInvitations moves the ways in. Of somebody who waits for both, the survivor's stays.
func moveInvitations(ctx context.Context, tx *store.Tx, from, into string, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.invitations f set revoke_time = $3
		where f.client_id = $1 and f.email <> '' and f.accept_time is null and f.revoke_time is null and exists (
			select from accountmanager.invitations i where i.client_id = $2 and i.email = f.email
				and i.accept_time is null and i.revoke_time is null and i.expire_time > $3)`, from, into, now)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update accountmanager.invitations set client_id = $2 where client_id = $1`, from, into)
	return err
}

// moveSessions has sessions that act for a client, and sign-ins that are about to, act for another.
func moveSessions(ctx context.Context, tx *store.Tx, from, into string) error {
	if _, err := tx.Exec(ctx, `update accountmanager.sessions set client_id = $2 where client_id = $1`, from, into); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update accountmanager.challenges set client_id = $2 where client_id = $1`, from, into)
	return err
}
