package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// meRow is a user as they see themselves.
type meRow struct {
	ID, Name, Email, Phone, Position, Language string
	Theme                                      int16
	Revision                                   int64
	Photo                                      string
}

const meColumns = `user_id::text, name, email, coalesce(phone, ''), position, language, theme, revision, photo`

func findMe(ctx context.Context, s *store.Store, userID string) ([]meRow, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[meRow], `select `+meColumns+` from accountmanager.users where user_id = $1`, userID)
}

func holdMe(ctx context.Context, tx *store.Tx, userID string) ([]meRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[meRow], `
		select `+meColumns+` from accountmanager.users where user_id = $1 for update`, userID)
}

func updateMe(ctx context.Context, tx *store.Tx, r meRow) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.users
		set name = $2, phone = nullif($3, ''), position = $4, language = $5, theme = $6, revision = revision + 1
		where user_id = $1`, r.ID, r.Name, r.Phone, r.Position, r.Language, r.Theme)
	return err
}

// sessionRow is a session as its user sees it.
type sessionRow struct {
	ID, Device, Address        string
	Created, LastSeen, Expires time.Time
}

func listSessions(ctx context.Context, s *store.Store, userID, after string, now time.Time, limit int) ([]sessionRow, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[sessionRow], `
		select id::text, device, remote_address, create_time, last_seen_time, expire_time
		from accountmanager.sessions
		where user_id = $1 and expire_time > $2 and ($3 = '' or id < nullif($3, '')::uuid)
		order by id desc limit $4`, userID, now, after, limit)
}

// endOne ends one of a user's sessions, and returns whether there was one to end.
func endOne(ctx context.Context, tx *store.Tx, userID, id string) (int32, error) {
	done, err := tx.Exec(ctx, `delete from accountmanager.sessions where user_id = $1 and id = $2`, userID, id)
	return int32(done.RowsAffected()), err
}

// endOthers ends a user's sessions but one, and returns how many they were.
func endOthers(ctx context.Context, tx *store.Tx, userID, but string) (int32, error) {
	ended, err := store.Query(ctx, tx, pgx.RowTo[string], `
		delete from accountmanager.sessions where user_id = $1 and id is distinct from nullif($2, '')::uuid returning id::text`, userID, but)
	return int32(len(ended)), err
}

func (m *Module) ownerOfSession(ctx context.Context, id string) ([]string, error) {
	return store.Query(ctx, m.host.Store, pgx.RowTo[string], `select user_id::text from accountmanager.sessions where id = $1`, id)
}

// endedOf are those of the ids that are no session that works.
func (m *Module) endedOf(ctx context.Context, ids []string, now time.Time) ([]string, error) {
	return store.Query(ctx, m.host.Store, pgx.RowTo[string], `
		select asked.id::text from unnest($1::text[]::uuid[]) as asked (id)
		where not exists (
			select from accountmanager.sessions s join accountmanager.users u using (user_id)
			where s.id = asked.id and s.expire_time > $2 and u.block_time is null)`, ids, now)
}
