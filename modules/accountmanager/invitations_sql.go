package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// invitee is who has an e-mail already.
type invitee struct {
	UserID    string
	Staff     bool
	Roles     []string
	HasAccess bool
}

func (m *Module) findInvitee(ctx context.Context, email, clientID string) ([]invitee, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[invitee], `
		select u.user_id::text, u.staff, u.roles,
			exists (select from accountmanager.memberships m where m.user_id = u.user_id and m.client_id = nullif($2, '')::uuid)
		from accountmanager.users u where u.email = $1`, email, clientID)
}

func (m *Module) isSuspended(ctx context.Context, clientID string) (bool, error) {
	return firstOf(store.Query(ctx, m.host.Store, pgx.RowTo[bool], `
		select suspended from accountmanager.client_copies where client_id = $1`, clientID))
}

// invitationRow is an invitation as its inviter sees it. State is that of the contract.
type invitationRow struct {
	ID, ClientID, Name, Email, Role string
	State                           int32
	InvitedBy                       string
	Expires, Created                time.Time
}

// invitationColumns reads an invitationRow of invitations i; $1 is now.
const (
	invitationState = `case when i.accept_time is not null then 2 when i.revoke_time is not null then 3 when i.expire_time <= $1 then 4 else 1 end`

	invitationColumns = `
		i.id::text, coalesce(i.client_id::text, ''), i.name, i.email, i.role, ` + invitationState + `,
		i.invited_by_name, i.expire_time, i.create_time`
)

type invitationFilter struct {
	clientID  string
	states    []int32
	withStaff bool
	after     string
	limit     int
}

func (m *Module) listInvitations(ctx context.Context, f invitationFilter) ([]invitationRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[invitationRow], `
		select `+invitationColumns+` from accountmanager.invitations i
		where ($2 = '' or i.client_id = nullif($2, '')::uuid)
			and (cardinality($3::int[]) = 0 or `+invitationState+` = any($3::int[]))
			and not i.first_head and ($4 or not i.staff)
			and ($5 = '' or i.id < nullif($5, '')::uuid)
		order by i.id desc limit $6`,
		m.host.Now(), f.clientID, f.states, f.withStaff, f.after, f.limit)
}

// revokeInvitationsOf takes back what somebody who may no longer do so has offered: all of it, or, when clientID is set,
// what concerns the client. Otherwise they could come back by a link of their own making.
func revokeInvitationsOf(ctx context.Context, tx *store.Tx, userID, clientID string, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.invitations set revoke_time = $3
		where invited_by = $1 and ($2 = '' or client_id = nullif($2, '')::uuid) and accept_time is null and revoke_time is null`,
		userID, clientID, now)
	return err
}

// revokeInvitation returns the invitation as it is afterwards; nothing when the caller does not see it.
func revokeInvitation(ctx context.Context, tx *store.Tx, id string, withStaff bool, now time.Time) ([]invitationRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[invitationRow], `
		update accountmanager.invitations i
		set revoke_time = case when i.accept_time is null then coalesce(i.revoke_time, $1) end
		where i.id = $2 and not i.first_head and ($3 or not i.staff)
		returning `+invitationColumns, now, id, withStaff)
}
