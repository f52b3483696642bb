package finsystem

import (
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps a portal's books: balances, documents about money, and payments. See [New].
type Module struct {
	clients     clientmanagerv1.ClientServiceClient
	settlements v1.SettlementServiceClient // its own, which a file is made of as its reader
	settings    Settings
	host        *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Pages        = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// New keeps the clients of the contracts the module calls; it does nothing else.
func New(clients clientmanagerv1.ClientServiceClient, settlements v1.SettlementServiceClient) *Module {
	return &Module{clients: clients, settlements: settlements, settings: defaults()}
}

// Settings returns the module's part of portal.yaml, filled with its defaults.
func (m *Module) Settings() any { return &m.settings }

// Manifest says what the module is.
func (m *Module) Manifest() module.Manifest { return manifest() }

// Register binds the services.
func (m *Module) Register(r module.Registrar) {
	m.host = r.Host()
	v1.RegisterLedgerServiceServer(r, &ledgerService{Module: m})
	v1.RegisterDocumentServiceServer(r, &documentService{Module: m})
	v1.RegisterPaymentServiceServer(r, &paymentService{Module: m})
	v1.RegisterSettlementServiceServer(r, &settlementService{Module: m})
	v1.RegisterReportServiceServer(r, &reportService{Module: m})
	v1.RegisterBooksServiceServer(r, &booksService{Module: m})
	r.Handle(m.nightly())
}
