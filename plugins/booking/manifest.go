package booking

import (
	"embed"
	"slices"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// ID names the module, its schema, its texts and its permissions.
const ID = "booking"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed locales/*.yaml
var locales embed.FS

// Permissions of the module.
const (
	readResources   = "booking.resources.read"
	updateResources = "booking.resources.update"
	readGuests      = "booking.guests.read"
	readBookings    = "booking.bookings.read"
	createBookings  = "booking.bookings.create"
	moveBookings    = "booking.bookings.move"
	cancelBookings  = "booking.bookings.cancel"
)

func manifest(s Settings) module.Manifest {
	return module.Manifest{
		ID: ID,
		Provides: []string{
			v1.ResourceService_ServiceDesc.ServiceName, v1.SlotService_ServiceDesc.ServiceName, v1.BookingService_ServiceDesc.ServiceName,
			v1.HoursService_ServiceDesc.ServiceName, v1.HoldService_ServiceDesc.ServiceName,
			v1.GuestService_ServiceDesc.ServiceName,
		},
		Requires: []string{clientmanagerv1.ClientService_ServiceDesc.ServiceName, clientmanagerv1.RegistrationService_ServiceDesc.ServiceName},
		Publishes: []string{
			string((&v1.BookingMade{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.BookingMoved{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.BookingCancelled{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.HoldDue{}).ProtoReflect().Descriptor().FullName()),
		},
		Permissions: []access.Permission{
			// Resources are the business's, the same for all who see any; a reach only says who may.
			permission(readResources, access.Granted, access.All, access.All),
			permission(updateResources, access.None, access.All, access.All),
			permission(readGuests, access.None, access.All, access.All),
			permission(readBookings, access.Granted, access.Granted, access.All),
			permission(createBookings, access.Granted, access.Granted, access.All),
			permission(moveBookings, access.Granted, access.Granted, access.All),
			permission(cancelBookings, access.Granted, access.Granted, access.All),
		},
		Screens:    slices.Concat(screens, guestScreens(s.Visitors)),
		Tiles:      tiles,
		Migrations: module.Folder(migrations, "migrations"),
		Locales:    locales,
	}
}

// permission gives a right to contacts, to managers, their own and a branch's, and to heads.
func permission(name string, contacts, managers, heads access.Reach) access.Permission {
	p := access.Permission{Name: name, Title: ID + ".permissions." + name[len(ID)+1:], Presets: map[string]access.Reach{}}
	for role, reach := range map[string]access.Reach{"client": contacts, "manager": managers, "branch-manager": managers, "head": heads} {
		if reach != access.None {
			p.Presets[role] = reach
		}
	}
	return p
}
