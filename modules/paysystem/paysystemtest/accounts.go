package paysystemtest

import (
	"context"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Accounts are a module that keeps accounts, of which the test says what becomes of a payment.
type Accounts struct {
	v1.UnimplementedAccountServiceServer
	// ID is the module's.
	ID string

	mu   sync.Mutex
	paid map[string]*v1.PayFromAccountRequest
	back map[string]*v1.ReturnToAccountRequest
	down error
	lost error
}

var _ module.Module = (*Accounts)(nil)

// NewAccounts are some of which nothing was paid.
func NewAccounts(id string) *Accounts {
	return &Accounts{ID: id, paid: map[string]*v1.PayFromAccountRequest{}, back: map[string]*v1.ReturnToAccountRequest{}}
}

// Unit lists them in a portal.
func (a *Accounts) Unit(*call.Router) module.Unit { return module.Unit{Name: a.ID, Module: a} }

// Manifest says what they are.
func (a *Accounts) Manifest() module.Manifest {
	return module.Manifest{ID: a.ID, Provides: []string{v1.AccountService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (a *Accounts) Register(r module.Registrar) { v1.RegisterAccountServiceServer(r, a) }

// Fail has every call end with an error before anything is done; lost has it be done, and the answer not come.
func (a *Accounts) Fail(before, lost error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.down, a.lost = before, lost
}

// Paid is what was paid, by our payments' ids.
func (a *Accounts) Paid(payment string) *v1.PayFromAccountRequest {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.paid[payment]
}

// Returned counts what was given back.
func (a *Accounts) Returned() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.back)
}

// GetFunds says that there is a hundred of everything.
func (a *Accounts) GetFunds(context.Context, *v1.GetFundsRequest) (*v1.GetFundsResponse, error) {
	return &v1.GetFundsResponse{Due: Money("100.00"), Prepayment: Money("100.00"), Bonus: Money("100.00"), DeferUntil: "2026-04-01"}, nil
}

// PayFromAccount pays all that is asked for, up to a hundred.
func (a *Accounts) PayFromAccount(_ context.Context, r *v1.PayFromAccountRequest) (*v1.PayFromAccountResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down != nil {
		return nil, a.down
	}
	paid := proto.CloneOf(r.GetAmount())
	if r.GetAmount().GetAmount() == "900.00" {
		if !r.GetPartly() {
			return nil, module.Refusal(codes.FailedPrecondition, "amount", a.ID+".refusal.too_little", "there is less than that")
		}
		paid = &kernelv1.Money{CurrencyCode: "UAH", Amount: "100.00"}
	}
	a.paid[r.GetPaymentId()] = proto.CloneOf(r)
	if a.lost != nil {
		return nil, a.lost
	}
	response := &v1.PayFromAccountResponse{Amount: paid}
	if r.GetKind() == v1.MethodKind_METHOD_KIND_DEFERRAL {
		response.DueDate = "2026-04-01"
	}
	return response, nil
}

// ReturnToAccount gives it back, once for each refund.
func (a *Accounts) ReturnToAccount(_ context.Context, r *v1.ReturnToAccountRequest) (*v1.ReturnToAccountResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.down != nil {
		return nil, a.down
	}
	if a.paid[r.GetPaymentId()] == nil {
		return nil, status.Error(codes.NotFound, "no such payment")
	}
	a.back[r.GetRefundId()] = proto.CloneOf(r)
	return &v1.ReturnToAccountResponse{}, nil
}
