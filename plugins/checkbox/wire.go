package checkbox

import (
	"github.com/google/wire"

	"github.com/opencabinet/cabinet/kernel/module"
)

// Unit is the module as a portal lists it. It is a type of its own so that Wire can tell modules apart.
type Unit module.Unit

// NewUnit gives the module its name.
func NewUnit(m *Module) Unit { return Unit{Name: ID, Module: m} }

// Set provides the module. A portal that has the plugin as a program of its own needs none of it.
var Set = wire.NewSet(New, NewUnit)
