package booking

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// holdService keeps times for some minutes. A hold is a booking that nobody has confirmed: it is over by the clock, whether
// or not that was noted, and the job that notes it tells those who look for a free time.
type holdService struct {
	v1.UnimplementedHoldServiceServer
	*Module
}

var _ v1.HoldServiceServer = (*holdService)(nil)

// CreateHold holds a time for a client.
func (s *holdService) CreateHold(ctx context.Context, r *v1.CreateHoldRequest) (*v1.CreateHoldResponse, error) {
	client, err := s.clientOf(ctx, r.GetClientId())
	if err != nil {
		return nil, err
	}
	var response *v1.CreateHoldResponse
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		response, err = store.Once(ctx, tx, r.GetRequestId(), r, func() (*v1.CreateHoldResponse, error) {
			if err := bookingFor(ctx, tx, client); err != nil {
				return nil, err
			}
			who := access.From(ctx)
			row, err := s.hold(ctx, tx, r, client.GetId(), string(who.Kind)+" "+who.UserID, s.settings.HoldsEach, bound(who))
			if err != nil {
				return nil, err
			}
			return &v1.CreateHoldResponse{Hold: s.asHold(row)}, nil
		})
		return err
	})
	if err != nil {
		return nil, taken(err, r)
	}
	return response, nil
}

// hold holds a time for somebody who holds less than most.
func (m *Module) hold(ctx context.Context, tx *store.Tx, w wish, clientID, holder string, most int, client bool) (bookingRow, error) {
	p, err := m.plan(ctx, tx, w, planned{}, client)
	if err != nil {
		return bookingRow{}, err
	}
	now := m.host.Now()
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('booking ' || $1, 0))`, holder); err != nil {
		return bookingRow{}, err
	}
	switch held, err := store.QueryOne(ctx, tx, pgx.RowTo[int32], `select booking.held_by($1, $2)`, holder, now); {
	case err != nil:
		return bookingRow{}, err
	case int(held) >= most:
		return bookingRow{}, refuse(codes.ResourceExhausted, startField(w), "refusal.holds", "you hold as many times as anybody may at once: confirm or release one")
	}
	until := now.Add(time.Duration(m.settings.HoldMinutes) * time.Minute)
	row := p.row(clientID, now)
	row.State, row.HoldUntil = "held", &until
	if err := insertBooking(ctx, tx, row, p, now, holder); err != nil {
		return row, err
	}
	return row, m.host.PublishAt(ctx, tx, until, row.ID, &v1.HoldDue{HoldId: row.ID})
}

// asHold is a hold as everybody reads it.
func (m *Module) asHold(r bookingRow) *v1.Hold {
	start, end := r.Start.In(m.host.Zone), r.End.In(m.host.Zone)
	h := &v1.Hold{
		Id: r.ID, ClientId: r.ClientID, ResourceId: r.ResourceID, ResourceName: r.ResourceName, StartTime: timestamppb.New(r.Start),
		EndTime: timestamppb.New(r.End), Day: start.Format(time.DateOnly), Hours: between(start, end), State: v1.HoldState_HOLD_STATE_OVER,
	}
	if r.HoldUntil != nil {
		h.ExpireTime = timestamppb.New(*r.HoldUntil)
	}
	switch {
	case r.State == "booked", r.State == "cancelled":
		h.State = v1.HoldState_HOLD_STATE_CONFIRMED
	case r.holds(m.host.Now()):
		h.State = v1.HoldState_HOLD_STATE_HELD
	}
	return h
}

// holds tells whether a row keeps its time at an instant, without being a booking.
func (r bookingRow) holds(now time.Time) bool {
	return r.State == "held" && r.HoldUntil != nil && r.HoldUntil.After(now)
}

// GetHold returns a hold of a client the caller sees, whatever became of it.
func (s *holdService) GetHold(ctx context.Context, r *v1.GetHoldRequest) (*v1.GetHoldResponse, error) {
	row, err := findHold(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	return &v1.GetHoldResponse{Hold: s.asHold(row)}, nil
}

// ConfirmHold makes the booking.
func (s *holdService) ConfirmHold(ctx context.Context, r *v1.ConfirmHoldRequest) (*v1.ConfirmHoldResponse, error) {
	held, err := findHold(ctx, s.host.Store, r.GetId(), "")
	if err != nil {
		return nil, err
	}
	client, err := s.clientOf(ctx, held.ClientID)
	if err != nil {
		return nil, err
	}
	row, err := s.confirm(ctx, held, client, r.GetNote())
	if err != nil {
		return nil, err
	}
	booking := s.booking(ctx, row)
	booking.ClientName = client.GetName()
	return &v1.ConfirmHoldResponse{Booking: booking}, nil
}

// confirm makes a booking of a hold, for a client. Doing it twice is no error.
func (m *Module) confirm(ctx context.Context, held bookingRow, client *clientmanagerv1.Client, note string) (row bookingRow, err error) {
	err = m.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := bookingFor(ctx, tx, client); err != nil {
			return err
		}
		if err := lockResource(ctx, tx, held.No); err != nil {
			return err
		}
		if row, err = findHold(ctx, tx, held.ID, " for no key update of b"); err != nil {
			return err
		}
		audit.About(tx, &v1.Booking{Id: row.ID})
		switch {
		case row.ClientID != "" && row.ClientID != client.GetId():
			return errNoHold
		case row.State == "booked", row.State == "cancelled":
			return nil
		case !row.holds(m.host.Now()):
			return errHoldOver
		}
		row.State, row.ClientID, row.Note = "booked", client.GetId(), strings.TrimSpace(note)
		audit.Concerns(tx, row.ClientID)
		return m.becomeBooking(ctx, tx, row)
	})
	return row, err
}

// becomeBooking writes over a hold that it is a booking now, and says so.
func (m *Module) becomeBooking(ctx context.Context, tx *store.Tx, row bookingRow) error {
	if _, err := tx.Exec(ctx, `update booking.bookings set state = 'booked', client_id = $2, note = $3, holder = '' where id = $1`,
		row.ID, row.ClientID, row.Note); err != nil {
		return err
	}
	if err := m.host.Cancel(ctx, tx, row.ID, &v1.HoldDue{}); err != nil {
		return err
	}
	return m.publishMade(ctx, tx, row)
}

// ReleaseHold frees a time before its hold ends.
func (s *holdService) ReleaseHold(ctx context.Context, r *v1.ReleaseHoldRequest) (*v1.ReleaseHoldResponse, error) {
	err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		row, err := findHold(ctx, tx, r.GetId(), " for no key update of b")
		if err != nil {
			return err
		}
		audit.About(tx, &v1.Booking{Id: row.ID})
		switch row.State {
		case "over":
			return nil
		case "held":
			return s.release(ctx, tx, row.ID)
		}
		return refuse(codes.FailedPrecondition, "", "refusal.confirmed", "it was confirmed: cancel the booking instead")
	})
	return &v1.ReleaseHoldResponse{}, err
}

// release ends a hold.
func (m *Module) release(ctx context.Context, tx *store.Tx, id string) error {
	if _, err := tx.Exec(ctx, `update booking.bookings set state = 'over' where id = $1 and state = 'held'`, id); err != nil {
		return err
	}
	return m.host.Cancel(ctx, tx, id, &v1.HoldDue{})
}

func findHold(ctx context.Context, q store.Querier, id, lock string) (bookingRow, error) {
	row, err := store.QueryOne(ctx, q, pgx.RowToStructByPos[bookingRow], bookingRows+` where b.id = $1 and b.hold_until is not null`+lock, id)
	return row, store.NotFoundAs(err, errNoHold)
}

// holdDue notes that a hold's time is up. One that was made longer meanwhile has a job of its own.
func (m *Module) holdDue(ctx context.Context, _ event.Event, e *v1.HoldDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		if !store.IsID(e.GetHoldId()) {
			return nil
		}
		_, err := tx.Exec(ctx, `update booking.bookings set state = 'over' where id = $1 and state = 'held' and hold_until <= $2`, e.GetHoldId(), m.host.Now())
		return err
	})
}

// overKept is how long a hold is kept that is over, so that who confirms it too late is told so.
const overKept = 24 * time.Hour

// guestsKept is how long is kept what visitors said of themselves.
const guestsKept = 30 * 24 * time.Hour

// sweep forgets holds that are over, and who visitors were whose bookings are a client's by now.
func (m *Module) sweep(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		// A visitor's is there for longer where they have said who they are: staff may call them.
		_, err := tx.Exec(ctx, `
			delete from booking.bookings b where b.state = 'over' and b.hold_until <= $1
				and (b.hold_until <= $2 or not exists (select from booking.guests g where g.booking_id = b.id and g.step <> 'started'))`,
			m.host.Now().Add(-overKept), m.host.Now().Add(-guestsKept))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			delete from booking.guests g using booking.bookings b
			where b.id = g.booking_id and b.state in ('booked', 'cancelled') and g.create_time <= $1`, m.host.Now().Add(-guestsKept))
		return err
	})
}
