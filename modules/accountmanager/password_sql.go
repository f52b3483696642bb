package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// lockTries holds the row of a count until the transaction ends, making it when it is new.
func lockTries(ctx context.Context, tx *store.Tx, key, userID string, now time.Time) (tries, error) {
	return store.QueryOne(ctx, tx, pgx.RowToStructByPos[tries], `
		insert into accountmanager.tries as t (key, user_id, update_time) values ($1, nullif($2, '')::uuid, $3)
		on conflict (key) do update set update_time = excluded.update_time
		returning t.wrong, t.lock_outs, t.lock_until`, key, userID, now)
}

func saveTries(ctx context.Context, tx *store.Tx, key string, t tries, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.tries set wrong = $2, lock_outs = $3, lock_until = $4, update_time = $5 where key = $1`,
		key, t.Wrong, t.LockOuts, t.LockUntil, now)
	return err
}

func forgetTries(ctx context.Context, tx *store.Tx, key string) error {
	_, err := tx.Exec(ctx, `delete from accountmanager.tries where key = $1`, key)
	return err
}

// sweepTries drops a few counts that nobody has added to since.
func sweepTries(ctx context.Context, tx *store.Tx, since time.Time) error {
	_, err := tx.Exec(ctx, `
		delete from accountmanager.tries where key in (
			select key from accountmanager.tries where update_time < $1 order by update_time limit 20 for update skip locked)`, since)
	return err
}

// accountByLogin finds what a password is checked against; the zero account when nobody has the login.
func (m *Module) accountByLogin(ctx context.Context, email, phone string) (account, error) {
	return firstOf(store.Query(ctx, m.host.Store, pgx.RowToStructByPos[account], `
		select u.user_id::text, u.staff, u.block_time is not null, c.password_hash, c.change_time
		from accountmanager.users u join accountmanager.credentials c using (user_id)
		where u.email = nullif($1, '') or u.phone = nullif($2, '')`, email, phone))
}

func (m *Module) accountByID(ctx context.Context, userID string) (account, error) {
	return firstOf(store.Query(ctx, m.host.Store, pgx.RowToStructByPos[account], `
		select u.user_id::text, u.staff, u.block_time is not null, c.password_hash, c.change_time
		from accountmanager.users u join accountmanager.credentials c using (user_id)
		where u.user_id = $1`, userID))
}

func setPassword(ctx context.Context, tx *store.Tx, userID, hash string, now time.Time) error {
	_, err := tx.Exec(ctx, `
		insert into accountmanager.credentials as c (user_id, password_hash, change_time) values ($1, $2, $3)
		on conflict (user_id) do update set password_hash = excluded.password_hash, change_time = excluded.change_time`,
		userID, hash, now)
	return err
}

// replaceHash writes the same password at another price, unless another password was chosen meanwhile.
func replaceHash(ctx context.Context, tx *store.Tx, a account, hash string) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.credentials set password_hash = $3 where user_id = $1 and password_hash = $2`, a.UserID, a.Hash, hash)
	return err
}

// passwordSet is when a user's password was chosen.
func passwordSet(ctx context.Context, tx *store.Tx, userID string) (time.Time, error) {
	return firstOf(store.Query(ctx, tx, pgx.RowTo[time.Time], `
		select change_time from accountmanager.credentials where user_id = $1`, userID))
}

// firstOf is the first row, or the zero one.
func firstOf[T any](rows []T, err error) (T, error) {
	var none T
	if err != nil || len(rows) == 0 {
		return none, err
	}
	return rows[0], nil
}
