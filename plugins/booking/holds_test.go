package booking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func holds(u *kerneltest.User) v1.HoldServiceClient { return v1.NewHoldServiceClient(u.Conn) }

// hold holds an hour of a day.
func hold(t testing.TB, u *kerneltest.User, client, resource, day, at string) (*v1.Hold, error) {
	t.Helper()
	made, err := holds(u).CreateHold(t.Context(), &v1.CreateHoldRequest{RequestId: store.NewID(), ClientId: client, ResourceId: resource, Day: day, Time: at})
	return made.GetHold(), err
}

// A hold keeps others away until it is confirmed, released, or over by the clock: at once, not when a job comes by.
func TestHold(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	lesia, taras := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director"), p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
	const day = "2026-03-03"
	held, err := hold(t, lesia, "", hall, day, "10:00")
	require.NoError(t, err)
	require.Equal(t, v1.HoldState_HOLD_STATE_HELD, held.GetState())
	require.Equal(t, monday.Add(10*time.Minute), held.GetExpireTime().AsTime())
	_, err = book(t, taras, "", hall, day, "10:30")
	refused(t, err, codes.AlreadyExists, "time")
	require.NotContains(t, freeTimes(t, taras, hall, day, 0), "10:00")
	listed, err := bookings(lesia).ListBookings(t.Context(), &v1.ListBookingsRequest{})
	require.NoError(t, err)
	require.Empty(t, listed.GetBookings(), "a hold is no booking yet")
	_, err = holds(taras).ConfirmHold(t.Context(), &v1.ConfirmHoldRequest{Id: held.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err), "it is another client's")
	_, err = holds(taras).ReleaseHold(t.Context(), &v1.ReleaseHoldRequest{Id: held.GetId()})
	require.Equal(t, codes.NotFound, status.Code(err))

	for range 2 {
		confirmed, err := holds(lesia).ConfirmHold(t.Context(), &v1.ConfirmHoldRequest{Id: held.GetId(), Note: "Two guests"})
		require.NoError(t, err)
		require.Equal(t, held.GetId(), confirmed.GetBooking().GetId())
		require.Equal(t, "Two guests", confirmed.GetBooking().GetNote())
		require.Equal(t, "Zerno Roastery", confirmed.GetBooking().GetClientName())
	}
	require.Equal(t, 1, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.booking.v1.BookingMade'"))
	_, err = holds(lesia).ReleaseHold(t.Context(), &v1.ReleaseHoldRequest{Id: held.GetId()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))

	// What is released is free, and so is what is over.
	held, err = hold(t, lesia, "", hall, day, "14:00")
	require.NoError(t, err)
	_, err = holds(lesia).ReleaseHold(t.Context(), &v1.ReleaseHoldRequest{Id: held.GetId()})
	require.NoError(t, err)
	_, err = book(t, taras, "", hall, day, "14:00")
	require.NoError(t, err)
	late, err := hold(t, lesia, "", hall, day, "16:00")
	require.NoError(t, err)
	clock.Move(10 * time.Minute)
	require.Contains(t, freeTimes(t, taras, hall, day, 0), "16:00", "it is over by the clock")
	_, err = book(t, taras, "", hall, day, "16:30")
	require.NoError(t, err)
	_, err = holds(lesia).ConfirmHold(t.Context(), &v1.ConfirmHoldRequest{Id: late.GetId()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	require.ErrorContains(t, err, "held no more")
	again, err := holds(lesia).GetHold(t.Context(), &v1.GetHoldRequest{Id: late.GetId()})
	require.NoError(t, err)
	require.Equal(t, v1.HoldState_HOLD_STATE_OVER, again.GetHold().GetState())
}

// A job notes that a hold is over: so those who look at free times are told.
func TestHoldsEndByThemselves(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(monday)
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withBooking, Config: "time_zone: Europe/Kyiv", Clock: clock})
	head := p.Head(t)
	hall, client := room(t, head, "Hall").GetId(), p.Client(t, "Zerno Roastery")
	held, err := hold(t, head, client, hall, "2026-03-03", "10:00")
	require.NoError(t, err)
	state := func() string {
		return query[string](t, p, "select state from booking.bookings where id = $1", held.GetId())
	}
	require.Equal(t, "held", state())
	clock.Move(11 * time.Minute)
	require.Eventually(t, func() bool { return state() == "over" }, 30*time.Second, 20*time.Millisecond)
}

// A caller holds three times at once, however many ask at the same moment, and whatever for.
func TestHoldsAreLimited(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	lesia, taras := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director"), p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
	times := []string{"09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00"}
	errs := kerneltest.AtOnce(len(times), func(i int) error {
		_, err := hold(t, lesia, "", hall, "2026-03-03", times[i])
		return err
	})
	require.Equal(t, 3, kerneltest.Count(errs, codes.OK), "%v", errs)
	require.Equal(t, 5, kerneltest.Count(errs, codes.ResourceExhausted), "%v", errs)
	_, err := hold(t, taras, "", hall, "2026-03-04", "10:00")
	require.NoError(t, err, "others have their own limit")
	clock.Move(10 * time.Minute)
	_, err = hold(t, lesia, "", hall, "2026-03-03", "09:00")
	require.NoError(t, err, "what is over counts no more")
}
