package clientmanager

import (
	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps clients and their people. See [New].
type Module struct {
	users      accountmanagerv1.UserServiceClient
	admissions accountmanagerv1.AdmissionServiceClient
	settings   Settings
	host       *module.Host
	sights     sights
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// New keeps the clients of the contracts the module calls; it does nothing else.
func New(users accountmanagerv1.UserServiceClient, admissions accountmanagerv1.AdmissionServiceClient) *Module {
	return &Module{users: users, admissions: admissions, settings: defaults()}
}

// Settings returns the module's part of portal.yaml, filled with its defaults.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest { return manifest(m.settings.Registration) }

// Register binds the services.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterClientServiceServer(r, &clientService{Module: m})
	v1.RegisterContactServiceServer(r, &contactService{Module: m})
	v1.RegisterAddressServiceServer(r, &addressService{Module: m})
	v1.RegisterAgreementServiceServer(r, &agreementService{Module: m})
	v1.RegisterProfileServiceServer(r, &profileService{Module: m})
	imports := &importService{Module: m}
	v1.RegisterImportServiceServer(r, imports)
	r.Handle(imports.jobs())
	v1.RegisterMergeServiceServer(r, &mergeService{Module: m})
	v1.RegisterTimelineServiceServer(r, &timelineService{Module: m})
	r.Handle(m.matchSchedule())
	r.Handle(event.On(ID+".timeline", m.happened))
	v1.RegisterBranchServiceServer(r, &branchService{Module: m})
	v1.RegisterAssignmentServiceServer(r, &assignmentService{Module: m})

	r.Handle(event.On("clientmanager.hand-over", m.handOverNext))
	v1.RegisterBulkServiceServer(r, &bulkService{Module: m})
	v1.RegisterTagServiceServer(r, &tagService{Module: m})
	v1.RegisterSegmentServiceServer(r, &segmentService{Module: m})
	r.Handle(event.On(ID+".segments", m.segmentRulesChanged))
	v1.RegisterEntityServiceServer(r, &entityService{Module: m})
	v1.RegisterRegistrationServiceServer(r, &registrationService{Module: m})

	r.Handle(event.On("clientmanager.registrations", m.registrationChanged))
	r.Handle(event.On("clientmanager.entities", m.entityAdded))
	r.Handle(event.OnSchedule("clientmanager.sweep-registrations", event.Schedule{
		Title: "clientmanager.schedules.sweep_registrations", Cron: "20 3 * * *", CatchUp: event.CatchUpOnce,
	}, m.sweepRegistrations))
}
