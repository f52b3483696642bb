package clientmanager

import (
	"embed"
	"slices"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
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
	exportClients    = "clientmanager.clients.export"
	revealContacts   = "clientmanager.contacts.reveal"
)

func manifest() module.Manifest {
	return module.Manifest{
		ID: ID,
		Provides: []string{
			v1.ClientService_ServiceDesc.ServiceName, v1.ContactService_ServiceDesc.ServiceName,
			v1.AddressService_ServiceDesc.ServiceName, v1.AgreementService_ServiceDesc.ServiceName,
			v1.ProfileService_ServiceDesc.ServiceName, v1.ImportService_ServiceDesc.ServiceName,
		},
		Requires: required,
		Publishes: []string{
			string((&v1.ClientCreated{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ClientSuspended{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ClientResumed{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.ManagerAssigned{}).ProtoReflect().Descriptor().FullName()),
			string((&v1.AgreementChanged{}).ProtoReflect().Descriptor().FullName()),
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
			permission(exportClients, access.None, access.None, access.All),
			permission(revealContacts, access.None, access.Granted, access.All),
		},
		Screens: slices.Concat(clientScreens, contactScreens, addressScreens, agreementScreens),
		Tiles:   tiles,

		GrantsClients: true,
		OwnsClients:   true,
		Migrations:    module.Folder(migrations, "migrations"),
		Locales:       locales,
	}
}

// permission gives a right to the role of contacts named last, to managers and to heads.
func permission(name string, contacts, managers, heads access.Reach, contactRoles ...string) access.Permission {
	p := access.Permission{Name: name, Title: ID + ".permissions." + name[len(ID)+1:], Presets: map[string]access.Reach{}}
	for _, role := range contactRoles {
		p.Presets[role] = contacts
	}
	for role, reach := range map[string]access.Reach{"manager": managers, "head": heads} {
		if reach != access.None {
			p.Presets[role] = reach
		}
	}
	return p
}
