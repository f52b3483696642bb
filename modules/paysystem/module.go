// Package paysystem takes payments: what clients pay, by which way, what gateways say became of it, and what goes back. It keeps
// no balances: its events say to whoever keeps accounts what to post.
//
// A gateway is a module of its own that provides GatewayService, as plugins/stripe does; a cash register one that provides
// FiscalService. The head then adds ways to pay by it, and says to which segments they are offered. In portal.yaml:
//
//	modules:
//	  paysystem: {settings: {currency: UAH, fiscal: {UAH: checkbox}}}
//	  stripe: {settings: {secret_key: "${env:STRIPE_KEY}", webhook_secret: "${env:STRIPE_WEBHOOK}"}}
//
//	module.go       New, Register: the module at a glance
//	manifest.go     what it says of itself; screens.go its pages
//	payments.go     payments: list, begin, call off; payments_sql.go their rows
//	checkout.go     how a payment begins at its gateway; gateways.go how gateways are called
//	funds.go        what is paid from a client's account: what was paid ahead, bonuses, later
//	facts.go        what a fact does to a payment, under its row's lock; reversals.go refunds and chargebacks
//	differences.go  money that came in another amount, and what somebody says is to be done with it
//	refunds.go      money that goes back because staff says so
//	notices.go      what gateways tell: stored first, applied once, in any order
//	checks.go       what gateways are asked, when they do not tell; later.go how what they do not answer is asked again
//	cards.go        cards that gateways keep for clients
//	receipts.go     receipts of cash registers, and their queue
//	methods.go      the ways to pay, and who is offered which
//	pages.go        where gateways post to, and the picture that a bank's program reads
package paysystem

import (
	"google.golang.org/grpc"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps payments. See [New].
type Module struct {
	clients  clientmanagerv1.ClientServiceClient
	gateways v1.GatewayServiceClient
	fiscal   v1.FiscalServiceClient
	accounts v1.AccountServiceClient
	payments v1.PaymentServiceClient // its own, which a page reads as its reader
	settings Settings
	host     *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
	_ module.Pages        = (*Module)(nil)
)

// New keeps clients of the contracts the module calls; it does nothing else.
func New(conn grpc.ClientConnInterface) *Module {
	return &Module{
		clients: clientmanagerv1.NewClientServiceClient(conn), gateways: v1.NewGatewayServiceClient(conn), fiscal: v1.NewFiscalServiceClient(conn), accounts: v1.NewAccountServiceClient(conn),
		payments: v1.NewPaymentServiceClient(conn), settings: defaults(),
	}
}

// Settings returns the module's part of portal.yaml, filled with its defaults.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest { return manifest() }

// Register binds the services and what is heard. One subscriber hears of suspension and its end, so that both come in order.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterPaymentServiceServer(r, &paymentService{Module: m})
	v1.RegisterMethodServiceServer(r, &methodService{Module: m})
	v1.RegisterNoticeServiceServer(r, &noticeService{Module: m})
	v1.RegisterSavedCardServiceServer(r, &savedCardService{Module: m})
	v1.RegisterReceiptServiceServer(r, &receiptService{Module: m})
	r.Handle(event.On(ID+".clients", m.clientSuspended))
	r.Handle(event.On(ID+".clients", m.clientResumed))
	r.Handle(event.On(ID+".notices", m.noticeReceived))
	r.Handle(event.On(ID+".checks", m.checkDue))
	r.Handle(event.On(ID+".refunds", m.refundDue))
	r.Handle(event.On(ID+".cards", m.savedCardsDue))
	r.Handle(event.On(ID+".receipts", m.receiptDue))
	r.Handle(event.OnSchedule(ID+".sweep", event.Schedule{
		Title: ID + ".schedules.sweep", Cron: "15 4 * * *", CatchUp: event.CatchUpOnce,
	}, m.sweep))
}
