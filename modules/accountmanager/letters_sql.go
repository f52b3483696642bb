package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// letterRow is a letter with what it says of its reader.
type letterRow struct {
	ID, UserID     string
	Kind           int16
	Email, Phone   string
	Expires        time.Time
	Name, Language string
	// Path is sealed, Text what people of the business wrote, InvitationID the one whose link it is: empty but for letters
	// of that kind.
	Path         []byte
	Text         string
	InvitationID string
}

// letterColumns reads a letterRow of letters l and users u, who need not be there.
const letterColumns = `l.id::text, coalesce(l.user_id::text, ''), l.kind, l.email, l.phone, l.expire_time,
	coalesce(u.name, l.name), coalesce(u.language, l.language), l.path, l.text, coalesce(l.invitation_id::text, '')`

func (m *Module) findLetter(ctx context.Context, id string, now time.Time) ([]letterRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[letterRow], `
		select `+letterColumns+` from accountmanager.letters l left join accountmanager.users u using (user_id)
		where l.id = $1 and l.use_time is null and l.expire_time > $2`, id, now)
}

// letterByToken finds a letter of a kind whose link still works.
func (m *Module) letterByToken(ctx context.Context, kind accountmanagerv1.LetterKind, hash []byte, now time.Time) ([]letterRow, error) {
	return store.Query(ctx, m.host.Store, pgx.RowToStructByPos[letterRow], `
		select `+letterColumns+` from accountmanager.letters l join accountmanager.users u using (user_id)
		where l.token_hash = $1 and l.kind = $2 and l.use_time is null and l.expire_time > $3 and u.block_time is null`,
		hash, int16(kind), now)
}

// useLetter uses a link up, unless somebody did before.
func useLetter(ctx context.Context, tx *store.Tx, id string, now time.Time) (bool, error) {
	used, err := tx.Exec(ctx, `
		update accountmanager.letters set use_time = $2 where id = $1 and use_time is null and expire_time > $2`, id, now)
	return used.RowsAffected() == 1, err
}

func countLetters(ctx context.Context, tx *store.Tx, userID string, kind accountmanagerv1.LetterKind, since time.Time) (int, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[int], `
		select count(*)::int from accountmanager.letters where user_id = $1 and kind = $2 and create_time > $3`, userID, int16(kind), since)
}

// countLettersTo counts those to an address, whoever's it is. The address is held meanwhile, so that many at once are counted.
func countLettersTo(ctx context.Context, tx *store.Tx, email string, since time.Time) (int, error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('accountmanager.letters ' || $1, 0))`, email); err != nil {
		return 0, err
	}
	return store.QueryOne(ctx, tx, pgx.RowTo[int], `
		select count(*)::int from accountmanager.letters where user_id is null and email = $1 and create_time > $2`, email, since)
}

// voidLetters makes a user's links useless: those of one kind, or of several.
func voidLetters(ctx context.Context, tx *store.Tx, userID string, now time.Time, kinds ...accountmanagerv1.LetterKind) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.letters set use_time = $3
		where user_id = $1 and kind = any($2::int[]) and use_time is null and token_hash is not null`, userID, numbers(kinds), now)
	return err
}

// insertLetter also drops some that have been of no use for a day, so that there are never many.
func insertLetter(ctx context.Context, tx *store.Tx, r letterRow, hash []byte, now time.Time) error {
	if _, err := tx.Exec(ctx, `
		insert into accountmanager.letters
			(id, user_id, kind, email, phone, token_hash, create_time, expire_time, name, language, path, text, invitation_id)
		values ($1, nullif($2, '')::uuid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, nullif($13, '')::uuid)`,
		r.ID, r.UserID, r.Kind, r.Email, r.Phone, hash, now, r.Expires, r.Name, r.Language, r.Path, r.Text, r.InvitationID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		delete from accountmanager.letters where id in (
			select id from accountmanager.letters where expire_time < $1 order by expire_time limit 20 for update skip locked)`,
		now.Add(-24*time.Hour))
	return err
}
