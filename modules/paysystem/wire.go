package paysystem

import (
	"github.com/google/wire"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Unit is the module as a portal lists it. It is a type of its own so that Wire can tell modules apart.
type Unit module.Unit

// NewUnit gives the module its name.
func NewUnit(m *Module) Unit { return Unit{Name: ID, Module: m} }

// Set provides the module, and typed clients of its contracts for those who call them.
var Set = wire.NewSet(New, NewUnit, v1.NewPaymentServiceClient, v1.NewMethodServiceClient, v1.NewNoticeServiceClient, v1.NewReceiptServiceClient, v1.NewSavedCardServiceClient)
