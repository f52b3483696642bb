package booking

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// MoveBooking gives a booking another time or another resource.
func (s *bookingService) MoveBooking(ctx context.Context, r *v1.MoveBookingRequest) (*v1.MoveBookingResponse, error) {
	var row bookingRow
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		// The resource is locked before the booking: so what is wanted is found out first, from the booking as it is now.
		if row, err = findBooking(ctx, tx, r.GetId()); err != nil {
			return err
		}
		p, planErr := s.plan(ctx, tx, r, planned{resource: resourceRow{ID: row.ResourceID}, start: row.Start, end: row.End}, bound(access.From(ctx)))
		if planErr != nil && p.until.IsZero() {
			return planErr
		}
		if err := clear(ctx, tx, p, s.host.Now()); err != nil {
			return err
		}
		read := row.Revision
		if row, err = holdBooking(ctx, tx, r.GetId()); err != nil {
			return err
		}
		switch revision := r.GetRevision(); {
		case row.State == "booked" && row.ResourceID == p.resource.ID && row.Start.Equal(p.start) && row.End.Equal(p.end):
			return nil // a retry finds it done
		case row.State != "booked" || !row.Start.After(s.host.Now()):
			return errBegan
		case revision != 0 && revision != row.Revision, read != row.Revision:
			return errMeanwhile
		}
		if err := s.changeable(ctx, row, errBegan); err != nil {
			return err
		}
		if planErr != nil {
			return planErr
		}
		return s.move(ctx, tx, &row, p)
	})
	if err != nil {
		return nil, taken(err, r)
	}
	booking := s.booking(ctx, row)
	s.name(ctx, booking)
	return &v1.MoveBookingResponse{Booking: booking}, nil
}

// move writes a booking's new time, keeps what it had, and says so.
func (m *Module) move(ctx context.Context, tx *store.Tx, row *bookingRow, p planned) error {
	now, was := m.host.Now(), *row
	row.ResourceID, row.ResourceName, row.No, row.ChangeHours = p.resource.ID, p.resource.Name, p.resource.No, p.resource.ChangeHours
	row.Start, row.End = p.start, p.end
	row.Revision++
	audit.Changed(tx, m.booking(ctx, was), m.booking(ctx, *row))
	if _, err := tx.Exec(ctx, `
		update booking.bookings set resource_id = $2, resource_no = $3, start_time = $4, end_time = $5, busy_from = $6, busy_until = $7,
			revision = $8 where id = $1`,
		row.ID, row.ResourceID, row.No, row.Start, row.End, p.from, p.until, row.Revision); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		insert into booking.moves (booking_id, revision, client_id, resource_id, start_time, end_time, move_time) values ($1, $2, $3, $4, $5, $6, $7)`,
		row.ID, row.Revision, row.ClientID, was.ResourceID, was.Start, was.End, now); err != nil {
		return err
	}
	return m.host.Publish(ctx, tx, row.ClientID, &v1.BookingMoved{
		BookingId: row.ID, ClientId: row.ClientID, ResourceId: row.ResourceID, FromResourceId: was.ResourceID,
		StartTime: timestamppb.New(row.Start), FromStartTime: timestamppb.New(was.Start), Time: timestamppb.New(now),
	})
}

// movesOf is where a booking was before, the last move first.
func (m *Module) movesOf(ctx context.Context, id string) ([]*v1.BookingMove, error) {
	type moveRow struct {
		Moved, Start, End time.Time
		ResourceName      string
	}
	rows, err := store.Query(ctx, m.host.Store, pgx.RowToStructByPos[moveRow], `
		select v.move_time, v.start_time, v.end_time, r.name from booking.moves v join booking.resources r on r.id = v.resource_id
		where v.booking_id = $1 order by v.revision desc`, id)
	var moves []*v1.BookingMove
	for _, row := range rows {
		start, end := row.Start.In(m.host.Zone), row.End.In(m.host.Zone)
		moves = append(moves, &v1.BookingMove{
			MoveTime: timestamppb.New(row.Moved), ResourceName: row.ResourceName, Day: start.Format(time.DateOnly), Hours: between(start, end),
		})
	}
	return moves, err
}
