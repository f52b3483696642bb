//go:build wireinject

package main

import (
	"github.com/google/wire"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
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

// assemble makes the portal's modules. Wire finds for each constructor what it asks for: the clients of contracts come
// from the module that provides them.
func assemble(router *call.Router) ([]module.Unit, error) {
	panic(wire.Build(kernel.Set, accountmanager.Set, clientmanager.Set, numbergenerator.Set, finsystem.Set, paysystem.Set, banktransfer.Set, stripe.Set, booking.Set, units))
}
