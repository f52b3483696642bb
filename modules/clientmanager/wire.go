package clientmanager

import (
	"github.com/google/wire"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Unit is the module as a portal lists it. It is a type of its own so that Wire can tell modules apart.
type Unit module.Unit

// NewUnit gives the module its name.
func NewUnit(m *Module) Unit { return Unit{Name: ID, Module: m} }

// Set provides the module, and typed clients of its contracts for those who call them.
var Set = wire.NewSet(
	New, NewUnit,
	v1.NewClientServiceClient, v1.NewContactServiceClient, v1.NewProfileServiceClient, v1.NewImportServiceClient,
	v1.NewAddressServiceClient, v1.NewAgreementServiceClient, v1.NewBranchServiceClient, v1.NewAssignmentServiceClient,
	v1.NewMergeServiceClient, v1.NewTimelineServiceClient,
	v1.NewBulkServiceClient, v1.NewTagServiceClient, v1.NewSegmentServiceClient,
	v1.NewRegistrationServiceClient, v1.NewEntityServiceClient,
)
