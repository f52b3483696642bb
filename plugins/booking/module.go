// Package booking lets clients book what a business has one at a time: rooms, machines, somebody's hour. It is a plugin:
// a module meant to run in a process of its own, written with nothing but what a third party may import.
//
//	module.go     New, Register: the module at a glance
//	manifest.go   what it says of itself; screens.go its pages
//	resources.go  what can be booked
//	hours.go      the week in which it is open; exceptions.go other days; opening.go both put together
//	slots.go      when it is free; closed.go when it is closed
//	plan.go       whether a time can be had, and why not
//	bookings.go   who has it when
//	holds.go      who has it for some minutes
//	guests.go     who books without an account; guests_send.go becomes a client; guests_events.go and has the booking
//	moves.go      bookings that get another time
//	settings.go   the rules where a resource has none of its own
//	times.go      days and hours in the portal's time zone; spans.go parts of days
//	pages.go      a booking for one's own calendar
//	events.go     what it hears
//	cmd/booking   the program
package booking

import (
	"google.golang.org/grpc"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// Module keeps resources and their bookings. See [New].
type Module struct {
	clients       clientmanagerv1.ClientServiceClient
	registrations clientmanagerv1.RegistrationServiceClient
	bookings      v1.BookingServiceClient // its own, which a page reads as its reader
	settings      Settings
	host          *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Pages        = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// New keeps clients of the contracts the module calls; it does nothing else.
func New(conn grpc.ClientConnInterface) *Module {
	return &Module{
		clients: clientmanagerv1.NewClientServiceClient(conn), registrations: clientmanagerv1.NewRegistrationServiceClient(conn),
		bookings: v1.NewBookingServiceClient(conn), settings: defaults(),
	}
}

// Settings returns the module's part of portal.yaml, filled with its defaults.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest { return manifest(m.settings) }

// Register binds the services and what is heard. One subscriber hears of suspension and its end, so that both come in
// order.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterResourceServiceServer(r, &resourceService{Module: m})
	v1.RegisterSlotServiceServer(r, &slotService{Module: m})
	v1.RegisterBookingServiceServer(r, &bookingService{Module: m})
	v1.RegisterHoursServiceServer(r, &hoursService{Module: m})
	v1.RegisterHoldServiceServer(r, &holdService{Module: m})
	v1.RegisterGuestServiceServer(r, &guestService{Module: m})
	r.Handle(event.On("booking.clients", m.clientSuspended))
	r.Handle(event.On("booking.clients", m.clientResumed))
	r.Handle(event.On("booking.holds", m.holdDue))
	r.Handle(event.On("booking.guests", m.registrationChanged))
	r.Handle(event.OnSchedule("booking.sweep", event.Schedule{
		Title: "booking.schedules.sweep", Cron: "45 3 * * *", CatchUp: event.CatchUpOnce,
	}, m.sweep))
}
