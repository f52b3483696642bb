package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// externalRow is an account of a provider.
type externalRow struct {
	ID, UserID, Issuer, Email string
	Unlinked                  bool
	Linked, LastSignIn        time.Time
}

const externalColumns = `id::text, user_id::text, issuer, email, unlink_time is not null, link_time, last_sign_in_time`

func (m *Module) externalAccount(ctx context.Context, issuer, subject string) ([]externalRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[externalRow], `
		select `+externalColumns+` from accountmanager.external_accounts where issuer = $1 and subject = $2`, issuer, subject)
}

func holdExternalAccount(ctx context.Context, tx *store.Tx, issuer, subject string) ([]externalRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[externalRow], `
		select `+externalColumns+` from accountmanager.external_accounts where issuer = $1 and subject = $2 for update`, issuer, subject)
}

// insertExternalAccount links an account, unless it is another's, or another one of the provider was linked to the user.
func insertExternalAccount(ctx context.Context, tx *store.Tx, r externalRow, subject string) (bool, error) {
	done, err := tx.Exec(ctx, `
		insert into accountmanager.external_accounts (id, user_id, issuer, subject, email, link_time, last_sign_in_time)
		values ($1, $2, $3, $4, $5, $6, $6) on conflict do nothing`, r.ID, r.UserID, r.Issuer, subject, r.Email, r.Linked)
	return done.RowsAffected() == 1, err
}

func seenExternal(ctx context.Context, tx *store.Tx, id string, now time.Time) error {
	_, err := tx.Exec(ctx, `update accountmanager.external_accounts set last_sign_in_time = $2 where id = $1`, id, now)
	return err
}

// useFlow uses a sign-in at a provider up; of many at once one does. It also forgets some that are too old to come back.
func (m *Module) useFlow(ctx context.Context, f flow) (bool, error) {
	now := m.host.Now()
	done, err := m.host.Store.Exec(ctx, `
		with old as (
			delete from accountmanager.external_uses where flow_id in (
				select flow_id from accountmanager.external_uses where expire_time < $3 order by expire_time limit 20 for update skip locked))
		insert into accountmanager.external_uses (flow_id, expire_time) values ($1, $2) on conflict do nothing`,
		f.ID, f.Until, now)
	return done.RowsAffected() == 1, err
}

type emailOwner struct {
	ID    string
	Staff bool
}

func (m *Module) userByEmail(ctx context.Context, email string) ([]emailOwner, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[emailOwner], `
		select user_id::text, staff from accountmanager.users where email = $1`, email)
}

// listExternal reads with the caller's own eyes: accounts of others are not there.
func listExternal(ctx context.Context, s *store.Store, userID, after string, limit int) ([]externalRow, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[externalRow], `
		select `+externalColumns+` from accountmanager.external_accounts
		where user_id = $1 and ($2 = '' or id > nullif($2, '')::uuid) order by id limit $3`, userID, after, limit)
}

func unlinkExternal(ctx context.Context, tx *store.Tx, userID, id string, now time.Time) (int64, error) {
	done, err := tx.Exec(ctx, `
		update accountmanager.external_accounts set unlink_time = coalesce(unlink_time, $3) where user_id = $1 and id = $2`, userID, id, now)
	return done.RowsAffected(), err
}

// forgetExternal leaves an account that is linked.
func forgetExternal(ctx context.Context, tx *store.Tx, userID, id string) error {
	_, err := tx.Exec(ctx, `
		delete from accountmanager.external_accounts where user_id = $1 and id = $2 and unlink_time is not null`, userID, id)
	return err
}
