package main

import (
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
	"github.com/opencabinet/cabinet/modules/finsystem"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
	"github.com/opencabinet/cabinet/modules/paysystem"
	"github.com/opencabinet/cabinet/plugins/banktransfer"
	"github.com/opencabinet/cabinet/plugins/booking"
	"github.com/opencabinet/cabinet/plugins/stripe"
)

// units lists the modules, in the order they are started and shown.
func units(clients clientmanager.Unit, accounts accountmanager.Unit, numbers numbergenerator.Unit, money finsystem.Unit, payments paysystem.Unit,
	transfers banktransfer.Unit, cards stripe.Unit, bookings booking.Unit,
) []module.Unit {
	return []module.Unit{
		module.Unit(clients), module.Unit(accounts), module.Unit(numbers), module.Unit(money), module.Unit(payments), module.Unit(transfers), module.Unit(cards),
		module.Unit(bookings),
	}
}
