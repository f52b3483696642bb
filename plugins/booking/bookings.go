package booking

import (
	"context"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// bookingService books resources for clients. Everything is read and written with the caller's own eyes: what they do
// not see is not there.
type bookingService struct {
	v1.UnimplementedBookingServiceServer
	*Module
}

var _ v1.BookingServiceServer = (*bookingService)(nil)

// ListBookings lists the bookings of the clients the caller sees.
func (s *bookingService) ListBookings(ctx context.Context, r *v1.ListBookingsRequest) (*v1.ListBookingsResponse, error) {
	c := &store.Where{}
	if r.GetClientId() != "" {
		c.Add("b.client_id = ?::uuid", r.GetClientId())
	}
	if r.GetResourceId() != "" {
		c.Add("b.resource_id = ?::uuid", r.GetResourceId())
	}
	switch r.GetState() {
	case v1.BookingState_BOOKING_STATE_BOOKED:
		c.Add("b.state = 'booked'")
	case v1.BookingState_BOOKING_STATE_CANCELLED:
		c.Add("b.state = 'cancelled'")
	}
	if now := s.host.Now(); r.GetUpcoming() {
		c.Add("b.end_time > ?", now)
		c.Add("b.start_time > ?", now.Add(-longest)) // which an index knows
	}
	if r.GetFromTime() != nil {
		from := r.GetFromTime().AsTime()
		c.Add("b.end_time > ?", from)
		c.Add("b.start_time > ?", from.Add(-longest)) // which an index knows
	}
	if r.GetUntilTime() != nil {
		c.Add("b.start_time < ?", r.GetUntilTime().AsTime())
	}
	soonest := r.GetOrderBy() == v1.BookingOrder_BOOKING_ORDER_SOONEST ||
		r.GetOrderBy() == v1.BookingOrder_BOOKING_ORDER_UNSPECIFIED && r.GetFromTime() != nil
	direction, sign := "desc", "<"
	if soonest {
		direction, sign = "asc", ">"
	}
	var start time.Time
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &start, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(b.start_time, b.id) "+sign+" (?, ?::uuid)", start, id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := listBookings(ctx, s.host.Store, c, direction, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListBookingsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last bookingRow) []any { return []any{last.Start, last.ID} })
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		response.Bookings = append(response.Bookings, row.booking(s.host.Zone))
	}
	s.name(ctx, response.GetBookings()...)
	return response, nil
}

// GetBooking returns a booking of a client the caller sees.
func (s *bookingService) GetBooking(ctx context.Context, r *v1.GetBookingRequest) (*v1.GetBookingResponse, error) {
	row, err := findBooking(ctx, s.host.Store, r.GetId())
	if err != nil {
		return nil, err
	}
	booking := row.booking(s.host.Zone)
	s.name(ctx, booking)
	return &v1.GetBookingResponse{Booking: booking}, nil
}

// longest is how long a booking can be.
const longest = 24 * time.Hour

// CreateBooking books a resource for a client.
func (s *bookingService) CreateBooking(ctx context.Context, r *v1.CreateBookingRequest) (*v1.CreateBookingResponse, error) {
	client, err := s.clientOf(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	var response *v1.CreateBookingResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateBookingResponse, error) {
			// What may be otherwise by now is looked at in here: the same request again has the first answer.
			if suspended, err := holdClient(ctx, tx, client.GetId()); err != nil {
				return nil, err
			} else if suspended || client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED {
				return nil, refuse(codes.FailedPrecondition, "client_id", "refusal.suspended", "this client is suspended: nothing is booked for it")
			}
			row, no, err := s.plan(ctx, tx, r)
			if err != nil {
				return nil, err
			}
			row.ClientID = client.GetId()
			if err := s.book(ctx, tx, row, no); err != nil {
				return nil, err
			}
			return &v1.CreateBookingResponse{Booking: row.booking(s.host.Zone)}, nil
		})
		return err
	})
	if store.Constraint(err) == "bookings_no_double" {
		return nil, refuse(codes.AlreadyExists, startField(r), "refusal.taken", "somebody has this resource then: choose another time")
	}
	if err != nil {
		return nil, err
	}
	response.Booking.ClientName = client.GetName()
	return response, nil
}

// clientOf is the client that is meant: the one named, or the one a contact acts for. It is asked for with the caller's
// own eyes, so that nobody books for whom they do not see, and before the transaction: another module is asked.
func (m *Module) clientOf(ctx context.Context, named string) (*clientmanagerv1.Client, error) {
	if who := access.From(ctx); who.Kind == access.Contact {
		if named != "" && named != who.ActingFor {
			return nil, errNoClient
		}
		named = who.ActingFor
	}
	if named == "" {
		return nil, refuse(codes.InvalidArgument, "client_id", "refusal.client_needed", "say which client the booking is for")
	}
	response, err := m.clients.GetClient(ctx, &clientmanagerv1.GetClientRequest{Id: named})
	if err != nil {
		return nil, err
	}
	return response.GetClient(), nil
}

// startField is the field in which a request says its start.
func startField(r *v1.CreateBookingRequest) string {
	if r.GetStartTime() != nil {
		return "start_time"
	}
	return "time"
}

// plan finds out what a request asks for, and whether it can be had but for what is taken.
func (m *Module) plan(ctx context.Context, tx *store.Tx, r *v1.CreateBookingRequest) (row bookingRow, no int32, err error) {
	resource, err := findResource(ctx, tx, r.GetResourceId())
	if err != nil {
		return row, 0, err
	}
	if resource.State != "active" {
		return row, 0, refuse(codes.FailedPrecondition, "resource_id", "refusal.archived", "this resource takes no bookings any more")
	}
	start, err := m.startOf(r)
	if err != nil {
		return row, 0, err
	}
	minutes := r.GetMinutes()
	if minutes == 0 {
		minutes = resource.SlotMinutes
	}
	end := start.Add(time.Duration(minutes) * time.Minute)
	now := m.host.Now()
	opens, closes := resource.hours(start)
	switch field := startField(r); {
	case !start.After(now):
		return row, 0, refuse(codes.InvalidArgument, field, "refusal.past", "this time is over: choose a later one")
	case start.After(m.latest(now.In(m.host.Zone))):
		return row, 0, refuse(codes.InvalidArgument, field, "refusal.too_far", "this is too far ahead: choose an earlier day")
	case start.Before(opens) || end.After(closes):
		return row, 0, refuse(codes.InvalidArgument, field, "refusal.closed", "this resource can be booked from "+minuteText(int(resource.Opens))+" to "+minuteText(int(resource.Closes)))
	}
	return bookingRow{
		ID: store.NewID(), ResourceID: resource.ID, ResourceName: resource.Name, Start: start, End: end, State: "booked",
		Note: strings.TrimSpace(r.GetNote()), Created: now,
	}, resource.No, nil
}

// startOf is when a booking is to begin, in the portal's time zone.
func (m *Module) startOf(r *v1.CreateBookingRequest) (time.Time, error) {
	switch {
	case r.GetStartTime() != nil && (r.GetDay() != "" || r.GetTime() != ""):
		return time.Time{}, refuse(codes.InvalidArgument, "start_time", "refusal.start_twice", "give start_time, or day and time, not both")
	case r.GetStartTime() != nil:
		return r.GetStartTime().AsTime().In(m.host.Zone).Truncate(time.Second), nil
	case r.GetDay() == "":
		return time.Time{}, refuse(codes.InvalidArgument, "day", "refusal.day_needed", "say on which day")
	case r.GetTime() == "":
		return time.Time{}, refuse(codes.InvalidArgument, "time", "refusal.time_needed", "say at which time")
	}
	day, err := m.day(r.GetDay(), "day")
	if err != nil {
		return day, err
	}
	start, ok := at(day, minuteOf(r.GetTime(), 0))
	if !ok {
		return start, refuse(codes.InvalidArgument, "time", "refusal.no_time", "clocks skip this time on that day: choose another")
	}
	return start, nil
}

// book writes a booking and says so.
func (m *Module) book(ctx context.Context, tx *store.Tx, row bookingRow, no int32) error {
	if err := insertBooking(ctx, tx, row, no); err != nil {
		return err
	}
	return m.host.Publish(ctx, tx, row.ClientID, &v1.BookingMade{
		BookingId: row.ID, ClientId: row.ClientID, ResourceId: row.ResourceID, State: v1.BookingState_BOOKING_STATE_BOOKED,
		Time: timestamppb.New(row.Created),
	})
}

// CancelBooking frees the time again.
func (s *bookingService) CancelBooking(ctx context.Context, r *v1.CancelBookingRequest) (*v1.CancelBookingResponse, error) {
	var row bookingRow
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if row, err = holdBooking(ctx, tx, r.GetId()); err != nil || row.State == "cancelled" {
			return err
		}
		now := s.host.Now()
		if !row.End.After(now) {
			return errOver
		}
		present := row.booking(s.host.Zone)
		row.State, row.CancelReason, row.Cancelled = "cancelled", strings.TrimSpace(r.GetReason()), &now
		audit.Changed(tx, present, row.booking(s.host.Zone))
		if err := cancelBooking(ctx, tx, row.ID, row.CancelReason, now); err != nil {
			return err
		}
		return s.publishCancelled(ctx, tx, row.ClientID, cancelled{row.ID, row.ResourceID}, now)
	})
	if err != nil {
		return nil, err
	}
	booking := row.booking(s.host.Zone)
	s.name(ctx, booking)
	return &v1.CancelBookingResponse{Booking: booking}, nil
}

func (m *Module) publishCancelled(ctx context.Context, tx *store.Tx, clientID string, b cancelled, now time.Time) error {
	return m.host.Publish(ctx, tx, clientID, &v1.BookingCancelled{
		BookingId: b.ID, ClientId: clientID, ResourceId: b.ResourceID, State: v1.BookingState_BOOKING_STATE_CANCELLED, Time: timestamppb.New(now),
	})
}
