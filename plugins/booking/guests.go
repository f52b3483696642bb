package booking

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// guestService lets visitors book. They are nobody here: the module acts, for the rules that hold for clients.
type guestService struct {
	v1.UnimplementedGuestServiceServer
	*Module
}

var _ v1.GuestServiceServer = (*guestService)(nil)

var (
	errNoGuests  = refuse(codes.FailedPrecondition, "", "refusal.no_guests", "visitors cannot book by themselves here: call us")
	errNoGuest   = refuse(codes.NotFound, "", "refusal.no_guest", "there is no such booking: its time may have been up long ago")
	errManyGuest = refuse(codes.ResourceExhausted, "", "refusal.many_guests", "very many visitors are booking just now: try again in some minutes")
)

// guestToken is the secret part of a visitor's link. It follows from the hold, so that the first answer can be given again
// though only the hash is stored.
func (m *Module) guestToken(id string) string {
	mac := hmac.New(sha256.New, m.host.Key("guests", 32))
	mac.Write([]byte(id))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func hashed(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// visitor is whom a visitor's holds count for: their address, which is not kept itself.
func (m *Module) visitor(ctx context.Context) string {
	mac := hmac.New(sha256.New, m.host.Key("visitors", 32))
	mac.Write([]byte(access.From(ctx).Place.Address))
	return "guest " + hex.EncodeToString(mac.Sum(nil)[:16])
}

// ListGuestResources lists what visitors may book.
func (s *guestService) ListGuestResources(ctx context.Context, r *v1.ListGuestResourcesRequest) (*v1.ListGuestResourcesResponse, error) {
	response := &v1.ListGuestResourcesResponse{}
	if !s.settings.Visitors.Open {
		return response, nil
	}
	after := 0
	if _, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &after); err != nil {
		return nil, err
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := listPublic(s.host.Self(ctx), s.host.Store, after, n+1)
	if err != nil {
		return nil, err
	}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last resourceRow) []any { return []any{last.No} })
	for _, row := range rows {
		response.Resources = append(response.Resources, &v1.GuestResource{Id: row.ID, Name: row.Name, Description: row.Description})
	}
	return response, err
}

// ListGuestSlots lists when visitors may have something.
func (s *guestService) ListGuestSlots(ctx context.Context, r *v1.ListGuestSlotsRequest) (*v1.ListGuestSlotsResponse, error) {
	ctx = s.host.Self(ctx)
	if err := s.forVisitors(ctx, s.host.Store, r.GetResourceId()); err != nil {
		return nil, err
	}
	day, err := s.day(r.GetDay(), "day")
	if err != nil {
		return nil, err
	}
	free, err := s.freeOn(ctx, r.GetResourceId(), day, 0, true)
	if err != nil {
		return nil, err
	}
	response := &v1.ListGuestSlotsResponse{}
	for _, f := range free {
		response.Slots = append(response.Slots, &v1.GuestSlot{
			ResourceId: f.resource.ID, Day: f.start.Format(time.DateOnly), Time: f.start.Format(clockText), Hours: between(f.start, f.end),
			StartTime: timestamppb.New(f.start),
		})
	}
	return response, nil
}

// forVisitors refuses what visitors may not book: it is not there for them.
func (m *Module) forVisitors(ctx context.Context, q store.Querier, id string) error {
	if !m.settings.Visitors.Open {
		return errNoGuests
	}
	resource, err := findResource(ctx, q, id)
	if err == nil && !resource.Public {
		return refuse(codes.NotFound, "resource_id", "refusal.no_resource", "there is no such resource")
	}
	return err
}

// guestWish is what a visitor asks for, who takes the usual length.
type guestWish struct {
	*v1.StartGuestBookingRequest
}

func (guestWish) GetStartTime() *timestamppb.Timestamp { return nil }
func (guestWish) GetMinutes() int32                    { return 0 }

// StartGuestBooking holds a time for a visitor.
func (s *guestService) StartGuestBooking(ctx context.Context, r *v1.StartGuestBookingRequest) (*v1.StartGuestBookingResponse, error) {
	visitor := s.visitor(ctx)
	ctx = s.host.Self(ctx)
	if err := s.forVisitors(ctx, s.host.Store, r.GetResourceId()); err != nil {
		return nil, err
	}
	var response *v1.StartGuestBookingResponse
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.StartGuestBookingResponse, error) {
			now := s.host.Now()
			if many, err := countGuests(ctx, tx, now); err != nil {
				return nil, err
			} else if many >= s.settings.Visitors.AtOnce {
				return nil, errManyGuest
			}
			row, err := s.hold(ctx, tx, guestWish{r}, "", visitor, s.settings.HoldsEach, true)
			if err != nil {
				return nil, err
			}
			audit.About(tx, &v1.Booking{Id: row.ID})
			guest := guestRow{bookingRow: row, Step: "started"}
			booking := s.guestBooking(guest)
			booking.Id = row.ID // kept, and not told
			return &v1.StartGuestBookingResponse{Booking: booking}, insertGuest(ctx, tx, row.ID, hashed(s.guestToken(row.ID)), now)
		})
		return err
	})
	if err != nil {
		return nil, taken(err, guestWish{r})
	}
	response.Token = s.guestToken(response.GetBooking().GetId())
	response.Booking.Id = ""
	return response, nil
}

// guestBooking is what whoever has the link is told.
func (m *Module) guestBooking(g guestRow) *v1.GuestBooking {
	start, end := g.Start.In(m.host.Zone), g.End.In(m.host.Zone)
	b := &v1.GuestBooking{
		ResourceName: g.ResourceName, Day: start.Format(time.DateOnly), Hours: between(start, end), State: v1.GuestState_GUEST_STATE_OVER,
	}
	switch {
	case g.State == "booked", g.State == "cancelled":
		b.State = v1.GuestState_GUEST_STATE_BOOKED
	case g.holds(m.host.Now()):
		b.HoldUntilTime = timestamppb.New(*g.HoldUntil)
		b.State = map[string]v1.GuestState{
			"started": v1.GuestState_GUEST_STATE_HELD, "sent": v1.GuestState_GUEST_STATE_SENT, "waiting": v1.GuestState_GUEST_STATE_WAITING,
		}[g.Step]
	}
	return b
}

// GetGuestBooking says how a visitor's booking stands.
func (s *guestService) GetGuestBooking(ctx context.Context, r *v1.GetGuestBookingRequest) (*v1.GetGuestBookingResponse, error) {
	guest, err := guestByToken(s.host.Self(ctx), s.host.Store, r.GetToken(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetGuestBookingResponse{Booking: s.guestBooking(guest)}, nil
}

// ClaimGuestBooking makes it a booking of the client that the caller acts for, or names. What the visitor held no client's eyes see:
// so the module looks, once it is known who asks.
func (s *guestService) ClaimGuestBooking(ctx context.Context, r *v1.ClaimGuestBookingRequest) (*v1.ClaimGuestBookingResponse, error) {
	client, err := s.clientOf(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	self := s.host.Self(ctx)
	guest, err := guestByToken(self, s.host.Store, r.GetToken(), "")
	if err != nil {
		return nil, err
	}
	if guest.ClientID != "" && guest.ClientID != client.GetId() {
		return nil, errNoGuest
	}
	held := guest.bookingRow
	held.ClientID = client.GetId()
	row, err := s.confirm(self, held, client, strings.TrimSpace(r.GetNote()))
	if err != nil {
		return nil, err
	}
	booking := s.booking(ctx, row)
	booking.ClientName = client.GetName()
	return &v1.ClaimGuestBookingResponse{Booking: booking}, nil
}

// ListGuestBookings lists what visitors asked for.
func (s *guestService) ListGuestBookings(ctx context.Context, r *v1.ListGuestBookingsRequest) (*v1.ListGuestBookingsResponse, error) {
	c := guestsIn(r.GetState(), s.host.Now())
	var at time.Time
	var id string
	if on, err := s.host.Store.DecodePageToken(r, r.GetPageToken(), &at, &id); err != nil {
		return nil, err
	} else if on {
		c.Add("(g.create_time, g.booking_id) < (?, ?::uuid)", at, id)
	}
	n := store.PageSize(r.GetPageSize())
	rows, err := listGuests(ctx, s.host.Store, c, n+1)
	if err != nil {
		return nil, err
	}
	response := &v1.ListGuestBookingsResponse{}
	rows, response.NextPageToken, err = store.NextPage(s.host.Store.Pages, r, rows, n, func(last guestRow) []any { return []any{last.Created, last.ID} })
	for _, row := range rows {
		b := s.guestBooking(row)
		b.Id, b.Name, b.Email, b.Phone, b.Note = row.ID, row.Name, row.Email, row.Phone, row.Said
		b.RegistrationId, b.ClientId, b.CreateTime = row.RegistrationID, row.ClientID, timestamppb.New(row.Created)
		response.Bookings = append(response.Bookings, b)
	}
	return response, err
}
