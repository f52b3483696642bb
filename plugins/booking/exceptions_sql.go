package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

type exceptionRow struct {
	ID                       string
	No                       int32
	ResourceID, ResourceName string
	Day, UntilDay            string
	Hours, Reason            string
	Created                  time.Time
	Revision                 int64
}

const exceptionRows = `select e.id::text, e.resource_no, coalesce(r.id::text, ''), coalesce(r.name, ''), e.day::text, e.until_day::text,
	e.hours, e.reason, e.create_time, e.revision from booking.hour_exceptions e left join booking.resources r on r.no = e.resource_no`

func (r exceptionRow) exception() *v1.HourException {
	return &v1.HourException{
		Id: r.ID, ResourceId: r.ResourceID, ResourceName: r.ResourceName, Day: r.Day, UntilDay: r.UntilDay, Hours: r.Hours,
		Reason: r.Reason, CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
	}
}

func listExceptions(ctx context.Context, q store.Querier, c *store.Where, limit int) ([]exceptionRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[exceptionRow],
		fmt.Sprintf(`%s%s order by e.day, e.id limit %d`, exceptionRows, c.String(), limit), c.Args...)
}

// findException reads one; lock is what keeps others from changing it, or empty.
func findException(ctx context.Context, q store.Querier, id, lock string) (exceptionRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[exceptionRow], exceptionRows+` where e.id = $1`+lock, id)
	return row, store.NotFoundAs(err, errNoException)
}

// writeException writes an exception, new or over the present one.
func writeException(ctx context.Context, tx *store.Tx, e *v1.HourException, no int32) error {
	_, err := tx.Exec(ctx, `
		insert into booking.hour_exceptions (id, resource_no, day, until_day, hours, reason, create_time, revision)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (id) do update set resource_no = excluded.resource_no, day = excluded.day, until_day = excluded.until_day,
			hours = excluded.hours, reason = excluded.reason, revision = excluded.revision`,
		e.GetId(), no, e.GetDay(), e.GetUntilDay(), e.GetHours(), e.GetReason(), e.GetCreateTime().AsTime(), e.GetRevision())
	return err
}
