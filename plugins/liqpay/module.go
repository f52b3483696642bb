// Package liqpay takes payments by LiqPay of PrivatBank, on a page of LiqPay's. What is true of a payment is asked for at LiqPay;
// its signed notices are believed as they stand.
//
//	module.go    New, Register: the module at a glance; settings
//	api.go       how LiqPay is asked, and what is signed
//	gateway.go   payments, refunds and notices
//	cmd/liqpay   the program
package liqpay

import (
	"errors"
	"net/http"
	"time"

	"google.golang.org/grpc"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
)

// ID names the module.
const ID = "liqpay"

// Settings are what portal.yaml may say, below modules.liqpay.settings.
type Settings struct {
	// PublicKey names the company at LiqPay: "i00000000". Required.
	PublicKey string `yaml:"public_key" json:"public_key"`
	// PrivateKey signs, as ${env:NAME} or ${file:/path}. Required.
	PrivateKey secret.Text `yaml:"private_key" json:"private_key"`
	// Sandbox takes payments of test cards for paid. Never in a portal that clients use.
	Sandbox bool `yaml:"sandbox" json:"sandbox"`
	// URL is where LiqPay is. Default: https://www.liqpay.ua.
	URL string `yaml:"url" json:"url"`
}

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if s.PublicKey == "" {
		errs = append(errs, errors.New("public_key: give the company's, which LiqPay shows in its settings"))
	}
	if s.PrivateKey.IsZero() {
		errs = append(errs, errors.New("private_key: give the company's, as ${env:NAME} or ${file:/path}"))
	}
	return errors.Join(errs...)
}

// Module is the gateway. See [New].
type Module struct {
	settings Settings
	client   *http.Client
	host     *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// within is how long one request may take.
const within = 20 * time.Second

// New makes the gateway; it calls no other module.
func New(grpc.ClientConnInterface) *Module {
	return &Module{settings: Settings{URL: "https://www.liqpay.ua"}, client: &http.Client{Timeout: within}}
}

// Settings returns the module's part of portal.yaml.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest {
	return module.Manifest{ID: ID, Provides: []string{v1.GatewayService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterGatewayServiceServer(r, &gatewayService{Module: m})
}
