package clientmanager

import (
	accountmanagerv1 "github.com/opencabinet/cabinet/contracts/accountmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps clients and their people. See [New].
type Module struct {
	users    accountmanagerv1.UserServiceClient
	settings Settings
	host     *module.Host
	sights   sights
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// New keeps the client of the contract the module calls; it does nothing else.
func New(users accountmanagerv1.UserServiceClient) *Module {
	return &Module{users: users, settings: defaults()}
}

// Settings returns the module's part of portal.yaml, filled with its defaults.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest { return manifest() }

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
}
