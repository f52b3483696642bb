package booking_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/plugin"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// program builds the plugin as anybody would and returns where it is.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "booking")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/booking").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// A portal that was built without booking has it once portal.yaml names the program: calls, settings, events. Its pages
// are looked at in pagestest, by a portal that does not even know its contract.
func TestProgramOfItsOwn(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withoutBooking, Config: fmt.Sprintf(
		"time_zone: Europe/Kyiv\nmodules: {booking: {path: %q, settings: {days_ahead: 30}}}", program(t))})
	require.Len(t, p.Processes(), 1)
	head := p.Head(t)
	hall := room(t, head, "Hall").GetId()
	roastery, museum := p.Client(t, "Zerno Roastery"), p.Client(t, "Lviv Museum")
	lesia, taras := p.Contact(t, roastery, "client.director"), p.Contact(t, museum, "client.director")
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	day := time.Now().In(zone).AddDate(0, 0, 2).Format(time.DateOnly)

	t.Run("calls", func(t *testing.T) {
		booked, err := book(t, lesia, "", hall, day, "10:00")
		require.NoError(t, err)
		require.Equal(t, "Zerno Roastery", booked.GetClientName(), "the program asked clientmanager, as its caller")
		_, err = book(t, taras, "", hall, day, "10:30")
		refused(t, err, codes.AlreadyExists, "time")
		_, err = bookings(taras).GetBooking(t.Context(), &v1.GetBookingRequest{Id: booked.GetId()})
		require.Equal(t, codes.NotFound, status.Code(err))
		_, err = book(t, lesia, "", hall, time.Now().In(zone).AddDate(0, 0, 40).Format(time.DateOnly), "10:00")
		refused(t, err, codes.InvalidArgument, "time") // the setting went with it
		listed, err := bookings(head).ListBookings(t.Context(), &v1.ListBookingsRequest{})
		require.NoError(t, err)
		require.Len(t, listed.GetBookings(), 1)
		require.Equal(t, "Zerno Roastery", listed.GetBookings()[0].GetClientName())
	})
	t.Run("race", func(t *testing.T) {
		people := []*kerneltest.User{lesia, taras, head}
		errs := kerneltest.AtOnce(60, func(i int) error {
			client := ""
			if people[i%3] == head {
				client = museum
			}
			_, err := book(t, people[i%3], client, hall, day, "15:00")
			return err
		})
		require.Equal(t, 1, kerneltest.Count(errs, codes.OK), "%v", errs)
		require.Equal(t, 59, kerneltest.Count(errs, codes.AlreadyExists), "%v", errs)
	})
	t.Run("events", func(t *testing.T) {
		_, err := book(t, lesia, "", hall, day, "17:00")
		require.NoError(t, err)
		_, err = clientmanagerv1.NewClientServiceClient(head.Conn).SuspendClient(t.Context(), &clientmanagerv1.SuspendClientRequest{Id: roastery})
		require.NoError(t, err)
		require.Eventually(t, func() bool {
			return query[int](t, p, "select count(*)::int from booking.bookings where client_id = $1 and state = 'booked'", roastery) == 0
		}, 20*time.Second, 20*time.Millisecond)
	})
}

// What a program does not start with is its own matter: the portal serves the rest, and says why.
func TestAProgramThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withoutBooking, Config: fmt.Sprintf(
		"modules: {booking: {path: %q, settings: {days_ahead: 100000}}}", program(t))})
	require.Len(t, p.Processes(), 1)
	stands := p.Processes()[0].Status()
	require.Equal(t, plugin.Quarantined, stands.State)
	require.Contains(t, stands.Reason, "days_ahead")
	head := p.Head(t)
	_, err := bookings(head).ListBookings(t.Context(), &v1.ListBookingsRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorContains(t, err, "days_ahead")
	require.NotEmpty(t, p.Client(t, "Zerno Roastery"))
}
