package booking

import (
	"context"
	"errors"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// registrationChanged follows what becomes of the visitors who booked: the one who confirmed their e-mail keeps the time, the
// one who became a client has the booking, and the one who was declined frees it.
func (m *Module) registrationChanged(ctx context.Context, _ event.Event, e *clientmanagerv1.RegistrationChanged) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		if !store.IsID(e.GetRegistrationId()) {
			return nil
		}
		if e.GetState() == clientmanagerv1.RegistrationState_REGISTRATION_STATE_UNCONFIRMED {
			if !store.IsID(e.GetRequestId()) {
				return nil
			}
			_, err := tx.Exec(ctx, `update booking.guests set registration_id = $2 where request_id = $1`, e.GetRequestId(), e.GetRegistrationId())
			return err
		}
		guest, err := guestOf(ctx, tx, e.GetRegistrationId(), "")
		if errors.Is(err, errNoGuest) {
			return nil // it came by another way
		}
		if err != nil {
			return err
		}
		switch e.GetState() {
		case clientmanagerv1.RegistrationState_REGISTRATION_STATE_WAITING:
			_, err = m.keep(ctx, tx, guest)
			return err
		case clientmanagerv1.RegistrationState_REGISTRATION_STATE_APPROVED:
			return m.becomesClient(ctx, tx, guest, e.GetClientId())
		default:
			return m.release(ctx, tx, guest.ID)
		}
	})
}

// keep holds a visitor's time until it begins. One whose link was used too late has it again where nobody else has it.
func (m *Module) keep(ctx context.Context, tx *store.Tx, guest guestRow) (kept bool, err error) {
	now := m.host.Now()
	if err := lockResource(ctx, tx, guest.No); err != nil {
		return false, err
	}
	if guest, err = guestOf(ctx, tx, guest.RegistrationID, " for no key update of g, b"); err != nil {
		return false, err
	}
	if guest.State != "held" && guest.State != "over" || !guest.Start.After(now) {
		return false, nil
	}
	err = tx.Savepoint(ctx, func(ctx context.Context) error {
		if _, err := tx.Exec(ctx, `
			select booking.clear(b.resource_no, b.busy_from, b.busy_until, $2) from booking.bookings b where b.id = $1`, guest.ID, now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `update booking.bookings set state = 'held', hold_until = start_time, holder = '' where id = $1`, guest.ID); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `update booking.guests set step = 'waiting' where booking_id = $1`, guest.ID)
		return err
	})
	if store.Constraint(err) == "bookings_no_double" {
		return false, nil // staff see that it came to nothing, and call
	}
	if err != nil {
		return false, err
	}
	return true, m.host.PublishAt(ctx, tx, guest.Start, guest.ID, &v1.HoldDue{HoldId: guest.ID})
}

// becomesClient makes the visitor's booking the client's. One that was claimed by signing in is theirs already.
func (m *Module) becomesClient(ctx context.Context, tx *store.Tx, guest guestRow, clientID string) error {
	if !store.IsID(clientID) {
		return nil
	}
	suspended, err := holdClient(ctx, tx, clientID)
	if err != nil {
		return err
	}
	if suspended {
		return m.release(ctx, tx, guest.ID)
	}
	kept, err := m.keep(ctx, tx, guest)
	if err != nil || !kept {
		return err
	}
	row := guest.bookingRow
	row.ClientID, row.Note = clientID, guest.Said
	audit.Concerns(tx, clientID)
	return m.becomeBooking(ctx, tx, row)
}
