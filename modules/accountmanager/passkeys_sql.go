package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// passkeyRow is a passkey as its owner sees it.
type passkeyRow struct {
	ID, Name, Device, Party string
	Synced                  bool
	Created                 time.Time
	LastUse                 *time.Time
}

const passkeyColumns = `id::text, name, device, party, synced, create_time, last_use_time`

func listPasskeys(ctx context.Context, s *store.Store, userID, after string, limit int) ([]passkeyRow, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[passkeyRow], `
		select `+passkeyColumns+` from accountmanager.passkeys
		where user_id = $1 and ($2 = '' or id < nullif($2, '')::uuid) order by id desc limit $3`, userID, after, limit)
}

func findPasskey(ctx context.Context, s *store.Store, userID, id string) ([]passkeyRow, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[passkeyRow], `
		select `+passkeyColumns+` from accountmanager.passkeys where user_id = $1 and id = $2`, userID, id)
}

func holdPasskey(ctx context.Context, tx *store.Tx, userID, id string) ([]passkeyRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[passkeyRow], `
		select `+passkeyColumns+` from accountmanager.passkeys where user_id = $1 and id = $2 for update`, userID, id)
}

func renamePasskey(ctx context.Context, tx *store.Tx, userID, id, name string) error {
	_, err := tx.Exec(ctx, `update accountmanager.passkeys set name = $3 where user_id = $1 and id = $2`, userID, id, name)
	return err
}

func deletePasskey(ctx context.Context, tx *store.Tx, userID, id string) error {
	_, err := tx.Exec(ctx, `delete from accountmanager.passkeys where user_id = $1 and id = $2`, userID, id)
	return err
}

// keyRow is what an answer is checked against.
type keyRow struct {
	ID, UserID              string
	Staff                   bool
	CredentialID, PublicKey []byte
	SignCount               int64
	MaySync, Synced         bool
	Transports              []string
}

const keyColumns = `
	p.id::text, p.user_id::text, u.staff, p.credential_id, p.public_key, p.sign_count, p.may_sync, p.synced, p.transports`

// keysOf are the keys of a user that work at an address, in the order they were made.
func (m *Module) keysOf(ctx context.Context, userID, party string) ([]keyRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[keyRow], `
		select `+keyColumns+` from accountmanager.passkeys p join accountmanager.users u using (user_id)
		where p.user_id = $1 and p.party = $2 order by p.id`, userID, party)
}

func findKey(ctx context.Context, tx *store.Tx, credentialID []byte, party string) ([]keyRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[keyRow], `
		select `+keyColumns+` from accountmanager.passkeys p join accountmanager.users u using (user_id)
		where p.credential_id = $1 and p.party = $2`, credentialID, party)
}

// holdKey holds a key until the transaction ends, so that of answers that come at once each is counted after the other.
func holdKey(ctx context.Context, tx *store.Tx, id string) ([]keyRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[keyRow], `
		select `+keyColumns+` from accountmanager.passkeys p join accountmanager.users u using (user_id)
		where p.id = $1 for update of p`, id)
}

func keyUsed(ctx context.Context, tx *store.Tx, id string, signCount uint32, synced bool, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.passkeys set sign_count = $2, synced = $3, last_use_time = $4 where id = $1`, id, int64(signCount), synced, now)
	return err
}

func keyIsThere(ctx context.Context, tx *store.Tx, id string) (bool, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[bool], `select exists (select from accountmanager.passkeys where id = $1)`, id)
}

type newPasskey struct {
	id, userID, party, name, device string
	credentialID, publicKey         []byte
	signCount                       uint32
	maySync, synced                 bool
	transports                      []string
	now                             time.Time
}

// insertPasskey returns whether the key is new: a device may offer one that is somebody's already.
func insertPasskey(ctx context.Context, tx *store.Tx, n newPasskey) (bool, error) {
	done, err := tx.Exec(ctx, `
		insert into accountmanager.passkeys
			(id, user_id, party, credential_id, public_key, sign_count, may_sync, synced, transports, name, device, create_time)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (credential_id) do nothing`,
		n.id, n.userID, n.party, n.credentialID, n.publicKey, int64(n.signCount), n.maySync, n.synced, n.transports, n.name, n.device, n.now)
	return done.RowsAffected() == 1, err
}

func countPasskeys(ctx context.Context, tx *store.Tx, userID string) (int, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[int], `select count(*)::int from accountmanager.passkeys where user_id = $1`, userID)
}

func dropPasskeys(ctx context.Context, tx *store.Tx, userID string) error {
	if err := forgetTries(ctx, tx, keyTries(userID)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from accountmanager.passkeys where user_id = $1`, userID)
	return err
}

// useCeremony uses one up; of many answers to it at once one does. It is remembered for longer than it lasts: clocks of nodes
// differ.
func useCeremony(ctx context.Context, tx *store.Tx, challenge []byte, until, now time.Time) (bool, error) {
	if _, err := tx.Exec(ctx, `
		delete from accountmanager.used_ceremonies where challenge_hash in (
			select challenge_hash from accountmanager.used_ceremonies where expire_time <= $1 order by expire_time limit 20 for update skip locked)`,
		now); err != nil {
		return false, err
	}
	done, err := tx.Exec(ctx, `
		insert into accountmanager.used_ceremonies (challenge_hash, expire_time) values ($1, $2) on conflict do nothing`,
		hashToken(string(challenge)), until.Add(time.Hour))
	return done.RowsAffected() == 1, err
}
