package booking

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// hourLocks is the class of the advisory locks on weeks: "hour" in ASCII.
const hourLocks = 0x686f7572

type weekRow struct {
	No       int32
	Days     []string
	Revision int64
}

const weekFields = `resource_no, days, revision`

// findWeek reads a week; one that nobody wrote has no days.
func findWeek(ctx context.Context, q store.Querier, no int32) (weekRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[weekRow], `select `+weekFields+` from booking.hours where resource_no = $1`, no)
	if errors.Is(err, store.ErrNotFound) {
		return weekRow{No: no}, nil
	}
	return row, err
}

func saveWeek(ctx context.Context, tx *store.Tx, no int32, h *v1.Hours) error {
	texts := make([]string, len(days))
	for i := range days {
		texts[i] = *dayOf(h, i)
	}
	_, err := tx.Exec(ctx, `
		insert into booking.hours (resource_no, days, revision) values ($1, $2, $3)
		on conflict (resource_no) do update set days = excluded.days, revision = excluded.revision`, no, texts, h.GetRevision())
	return err
}

func deleteWeek(ctx context.Context, tx *store.Tx, no int32) error {
	_, err := tx.Exec(ctx, `delete from booking.hours where resource_no = $1`, no)
	return err
}
