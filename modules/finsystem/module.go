package finsystem

import (
	"google.golang.org/grpc"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	paysystemv1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Module keeps a portal's books: balances, documents about money, and payments. See [New].
type Module struct {
	clients     clientmanagerv1.ClientServiceClient
	agreements  clientmanagerv1.AgreementServiceClient
	segments    clientmanagerv1.SegmentServiceClient
	documents   v1.DocumentServiceClient   // its own, which files are made of as their reader
	settlements v1.SettlementServiceClient // so are these
	signatories v1.SignatoryServiceClient
	checkouts   paysystemv1.PaymentServiceClient
	drawing     chan struct{} // lets one picture at a time be decoded
	settings    Settings
	words       *locale.Bundle // of documents
	host        *module.Host
}

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Pages        = (*Module)(nil)
)

// New keeps clients of the contracts the module calls; it does nothing else.
func New(conn grpc.ClientConnInterface) *Module {
	return &Module{
		clients: clientmanagerv1.NewClientServiceClient(conn), agreements: clientmanagerv1.NewAgreementServiceClient(conn),
		segments: clientmanagerv1.NewSegmentServiceClient(conn), documents: v1.NewDocumentServiceClient(conn),
		settlements: v1.NewSettlementServiceClient(conn), signatories: v1.NewSignatoryServiceClient(conn), checkouts: paysystemv1.NewPaymentServiceClient(conn),
		settings: defaults(), words: documentWords(), drawing: make(chan struct{}, 1),
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
	v1.RegisterSignatoryServiceServer(r, &signatoryService{Module: m})

	move := event.On(ID+".move-clients", m.clientsMerged)
	move.Timeout = moveWithin
	r.Handle(move)
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
	v1.RegisterSettlementServiceServer(r, &settlementService{Module: m})
	v1.RegisterReportServiceServer(r, &reportService{Module: m})
	v1.RegisterBooksServiceServer(r, &booksService{Module: m})
	v1.RegisterBonusServiceServer(r, &bonusService{Module: m})
	v1.RegisterTopUpServiceServer(r, &topUpService{Module: m})
	paysystemv1.RegisterAccountServiceServer(r, &accountService{Module: m})
	r.Handle(m.nightly())
	r.Handle(m.summing())
}
