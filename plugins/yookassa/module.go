// Package yookassa takes payments by YooKassa, on a page of YooKassa's. Its notices are not signed: none of them is believed, and
// YooKassa is asked whenever one comes. In YooKassa's settings the address of notices is the portal's, /m/paysystem/hooks/yookassa, and
// its events are payment.succeeded, payment.canceled and refund.succeeded.
//
//	module.go    New, Register: the module at a glance; settings
//	api.go       how YooKassa is asked
//	gateway.go   payments, refunds and notices
//	cmd/yookassa the program
package yookassa

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
const ID = "yookassa"

// Settings are what portal.yaml may say, below modules.yookassa.settings.
type Settings struct {
	// ShopID names the shop at YooKassa. Required.
	ShopID string `yaml:"shop_id" json:"shop_id"`
	// SecretKey is the shop's, as ${env:NAME} or ${file:/path}. Required.
	SecretKey secret.Text `yaml:"secret_key" json:"secret_key"`
	// URL is where the API is. Default: https://api.yookassa.ru/v3.
	URL string `yaml:"url" json:"url"`
}

// Validate names every setting at fault.
func (s *Settings) Validate() error {
	var errs []error
	if s.ShopID == "" {
		errs = append(errs, errors.New("shop_id: give the shop's, which YooKassa shows in its settings"))
	}
	if s.SecretKey.IsZero() {
		errs = append(errs, errors.New("secret_key: give the shop's, as ${env:NAME} or ${file:/path}"))
	}
	return errors.Join(errs...)
}

// Module is the gateway. See [New].
type Module struct {
	settings Settings
	client   *http.Client
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// within is how long one request may take.
const within = 30 * time.Second

// New makes the gateway; it calls no other module.
func New(grpc.ClientConnInterface) *Module {
	return &Module{settings: Settings{URL: "https://api.yookassa.ru/v3"}, client: &http.Client{Timeout: within}}
}

// Settings returns the module's part of portal.yaml.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest {
	return module.Manifest{ID: ID, Provides: []string{v1.GatewayService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (m *Module) Register(r module.Registrar) {
	v1.RegisterGatewayServiceServer(r, &gatewayService{Module: m})
}
