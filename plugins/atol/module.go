// Package atol registers receipts with ATOL Online, cash registers over the net by the Russian law 54-FZ: protocol 4, receipts of the
// format 1.05.
//
// The vendor's description is https://online.atol.ru/files/API_atol_online_v4.pdf. It could not be read when this was written: names of
// fields follow public clients of it, and are unverified against its text.
//
//	module.go    New, Register: the module at a glance; settings
//	api.go       how ATOL is asked; the token
//	receipts.go  receipts
//	cmd/atol     the program
package atol

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
)

// ID names the module.
const ID = "atol"

// Settings are what portal.yaml may say, below modules.atol.settings.
type Settings struct {
	// Login and Password are the group's; Password as ${env:NAME} or ${file:/path}. Group is its code. Required.
	Login    string      `yaml:"login" json:"login"`
	Password secret.Text `yaml:"password" json:"password"`
	Group    string      `yaml:"group" json:"group"`
	// INN is the business's, Email what receipts are sent from, Address where it does business: its site. Required.
	INN     string `yaml:"inn" json:"inn"`
	Email   string `yaml:"email" json:"email"`
	Address string `yaml:"address" json:"address"`
	// Taxation is the business's: osn, usn_income, usn_income_outcome, esn or patent. Required.
	Taxation string `yaml:"taxation" json:"taxation"`
	// VAT is the rate of what is paid for: none, vat0, vat10, vat20, vat110, vat120 and so on. Default: none.
	VAT string `yaml:"vat" json:"vat"`
	// Method and Object say what is paid, in the words of the format. Default: full_payment and service.
	Method string `yaml:"method" json:"method"`
	Object string `yaml:"object" json:"object"`
	// URL is where the API is. Default: https://online.atol.ru/possystem/v4.
	URL string `yaml:"url" json:"url"`
}

var (
	taxations = []string{"osn", "usn_income", "usn_income_outcome", "esn", "patent"}
	inn       = regexp.MustCompile(`^([0-9]{10}|[0-9]{12})$`)
	vat       = regexp.MustCompile(`^(none|vat[0-9]{1,3})$`)
)

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	for name, value := range map[string]string{"login": s.Login, "group": s.Group, "email": s.Email, "address": s.Address} {
		if value == "" {
			errs = append(errs, fmt.Errorf("%s: it is required", name))
		}
	}
	if s.Password.IsZero() {
		errs = append(errs, errors.New("password: give the group's, as ${env:NAME} or ${file:/path}"))
	}
	if !inn.MatchString(s.INN) {
		errs = append(errs, errors.New("inn: write 10 or 12 digits"))
	}
	if !slices.Contains(taxations, s.Taxation) {
		errs = append(errs, fmt.Errorf("taxation: %q is none of %s", s.Taxation, strings.Join(taxations, ", ")))
	}
	if !vat.MatchString(s.VAT) {
		errs = append(errs, fmt.Errorf("vat: %q is no rate, such as none or vat20", s.VAT))
	}
	return errors.Join(errs...)
}

// Module is the cash register. See [New].
type Module struct {
	settings Settings
	client   *http.Client
	host     *module.Host

	mu    sync.Mutex
	token string // empty before the first request
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
	return &Module{
		settings: Settings{VAT: "none", Method: "full_payment", Object: "service", URL: "https://online.atol.ru/possystem/v4"},
		client:   &http.Client{Timeout: within},
	}
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
