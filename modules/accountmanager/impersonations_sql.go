package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// impersonation is one as it is stored.
type impersonation struct {
	ID, StaffID, SessionID, UserID, ClientID, MembershipID string
	Reason                                                 string
	MayWrite                                               bool
	ActReason                                              string
	State                                                  int16
	Start, Expires                                         time.Time
	End                                                    *time.Time
}

const impersonationColumns = `i.id::text, i.staff_id::text, i.session_id::text, i.user_id::text, i.client_id::text, i.membership_id::text,
	i.reason, i.may_write, i.act_reason, i.state, i.start_time, i.expire_time, i.end_time`

type impersonationFilter struct {
	clientID, staffID, userID string
	states                    []int32
	mayWrite                  *bool
	after                     string
	limit                     int
}

func (m *Module) listImpersonations(ctx context.Context, f impersonationFilter) ([]impersonation, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[impersonation], `
		select `+impersonationColumns+` from accountmanager.impersonations i
		where ($1 = '' or i.client_id = nullif($1, '')::uuid) and ($2 = '' or i.staff_id = nullif($2, '')::uuid)
			and ($3 = '' or i.user_id = nullif($3, '')::uuid) and (cardinality($4::int[]) = 0 or i.state = any($4::int[]))
			and ($5::boolean is null or i.may_write = $5) and ($6 = '' or i.id < nullif($6, '')::uuid)
		order by i.id desc limit $7`, f.clientID, f.staffID, f.userID, f.states, f.mayWrite, f.after, f.limit)
}

func (m *Module) findImpersonation(ctx context.Context, id string) ([]impersonation, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[impersonation], `
		select `+impersonationColumns+` from accountmanager.impersonations i where i.id = $1`, id)
}

func insertImpersonation(ctx context.Context, tx *store.Tx, i impersonation) error {
	_, err := tx.Exec(ctx, `
		insert into accountmanager.impersonations
			(id, staff_id, session_id, user_id, client_id, acting_client_id, membership_id, reason, may_write, act_reason, state, start_time, expire_time)
		values ($1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $10, $11, $12)`,
		i.ID, i.StaffID, i.SessionID, i.UserID, i.ClientID, i.MembershipID, i.Reason, i.MayWrite, i.ActReason, i.State, i.Start, i.Expires)
	return err
}

// heldPerson is one of the two whom an impersonation joins.
type heldPerson struct {
	ID, Email      string
	Staff, Blocked bool
}

// holdBoth holds both against being blocked until the transaction ends, in one order whoever is who.
func holdBoth(ctx context.Context, tx *store.Tx, staffID, userID string) (staff, user heldPerson, err error) {
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[heldPerson], `
		select user_id::text, email, staff, block_time is not null from accountmanager.users
		where user_id in ($1, $2) order by user_id for share`, staffID, userID)
	for _, row := range rows {
		switch row.ID {
		case staffID:
			staff = row
		case userID:
			user = row
		}
	}
	return staff, user, err
}

// holdSession holds a session against its end, and against another beginning in it, until the transaction ends; false when
// it has ended.
func holdSession(ctx context.Context, tx *store.Tx, id, userID string, now time.Time) (bool, error) {
	held, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select id::text from accountmanager.sessions where id = $1 and user_id = $2 and expire_time > $3 for no key update`, id, userID, now)
	return len(held) == 1, err
}

// Which of those that go on are closed. $1 and $2 are taken.
const (
	closeItself     = `i.id = $3::uuid`
	closeOfSession  = `i.session_id = (select s.id from accountmanager.sessions s where s.token_hash = $3)`
	closeBefore     = `i.session_id = $3::uuid`
	closeOfStaff    = `i.staff_id = $3::uuid`
	closeOfUser     = `i.user_id = $3::uuid`
	closeOfClient   = `i.acting_client_id = $3::uuid`
	closeOfPerson   = `i.user_id = $3::uuid and i.acting_client_id = $4::uuid`
	closeSignedOut  = `not exists (select from accountmanager.sessions s where s.id = i.session_id)`
	closedIsExpired = `case when i.expire_time <= $2 then 3 else $1 end`
)

// closeRows closes some of those that go on, and returns them. One whose time was over before ended by that.
func closeRows(ctx context.Context, tx *store.Tx, how accountmanagerv1.ImpersonationState, now time.Time, which string, args ...any) ([]impersonation, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[impersonation], `
		update accountmanager.impersonations i set state = `+closedIsExpired+`, end_time = least($2, i.expire_time)
		where i.end_time is null and `+which+` returning `+impersonationColumns, append([]any{int16(how), now}, args...)...)
}

// goingOn is an impersonation with all that it stands on.
type goingOn struct {
	ID, StaffID, UserID, Acting, Reason string
	MayWrite                            bool
	Expires                             time.Time
	// Present says that the session of the member of staff goes on, and that they are not blocked.
	Present     bool
	StaffName   string
	StaffRoles  []string
	StaffFactor bool
	Name        string
	Blocked     bool
	// The clients that the contact may act for now, by name; Granted are those of them that the member of staff was granted.
	ClientIDs, ClientNames, ClientRoles []string
	NamesOld                            bool
	Granted                             []string
}

// goingOn finds some of those that were not closed.
func (m *Module) goingOn(ctx context.Context, ids []string, now time.Time) ([]goingOn, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[goingOn], `
		select i.id::text, i.staff_id::text, i.user_id::text, i.acting_client_id::text, i.reason, i.may_write, i.expire_time,
			u.block_time is null and exists (
				select from accountmanager.sessions s where s.id = i.session_id and s.user_id = i.staff_id and s.expire_time > $2),
			u.name, u.roles, `+hasFactor+`, o.name, o.block_time is not null,
			coalesce(c.ids::text[], '{}'), coalesce(c.names, '{}'), coalesce(c.roles, '{}'), coalesce(c.old, false),
			coalesce(kernel.granted_clients(i.staff_id, c.ids)::text[], '{}')
		from accountmanager.impersonations i
		join accountmanager.users u on u.user_id = i.staff_id
		join accountmanager.users o on o.user_id = i.user_id
		left join lateral (
			select array_agg(m.client_id order by k.name, m.client_id) as ids, array_agg(k.name order by k.name, m.client_id) as names,
				array_agg(m.role order by k.name, m.client_id) as roles, bool_or(k.name_time < $3) as old
			from accountmanager.memberships m join accountmanager.client_copies k using (client_id)
			where m.user_id = o.user_id and not k.suspended
		) c on true
		where i.id = any($1::text[]::uuid[]) and i.end_time is null`, ids, now, now.Add(-namesLast))
}

// granted tells whether a client is granted to a user, by whatever module.
func (m *Module) granted(ctx context.Context, userID, clientID string) (bool, error) {
	found, err := store.Query(ctx, m.host.Store, pgx.RowTo[string], `
		select unnest(kernel.granted_clients($1, array[$2::uuid]))::text`, userID, clientID)
	return len(found) == 1, err
}

// actAlsoFor has an impersonation act for another client.
func actAlsoFor(ctx context.Context, tx *store.Tx, id, clientID string) (bool, error) {
	done, err := tx.Exec(ctx, `update accountmanager.impersonations set acting_client_id = $2 where id = $1 and end_time is null`, id, clientID)
	return done.RowsAffected() == 1, err
}
