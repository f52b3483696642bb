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

type bookingRow struct {
	ID, ClientID, ResourceID, ResourceName string
	Start, End                             time.Time
	State, Note, CancelReason              string
	Created                                time.Time
	Cancelled                              *time.Time
}

const bookingRows = `select b.id::text, b.client_id::text, b.resource_id::text, r.name, b.start_time, b.end_time, b.state, b.note,
	b.cancel_reason, b.create_time, b.cancel_time from booking.bookings b join booking.resources r on r.id = b.resource_id`

func (r bookingRow) booking(zone *time.Location) *v1.Booking {
	start, end := r.Start.In(zone), r.End.In(zone)
	b := &v1.Booking{
		Id: r.ID, ClientId: r.ClientID, ResourceId: r.ResourceID, ResourceName: r.ResourceName,
		StartTime: timestamppb.New(r.Start), EndTime: timestamppb.New(r.End), Day: start.Format(time.DateOnly), Hours: between(start, end),
		State: v1.BookingState_BOOKING_STATE_BOOKED, Note: r.Note, CancelReason: r.CancelReason, CreateTime: timestamppb.New(r.Created),
	}
	if r.State != "booked" {
		b.State = v1.BookingState_BOOKING_STATE_CANCELLED
	}
	if r.Cancelled != nil {
		b.CancelTime = timestamppb.New(*r.Cancelled)
	}
	return b
}

func listBookings(ctx context.Context, q store.Querier, c *store.Where, direction string, limit int) ([]bookingRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[bookingRow], fmt.Sprintf(`%s%s order by b.start_time %s, b.id %[3]s limit %d`,
		bookingRows, c.String(), direction, limit), c.Args...)
}

func findBooking(ctx context.Context, q store.Querier, id string) (bookingRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[bookingRow], bookingRows+` where b.id = $1`, id)
	return row, store.NotFoundAs(err, errNoBooking)
}

// holdBooking reads a booking and keeps others from changing it until the transaction ends.
func holdBooking(ctx context.Context, tx *store.Tx, id string) (bookingRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[bookingRow], bookingRows+` where b.id = $1 for no key update of b`, id)
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

// insertBooking writes a new booking. Those who want the same resource at the same moment queue up. The constraint alone
// would keep the promise too, but two whose rows are both written before either is checked would wait for each other, and
// Postgres ends that only after a second.
func insertBooking(ctx context.Context, tx *store.Tx, b bookingRow, no int32) error {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1, $2)`, int32(bookingLocks), no); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `
		insert into booking.bookings (id, client_id, resource_id, resource_no, start_time, end_time, state, note, cancel_reason, create_time)
		values ($1, $2, $3, $4, $5, $6, 'booked', $7, '', $8)`,
		b.ID, b.ClientID, b.ResourceID, no, b.Start, b.End, b.Note, b.Created)
	return err
}

func cancelBooking(ctx context.Context, tx *store.Tx, id, reason string, now time.Time) error {
	_, err := tx.Exec(ctx, `update booking.bookings set state = 'cancelled', cancel_reason = $2, cancel_time = $3 where id = $1`, id, reason, now)
	return err
}

// cancelled says of a booking that it was cancelled.
type cancelled struct{ ID, ResourceID string }

// cancelFuture cancels what a client has booked and has not begun.
func cancelFuture(ctx context.Context, tx *store.Tx, clientID string, now time.Time) ([]cancelled, error) {
	return store.Query(ctx, tx, pgx.RowToStructByPos[cancelled], `
		update booking.bookings set state = 'cancelled', cancel_time = $2 where client_id = $1 and state = 'booked' and start_time > $2
		returning id::text, resource_id::text`, clientID, now)
}

// setSuspended remembers whether a client is suspended. Who books for it at the moment is waited for.
func setSuspended(ctx context.Context, tx *store.Tx, clientID string, suspended bool) error {
	_, err := tx.Exec(ctx, `
		insert into booking.clients (client_id, suspended) values ($1, $2)
		on conflict (client_id) do update set suspended = excluded.suspended`, clientID, suspended)
	return err
}
