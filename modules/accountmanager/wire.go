package accountmanager

import (
	"github.com/google/wire"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Unit is the module as a portal lists it. It is a type of its own so that Wire can tell modules apart.
type Unit module.Unit

// NewUnit gives the module its name.
func NewUnit(m *Module) Unit { return Unit{Name: ID, Module: m} }

// Set provides the module, and typed clients of its contracts for those who call them.
var Set = wire.NewSet(
	New, NewUnit,
	accountmanagerv1.NewUserServiceClient, accountmanagerv1.NewMeServiceClient,
	accountmanagerv1.NewInvitationServiceClient, accountmanagerv1.NewMembershipServiceClient,
	accountmanagerv1.NewAdmissionServiceClient,
)
