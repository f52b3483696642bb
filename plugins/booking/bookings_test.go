package booking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// fields are those that an error says are at fault.
func fields(err error) []string {
	var found []string
	for _, v := range module.Violations(err) {
		found = append(found, v.GetField())
	}
	return found
}

func refused(t *testing.T, err error, code codes.Code, field string) {
	t.Helper()
	require.Equal(t, code, status.Code(err), "%v", err)
	require.Equal(t, []string{field}, fields(err), "%v", err)
}

// What ends when another begins does not touch it, another resource is free, and what is cancelled is free again.
func TestWhatIsFree(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	hall, lift := room(t, head, "Hall").GetId(), room(t, head, "Lift").GetId()
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
	lesia, taras := p.Contact(t, roastery, "client.director"), p.Contact(t, museum, "client.director")
	free := func(resource, day string, minutes int32) []string {
		t.Helper()
		listed, err := v1.NewSlotServiceClient(taras.Conn).ListFreeSlots(t.Context(), &v1.ListFreeSlotsRequest{ResourceId: resource, Day: day, Minutes: minutes})
		require.NoError(t, err)
		var times []string
		for _, s := range listed.GetSlots() {
			require.Equal(t, resource, s.GetResourceId())
			require.Equal(t, s.GetTime(), s.GetStartTime().AsTime().In(clock.Now().Location()).Add(2*time.Hour).Format("15:04"))
			times = append(times, s.GetTime())
		}
		return times
	}
	require.Equal(t, []string{"09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00", "17:00"}, free(hall, "2026-03-03", 0))
	booked, err := book(t, lesia, "", hall, "2026-03-03", "10:00")
	require.NoError(t, err)
	require.Equal(t, "Zerno Roastery", booked.GetClientName())
	require.Equal(t, "10:00–11:00", booked.GetHours())
	_, err = book(t, lesia, "", hall, "2026-03-03", "13:20") // off the grid
	require.NoError(t, err)
	_, err = book(t, taras, "", hall, "2026-03-03", "11:00")
	require.NoError(t, err, "it begins when another ends")
	_, err = book(t, taras, "", lift, "2026-03-03", "10:00")
	require.NoError(t, err, "another resource")
	require.Equal(t, []string{"09:00", "12:00", "15:00", "16:00", "17:00"}, free(hall, "2026-03-03", 0))
	require.Equal(t, []string{"15:00"}, free(hall, "2026-03-03", 120))

	_, err = bookings(lesia).CancelBooking(t.Context(), &v1.CancelBookingRequest{Id: booked.GetId(), Reason: "Ill"})
	require.NoError(t, err)
	again, err := bookings(lesia).CancelBooking(t.Context(), &v1.CancelBookingRequest{Id: booked.GetId(), Reason: "Something else"})
	require.NoError(t, err, "twice is no error")
	require.Equal(t, "Ill", again.GetBooking().GetCancelReason(), "and the first reason stands")
	require.Equal(t, 1, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.booking.v1.BookingCancelled'"))
	_, err = book(t, taras, "", hall, "2026-03-03", "10:00")
	require.NoError(t, err)

	// Today, what has begun is not offered; tomorrow's is.
	clock.Move(5*time.Hour + time.Minute) // 13:01 in Kyiv
	require.Equal(t, []string{"14:00", "15:00", "16:00", "17:00"}, free(lift, "", 0))
	_, err = v1.NewResourceServiceClient(head.Conn).ArchiveResource(t.Context(), &v1.ArchiveResourceRequest{Id: lift})
	require.NoError(t, err)
	require.Empty(t, free(lift, "2026-03-03", 0))
	_, err = book(t, taras, "", lift, "2026-03-03", "15:00")
	refused(t, err, codes.FailedPrecondition, "resource_id")
}

// Slots of several resources come in pages, by time, none twice and none left out.
func TestSlotsComeInPages(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	room(t, head, "Hall")
	room(t, head, "Lift")
	var seen []string
	r := &v1.ListFreeSlotsRequest{Day: "2026-03-03", PageSize: 5}
	for {
		page, err := v1.NewSlotServiceClient(head.Conn).ListFreeSlots(t.Context(), r)
		require.NoError(t, err)
		for _, s := range page.GetSlots() {
			seen = append(seen, s.GetTime()+" "+s.GetResourceName())
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	require.Len(t, seen, 18)
	require.Equal(t, []string{"09:00 Hall", "09:00 Lift", "10:00 Hall"}, seen[:3])
	require.IsNonDecreasing(t, seen)
}

// What a request gets wrong is said beside the field.
func TestWhatCannotBeBooked(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	hall, client := room(t, head, "Hall").GetId(), p.Client(t, "Zerno Roastery")
	for name, c := range map[string]struct {
		change func(*v1.CreateBookingRequest)
		code   codes.Code
		field  string
	}{
		"over":          {func(r *v1.CreateBookingRequest) { r.Day = "2026-03-01" }, codes.InvalidArgument, "time"},
		"too far":       {func(r *v1.CreateBookingRequest) { r.Day = "2027-03-02" }, codes.InvalidArgument, "time"},
		"before hours":  {func(r *v1.CreateBookingRequest) { r.Time = "08:30" }, codes.InvalidArgument, "time"},
		"after hours":   {func(r *v1.CreateBookingRequest) { r.Time = "17:30" }, codes.InvalidArgument, "time"},
		"too long":      {func(r *v1.CreateBookingRequest) { r.Minutes = 600 }, codes.InvalidArgument, "time"},
		"no such day":   {func(r *v1.CreateBookingRequest) { r.Day = "2026-02-30" }, codes.InvalidArgument, "day"},
		"no day":        {func(r *v1.CreateBookingRequest) { r.Day = "" }, codes.InvalidArgument, "day"},
		"no time":       {func(r *v1.CreateBookingRequest) { r.Time = "" }, codes.InvalidArgument, "time"},
		"no clock time": {func(r *v1.CreateBookingRequest) { r.Time = "25:00" }, codes.InvalidArgument, "time"},
		"twice":         {func(r *v1.CreateBookingRequest) { r.StartTime = timestamppb.New(monday) }, codes.InvalidArgument, "start_time"},
		"no client":     {func(r *v1.CreateBookingRequest) { r.ClientId = "" }, codes.InvalidArgument, "client_id"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &v1.CreateBookingRequest{RequestId: store.NewID(), ClientId: client, ResourceId: hall, Day: "2026-03-03", Time: "10:00"}
			c.change(r)
			_, err := bookings(head).CreateBooking(t.Context(), r)
			refused(t, err, c.code, c.field)
		})
	}
	_, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
		RequestId: store.NewID(), Resource: &v1.Resource{Name: "Night", Opens: "18:00", Closes: "06:00"},
	})
	refused(t, err, codes.InvalidArgument, "resource.closes")
}

// On the nights when clocks change, an hour that is not there is refused, and one that is there twice is the first.
func TestWhenClocksChange(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	client := p.Client(t, "Zerno Roastery")
	made, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
		RequestId: store.NewID(), Resource: &v1.Resource{Name: "Night watch", Opens: "00:00", Closes: "24:00"},
	})
	require.NoError(t, err)
	night := made.GetResource().GetId()
	_, err = book(t, head, client, night, "2026-03-29", "03:30")
	refused(t, err, codes.InvalidArgument, "time")
	spring, err := v1.NewSlotServiceClient(head.Conn).ListFreeSlots(t.Context(), &v1.ListFreeSlotsRequest{Day: "2026-03-29"})
	require.NoError(t, err)
	require.Len(t, spring.GetSlots(), 23)
	clock.Move(230 * 24 * time.Hour)
	autumn, err := book(t, p.Head(t), client, night, "2026-10-25", "03:30")
	require.NoError(t, err)
	require.Equal(t, "2026-10-25T00:30:00Z", autumn.GetStartTime().AsTime().Format(time.RFC3339))
}

// A booking of another client is not there, for no method and no caller; nor is anything booked for another.
func TestForeignBookings(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
	lesia, taras := p.Contact(t, roastery, "client.director"), p.Contact(t, museum, "client.director")
	olha, petro := p.Staff(t, "manager"), p.Staff(t, "manager")
	p.Serve(t, olha, roastery)
	p.Serve(t, petro, museum)
	theirs, err := book(t, olha, roastery, hall, "2026-03-03", "10:00")
	require.NoError(t, err, "staff book for a client they serve")
	for _, who := range []*kerneltest.User{taras, petro} {
		_, err := bookings(who).GetBooking(t.Context(), &v1.GetBookingRequest{Id: theirs.GetId()})
		require.Equal(t, codes.NotFound, status.Code(err))
		_, err = bookings(who).CancelBooking(t.Context(), &v1.CancelBookingRequest{Id: theirs.GetId()})
		require.Equal(t, codes.NotFound, status.Code(err))
		_, err = book(t, who, roastery, hall, "2026-03-04", "10:00")
		require.Equal(t, codes.NotFound, status.Code(err))
		for _, client := range []string{"", roastery} {
			listed, err := bookings(who).ListBookings(t.Context(), &v1.ListBookingsRequest{ClientId: client})
			require.NoError(t, err)
			require.Empty(t, listed.GetBookings())
		}
		_, err = book(t, who, museum, hall, "2026-03-03", "10:00")
		refused(t, err, codes.AlreadyExists, "time")
		require.NotContains(t, err.Error(), "Zerno")
	}
	for _, who := range []*kerneltest.User{lesia, olha, head} {
		listed, err := bookings(who).ListBookings(t.Context(), &v1.ListBookingsRequest{Upcoming: true})
		require.NoError(t, err)
		require.Len(t, listed.GetBookings(), 1)
		require.Equal(t, "Zerno Roastery", listed.GetBookings()[0].GetClientName())
	}
	_, err = v1.NewResourceServiceClient(lesia.Conn).ArchiveResource(t.Context(), &v1.ArchiveResourceRequest{Id: hall})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	require.Equal(t, 1, query[int](t, p, "select count(*)::int from booking.bookings"))
}

// Who is suspended has nothing booked ahead; what is over, or goes on, stays. Nothing is booked for them until they are
// resumed, also by somebody who was about to.
func TestSuspendedClient(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	hall, lift := room(t, head, "Hall").GetId(), room(t, head, "Lift").GetId()
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
	for _, b := range []struct{ client, day, time string }{
		{roastery, "2026-03-02", "09:00"}, {roastery, "2026-03-02", "15:00"}, {roastery, "2026-03-09", "09:00"}, {museum, "2026-03-09", "10:00"},
	} {
		_, err := book(t, head, b.client, hall, b.day, b.time)
		require.NoError(t, err)
	}
	clock.Move(90 * time.Minute) // 09:30 in Kyiv: the first one goes on
	suspend := func(id string) {
		_, err := clientmanagerv1.NewClientServiceClient(head.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: id})
		require.NoError(t, err)
	}
	standing := func(client string) int {
		return query[int](t, p, "select count(*)::int from booking.bookings where client_id = $1 and state = 'booked'", client)
	}
	done := make(chan []error, 1)
	go func() {
		done <- kerneltest.AtOnce(9, func(i int) error {
			_, err := book(t, head, roastery, lift, "2026-03-10", []string{"09:00", "10:00", "11:00", "12:00", "13:00", "14:00", "15:00", "16:00", "17:00"}[i])
			return err
		})
	}()
	suspend(roastery)
	<-done
	require.Eventually(t, func() bool { return standing(roastery) == 1 }, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, 1, standing(museum), "others are not concerned")
	cancelled := query[int](t, p, "select count(*)::int from booking.bookings where client_id = $1 and state = 'cancelled'", roastery)
	require.GreaterOrEqual(t, cancelled, 2)
	require.Equal(t, cancelled, query[int](t, p, "select count(*)::int from kernel.outbox where type = 'cabinet.booking.v1.BookingCancelled'"))
	_, err := book(t, head, roastery, hall, "2026-03-09", "09:00")
	refused(t, err, codes.FailedPrecondition, "client_id")

	_, err = clientmanagerv1.NewClientServiceClient(head.Conn).ResumeClient(t.Context(), &clientmanagerv1.ResumeClientRequest{Id: roastery})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := book(t, head, roastery, hall, "2026-03-09", "09:00")
		return err == nil
	}, 20*time.Second, 10*time.Millisecond)
}

// The same request again has the first answer, whatever has happened since; with other content it is refused.
func TestTheSameRequestAgain(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	hall, client := room(t, head, "Hall").GetId(), p.Client(t, "Zerno Roastery")
	r := &v1.CreateBookingRequest{RequestId: store.NewID(), ClientId: client, ResourceId: hall, Day: "2026-03-02", Time: "10:00"}
	first, err := bookings(head).CreateBooking(t.Context(), r)
	require.NoError(t, err)
	clock.Move(6 * time.Hour) // it is over by now
	again, err := bookings(head).CreateBooking(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, first.GetBooking().GetId(), again.GetBooking().GetId())
	r.Note = "Another"
	_, err = bookings(head).CreateBooking(t.Context(), r)
	require.Equal(t, codes.AlreadyExists, status.Code(err))
	_, err = bookings(head).CancelBooking(t.Context(), &v1.CancelBookingRequest{Id: first.GetBooking().GetId()})
	require.Equal(t, codes.FailedPrecondition, status.Code(err), "it is over")
	require.Equal(t, 0, query[int](t, p, "select count(*)::int from kernel.once where module = 'booking' and answer like '%Zerno%'::bytea"), "no name is kept")
}

// Two who change the same resource do not undo each other.
func TestResourceChangedMeanwhile(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head, manager := p.Head(t), p.Staff(t, "manager")
	hall := room(t, head, "Hall")
	update := func(u *kerneltest.User, r *v1.Resource, paths ...string) (*v1.Resource, error) {
		changed, err := v1.NewResourceServiceClient(u.Conn).UpdateResource(t.Context(), &v1.UpdateResourceRequest{
			Resource: r, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths},
		})
		return changed.GetResource(), err
	}
	changed, err := update(manager, &v1.Resource{Id: hall.GetId(), Closes: "20:00", Revision: 1}, "closes")
	require.NoError(t, err)
	require.Equal(t, "20:00", changed.GetCloses())
	require.Equal(t, "Hall", changed.GetName())
	_, err = update(head, &v1.Resource{Id: hall.GetId(), Name: "Great hall", Revision: 1}, "name")
	require.Equal(t, codes.Aborted, status.Code(err))
	_, err = update(head, &v1.Resource{Id: hall.GetId()}, "state")
	refused(t, err, codes.InvalidArgument, "update_mask")
}

func TestSettings(t *testing.T) {
	t.Parallel()
	settings := booking.New(nil).Settings().(*booking.Settings)
	require.NoError(t, settings.Validate())
	settings.DaysAhead = 0
	require.ErrorContains(t, settings.Validate(), "days_ahead")
}
