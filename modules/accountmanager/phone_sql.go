package accountmanager

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// phoneRow is a user's phone, and since when it is known to be theirs.
type phoneRow struct {
	Phone     string
	Confirmed *time.Time
}

const phoneColumns = `coalesce(phone, ''), phone_confirm_time`

func ownPhone(ctx context.Context, s *store.Store, userID string) ([]phoneRow, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[phoneRow], `select `+phoneColumns+` from accountmanager.users where user_id = $1`, userID)
}

// holdPhone holds the user until the transaction ends.
func holdPhone(ctx context.Context, tx *store.Tx, userID string) ([]phoneRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[phoneRow], `
		select `+phoneColumns+` from accountmanager.users where user_id = $1 for update`, userID)
}

func confirmPhone(ctx context.Context, tx *store.Tx, userID, number string, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.users set phone = $2, phone_confirm_time = $3, revision = revision + 1 where user_id = $1`, userID, number, now)
	return err
}

func (m *Module) confirmedOwner(ctx context.Context, number string) ([]string, error) {
	return store.Query(ctx, m.host.Store, pgx.RowTo[string], `
		select user_id::text from accountmanager.users
		where phone = nullif($1, '') and phone_confirm_time is not null and block_time is null`, number)
}

// phoneIs tells whether a user, who is held, has confirmed a phone that is still theirs.
func phoneIs(ctx context.Context, tx *store.Tx, userID, number string) (bool, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[bool], `
		select exists (select from accountmanager.users where user_id = $1 and phone = $2 and phone_confirm_time is not null)`, userID, number)
}

// codeCounts are codes that were sent: to the user lately, and to the number in the last hour.
type codeCounts struct{ Recent, Number int }

func countCodes(ctx context.Context, tx *store.Tx, userID string, kind accountmanagerv1.LetterKind, number string, now time.Time) (codeCounts, error) {
	return store.QueryOne(ctx, tx, pgx.RowToStructByPos[codeCounts], `
		select
			(select count(*)::int from accountmanager.letters where user_id = $1 and kind = $2 and create_time > $4),
			(select count(*)::int from accountmanager.letters where phone = $3 and phone <> '' and create_time > $5)`,
		userID, int16(kind), number, now.Add(-phoneCodeWait), now.Add(-time.Hour))
}

// holdCode finds the code that works, and holds it until the transaction ends.
func holdCode(ctx context.Context, tx *store.Tx, try codeTry, now time.Time) ([]letterRow, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[letterRow], `
		select `+letterColumns+` from accountmanager.letters l join accountmanager.users u using (user_id)
		where l.user_id = nullif($1, '')::uuid and l.kind = $2 and ($3 = '' or l.phone = $3) and l.use_time is null and l.expire_time > $4
		order by l.create_time desc limit 1 for update of l`, try.userID, int16(try.kind), try.phone, now)
}

// voidCode makes the code that works useless.
func voidCode(ctx context.Context, tx *store.Tx, try codeTry, now time.Time) error {
	_, err := tx.Exec(ctx, `
		update accountmanager.letters set use_time = $3 where user_id = nullif($1, '')::uuid and kind = $2 and use_time is null`,
		try.userID, int16(try.kind), now)
	return err
}

func lockedOut(ctx context.Context, tx *store.Tx, key string, now time.Time) (bool, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[bool], `
		select exists (select from accountmanager.tries where key = $1 and lock_until > $2)`, key, now)
}
