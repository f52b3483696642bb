package booking

import (
	"github.com/google/wire"

	"github.com/opencabinet/cabinet/kernel/module"
	v1 "github.com/opencabinet/cabinet/plugins/booking/v1"
)

// Unit is the module as a portal lists it. It is a type of its own so that Wire can tell modules apart.
type Unit module.Unit

// NewUnit gives the module its name.
func NewUnit(m *Module) Unit { return Unit{Name: ID, Module: m} }

// Set provides the module, and typed clients of its contracts for those who call them. A portal that has the plugin as a
// program of its own needs none of it.
var Set = wire.NewSet(
	New, NewUnit,
	v1.NewResourceServiceClient, v1.NewSlotServiceClient, v1.NewBookingServiceClient,
	v1.NewHoursServiceClient, v1.NewHoldServiceClient, v1.NewGuestServiceClient,
)
