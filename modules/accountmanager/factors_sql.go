package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

type factorsRow struct {
	Totp      bool
	CodesLeft int32
	// Passkeys that work at the portal's address.
	Passkeys int32
	Staff    bool
	Roles    []string
}

// hasTotp says in SQL whether user u has an application that shows codes; hasFactor whether they have any second factor,
// whether or not it works at the portal's present address.
const (
	hasTotp   = `exists (select from accountmanager.totp f where f.user_id = u.user_id and f.confirm_time is not null)`
	hasFactor = `(` + hasTotp + ` or exists (select from accountmanager.passkeys p where p.user_id = u.user_id))`
)

// passkeysAt counts in SQL the passkeys of user u that work at the host name in the parameter at.
func passkeysAt(at string) string {
	return `(select count(*)::int from accountmanager.passkeys p where p.user_id = u.user_id and p.party = ` + at + `)`
}

// factorsOf is what somebody can show beside their password. There is nobody without a row.
func factorsOf(ctx context.Context, q store.Querier, userID, party string) (factorsRow, error) {
	return firstOf(store.Query(ctx, q, pgx.RowToStructByPos[factorsRow], `
		select `+hasTotp+`,
			(select count(*)::int from accountmanager.recovery_codes c where c.user_id = u.user_id and c.use_time is null),
			`+passkeysAt("$2")+`, u.staff, u.roles
		from accountmanager.users u where u.user_id = $1`, userID, party))
}

// putSeed writes a seed that is not confirmed yet; it leaves one that is.
func putSeed(ctx context.Context, tx *store.Tx, userID string, sealed []byte, now time.Time) (bool, error) {
	done, err := tx.Exec(ctx, `
		insert into accountmanager.totp as t (user_id, seed, create_time) values ($1, $2, $3)
		on conflict (user_id) do update set seed = excluded.seed, create_time = excluded.create_time, last_step = 0
		where t.confirm_time is null`, userID, sealed, now)
	return done.RowsAffected() == 1, err
}

type seedRow struct {
	Seed      []byte
	Confirmed bool
	LastStep  int64
}

// holdSeed holds a user's seed until the transaction ends, so that of one code sent twice at once one is taken.
func holdSeed(ctx context.Context, tx *store.Tx, userID string) ([]seedRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[seedRow], `
		select seed, confirm_time is not null, last_step from accountmanager.totp where user_id = $1 for update`, userID)
}

func confirmSeed(ctx context.Context, tx *store.Tx, userID string, step int64, now time.Time) error {
	_, err := tx.Exec(ctx, `update accountmanager.totp set confirm_time = $3, last_step = $2 where user_id = $1`, userID, step, now)
	return err
}

func takeStep(ctx context.Context, tx *store.Tx, userID string, step int64) error {
	_, err := tx.Exec(ctx, `update accountmanager.totp set last_step = $2 where user_id = $1`, userID, step)
	return err
}

func replaceRecoveryCodes(ctx context.Context, tx *store.Tx, userID string, hashes [][]byte) error {
	if _, err := tx.Exec(ctx, `delete from accountmanager.recovery_codes where user_id = $1`, userID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into accountmanager.recovery_codes (user_id, code_hash) select $1, unnest($2::bytea[])`, userID, hashes)
	return err
}

func useRecoveryCode(ctx context.Context, tx *store.Tx, userID string, hash []byte, now time.Time) (bool, error) {
	done, err := tx.Exec(ctx, `
		update accountmanager.recovery_codes set use_time = $3 where user_id = $1 and code_hash = $2 and use_time is null`, userID, hash, now)
	return done.RowsAffected() == 1, err
}

// dropFactors takes all that belongs to a user's second factor away, the count of wrong codes too.
func dropFactors(ctx context.Context, tx *store.Tx, userID string) error {
	for _, sql := range []string{
		`delete from accountmanager.totp where user_id = $1`,
		`delete from accountmanager.recovery_codes where user_id = $1`,
		`delete from accountmanager.challenges where user_id = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, userID); err != nil {
			return err
		}
	}
	return forgetTries(ctx, tx, factorKey(userID))
}

// challengeRow is a sign-in that waits for its second factor.
type challengeRow struct {
	UserID, ClientID string
	Kept             bool
	Proved           time.Time
}

func insertChallenge(ctx context.Context, tx *store.Tx, hash []byte, r challengeRow, now time.Time) error {
	if _, err := tx.Exec(ctx, `
		insert into accountmanager.challenges (token_hash, user_id, client_id, kept, proved, expire_time)
		values ($1, $2, nullif($3, '')::uuid, $4, $5, $6)`, hash, r.UserID, r.ClientID, r.Kept, r.Proved, now.Add(challengeLife)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		delete from accountmanager.challenges where token_hash in (
			select token_hash from accountmanager.challenges where expire_time <= $1 order by expire_time limit 20 for update skip locked)`, now)
	return err
}

func (m *Module) findChallenge(ctx context.Context, hash []byte, now time.Time) ([]challengeRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[challengeRow], `
		select c.user_id::text, coalesce(c.client_id::text, ''), c.kept, c.proved
		from accountmanager.challenges c where c.token_hash = $1 and c.expire_time > $2`, hash, now)
}

// dropChallenges makes the sign-ins of a user that wait for a second factor wait in vain.
func dropChallenges(ctx context.Context, tx *store.Tx, userID string) error {
	_, err := tx.Exec(ctx, `delete from accountmanager.challenges where user_id = $1`, userID)
	return err
}

// useChallenge uses one up; of many at once one does.
func useChallenge(ctx context.Context, tx *store.Tx, hash []byte) (bool, error) {
	done, err := tx.Exec(ctx, `delete from accountmanager.challenges where token_hash = $1`, hash)
	return done.RowsAffected() == 1, err
}
