package booking_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// bothWays runs a test with booking in the portal's process and in one of its own.
func bothWays(t *testing.T, test func(t *testing.T, p *kerneltest.Portal)) {
	for name, processes := range map[string][]string{"in process": nil, "as a process": {booking.ID}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, kerneltest.Start(t, kerneltest.Options{
				Assemble: withBooking, Config: "time_zone: Europe/Kyiv\nmodules: {booking: {settings: {holds_each: 50}}}", Now: kerneltest.NewClock(time.Now()).Now, Processes: processes,
			}))
		})
	}
}

// crowd are people of several clients, and staff, who book for one.
func crowd(t *testing.T, p *kerneltest.Portal) (callers []*kerneltest.User, clients []string) {
	t.Helper()
	callers, clients = []*kerneltest.User{p.Head(t)}, []string{p.Client(t, "Staff book for it")}
	for _, name := range []string{"Zerno Roastery", "Lviv Museum", "Dnipro Tools"} {
		client := p.Client(t, name)
		callers, clients = append(callers, p.Contact(t, client, "client.director")), append(clients, client)
	}
	return callers, clients
}

// soon is a day that can be booked, whatever day it is.
func soon(t *testing.T) string {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	return time.Now().In(zone).AddDate(0, 0, 3).Format(time.DateOnly)
}

// doubled counts what must not be there: two who have the same resource at the same time, its buffers in it, and rows whose
// buffers are not kept.
func doubled(t *testing.T, p *kerneltest.Portal) int {
	t.Helper()
	return query[int](t, p, `select ((
		select count(*) from booking.bookings a join booking.bookings b on a.resource_no = b.resource_no and a.id < b.id
		where a.state in ('held', 'booked') and b.state in ('held', 'booked') and a.busy_from < b.busy_until and b.busy_from < a.busy_until
	) + (
		select count(*) from booking.bookings b join booking.resources r on r.id = b.resource_id
		where b.busy_from <> b.start_time - r.before_minutes * interval '1 minute' or b.busy_until <> b.end_time + r.after_minutes * interval '1 minute'
	))::int`)
}

// Of two hundred who want one hour at the same moment one has it, whoever they are, and the others are told which field
// to change.
func TestOneHourIsBookedOnce(t *testing.T) {
	bothWays(t, func(t *testing.T, p *kerneltest.Portal) {
		callers, clients := crowd(t, p)
		hall, day := room(t, callers[0], "Hall").GetId(), soon(t)
		errs := kerneltest.AtOnce(200, func(i int) error {
			// Half of them an hour that overlaps: it is the same time all the same.
			at := []string{"10:00", "10:30"}[i/len(callers)%2]
			_, err := book(t, callers[i%len(callers)], clients[i%len(clients)], hall, day, at)
			return err
		})
		require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
		require.Equal(t, 199, kerneltest.Count(errs, codes.AlreadyExists), "%v", errs)
		for _, err := range errs {
			if err != nil {
				refused(t, err, codes.AlreadyExists, "time")
			}
		}
		require.Equal(t, 1, query[int](t, p, "select count(*)::int from booking.bookings where state = 'booked'"))
		require.Equal(t, 1, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.booking.v1.BookingMade'"))
	})
}

// Fifty book, hold, confirm, release, move and cancel on two resources at once. Whoever wins, nothing is there twice.
func TestNothingIsThereTwice(t *testing.T) {
	bothWays(t, func(t *testing.T, p *kerneltest.Portal) {
		callers, clients := crowd(t, p)
		day := soon(t)
		var rooms []string
		for i, name := range []string{"Hall", "Sauna"} {
			made, err := v1.NewResourceServiceClient(callers[0].Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
				RequestId: store.NewID(), Resource: &v1.Resource{Name: name, SlotMinutes: 30, BeforeMinutes: int32(i * 10), AfterMinutes: 15},
			})
			require.NoError(t, err)
			rooms = append(rooms, made.GetResource().GetId())
		}
		allowed := map[codes.Code]bool{codes.OK: true, codes.AlreadyExists: true, codes.FailedPrecondition: true, codes.ResourceExhausted: true, codes.Aborted: true}
		steps := func(i int) []error {
			u, client := callers[i%len(callers)], clients[i%len(clients)]
			at := func(step int) string { return fmt.Sprintf("%02d:%02d", 9+(i*3+step*5)%8, 15*((i+step)%4)) }
			where := func(step int) string { return rooms[(i+step)%2] }
			var errs []error
			held, err := hold(t, u, client, where(0), day, at(0))
			errs = append(errs, err)
			if err == nil && i%3 > 0 {
				_, err := holds(u).ConfirmHold(t.Context(), &v1.ConfirmHoldRequest{Id: held.GetId()})
				errs = append(errs, err)
			} else if err == nil {
				_, err := holds(u).ReleaseHold(t.Context(), &v1.ReleaseHoldRequest{Id: held.GetId()})
				errs = append(errs, err)
			}
			booked, err := book(t, u, client, where(1), day, at(1))
			if errs = append(errs, err); err != nil {
				return errs
			}
			_, err = move(t, u, &v1.MoveBookingRequest{Id: booked.GetId(), ResourceId: where(2), Day: day, Time: at(2)})
			errs = append(errs, err)
			if i%4 == 0 {
				_, err = bookings(u).CancelBooking(t.Context(), &v1.CancelBookingRequest{Id: booked.GetId()})
				errs = append(errs, err)
			}
			return errs
		}
		all := make([][]error, 50)
		kerneltest.AtOnce(50, func(i int) error { all[i] = steps(i); return nil })
		won := 0
		for _, errs := range all {
			for _, err := range errs {
				require.True(t, allowed[status.Code(err)], "%v", err)
				if err == nil {
					won++
				}
			}
		}
		require.Greater(t, won, 10, "they got some of what they wanted")
		require.Zero(t, doubled(t, p))
		require.Positive(t, query[int](t, p, "select count(*)::int from booking.bookings where state = 'booked'"))
	})
}
