package booking_test

import (
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/plugins/booking"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

func TestMain(m *testing.M) {
	if toBeKilled() || kernel.Serve(withBooking) {
		return
	}
	os.Exit(kerneltest.Main(m))
}

// withoutBooking are the modules of a portal that has booking, if at all, as a program of its own.
func withoutBooking(router *call.Router) ([]module.Unit, error) {
	clients := clientmanager.New(accountmanagerv1.NewUserServiceClient(router), accountmanagerv1.NewAdmissionServiceClient(router))
	accounts := accountmanager.New(clientmanagerv1.NewClientServiceClient(router))
	return []module.Unit{module.Unit(clientmanager.NewUnit(clients)), module.Unit(accountmanager.NewUnit(accounts))}, nil
}

func withBooking(router *call.Router) ([]module.Unit, error) {
	units, err := withoutBooking(router)
	return append(units, module.Unit(booking.NewUnit(booking.New(router)))), err
}

// A Monday morning in Kyiv, where clocks are two hours ahead.
var monday = time.Date(2026, 3, 2, 6, 0, 0, 0, time.UTC)

// open starts a portal whose clock stands at monday.
func open(t *testing.T) (*kerneltest.Portal, *kerneltest.Clock) {
	t.Helper()
	clock := kerneltest.NewClock(monday)
	return kerneltest.Start(t, kerneltest.Options{Assemble: withBooking, Config: "time_zone: Europe/Kyiv", Now: clock.Now}), clock
}

// room makes something to book, open from 09:00 to 18:00.
func room(t testing.TB, head *kerneltest.User, name string) *v1.Resource {
	t.Helper()
	made, err := v1.NewResourceServiceClient(head.Conn).CreateResource(t.Context(), &v1.CreateResourceRequest{
		RequestId: store.NewID(), Resource: &v1.Resource{Name: name},
	})
	require.NoError(t, err)
	return made.GetResource()
}

func bookings(u *kerneltest.User) v1.BookingServiceClient { return v1.NewBookingServiceClient(u.Conn) }

// book books an hour.
func book(t testing.TB, u *kerneltest.User, client, resource, day, at string) (*v1.Booking, error) {
	t.Helper()
	made, err := bookings(u).CreateBooking(t.Context(), &v1.CreateBookingRequest{
		RequestId: store.NewID(), ClientId: client, ResourceId: resource, Day: day, Time: at,
	})
	return made.GetBooking(), err
}

// query asks the database as its superuser, who sees every row.
func query[T any](t testing.TB, p *kerneltest.Portal, sql string, args ...any) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	require.NoError(t, err)
	return found
}

// execute changes the database as its superuser.
func execute(t testing.TB, p *kerneltest.Portal, sql string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}
