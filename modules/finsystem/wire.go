package finsystem

import (
	"github.com/google/wire"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Unit is the module as a portal lists it. It is a type of its own so that Wire can tell modules apart.
type Unit module.Unit

// NewUnit gives the module its name.
func NewUnit(m *Module) Unit { return Unit{Name: ID, Module: m} }

// Set provides the module, and typed clients of its contracts for those who call them.
var Set = wire.NewSet(
	New, NewUnit, v1.NewLedgerServiceClient, v1.NewDocumentServiceClient, v1.NewPaymentServiceClient,
	v1.NewSubscriptionServiceClient, v1.NewDeferralServiceClient, v1.NewStatementServiceClient, v1.NewSettlementServiceClient, v1.NewReportServiceClient, v1.NewBooksServiceClient,
)
