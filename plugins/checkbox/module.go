// Package checkbox registers receipts with Checkbox, a software cash register (PRRO) of Ukraine.
//
//	module.go     New, Register: the module at a glance; settings
//	api.go        how Checkbox is asked; signing in
//	receipts.go   receipts, and the shift they are part of
//	cmd/checkbox  the program
package checkbox

import (
	"errors"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
)

// ID names the module.
const ID = "checkbox"

// Settings are what portal.yaml may say, below modules.checkbox.settings.
type Settings struct {
	// LicenseKey is the cash register's, and PIN the cashier's, as ${env:NAME} or ${file:/path}. Required.
	LicenseKey secret.Text `yaml:"license_key" json:"license_key"`
	PIN        secret.Text `yaml:"pin" json:"pin"`
	// Tax are the codes of the rates that what is paid for has, as they are set up at Checkbox. Default: none.
	Tax []string `yaml:"tax" json:"tax"`
	// URL is where the API is. Default: https://api.checkbox.ua.
	URL string `yaml:"url" json:"url"`
}

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if s.LicenseKey.IsZero() {
		errs = append(errs, errors.New("license_key: give the cash register's, as ${env:NAME} or ${file:/path}"))
	}
	if s.PIN.IsZero() {
		errs = append(errs, errors.New("pin: give the cashier's, as ${env:NAME} or ${file:/path}"))
	}
	return errors.Join(errs...)
}

// Module is the cash register. See [New].
type Module struct {
	settings Settings
	client   *http.Client
	host     *module.Host

	mu    sync.Mutex
	token string // of the cashier; empty before signing in
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// within is how long one request may take.
const within = 20 * time.Second

// New makes the cash register; it calls no other module.
func New(grpc.ClientConnInterface) *Module {
	return &Module{settings: Settings{URL: "https://api.checkbox.ua"}, client: &http.Client{Timeout: within}}
}

// Settings returns the module's part of portal.yaml.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest {
	return module.Manifest{ID: ID, Provides: []string{v1.FiscalService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterFiscalServiceServer(r, &fiscalService{Module: m})
}
