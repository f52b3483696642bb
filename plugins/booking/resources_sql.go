package booking

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

type resourceRow struct {
	ID                         string
	No                         int32
	Name, Description          string
	Opens, Closes, SlotMinutes int32
	State                      string
	Created                    time.Time
	Revision                   int64
	Before, After              int32
	Public                     bool
	// What it says for itself; nil for what the portal says.
	NoticeMinutes, ChangeHours, DaysAhead *int32
}

const resourceFields = `id::text, no, name, description, opens, closes, slot_minutes, state, create_time, revision,
	before_minutes, after_minutes, public, notice_minutes, change_hours, days_ahead`

func (r resourceRow) resource() *v1.Resource {
	return &v1.Resource{
		Id: r.ID, Name: r.Name, Description: r.Description, Opens: minuteText(int(r.Opens)), Closes: minuteText(int(r.Closes)),
		SlotMinutes: r.SlotMinutes, State: r.state(), CreateTime: timestamppb.New(r.Created), Revision: r.Revision,
		BeforeMinutes: r.Before, AfterMinutes: r.After, Public: r.Public,
		NoticeMinutes: r.NoticeMinutes, ChangeHours: r.ChangeHours, DaysAhead: r.DaysAhead,
	}
}

// busy is from when until when a booking takes the resource, its buffers in it.
func (r resourceRow) busy(start, end time.Time) (from, until time.Time) {
	return start.Add(-time.Duration(r.Before) * time.Minute), end.Add(time.Duration(r.After) * time.Minute)
}

func (r resourceRow) state() v1.ResourceState {
	if r.State == "active" {
		return v1.ResourceState_RESOURCE_STATE_ACTIVE
	}
	return v1.ResourceState_RESOURCE_STATE_ARCHIVED
}

func resourceState(s v1.ResourceState) string {
	if s == v1.ResourceState_RESOURCE_STATE_ACTIVE {
		return "active"
	}
	return "archived"
}

func listResources(ctx context.Context, q store.Querier, state v1.ResourceState, after, limit int) ([]resourceRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[resourceRow],
		`select `+resourceFields+` from booking.resources where state = $1 and no > $2 order by no limit $3`, resourceState(state), after, limit)
}

func findResource(ctx context.Context, q store.Querier, id string) (resourceRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[resourceRow], `select `+resourceFields+` from booking.resources where id = $1`, id)
	return row, store.NotFoundAs(err, errNoResource)
}

// holdResource reads a resource and keeps others from changing it until the transaction ends.
func holdResource(ctx context.Context, tx *store.Tx, id string) (resourceRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[resourceRow],
		`select `+resourceFields+` from booking.resources where id = $1 for no key update`, id)
	return row, store.NotFoundAs(err, errNoResource)
}

// saveResource writes a resource, new or over the present one.
func saveResource(ctx context.Context, tx *store.Tx, r *v1.Resource) error {
	_, err := tx.Exec(ctx, `
		insert into booking.resources (id, name, description, opens, closes, slot_minutes, state, create_time, revision,
			before_minutes, after_minutes, public, notice_minutes, change_hours, days_ahead)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		on conflict (id) do update set name = excluded.name, description = excluded.description, opens = excluded.opens,
			closes = excluded.closes, slot_minutes = excluded.slot_minutes, state = excluded.state, revision = excluded.revision,
			before_minutes = excluded.before_minutes, after_minutes = excluded.after_minutes, public = excluded.public,
			notice_minutes = excluded.notice_minutes, change_hours = excluded.change_hours, days_ahead = excluded.days_ahead`,
		r.GetId(), r.GetName(), r.GetDescription(), minuteOf(r.GetOpens(), 0), minuteOf(r.GetCloses(), 0), r.GetSlotMinutes(),
		resourceState(r.GetState()), r.GetCreateTime().AsTime(), r.GetRevision(),
		r.GetBeforeMinutes(), r.GetAfterMinutes(), r.GetPublic(), r.NoticeMinutes, r.ChangeHours, r.DaysAhead)
	return err
}
