package paysystemtest

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	v1 "github.com/opencabinet/cabinet/contracts/paysystem/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Register is a cash register whose provider is the test.
type Register struct {
	v1.UnimplementedFiscalServiceServer
	// ID is the module's.
	ID string

	mu    sync.Mutex
	asked []*v1.RegisterReceiptRequest
	say   func(r *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error)
}

var _ module.Module = (*Register)(nil)

// NewRegister is one that registers everything at once.
func NewRegister(id string) *Register {
	r := &Register{ID: id}
	r.Say(func(one *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
		return &v1.RegisterReceiptResponse{
			State: v1.ReceiptState_RECEIPT_STATE_DONE, ProviderReceiptId: "F-" + one.GetReceiptId(), Number: "No. 1", Url: "https://fiscal.example/" + one.GetReceiptId(),
		}, nil
	})
	return r
}

// Unit lists it in a portal.
func (r *Register) Unit(*call.Router) module.Unit { return module.Unit{Name: r.ID, Module: r} }

// Manifest says what it is.
func (r *Register) Manifest() module.Manifest {
	return module.Manifest{ID: r.ID, Provides: []string{v1.FiscalService_ServiceDesc.ServiceName}}
}

// Register binds the service.
func (r *Register) Register(to module.Registrar) { v1.RegisterFiscalServiceServer(to, r) }

// Say has it answer so from now on.
func (r *Register) Say(say func(r *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.say = say
}

// Asked are the requests that came, in order.
func (r *Register) Asked() []*v1.RegisterReceiptRequest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*v1.RegisterReceiptRequest(nil), r.asked...)
}

// RegisterReceipt answers as the test says.
func (r *Register) RegisterReceipt(_ context.Context, one *v1.RegisterReceiptRequest) (*v1.RegisterReceiptResponse, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, proto.CloneOf(one))
	return r.say(one)
}
