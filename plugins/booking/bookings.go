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
	default:
		c.Add("b.state in ('booked', 'cancelled')") // holds are no bookings yet
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
		response.Bookings = append(response.Bookings, s.booking(ctx, row))
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
	booking := s.booking(ctx, row)
	if booking.Moves, err = s.movesOf(ctx, row.ID); err != nil {
		return nil, err
	}
	s.name(ctx, booking)
	return &v1.GetBookingResponse{Booking: booking}, nil
}

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
			if err := bookingFor(ctx, tx, client); err != nil {
				return nil, err
			}
			p, err := s.plan(ctx, tx, r, planned{}, bound(access.From(ctx)))
			if err != nil {
				return nil, err
			}
			row := p.row(client.GetId(), s.host.Now())
			row.Note = strings.TrimSpace(r.GetNote())
			if err := insertBooking(ctx, tx, row, p, s.host.Now()); err != nil {
				return nil, err
			}
			if err := s.publishMade(ctx, tx, row); err != nil {
				return nil, err
			}
			return &v1.CreateBookingResponse{Booking: s.booking(ctx, row)}, nil
		})
		return err
	})
	if err != nil {
		return nil, taken(err, r)
	}
	response.Booking.ClientName = client.GetName()
	return response, nil
}

// row is a booking of what is planned, for a client.
func (p planned) row(clientID string, now time.Time) bookingRow {
	return bookingRow{
		ID: store.NewID(), ClientID: clientID, ResourceID: p.resource.ID, ResourceName: p.resource.Name, Start: p.start, End: p.end,
		State: "booked", Created: now, Revision: 1, No: p.resource.No, ChangeHours: p.resource.ChangeHours,
	}
}

// bookingFor keeps a client from being suspended until the transaction ends, and refuses one that is.
func bookingFor(ctx context.Context, tx *store.Tx, client *clientmanagerv1.Client) error {
	suspended, err := holdClient(ctx, tx, client.GetId())
	if err != nil {
		return err
	}
	if suspended || client.GetStatus() == clientmanagerv1.ClientStatus_CLIENT_STATUS_SUSPENDED {
		return refuse(codes.FailedPrecondition, "client_id", "refusal.suspended", "this client is suspended: nothing is booked for it")
	}
	return nil
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

// publishMade says that something is booked.
func (m *Module) publishMade(ctx context.Context, tx *store.Tx, row bookingRow) error {
	return m.host.Publish(ctx, tx, row.ClientID, &v1.BookingMade{
		BookingId: row.ID, ClientId: row.ClientID, ResourceId: row.ResourceID, State: v1.BookingState_BOOKING_STATE_BOOKED,
		Time: timestamppb.New(m.host.Now()),
	})
}

// changeable refuses a change of a booking that the caller may not make by themselves any more.
func (m *Module) changeable(ctx context.Context, row bookingRow, otherwise error) error {
	now := m.host.Now()
	switch {
	case !row.End.After(now):
		return otherwise
	case bound(access.From(ctx)) && !now.Before(row.changeUntil(m.rules(row.rulesOf()))):
		return refuse(codes.FailedPrecondition, "", "refusal.too_late", "it is too late to change this booking by yourself: call us")
	}
	return nil
}

// CancelBooking frees the time again.
func (s *bookingService) CancelBooking(ctx context.Context, r *v1.CancelBookingRequest) (*v1.CancelBookingResponse, error) {
	var row bookingRow
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if row, err = holdBooking(ctx, tx, r.GetId()); err != nil || row.State == "cancelled" {
			return err
		}
		if err := s.changeable(ctx, row, errOver); err != nil {
			return err
		}
		now := s.host.Now()
		present := s.booking(ctx, row)
		row.State, row.CancelReason, row.Cancelled = "cancelled", strings.TrimSpace(r.GetReason()), &now
		row.Revision++
		audit.Changed(tx, present, s.booking(ctx, row))
		if err := cancelBooking(ctx, tx, row.ID, row.CancelReason, now); err != nil {
			return err
		}
		return s.publishCancelled(ctx, tx, row.ClientID, cancelled{row.ID, row.ResourceID}, now)
	})
	if err != nil {
		return nil, err
	}
	booking := s.booking(ctx, row)
	s.name(ctx, booking)
	return &v1.CancelBookingResponse{Booking: booking}, nil
}

func (m *Module) publishCancelled(ctx context.Context, tx *store.Tx, clientID string, b cancelled, now time.Time) error {
	return m.host.Publish(ctx, tx, clientID, &v1.BookingCancelled{
		BookingId: b.ID, ClientId: clientID, ResourceId: b.ResourceID, State: v1.BookingState_BOOKING_STATE_CANCELLED, Time: timestamppb.New(now),
	})
}
