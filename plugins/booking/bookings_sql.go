package booking

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

type bookingRow struct {
	ID, ClientID, ResourceID, ResourceName string
	Start, End                             time.Time
	State, Note, CancelReason              string
	Created                                time.Time
	Cancelled, HoldUntil                   *time.Time
	Revision                               int64
	// Of the resource: its number, and until when it lets clients change a booking.
	No          int32
	ChangeHours *int32
}

// A hold of a visitor has no client.
const bookingRows = `select b.id::text, coalesce(b.client_id::text, ''), b.resource_id::text, r.name, b.start_time, b.end_time, b.state, b.note,
	b.cancel_reason, b.create_time, b.cancel_time, b.hold_until, b.revision, r.no, r.change_hours
	from booking.bookings b join booking.resources r on r.id = b.resource_id`

// rulesOf is as much of the resource as its rules for a change need.
func (r bookingRow) rulesOf() resourceRow { return resourceRow{ChangeHours: r.ChangeHours} }

// changeUntil is until when clients change a booking by themselves: at the latest until it begins.
func (r bookingRow) changeUntil(rules rules) time.Time { return r.Start.Add(-rules.change) }

// booking is a booking as its reader sees it: what they may do with it is theirs.
func (m *Module) booking(ctx context.Context, r bookingRow) *v1.Booking {
	start, end := r.Start.In(m.host.Zone), r.End.In(m.host.Zone)
	until := r.changeUntil(m.rules(r.rulesOf()))
	b := &v1.Booking{
		Id: r.ID, ClientId: r.ClientID, ResourceId: r.ResourceID, ResourceName: r.ResourceName,
		StartTime: timestamppb.New(r.Start), EndTime: timestamppb.New(r.End), Day: start.Format(time.DateOnly), Hours: between(start, end),
		State: v1.BookingState_BOOKING_STATE_BOOKED, Note: r.Note, CancelReason: r.CancelReason, CreateTime: timestamppb.New(r.Created),
		Time: start.Format(clockText), Minutes: int32(end.Sub(start) / time.Minute), ChangeUntilTime: timestamppb.New(until), Revision: r.Revision,
	}
	if r.State != "booked" {
		b.State = v1.BookingState_BOOKING_STATE_CANCELLED
	}
	if r.Cancelled != nil {
		b.CancelTime = timestamppb.New(*r.Cancelled)
	}
	now := m.host.Now()
	theirs := r.State == "booked" && (!bound(access.From(ctx)) || now.Before(until))
	b.Cancellable, b.Movable = theirs && r.End.After(now), theirs && r.Start.After(now)
	return b
}

func listBookings(ctx context.Context, q store.Querier, c *store.Where, direction string, limit int) ([]bookingRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[bookingRow], fmt.Sprintf(`%s%s order by b.start_time %s, b.id %[3]s limit %d`,
		bookingRows, c.String(), direction, limit), c.Args...)
}

func findBooking(ctx context.Context, q store.Querier, id string) (bookingRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[bookingRow], bookingRows+` where b.id = $1 and b.state in ('booked', 'cancelled')`, id)
	return row, store.NotFoundAs(err, errNoBooking)
}

// holdBooking reads a booking and keeps others from changing it until the transaction ends.
func holdBooking(ctx context.Context, tx *store.Tx, id string) (bookingRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[bookingRow], bookingRows+` where b.id = $1 and b.state in ('booked', 'cancelled') for no key update of b`, id)
	return row, store.NotFoundAs(err, errNoBooking)
}

// holdClient keeps a client from being suspended, as far as this module knows, until the transaction ends. It tells
// whether it is already.
func holdClient(ctx context.Context, tx *store.Tx, id string) (suspended bool, err error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[bool], `
		insert into booking.clients as c (client_id, suspended) values ($1, false)
		on conflict (client_id) do update set suspended = c.suspended returning suspended`, id)
}

// bookingLocks is the class of the advisory locks below, so that they are no other module's: "book" in ASCII.
const bookingLocks = 0x626f6f6b

// clear queues up for a resource, and ends the holds in the way whose time is up. The constraint alone would keep the promise
// too, but two whose rows are both written before either is checked would wait for each other, and Postgres ends that only
// after a second. Who takes more locks takes them in this order: client, caller, resource, booking.
func clear(ctx context.Context, tx *store.Tx, p planned, now time.Time) error {
	if err := lockResource(ctx, tx, p.resource.No); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `select booking.clear($1, $2, $3, $4)`, p.resource.No, p.from, p.until, now)
	return err
}

func lockResource(ctx context.Context, tx *store.Tx, no int32) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1, $2)`, int32(bookingLocks), no)
	return err
}

// insertBooking writes a new booking, or a hold.
func insertBooking(ctx context.Context, tx *store.Tx, b bookingRow, p planned, now time.Time, holder ...string) error {
	if err := clear(ctx, tx, p, now); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into booking.bookings (id, client_id, resource_id, resource_no, start_time, end_time, busy_from, busy_until, state, note,
			cancel_reason, create_time, hold_until, holder, revision)
		values ($1, nullif($2, '')::uuid, $3, $4, $5, $6, $7, $8, $9, $10, '', $11, $12, $13, 1)`,
		b.ID, b.ClientID, b.ResourceID, p.resource.No, b.Start, b.End, p.from, p.until, b.State, b.Note, b.Created, b.HoldUntil, strings.Join(holder, ""))
	return err
}

func cancelBooking(ctx context.Context, tx *store.Tx, id, reason string, now time.Time) error {
	_, err := tx.Exec(ctx, `update booking.bookings set state = 'cancelled', cancel_reason = $2, cancel_time = $3,
		revision = revision + 1 where id = $1`, id, reason, now)
	return err
}

// cancelled says of a booking that it was cancelled.
type cancelled struct{ ID, ResourceID string }

// cancelFuture cancels what a client has booked and has not begun. What it holds is over.
func cancelFuture(ctx context.Context, tx *store.Tx, clientID string, now time.Time) ([]cancelled, error) {
	if _, err := tx.Exec(ctx, `update booking.bookings set state = 'over' where client_id = $1 and state = 'held'`, clientID); err != nil {
		return nil, err
	}
	return store.Query(ctx, tx, pgx.RowToStructByPos[cancelled], `
		update booking.bookings set state = 'cancelled', cancel_time = $2, revision = revision + 1 where client_id = $1 and state = 'booked' and start_time > $2
		returning id::text, resource_id::text`, clientID, now)
}

// setSuspended remembers whether a client is suspended. Who books for it at the moment is waited for.
func setSuspended(ctx context.Context, tx *store.Tx, clientID string, suspended bool) error {
	_, err := tx.Exec(ctx, `
		insert into booking.clients (client_id, suspended) values ($1, $2)
		on conflict (client_id) do update set suspended = excluded.suspended`, clientID, suspended)
	return err
}
