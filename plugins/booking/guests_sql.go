package booking

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// guestRow is a visitor's booking and who they said they are.
type guestRow struct {
	bookingRow
	Step, Name, Email, Phone, Said string
	RequestID, RegistrationID      string
	Sent                           int
}

const guestRows = `select b.id::text, coalesce(b.client_id::text, ''), b.resource_id::text, r.name, b.start_time, b.end_time, b.state, b.note,
	b.cancel_reason, b.create_time, b.cancel_time, b.hold_until, b.revision, r.no, r.change_hours,
	g.step, g.name, g.email, g.phone, g.note, coalesce(g.request_id::text, ''), coalesce(g.registration_id::text, ''), g.sent
	from booking.guests g join booking.bookings b on b.id = g.booking_id join booking.resources r on r.id = b.resource_id`

// scanGuest reads a row of guestRows.
func scanGuest(row pgx.CollectableRow) (g guestRow, err error) {
	err = row.Scan(&g.ID, &g.ClientID, &g.ResourceID, &g.ResourceName, &g.Start, &g.End, &g.State, &g.Note, &g.CancelReason, &g.Created,
		&g.Cancelled, &g.HoldUntil, &g.Revision, &g.No, &g.ChangeHours,
		&g.Step, &g.Name, &g.Email, &g.Phone, &g.Said, &g.RequestID, &g.RegistrationID, &g.Sent)
	return g, err
}

func guestByToken(ctx context.Context, q store.Querier, token, lock string) (guestRow, error) {
	row, err := store.QueryOne(ctx, q, scanGuest, guestRows+` where g.token = $1`+lock, hashed(token))
	return row, store.NotFoundAs(err, errNoGuest)
}

// guestOf finds the visitor who asked to become a client by a request.
func guestOf(ctx context.Context, q store.Querier, registrationID, lock string) (guestRow, error) {
	row, err := store.QueryOne(ctx, q, scanGuest, guestRows+` where g.registration_id = $1`+lock, registrationID)
	return row, store.NotFoundAs(err, errNoGuest)
}

func listGuests(ctx context.Context, q store.Querier, c *store.Where, limit int) ([]guestRow, error) {
	return store.Query(ctx, q, scanGuest, fmt.Sprintf(`%s%s order by g.create_time desc, g.booking_id desc limit %d`, guestRows, c.String(), limit), c.Args...)
}

// guestsIn asks for the visitors whose bookings came so far.
func guestsIn(state v1.GuestState, now time.Time) *store.Where {
	c := &store.Where{}
	held := func(step string) {
		c.Add("g.step = ?", step)
		c.Add("b.state = 'held' and b.hold_until > ?", now)
	}
	switch state {
	case v1.GuestState_GUEST_STATE_HELD:
		held("started")
	case v1.GuestState_GUEST_STATE_SENT:
		held("sent")
	case v1.GuestState_GUEST_STATE_WAITING:
		held("waiting")
	case v1.GuestState_GUEST_STATE_BOOKED:
		c.Add("b.state in ('booked', 'cancelled')")
	case v1.GuestState_GUEST_STATE_OVER:
		c.Add("(b.state = 'over' or b.state = 'held' and b.hold_until <= ?)", now)
	}
	return c
}

func listPublic(ctx context.Context, q store.Querier, after, limit int) ([]resourceRow, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[resourceRow],
		`select `+resourceFields+` from booking.resources where public and state = 'active' and no > $1 order by no limit $2`, after, limit)
}

// countGuests counts what visitors hold who have not shown that their e-mail is theirs.
func countGuests(ctx context.Context, tx *store.Tx, now time.Time) (int, error) {
	return store.QueryOne(ctx, tx, pgx.RowTo[int], `
		select count(*)::integer from booking.bookings where state = 'held' and holder >= 'guest ' and holder < 'guest!' and hold_until > $1`, now)
}

func insertGuest(ctx context.Context, tx *store.Tx, id string, token []byte, now time.Time) error {
	_, err := tx.Exec(ctx, `insert into booking.guests (booking_id, token, step, create_time) values ($1, $2, 'started', $3)`, id, token, now)
	return err
}

// saveGuest writes who a visitor says they are, and until when their time is held now.
func saveGuest(ctx context.Context, tx *store.Tx, g guestRow) error {
	if _, err := tx.Exec(ctx, `
		update booking.guests set step = $2, name = $3, email = $4, phone = $5, note = $6, request_id = nullif($7, '')::uuid, sent = $8
		where booking_id = $1`, g.ID, g.Step, g.Name, g.Email, g.Phone, g.Said, g.RequestID, g.Sent); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `update booking.bookings set hold_until = $2 where id = $1`, g.ID, g.HoldUntil)
	return err
}
