// Package banktransfer takes payments by transfer to an account of the business: it says what to write, and draws the code that
// banks' programs read. No bank tells it anything: whoever reads statements finds a payment by its reference.
//
//	module.go  New, Register: the module at a glance; the gateway
//	settings.go  the accounts
//	codes.go   what codes say
//	cmd/banktransfer  the program
package banktransfer

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/module"
)

// ID names the module.
const ID = "banktransfer"

// Module is the gateway. See [New].
type Module struct{ settings Settings }

var (
	_ module.Module       = (*Module)(nil)
	_ module.Configurable = (*Module)(nil)
	_ module.Validator    = (*Settings)(nil)
)

// New makes the gateway; it calls nobody.
func New(grpc.ClientConnInterface) *Module { return &Module{} }

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

// gatewayService is a bank as paysystem knows gateways.
type gatewayService struct {
	v1.UnimplementedGatewayServiceServer
	*Module
}

var _ v1.GatewayServiceServer = (*gatewayService)(nil)

// DescribeGateway says in which currencies the business has accounts.
func (s *gatewayService) DescribeGateway(context.Context, *v1.DescribeGatewayRequest) (*v1.DescribeGatewayResponse, error) {
	about := &v1.DescribeGatewayResponse{Title: "Bank transfer"}
	for _, a := range s.settings.Accounts {
		about.CurrencyCodes = append(about.CurrencyCodes, a.Currency)
	}
	return about, nil
}

// CreateCheckout says where to pay. Nothing is asked of a bank.
func (s *gatewayService) CreateCheckout(_ context.Context, r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
	for _, a := range s.settings.Accounts {
		if a.Currency != r.GetAmount().GetCurrencyCode() {
			continue
		}
		words := wordsIn(r.GetLanguage(), s.settings.Language)
		purpose := purposeOf(r.GetReference(), r.GetDescription())
		lines := []*v1.Instruction{
			{Label: words.payee, Value: a.Name}, {Label: "IBAN", Value: a.IBAN}, {Label: words.amount, Value: r.GetAmount().GetAmount() + " " + a.Currency},
			{Label: words.purpose, Value: purpose},
		}
		if a.TaxCode != "" {
			lines = append(lines, &v1.Instruction{Label: words.code, Value: a.TaxCode})
		}
		if a.Bank != "" {
			lines = append(lines, &v1.Instruction{Label: words.bank, Value: a.Bank})
		}
		return &v1.CreateCheckoutResponse{GatewayPaymentId: r.GetReference(), Instructions: lines, QrText: code(a, r.GetAmount(), purpose)}, nil
	}
	return nil, status.Errorf(codes.InvalidArgument, "the business has no account in %s", r.GetAmount().GetCurrencyCode())
}

// GetCheckout knows nothing.
func (s *gatewayService) GetCheckout(context.Context, *v1.GetCheckoutRequest) (*v1.GetCheckoutResponse, error) {
	return &v1.GetCheckoutResponse{}, nil
}

// ReadNotice believes nobody: banks post no notices here.
func (s *gatewayService) ReadNotice(context.Context, *v1.ReadNoticeRequest) (*v1.ReadNoticeResponse, error) {
	return &v1.ReadNoticeResponse{}, nil
}

// words label what is to be written.
type words struct{ payee, amount, purpose, code, bank string }

var languages = map[string]words{
	"en": {"Payee", "Amount", "Purpose", "Payee’s code", "Bank"},
	"uk": {"Отримувач", "Сума", "Призначення", "Код отримувача", "Банк"},
	"ru": {"Получатель", "Сумма", "Назначение", "Код получателя", "Банк"},
}

func wordsIn(tags ...string) words {
	for _, tag := range tags {
		if w, ok := languages[tag]; ok {
			return w
		}
	}
	return languages["en"]
}
