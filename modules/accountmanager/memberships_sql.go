package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// membershipRow is a membership without its person.
type membershipRow struct {
	ID, ClientID, UserID, Role string
	Created                    time.Time
}

const membershipColumns = `id::text, client_id::text, user_id::text, role, create_time`

func (m *Module) listMemberships(ctx context.Context, clientID, after string, limit int) ([]membershipRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[membershipRow], `
		select `+membershipColumns+` from accountmanager.memberships
		where client_id = $1 and ($2 = '' or id > nullif($2, '')::uuid) order by id limit $3`, clientID, after, limit)
}

func (m *Module) findMembership(ctx context.Context, id string) ([]membershipRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[membershipRow], `
		select `+membershipColumns+` from accountmanager.memberships where id = $1`, id)
}

func setMembershipRole(ctx context.Context, tx *store.Tx, id, role string) ([]membershipRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[membershipRow], `
		update accountmanager.memberships set role = $2 where id = $1 returning `+membershipColumns, id, role)
}

func deleteMembership(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	gone, err := store.Query(ctx, tx, pgx.RowTo[string], `delete from accountmanager.memberships where id = $1 returning id::text`, id)
	return len(gone) == 1, err
}

// endSessionsOf ends the sessions that act for a client, of one user or, when userID is empty, of all; it returns
// how many they were.
func endSessionsOf(ctx context.Context, tx *store.Tx, clientID, userID string) (int32, error) {
	ended, err := store.Query(ctx, tx, pgx.RowTo[string], `
		delete from accountmanager.sessions
		where client_id = $1 and ($2 = '' or user_id = nullif($2, '')::uuid) returning id::text`, clientID, userID)
	return int32(len(ended)), err
}

// person is what a membership shows of its user.
type person struct {
	ID, Name, Email string
	LastSeen        *time.Time
}

func (m *Module) people(ctx context.Context, userIDs []string) (map[string]person, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	rows, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[person], `
		select user_id::text, name, email, last_seen_time from accountmanager.users where user_id = any($1::text[]::uuid[])`, userIDs)
	found := make(map[string]person, len(rows))
	for _, row := range rows {
		found[row.ID] = row
	}
	return found, err
}
