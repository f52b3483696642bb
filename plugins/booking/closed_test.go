package booking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// Bookings between two instants are those that overlap them, also one that began before, the first one first.
func TestBookingsBetween(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	hall, client := room(t, head, "Hall").GetId(), p.Client(t, "Zerno Roastery")
	for _, at := range []string{"12:00", "09:00", "11:00", "10:00"} {
		_, err := book(t, head, client, hall, "2026-03-03", at)
		require.NoError(t, err)
	}
	between := func(from, until string) []string {
		t.Helper()
		r := &v1.ListBookingsRequest{PageSize: 1}
		for at, to := range map[string]**timestamppb.Timestamp{from: &r.FromTime, until: &r.UntilTime} {
			instant, err := time.Parse(time.RFC3339, "2026-03-03T"+at+":00+02:00")
			require.NoError(t, err)
			*to = timestamppb.New(instant)
		}
		var hours []string
		for {
			page, err := bookings(head).ListBookings(t.Context(), r)
			require.NoError(t, err)
			for _, b := range page.GetBookings() {
				hours = append(hours, b.GetHours())
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return hours
			}
		}
	}
	require.Equal(t, []string{"10:00–11:00", "11:00–12:00"}, between("10:30", "11:30"))
	require.Equal(t, []string{"10:00–11:00"}, between("10:00", "11:00"), "what ends or begins at the border is outside")
	require.Len(t, between("00:00", "23:00"), 4)
}

// What is closed and what is open make up the whole time that was asked for.
func TestClosedTimes(t *testing.T) {
	t.Parallel()
	p, _ := open(t)
	head := p.Head(t)
	room(t, head, "Hall")
	slots := v1.NewSlotServiceClient(head.Conn)
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	ask := func(from, until time.Time) ([]string, error) {
		listed, err := slots.ListClosedTimes(t.Context(), &v1.ListClosedTimesRequest{FromTime: timestamppb.New(from), UntilTime: timestamppb.New(until)})
		var found []string
		for _, c := range listed.GetClosedTimes() {
			found = append(found, c.GetStartTime().AsTime().In(zone).Format("02 15:04")+" "+c.GetEndTime().AsTime().In(zone).Format("02 15:04"))
		}
		return found, err
	}
	first := time.Date(2026, 3, 28, 12, 0, 0, 0, zone) // clocks go forward the night after
	found, err := ask(first, time.Date(2026, 3, 30, 8, 0, 0, 0, zone))
	require.NoError(t, err)
	require.Equal(t, []string{"28 18:00 29 09:00", "29 18:00 30 08:00"}, found)
	found, err = ask(first, first.Add(time.Hour))
	require.NoError(t, err)
	require.Empty(t, found, "it is open then")
	_, err = ask(first, first)
	refused(t, err, codes.InvalidArgument, "until_time")
	_, err = ask(first, first.AddDate(0, 3, 0))
	refused(t, err, codes.InvalidArgument, "until_time")
}
