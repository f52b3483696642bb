// Package accountmanager knows who people are: users, their passwords and sessions, their roles, the clients they act
// for, and the ways in. It provides cabinet.accountmanager.v1 and, for the kernel, cabinet.kernel.v1.IdentityService.
//
//	module.go         New, Manifest, Register: the module at a glance
//	settings.go       what portal.yaml may say
//	permissions.go    roles and permissions
//	identity.go       IdentityService: sign-in, and who a session's token belongs to
//	accept.go         its other half: invitations shown and used
//	users.go          UserService: people, for staff who look after them
//	me.go             MeService: one's own account
//	sessions.go       MeService: one's own sessions
//	user_sessions.go  the same for staff, and for the kernel, which closes what is open when a session ends
//	invitations.go    InvitationService
//	memberships.go    MembershipService
//	mask.go           updates: what their mask names, and constraints of that
//	roles.go          who may give which role, and the last head
//	password.go       hashing, and what wrong passwords lead to
//	rate.go           how many tries an address has
//	challenge.go      a sign-in that waits for its second factor
//	factors.go        FactorService: one's own second factor, and its reset by staff
//	passkeys.go       PasskeyService: one's own passkeys
//	passkey_sign_in.go  passkeys shown: to come in, as a second factor, as a proof
//	ceremony.go       what a browser is asked for a passkey, and for which portal
//	codes.go          codes of applications, and recovery codes
//	prove.go          somebody shows again that it is them
//	reset.go          a forgotten password is replaced
//	email.go          another e-mail, confirmed
//	impersonations.go ImpersonationService: staff see the portal as a contact does
//	impersonated.go   its other half: who acts in such a session, and until when
//	letters.go        LetterService: links, codes and notices, for the modules that send them
//	providers.go      outside providers by which staff sign in, as portal.yaml names them
//	outside.go        what is asked of a provider, and what of its answers is believed
//	external.go       sign-in by a provider
//	external_accounts.go  ExternalAccountService: one's own accounts of providers
//	phone.go          PhoneService: one's own phone, confirmed
//	phone_sign_in.go  sign-in by a phone and a code
//	photos.go         PhotoService, and where photos are served
//	picture.go        what becomes of a picture that somebody sends
//	exif.go           how a camera was held
//	admissions.go     AdmissionService: modules let people in, and write to who has no account
//	secret.go         tokens of sessions, invitations and letters
//	clients.go        what is known here of clients
//	events.go         what the module hears; merged.go of clients that became one
//	errors.go         refusals, in words of the locale files
//	screens.go        its pages, as data
//	*_sql.go          the SQL of the file beside it
//
// A user is staff or a contact, never both. What a user may see is decided by grants: a membership puts one in the
// transaction that makes it, and takes it in the transaction that ends it.
//
// Transactions lock in one order: heads, the user, their memberships and clients, then sessions and invitations, and
// impersonations last.
//
// Sessions that have ended are deleted at the next sign-ins, counts of wrong passwords two days after the last one.
// Invitations are kept: they say who let whom in. So are impersonations, which say who saw what others see, and why.
package accountmanager

import (
	"context"
	"embed"
	"fmt"

	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID is the module's name, its schema and its key in portal.yaml.
const ID = "accountmanager"

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed locales/*.yaml
var locales embed.FS

// Module is the account manager.
type Module struct {
	clients   clientmanagerv1.ClientServiceClient
	settings  Settings
	host      *module.Host
	passwords *passwords
	addresses *addresses
	// party is nil where the portal's address can have no passkeys.
	party   *party
	outside []*outside
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
	_ module.Starter      = (*Module)(nil)
	_ module.Pages        = (*Module)(nil)
)

// New keeps what the module calls; it does nothing else.
func New(clients clientmanagerv1.ClientServiceClient) *Module {
	return &Module{clients: clients, settings: defaults()}
}

// Settings returns the module's part of portal.yaml, filled with its defaults.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest {
	return module.Manifest{
		ID: ID,
		Provides: []string{
			kernelv1.IdentityService_ServiceDesc.ServiceName,
			kernelv1.FactorService_ServiceDesc.ServiceName,
			kernelv1.PasskeyService_ServiceDesc.ServiceName,
			accountmanagerv1.UserService_ServiceDesc.ServiceName,
			accountmanagerv1.MeService_ServiceDesc.ServiceName,
			accountmanagerv1.InvitationService_ServiceDesc.ServiceName,
			accountmanagerv1.MembershipService_ServiceDesc.ServiceName,
			accountmanagerv1.LetterService_ServiceDesc.ServiceName,
			accountmanagerv1.PhoneService_ServiceDesc.ServiceName,
			accountmanagerv1.ExternalAccountService_ServiceDesc.ServiceName,
			accountmanagerv1.ImpersonationService_ServiceDesc.ServiceName,
			accountmanagerv1.PhotoService_ServiceDesc.ServiceName,
			accountmanagerv1.AdmissionService_ServiceDesc.ServiceName,
		},
		Requires: []string{clientmanagerv1.ClientService_ServiceDesc.ServiceName},
		Publishes: []string{
			string((&accountmanagerv1.SessionsEnded{}).ProtoReflect().Descriptor().FullName()),
			string((&accountmanagerv1.LetterWritten{}).ProtoReflect().Descriptor().FullName()),
			string((&accountmanagerv1.ImpersonationStarted{}).ProtoReflect().Descriptor().FullName()),
			string((&accountmanagerv1.ImpersonationEnded{}).ProtoReflect().Descriptor().FullName()),
			string((&accountmanagerv1.ImpersonationDue{}).ProtoReflect().Descriptor().FullName()),
			string((&accountmanagerv1.MembershipGiven{}).ProtoReflect().Descriptor().FullName()),
			string((&accountmanagerv1.MembershipEnded{}).ProtoReflect().Descriptor().FullName()),
		},
		Roles:         roles(),
		Permissions:   permissions(),
		Screens:       screens(),
		GrantsClients: true,
		MovesClients:  true,
		Migrations:    module.Folder(migrations, "migrations"),
		Locales:       locales,
	}
}

// Start refuses a portal whose settings name roles that there are not.
func (m *Module) Start(context.Context) error {
	for _, id := range m.settings.SecondFactorRoles {
		if role, known := m.host.Policy.Role(id); !known || !role.Staff {
			return fmt.Errorf("accountmanager: second_factor_roles names %q, which is no staff role of this portal", id)
		}
	}
	return nil
}

// Register binds the services and what the module hears.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	m.passwords = newPasswords(m.settings, m.host)
	m.addresses = newAddresses(m.settings.SignInsPerMinute, m.host.Now)
	m.party = newParty(m.host.URL, m.settings.Issuer)
	for _, p := range m.settings.OIDC {
		m.outside = append(m.outside, newOutside(p, m.host.Now))
	}

	kernelv1.RegisterIdentityServiceServer(r, &identityService{Module: m})
	kernelv1.RegisterFactorServiceServer(r, &factorService{Module: m})
	kernelv1.RegisterPasskeyServiceServer(r, &passkeyService{Module: m})
	accountmanagerv1.RegisterUserServiceServer(r, &userService{Module: m})
	accountmanagerv1.RegisterMeServiceServer(r, &meService{Module: m})
	accountmanagerv1.RegisterInvitationServiceServer(r, &invitationService{Module: m})
	accountmanagerv1.RegisterMembershipServiceServer(r, &membershipService{Module: m})
	accountmanagerv1.RegisterLetterServiceServer(r, &letterService{Module: m})
	accountmanagerv1.RegisterPhoneServiceServer(r, &phoneService{Module: m})
	accountmanagerv1.RegisterExternalAccountServiceServer(r, &externalService{Module: m})
	accountmanagerv1.RegisterImpersonationServiceServer(r, &impersonationService{Module: m})
	accountmanagerv1.RegisterPhotoServiceServer(r, &photoService{Module: m})
	accountmanagerv1.RegisterAdmissionServiceServer(r, &admissionService{Module: m})

	// One name, so that a client's suspension, resumption and merge arrive in order.
	r.Handle(event.On("accountmanager.follow-clients", m.clientSuspended))
	r.Handle(event.On("accountmanager.follow-clients", m.clientResumed))
	r.Handle(event.On("accountmanager.end-impersonations", m.impersonationDue))
	r.Handle(event.On("accountmanager.follow-clients", m.clientsMerged))
	r.Handle(event.On("accountmanager.follow-clients", m.clientRegrouped))
}
