package booking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func move(t testing.TB, u *kerneltest.User, r *v1.MoveBookingRequest) (*v1.Booking, error) {
	t.Helper()
	moved, err := bookings(u).MoveBooking(t.Context(), r)
	return moved.GetBooking(), err
}

// A booking that is moved keeps its id and tells where it was. It frees what it had, and takes nothing of others'.
func TestMove(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	hall, lift := room(t, head, "Hall").GetId(), room(t, head, "Lift").GetId()
	lesia, taras := p.Contact(t, p.Client(t, "Zerno Roastery"), "client.director"), p.Contact(t, p.Client(t, "Lviv Museum"), "client.director")
	const day = "2026-03-03"
	booked, err := book(t, lesia, "", hall, day, "10:00")
	require.NoError(t, err)
	require.True(t, booked.GetMovable())
	_, err = book(t, taras, "", hall, day, "12:00")
	require.NoError(t, err)

	_, err = move(t, lesia, &v1.MoveBookingRequest{Id: booked.GetId(), Day: day, Time: "12:30"})
	refused(t, err, codes.AlreadyExists, "time")
	_, err = move(t, taras, &v1.MoveBookingRequest{Id: booked.GetId(), Day: day, Time: "15:00"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = move(t, lesia, &v1.MoveBookingRequest{Id: booked.GetId(), Day: day, Time: "17:30"})
	refused(t, err, codes.InvalidArgument, "time")

	moved, err := move(t, lesia, &v1.MoveBookingRequest{Id: booked.GetId(), Revision: 1, Day: day, Time: "10:30", Minutes: 90})
	require.NoError(t, err, "it may overlap what it had itself")
	require.Equal(t, booked.GetId(), moved.GetId())
	require.Equal(t, "10:30–12:00", moved.GetHours())
	require.Equal(t, int64(2), moved.GetRevision())
	again, err := move(t, lesia, &v1.MoveBookingRequest{Id: booked.GetId(), Revision: 1, Day: day, Time: "10:30"})
	require.NoError(t, err, "a retry finds it done")
	require.Equal(t, int64(2), again.GetRevision())
	_, err = move(t, head, &v1.MoveBookingRequest{Id: booked.GetId(), Revision: 1, Day: day, Time: "15:00"})
	require.Equal(t, codes.Aborted, status.Code(err), "somebody moved it meanwhile")
	_, err = move(t, head, &v1.MoveBookingRequest{Id: booked.GetId(), Revision: 2, ResourceId: lift, Day: day, Time: "12:00"})
	require.NoError(t, err)
	_, err = book(t, taras, "", hall, day, "10:00")
	require.NoError(t, err, "what it had is free")

	whole, err := bookings(lesia).GetBooking(t.Context(), &v1.GetBookingRequest{Id: booked.GetId()})
	require.NoError(t, err)
	require.Equal(t, "Lift", whole.GetBooking().GetResourceName())
	require.Equal(t, "12:00–13:30", whole.GetBooking().GetHours(), "as long as it was")
	var was []string
	for _, m := range whole.GetBooking().GetMoves() {
		was = append(was, m.GetResourceName()+" "+m.GetHours())
	}
	require.Equal(t, []string{"Hall 10:30–12:00", "Hall 10:00–11:00"}, was)
	require.Equal(t, 2, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.booking.v1.BookingMoved'"))

	clock.Move(28*time.Hour + time.Minute) // 12:01 that day
	_, err = move(t, p.Head(t), &v1.MoveBookingRequest{Id: booked.GetId(), Day: day, Time: "16:00"})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "it has begun")
}

// Clients change a booking by themselves until so long before it; the resource's own rule stands before the portal's. Staff
// decide by themselves. The same for how soon one must be made.
func TestRulesForClients(t *testing.T) {
	t.Parallel()
	clock := kerneltest.NewClock(monday)
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withBooking, Now: clock.Now,
		Config: "time_zone: Europe/Kyiv\nmodules: {booking: {settings: {change_hours: 24, notice_minutes: 180}}}"})
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	made, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
		RequestId: store.NewID(), Resource: &v1.Resource{Name: "Lift", ChangeHours: proto.Int32(1), NoticeMinutes: proto.Int32(0), DaysAhead: proto.Int32(3)},
	})
	require.NoError(t, err)
	lift := made.GetResource().GetId()
	roastery := p.Client(t, "Zerno Roastery")
	lesia := p.Contact(t, roastery, "client.director")

	_, err = book(t, lesia, "", hall, "2026-03-02", "11:00") // in three hours, and not more
	refused(t, err, codes.InvalidArgument, "time")
	require.ErrorContains(t, err, "3h")
	require.Equal(t, "12:00 13:00 14:00 15:00 16:00 17:00", freeTimes(t, lesia, hall, "2026-03-02", 0))
	require.Contains(t, freeTimes(t, head, hall, "2026-03-02", 0), "11:00")
	_, err = book(t, head, roastery, hall, "2026-03-02", "11:00")
	require.NoError(t, err, "staff may")
	_, err = book(t, lesia, "", lift, "2026-03-02", "10:00")
	require.NoError(t, err, "the resource's own rule")
	_, err = book(t, lesia, "", lift, "2026-03-06", "10:00")
	refused(t, err, codes.InvalidArgument, "time")

	soon, err := book(t, lesia, "", hall, "2026-03-02", "15:00")
	require.NoError(t, err)
	require.False(t, soon.GetCancellable())
	for _, change := range []func() error{
		func() error {
			_, err := bookings(lesia).CancelBooking(t.Context(), &v1.CancelBookingRequest{Id: soon.GetId()})
			return err
		},
		func() error {
			_, err := move(t, lesia, &v1.MoveBookingRequest{Id: soon.GetId(), Day: "2026-03-05", Time: "10:00"})
			return err
		},
	} {
		err := change()
		require.Equal(t, codes.FailedPrecondition, status.Code(err), "%v", err)
		require.ErrorContains(t, err, "too late")
	}
	_, err = move(t, head, &v1.MoveBookingRequest{Id: soon.GetId(), Day: "2026-03-05", Time: "10:00"})
	require.NoError(t, err, "staff may")
	seen, err := bookings(lesia).GetBooking(t.Context(), &v1.GetBookingRequest{Id: soon.GetId()})
	require.NoError(t, err)
	require.True(t, seen.GetBooking().GetCancellable(), "there is time enough now")
	require.Equal(t, "2026-03-04T08:00:00Z", seen.GetBooking().GetChangeUntilTime().AsTime().Format(time.RFC3339))
}

// A resource is not free before a booking and after it: in the lists, and in the database.
func TestBuffers(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	made, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
		RequestId: store.NewID(), Resource: &v1.Resource{Name: "Sauna", BeforeMinutes: 10, AfterMinutes: 20, SlotMinutes: 30},
	})
	require.NoError(t, err)
	sauna, client := made.GetResource().GetId(), p.Client(t, "Zerno Roastery")
	_, err = book(t, head, client, sauna, "2026-03-03", "09:00")
	require.NoError(t, err, "the time before may lie outside of opening hours")
	booked, err := book(t, head, client, sauna, "2026-03-03", "12:00")
	require.NoError(t, err)
	require.Equal(t, "12:00–12:30", booked.GetHours(), "it is as long as it is")
	_, err = book(t, head, client, sauna, "2026-03-03", "12:50")
	refused(t, err, codes.AlreadyExists, "time")
	_, err = book(t, head, client, sauna, "2026-03-03", "11:10")
	refused(t, err, codes.AlreadyExists, "time")
	_, err = book(t, head, client, sauna, "2026-03-03", "13:00")
	require.NoError(t, err, "twenty minutes after the one and ten before the other")
	require.Equal(t, "10:00 10:30 11:00 14:00 14:30 15:00 15:30 16:00 16:30 17:00 17:30", freeTimes(t, head, sauna, "2026-03-03", 0))
}
