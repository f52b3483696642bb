package finsystem

import (
	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps a portal's books: balances, documents about money, and payments. See [New].
type Module struct {
	clients    clientmanagerv1.ClientServiceClient
	documents  v1.DocumentServiceClient
	agreements clientmanagerv1.AgreementServiceClient
	segments   clientmanagerv1.SegmentServiceClient
	settings   Settings
	words      *locale.Bundle // of documents
	host       *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
	_ module.Pages        = (*Module)(nil)
)

// New keeps the clients of the contracts the module calls, its own among them: a file is served by what the contract says of who asks.
func New(clients clientmanagerv1.ClientServiceClient, documents v1.DocumentServiceClient, agreements clientmanagerv1.AgreementServiceClient,
	segments clientmanagerv1.SegmentServiceClient,
) *Module {
	return &Module{
		clients: clients, documents: documents, agreements: agreements, segments: segments, settings: defaults(), words: documentWords(),
	}
}

// documentWords are the texts that documents are written with. They are part of the program, and were tried when it was built.
func documentWords() *locale.Bundle {
	words, err := locale.NewBundle(locale.Source{Prefix: ID, FS: locales})
	if err != nil {
		panic(err)
	}
	return words
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

	r.Handle(event.On(ID+".move-clients", m.clientsMerged))
	r.Handle(event.On(ID+".holds", m.holdDue))
	r.Handle(event.On(ID+".files", m.documentIssued))
	m.listen(r)

	v1.RegisterSubscriptionServiceServer(r, &subscriptionService{Module: m})
	r.Handle(m.chargeSchedule())
	r.Handle(event.On(ID+".charge-paid", m.paymentReceived))
	r.Handle(event.On(ID+".suspended", m.clientSuspended))
	r.Handle(event.On(ID+".resumed", m.clientResumed))
	v1.RegisterDeferralServiceServer(r, &deferralService{Module: m})
	r.Handle(event.On(ID+".deferrals", m.deferralDue))
	statements := &statementService{Module: m}
	v1.RegisterStatementServiceServer(r, statements)
	r.Handle(statements.work())
	r.Handle(event.On(ID+".move-payers", m.movePayer))
}
