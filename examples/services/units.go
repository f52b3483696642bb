package main

import (
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/modules/accountmanager"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// units lists the modules, in the order they are started and shown.
func units(clients clientmanager.Unit, accounts accountmanager.Unit) []module.Unit {
	return []module.Unit{module.Unit(clients), module.Unit(accounts)}
}
