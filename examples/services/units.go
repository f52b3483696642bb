package main

import (
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/plugins/booking"
)

// units lists the modules, in the order they are started and shown.
func units(clients clientmanager.Unit, accounts accountmanager.Unit, bookings booking.Unit) []module.Unit {
	return []module.Unit{module.Unit(clients), module.Unit(accounts), module.Unit(bookings)}
}
