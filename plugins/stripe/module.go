// Package stripe takes payments by Stripe: on a page of Stripe's, through Checkout Sessions. What is true of a payment is asked for
// at Stripe; of its signed events only those of a session are believed as they stand.
//
//	module.go    New, Register: the module at a glance
//	settings.go  what portal.yaml says
//	checkout.go  payments
//	cards.go     cards that are kept, and payments with them
//	state.go     what is true of one
//	refunds.go   money that goes back
//	notices.go   Stripe's events
//	amounts.go   amounts as Stripe counts them
//	cmd/stripe   the program
package stripe

import (
	stripe "github.com/stripe/stripe-go/v84"
	"google.golang.org/grpc"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID names the module.
const ID = "stripe"

// Module is the gateway. See [New].
type Module struct {
	settings Settings
	client   *stripe.Client
	host     *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// New makes the gateway; it calls no other module.
func New(grpc.ClientConnInterface) *Module { return &Module{settings: defaults()} }

// Settings returns the module's part of portal.yaml.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest {
	return module.Manifest{ID: ID, Provides: []string{v1.GatewayService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	m.client = m.settings.client()
	v1.RegisterGatewayServiceServer(r, &gatewayService{Module: m})
}

// gatewayService is Stripe as paysystem knows gateways.
type gatewayService struct {
	v1.UnimplementedGatewayServiceServer
	*Module
}

var _ v1.GatewayServiceServer = (*gatewayService)(nil)
