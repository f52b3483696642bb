package accountmanager

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// holdInvitee finds who has an e-mail, and holds them until the transaction ends.
func holdInvitee(ctx context.Context, tx *store.Tx, email, clientID string) ([]invitee, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[invitee], `
		select u.user_id::text, u.staff, u.roles,
			exists (select from accountmanager.memberships m where m.user_id = u.user_id and m.client_id = $2)
		from accountmanager.users u where u.email = $1 for update of u`, email, clientID)
}

// holdPeople are the people of a client, held in the order of their ids until the transaction ends.
func holdPeople(ctx context.Context, tx *store.Tx, clientID string) ([]membershipRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[membershipRow], `
		select m.id::text, m.client_id::text, m.user_id::text, m.role, m.create_time
		from accountmanager.memberships m join accountmanager.users u using (user_id)
		where m.client_id = $1 order by u.user_id for update of u`, clientID)
}
