package export

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// day is how long an exported row counts.
const day = 24 * time.Hour

// Left says what a person may still export.
type Left struct {
	// Rows are left now.
	Rows int
	// Free is when the oldest of the used ones are free again; zero when none are used.
	Free time.Time
}

// quota counts the rows that people export.
type quota struct {
	db *store.DB
	// rows may be exported in a day, most in one file.
	rows, most int
	now        func() time.Time
}

// reservation is an export under way: so many rows are counted for it.
type reservation struct {
	quota
	id, user, screen string
	rows             int
}

// left says what a person may export now.
func (q quota) left(ctx context.Context, user string) (left Left, err error) {
	err = pgx.BeginFunc(ctx, q.db.Pool(), func(tx pgx.Tx) error {
		left, err = q.of(ctx, tx, user, "")
		return err
	})
	return left, err
}

// of counts what a person has left beside one export of theirs.
func (q quota) of(ctx context.Context, tx pgx.Tx, user, beside string) (Left, error) {
	var used int
	var oldest *time.Time
	err := tx.QueryRow(ctx, `select coalesce(sum(rows), 0), min(time) filter (where rows > 0)
		from kernel.export where user_id = $1 and time > $2 and id::text <> $3`, user, q.now().Add(-day), beside).Scan(&used, &oldest)
	left := Left{Rows: max(0, q.rows-used)}
	if oldest != nil {
		left.Free = oldest.Add(day)
	}
	return left, err
}

// take reserves rows for an export: as many as are wanted, where so many are left, and need at least. It says what is left
// and takes none where need are not. Of two at once, the second waits. also is done in the same transaction.
func (r *reservation) take(ctx context.Context, need, want int, also func(context.Context, pgx.Tx) error) (left Left, ok bool, err error) {
	var taken int
	err = pgx.BeginFunc(ctx, r.db.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock(hashtextextended('kernel.export ' || $1, 0))", r.user); err != nil {
			return err
		}
		if left, err = r.of(ctx, tx, r.user, r.id); err != nil || left.Rows < need {
			return err
		}
		taken, ok = min(want, left.Rows), true
		if _, err := tx.Exec(ctx, `insert into kernel.export (id, user_id, time, screen, rows) values ($1, $2, $3, $4, $5)
			on conflict (id) do update set rows = excluded.rows`, r.id, r.user, r.now(), r.screen, taken); err != nil || also == nil {
			return err
		}
		return also(ctx, tx)
	})
	if err != nil {
		return left, false, err
	}
	if ok {
		r.rows = taken
	}
	return left, ok, nil
}

// settle counts what was exported instead of what was reserved.
func (r *reservation) settle(ctx context.Context, rows int, also func(context.Context, pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, r.db.Pool(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "update kernel.export set rows = $2 where id = $1", r.id, rows); err != nil {
			return err
		}
		return also(ctx, tx)
	})
}

// Sweep deletes what counts for nobody any more. It returns how many exports those were.
func Sweep(ctx context.Context, db *store.DB, now time.Time) (int64, error) {
	tag, err := db.Pool().Exec(ctx, "delete from kernel.export where time < $1", now.Add(-2*day))
	return tag.RowsAffected(), err
}
