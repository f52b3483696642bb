package paysystemtest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Gateway is a gateway whose vendor is the test: it says what the test has it say, and fails as it is told.
type Gateway struct {
	v1.UnimplementedGatewayServiceServer
	// ID is the module's.
	ID string
	// Silent has it tell nothing of what becomes of a payment, as a bank does.
	Silent bool

	mu sync.Mutex
	// what the vendor knows, by our payment's id.
	facts   map[string][]*v1.Fact
	made    map[string]*v1.CreateCheckoutRequest
	refunds map[string]*v1.RefundCheckoutRequest
	down    error
	silent  error
	checked int
	// hangs has it not say what it can do; described counts how often it was asked.
	hangs     bool
	described int
	slow      v1.FactKind
	// what the vendor keeps, by the customer's token, and what becomes of a payment with it.
	kept   map[string][]*v1.SavedMethod
	charge func(r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error)
}

var _ module.Module = (*Gateway)(nil)

// NewGateway is one that nobody has paid by.
func NewGateway(id string) *Gateway {
	return &Gateway{ID: id, facts: map[string][]*v1.Fact{}, made: map[string]*v1.CreateCheckoutRequest{}, refunds: map[string]*v1.RefundCheckoutRequest{}, slow: v1.FactKind_FACT_KIND_REFUND_SUCCEEDED, kept: map[string][]*v1.SavedMethod{}}
}

// Unit lists the gateway in a portal.
func (g *Gateway) Unit(*call.Router) module.Unit { return module.Unit{Name: g.ID, Module: g} }

// Manifest says what it is.
func (g *Gateway) Manifest() module.Manifest {
	return module.Manifest{ID: g.ID, Provides: []string{v1.GatewayService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (g *Gateway) Register(r module.Registrar) { v1.RegisterGatewayServiceServer(r, g) }

// Fail has every call end with an error from now on; nil for none.
func (g *Gateway) Fail(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = err
}

// FailToSay has it not say what it knows of payments and keeps of cards, while it does the rest; nil for none.
func (g *Gateway) FailToSay(err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.silent = err
}

// Hang has it not answer what it can do until its caller gives up.
func (g *Gateway) Hang(hangs bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hangs = hangs
}

// Described counts how often it was asked what it can do.
func (g *Gateway) Described() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.described
}

// Checked counts how often it was asked what became of a payment.
func (g *Gateway) Checked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.checked
}

// Say has the vendor know something of a payment.
func (g *Gateway) Say(payment string, facts ...*v1.Fact) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.facts[payment] = append(g.facts[payment], facts...)
}

// RefundsEnd has refunds end so: FACT_KIND_REFUND_SUCCEEDED at first.
func (g *Gateway) RefundsEnd(kind v1.FactKind) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.slow = kind
}

// Keep has the vendor keep ways to pay under a customer's token, and no others: Customer of a client.
func (g *Gateway) Keep(customer string, methods ...*v1.SavedMethod) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept[customer] = methods
}

// Kept are those that it keeps.
func (g *Gateway) Kept(customer string) []*v1.SavedMethod {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.kept[customer]
}

// Customer is a client's token at the vendor's.
func Customer(client string) string { return "cus-" + client }

// Charge has payments with what is kept end so; nil has them be made at once.
func (g *Gateway) Charge(end func(r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.charge = end
}

// Asked are the refunds that were asked for, by our ids.
func (g *Gateway) Asked() map[string]*v1.RefundCheckoutRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.refunds)
}

// Made are the payments that were asked for, by our ids.
func (g *Gateway) Made() map[string]*v1.CreateCheckoutRequest {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.made)
}

// Paid is the fact that a payment was made.
func Paid(payment string, amount *kernelv1.Money) *v1.Fact {
	return &v1.Fact{Kind: v1.FactKind_FACT_KIND_PAYMENT_SUCCEEDED, PaymentId: payment, GatewayPaymentId: "T-" + payment, Amount: amount}
}

// Money is an amount in hryvnias.
func Money(amount string) *kernelv1.Money {
	return &kernelv1.Money{CurrencyCode: "UAH", Amount: amount}
}

// Notice is what the vendor posts, and its headers; a forged one has no signature.
func Notice(signed bool, facts ...*v1.Fact) (headers map[string]string, body []byte) {
	read := &v1.ReadNoticeResponse{Verified: true, Facts: facts, Title: "told"}
	body, err := protojson.Marshal(read)
	if err != nil {
		panic(err) // facts are the test's own
	}
	headers = map[string]string{"Content-Type": "application/json"}
	if signed {
		headers["Test-Signature"] = "good"
	}
	return headers, body
}

// DescribeGateway says that it can do everything.
func (g *Gateway) DescribeGateway(ctx context.Context, _ *v1.DescribeGatewayRequest) (*v1.DescribeGatewayResponse, error) {
	g.mu.Lock()
	g.described++
	hangs := g.hangs
	g.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return &v1.DescribeGatewayResponse{Title: "Test pay", Refunds: true, PartialRefunds: true, HostedPage: true, Reports: !g.Silent, SavedMethods: true}, nil
}

func (g *Gateway) lock() (func(), error) {
	g.mu.Lock()
	return g.mu.Unlock, g.down
}

// CreateCheckout begins a payment.
func (g *Gateway) CreateCheckout(_ context.Context, r *v1.CreateCheckoutRequest) (*v1.CreateCheckoutResponse, error) {
	unlock, err := g.lock()
	defer unlock()
	if err != nil {
		return nil, err
	}
	g.made[r.GetPaymentId()] = proto.CloneOf(r)
	switch {
	case r.GetSavedMethodId() != "" && g.charge != nil:
		return g.charge(r)
	case r.GetSavedMethodId() != "":
		return &v1.CreateCheckoutResponse{GatewayPaymentId: "T-" + r.GetPaymentId(), Facts: []*v1.Fact{Paid(r.GetPaymentId(), r.GetAmount())}}, nil
	}
	response := &v1.CreateCheckoutResponse{GatewayPaymentId: "T-" + r.GetPaymentId(), RedirectUrl: "https://pay.example/" + r.GetPaymentId()}
	if r.GetKeepMethod() {
		response.CustomerToken = Customer(r.GetClientId())
	}
	return response, nil
}

// ListSavedMethods lists what the test had the vendor keep.
func (g *Gateway) ListSavedMethods(_ context.Context, r *v1.ListSavedMethodsRequest) (*v1.ListSavedMethodsResponse, error) {
	unlock, err := g.lock()
	defer unlock()
	return &v1.ListSavedMethodsResponse{SavedMethods: g.kept[r.GetCustomerToken()]}, cmp.Or(err, g.silent)
}

// RemoveSavedMethod has the vendor keep one no more.
func (g *Gateway) RemoveSavedMethod(_ context.Context, r *v1.RemoveSavedMethodRequest) (*v1.RemoveSavedMethodResponse, error) {
	unlock, err := g.lock()
	defer unlock()
	if err != nil {
		return nil, err
	}
	g.kept[r.GetCustomerToken()] = slices.DeleteFunc(slices.Clone(g.kept[r.GetCustomerToken()]), func(m *v1.SavedMethod) bool { return m.GetId() == r.GetId() })
	return &v1.RemoveSavedMethodResponse{}, nil
}

// GetCheckout says what the test had the vendor know.
func (g *Gateway) GetCheckout(_ context.Context, r *v1.GetCheckoutRequest) (*v1.GetCheckoutResponse, error) {
	unlock, err := g.lock()
	defer unlock()
	g.checked++
	return &v1.GetCheckoutResponse{Facts: g.facts[r.GetPaymentId()]}, cmp.Or(err, g.silent)
}

// RefundCheckout gives money back, once for each refund.
func (g *Gateway) RefundCheckout(_ context.Context, r *v1.RefundCheckoutRequest) (*v1.RefundCheckoutResponse, error) {
	unlock, err := g.lock()
	defer unlock()
	if err != nil {
		return nil, err
	}
	g.refunds[r.GetRefundId()] = proto.CloneOf(r)
	return &v1.RefundCheckoutResponse{Fact: &v1.Fact{
		Kind: g.slow, PaymentId: r.GetPaymentId(), GatewayId: "R-" + r.GetRefundId(), RefundId: r.GetRefundId(), Amount: r.GetAmount(), Reason: "as asked",
	}}, nil
}

// ReadNotice reads what [Notice] writes.
func (g *Gateway) ReadNotice(_ context.Context, r *v1.ReadNoticeRequest) (*v1.ReadNoticeResponse, error) {
	unlock, err := g.lock()
	defer unlock()
	if err != nil {
		return nil, err
	}
	read := &v1.ReadNoticeResponse{}
	if err := protojson.Unmarshal(r.GetBody(), read); err != nil {
		return nil, status.Error(codes.InvalidArgument, "this is no notice")
	}
	if r.GetHeaders()["Test-Signature"] == "good" {
		return read, nil
	}
	hints := &v1.ReadNoticeResponse{Title: read.GetTitle()}
	for _, f := range read.GetFacts() {
		hints.Hints = append(hints.Hints, &v1.PaymentHint{PaymentId: f.GetPaymentId(), GatewayPaymentId: f.GetGatewayPaymentId()})
	}
	return hints, nil
}
