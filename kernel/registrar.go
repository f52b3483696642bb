package kernel

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
)

// registrar is where a module binds its services and handlers. It holds the module to its manifest.
type registrar struct {
	manifest      module.Manifest
	router        grpc.ServiceRegistrar
	host          *module.Host
	bound         []string
	subscriptions []event.Subscription
}

var _ module.Registrar = (*registrar)(nil)

func newRegistrar(m module.Manifest, router grpc.ServiceRegistrar, host *module.Host) *registrar {
	return &registrar{manifest: m, router: router, host: host}
}

// RegisterService binds a service.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	r.bound = append(r.bound, desc.ServiceName)
	r.router.RegisterService(desc, impl)
}

// Handle binds a handler of events.
func (r *registrar) Handle(s event.Subscription) { r.subscriptions = append(r.subscriptions, s) }

// Host is what the kernel lends the module.
func (r *registrar) Host() *module.Host { return r.host }

// check compares what was bound with what the manifest promised.
func (r *registrar) check() error {
	if err := r.manifest.Check(r.bound, r.subscriptions); err != nil {
		return fmt.Errorf("module %s: %w", r.manifest.ID, err)
	}
	return nil
}
