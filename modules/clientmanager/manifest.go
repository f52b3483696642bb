package clientmanager

import (
	"embed"
	"slices"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID names the module, its schema, its texts and its permissions.
const ID = "clientmanager"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed locales/*.yaml
var locales embed.FS

// Permissions of the module.
const (
	readClients      = "clientmanager.clients.read"
	createClients    = "clientmanager.clients.create"
	updateClients    = "clientmanager.clients.update"
	suspendClients   = "clientmanager.clients.suspend"
	assignClients    = "clientmanager.clients.assign"
	importClients    = "clientmanager.clients.import"
	readContacts     = "clientmanager.contacts.read"
	updateContacts   = "clientmanager.contacts.update"
	readAddresses    = "clientmanager.addresses.read"
	updateAddresses  = "clientmanager.addresses.update"
	readAgreements   = "clientmanager.agreements.read"
	updateAgreements = "clientmanager.agreements.update"
	decideAgreements = "clientmanager.agreements.decide"
	readProfile      = "clientmanager.profile.read"
	updateProfile    = "clientmanager.profile.update"
	mergeClients     = "clientmanager.clients.merge"
	readBranches     = "clientmanager.branches.read"
	updateBranches   = "clientmanager.branches.update"
	updateAssignment = "clientmanager.assignment.update"
	updateTags       = "clientmanager.tags.update"
	readSegments     = "clientmanager.segments.read"
	updateSegments   = "clientmanager.segments.update"

	readRegistrations   = "clientmanager.registrations.read"
	fileRegistrations   = "clientmanager.registrations.file"
	decideRegistrations = "clientmanager.registrations.decide"
	exportClients       = "clientmanager.clients.export"
	revealContacts      = "clientmanager.contacts.reveal"
)

func manifest(registration Registration) module.Manifest {
	return module.Manifest{
		ID: ID,
		Provides: []string{
			v1.ClientService_ServiceDesc.ServiceName, v1.ContactService_ServiceDesc.ServiceName,
			v1.AddressService_ServiceDesc.ServiceName, v1.AgreementService_ServiceDesc.ServiceName,
			v1.ProfileService_ServiceDesc.ServiceName, v1.ImportService_ServiceDesc.ServiceName,
			v1.MergeService_ServiceDesc.ServiceName, v1.TimelineService_ServiceDesc.ServiceName,
			v1.BranchService_ServiceDesc.ServiceName, v1.AssignmentService_ServiceDesc.ServiceName,
			v1.BulkService_ServiceDesc.ServiceName, v1.TagService_ServiceDesc.ServiceName, v1.SegmentService_ServiceDesc.ServiceName,
			v1.RegistrationService_ServiceDesc.ServiceName, v1.EntityService_ServiceDesc.ServiceName,
		},
		Requires: required,
		Publishes: []string{
			string((&v1.ClientCreated{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ClientSuspended{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ClientResumed{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ManagerAssigned{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.AgreementChanged{}).ProtoReflect().Descriptor().FullName()),
			string((&kernelv1.ClientsMerged{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.HandoverDue{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ClientSegmentsChanged{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.SegmentRulesChanged{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.RegistrationChanged{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.EntityAdded{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ClientRegrouped{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ImportStarted{}).ProtoReflect().Descriptor().FullName()),
		},
		Permissions: []access.Permission{
			permission(readClients, access.Granted, access.Granted, access.All, "client"),
			permission(createClients, access.None, access.Granted, access.All),
			permission(updateClients, access.None, access.Granted, access.All),
			permission(suspendClients, access.None, access.Granted, access.All),
			permission(assignClients, access.None, access.None, access.All),
			permission(importClients, access.None, access.Granted, access.All),
			permission(readContacts, access.Granted, access.Granted, access.All, "client"),
			permission(updateContacts, access.Granted, access.Granted, access.All, "client.director"),
			permission(readAddresses, access.Granted, access.Granted, access.All, "client"),
			permission(updateAddresses, access.Granted, access.Granted, access.All, "client.director"),
			permission(readAgreements, access.Granted, access.Granted, access.All, "client.director", "client.accountant"),
			permission(updateAgreements, access.None, access.Granted, access.All),
			permission(decideAgreements, access.None, access.Granted, access.All),
			permission(readProfile, access.Granted, access.None, access.None, "client"),
			permission(updateProfile, access.Granted, access.None, access.None, "client.director"),
			permission(mergeClients, access.None, access.Granted, access.All),
			permission(readBranches, access.None, access.Granted, access.All),
			permission(updateBranches, access.None, access.None, access.All),
			permission(updateAssignment, access.None, access.None, access.All),
			permission(updateTags, access.None, access.None, access.All),
			permission(readSegments, access.None, access.Granted, access.All),
			permission(updateSegments, access.None, access.None, access.All),
			// Requests are of no client yet, so whoever has the right sees all of them.
			permission(readRegistrations, access.None, access.All, access.All),
			permission(fileRegistrations, access.None, access.All, access.All),
			permission(decideRegistrations, access.None, access.All, access.All),
			permission(exportClients, access.None, access.None, access.All),
			permission(revealContacts, access.None, access.Granted, access.All),
		},
		Screens: slices.Concat(clientScreens, contactScreens, addressScreens, agreementScreens, mergeScreens, branchScreens, assignmentScreens,
			bulkScreens, tagScreens, segmentScreens, personScreens, entityScreens, registrationScreens(registration)),
		Tiles: tiles,

		GrantsClients: true,
		OwnsClients:   true,
		MovesClients:  true, // in the transaction that merges them
		Migrations:    module.Folder(migrations, "migrations"),
		Locales:       locales,
	}
}

// permission gives a right to the role of contacts named last, to managers and to heads. Who manages a branch may do for
// its clients what a manager may for theirs, and says who serves them.
func permission(name string, contacts, managers, heads access.Reach, contactRoles ...string) access.Permission {
	p := access.Permission{Name: name, Title: ID + ".permissions." + name[len(ID)+1:], Presets: map[string]access.Reach{}}
	for _, role := range contactRoles {
		p.Presets[role] = contacts
	}
	ofBranch := managers
	if name == assignClients {
		ofBranch = access.Granted
	}
	for role, reach := range map[string]access.Reach{"manager": managers, "branch-manager": ofBranch, "head": heads} {
		if reach != access.None {
			p.Presets[role] = reach
		}
	}
	return p
}
