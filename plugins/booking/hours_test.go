package booking_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func hours(u *kerneltest.User) v1.HoursServiceClient { return v1.NewHoursServiceClient(u.Conn) }

// setHours writes days of a week, of the business when no resource is named.
func setHours(t testing.TB, u *kerneltest.User, h *v1.Hours, days ...string) (*v1.Hours, error) {
	t.Helper()
	set, err := hours(u).UpdateHours(t.Context(), &v1.UpdateHoursRequest{Hours: h, UpdateMask: &fieldmaskpb.FieldMask{Paths: days}})
	return set.GetHours(), err
}

// except adds an exception.
func except(t testing.TB, u *kerneltest.User, e *v1.HourException) (*v1.HourException, error) {
	t.Helper()
	made, err := hours(u).CreateHourException(t.Context(), &v1.CreateHourExceptionRequest{RequestId: store.NewID(), Exception: e})
	return made.GetException(), err
}

// freeTimes are the times of the slots of a day.
func freeTimes(t testing.TB, u *kerneltest.User, resource, day string, minutes int32) string {
	t.Helper()
	listed, err := v1.NewSlotServiceClient(u.Conn).ListFreeSlots(t.Context(), &v1.ListFreeSlotsRequest{ResourceId: resource, Day: day, Minutes: minutes, PageSize: 200})
	require.NoError(t, err)
	var times []string
	for _, s := range listed.GetSlots() {
		times = append(times, s.GetTime())
	}
	return strings.Join(times, " ")
}

// Of what is said about a day the narrowest holds.
func TestTheNarrowestHoursHold(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	hall, lift := room(t, head, "Hall").GetId(), room(t, head, "Lift").GetId()
	const tuesday, wednesday = "2026-03-03", "2026-03-04"
	require.Equal(t, "09:00 12:00 15:00", freeTimes(t, head, hall, tuesday, 180), "nothing is said: the resource's own day")

	week, err := setHours(t, head, &v1.Hours{Tuesday: "9:00-13:00,14:00 - 17:30", Wednesday: ""}, "tuesday", "wednesday")
	require.NoError(t, err)
	require.Equal(t, "09:00–13:00, 14:00–17:30", week.GetTuesday())
	require.Equal(t, "09:00–18:00", week.GetMonday(), "what is not named stays as it held")
	require.Equal(t, "09:00 10:00 11:00 12:00 14:00 15:00 16:00", freeTimes(t, head, hall, tuesday, 0), "the lunch is left out, and half an hour")
	require.Empty(t, freeTimes(t, head, hall, wednesday, 0))

	_, err = setHours(t, head, &v1.Hours{ResourceId: lift, Wednesday: "20:00–24:00"}, "wednesday")
	require.NoError(t, err)
	require.Equal(t, "20:00 21:00 22:00 23:00", freeTimes(t, head, lift, wednesday, 0), "the resource's own week")
	require.Empty(t, freeTimes(t, head, hall, wednesday, 0))

	_, err = except(t, head, &v1.HourException{Day: tuesday, UntilDay: wednesday, Reason: "A holiday"})
	require.NoError(t, err)
	require.Empty(t, freeTimes(t, head, lift, wednesday, 0), "the business is closed, whatever the resource's week says")
	_, err = except(t, head, &v1.HourException{ResourceId: lift, Day: wednesday, Hours: "10:00–12:00", Reason: "Open all the same"})
	require.NoError(t, err)
	require.Equal(t, "10:00 11:00", freeTimes(t, head, lift, wednesday, 0))

	client := p.Client(t, "Zerno Roastery")
	_, err = book(t, head, client, hall, tuesday, "10:00")
	refused(t, err, codes.InvalidArgument, "time")
	require.ErrorContains(t, err, "A holiday")
	_, err = book(t, head, client, lift, wednesday, "11:30")
	refused(t, err, codes.InvalidArgument, "time")
	require.ErrorContains(t, err, "10:00–12:00")

	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	shut, err := v1.NewSlotServiceClient(head.Conn).ListClosedTimes(t.Context(), &v1.ListClosedTimesRequest{
		ResourceId: hall, FromTime: timestamppb.New(time.Date(2026, 3, 3, 0, 0, 0, 0, zone)), UntilTime: timestamppb.New(time.Date(2026, 3, 5, 0, 0, 0, 0, zone)),
	})
	require.NoError(t, err)
	require.Len(t, shut.GetClosedTimes(), 1, "two days closed for one reason are one time")
	require.Equal(t, "A holiday", shut.GetClosedTimes()[0].GetReason())

	back, err := hours(head).DeleteHours(t.Context(), &v1.DeleteHoursRequest{ResourceId: lift})
	require.NoError(t, err)
	require.False(t, back.GetHours().GetOwn())
	require.Equal(t, "09:00–13:00, 14:00–17:30", back.GetHours().GetTuesday(), "the business's hold again")
}

// Hours that are no hours are refused beside their day; a day has one exception.
func TestHoursThatAreRefused(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	for _, text := range []string{"9-18", "18:00–09:00", "09:00–12:00, 11:00–13:00", "09:00", "25:00–26:00", "09:00–24:30", "always", "09:60–10:00"} {
		_, err := setHours(t, head, &v1.Hours{Friday: text}, "friday")
		refused(t, err, codes.InvalidArgument, "hours.friday")
	}
	_, err := setHours(t, head, &v1.Hours{}, "own")
	refused(t, err, codes.InvalidArgument, "update_mask")
	first, err := setHours(t, head, &v1.Hours{Friday: "10:00–12:00"}, "friday")
	require.NoError(t, err)
	_, err = setHours(t, head, &v1.Hours{Friday: "10:00–13:00", Revision: first.GetRevision()}, "friday")
	require.NoError(t, err)
	_, err = setHours(t, head, &v1.Hours{Friday: "10:00–14:00", Revision: first.GetRevision()}, "friday")
	require.Equal(t, codes.Aborted, status.Code(err))

	_, err = except(t, head, &v1.HourException{Day: "2026-03-03", UntilDay: "2026-03-01", Reason: "Backwards"})
	refused(t, err, codes.InvalidArgument, "exception.until_day")
	_, err = except(t, head, &v1.HourException{Day: "2026-02-30", Reason: "No such day"})
	refused(t, err, codes.InvalidArgument, "exception.day")
	holidays, err := except(t, head, &v1.HourException{Day: "2026-03-07", UntilDay: "2026-03-09", Reason: "Holidays"})
	require.NoError(t, err)
	_, err = except(t, head, &v1.HourException{Day: "2026-03-08", Reason: "One of them"})
	refused(t, err, codes.AlreadyExists, "exception.day")
	changed, err := hours(head).UpdateHourException(t.Context(), &v1.UpdateHourExceptionRequest{
		Exception: &v1.HourException{Id: holidays.GetId(), UntilDay: "2026-03-07", Revision: 1}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"until_day"}},
	})
	require.NoError(t, err)
	require.Equal(t, "2026-03-07", changed.GetException().GetUntilDay())
	_, err = except(t, head, &v1.HourException{Day: "2026-03-08", Reason: "One of them"})
	require.NoError(t, err)
	for range 2 {
		_, err = hours(head).DeleteHourException(t.Context(), &v1.DeleteHourExceptionRequest{Id: holidays.GetId()})
		require.NoError(t, err)
	}
	listed, err := hours(head).ListHourExceptions(t.Context(), &v1.ListHourExceptionsRequest{})
	require.NoError(t, err)
	require.Len(t, listed.GetExceptions(), 1)
}

// On the days when clocks change, hours are those that clocks show: one that is skipped is not offered, an opening that
// begins in it begins after it, and one that is there twice belongs to the opening both times.
func TestHoursWhenClocksChange(t *testing.T) {
	t.Parallel()
	p, clock := open(t)
	head := p.Head(t)
	client := p.Client(t, "Zerno Roastery")
	night := room(t, head, "Night watch").GetId()
	_, err := setHours(t, head, &v1.Hours{ResourceId: night, Sunday: "00:00–03:30, 03:45–06:00", Monday: "00:00–02:00", Saturday: "22:00–24:00"},
		"sunday", "monday", "saturday")
	require.NoError(t, err)
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	shut := func(y int, m time.Month, d int) (found []string) {
		listed, err := v1.NewSlotServiceClient(p.Head(t).Conn).ListClosedTimes(t.Context(), &v1.ListClosedTimesRequest{
			ResourceId: night, FromTime: timestamppb.New(time.Date(y, m, d, 0, 0, 0, 0, zone)), UntilTime: timestamppb.New(time.Date(y, m, d+1, 0, 0, 0, 0, zone)),
		})
		require.NoError(t, err)
		for _, c := range listed.GetClosedTimes() {
			found = append(found, c.GetStartTime().AsTime().Format("15:04")+" "+c.GetEndTime().AsTime().Format("15:04"))
		}
		return found
	}
	// In spring 03:00 to 04:00 is not there: both openings meet where it would be, at 01:00 UTC, and go on to 06:00.
	require.Equal(t, []string{"03:00 21:00"}, shut(2026, 3, 29))
	require.Equal(t, "00:00 01:00 02:00 04:00 05:00", freeTimes(t, head, night, "2026-03-29", 0))
	// From Saturday evening into Sunday is one opening, on the night when clocks go forward too.
	_, err = bookings(head).CreateBooking(t.Context(), &v1.CreateBookingRequest{
		RequestId: store.NewID(), ClientId: client, ResourceId: night, Day: "2026-03-28", Time: "23:00", Minutes: 360,
	})
	require.NoError(t, err, "from 23:00 to 06:00 by clocks")
	// In autumn 03:00 to 04:00 is there twice: open until the second 03:30, closed for no moment before, as 03:45 comes first then.
	clock.Move(230 * 24 * time.Hour)
	require.Equal(t, []string{"04:00 22:00"}, shut(2026, 10, 25))
	head = p.Head(t)
	require.Equal(t, "00:00 01:00 02:00 03:00 04:00 05:00", freeTimes(t, head, night, "2026-10-25", 0), "each time is offered once")
}
