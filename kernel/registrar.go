package kernel

import (
	"errors"
	"fmt"
	"slices"
	"strings"

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
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("module "+r.manifest.ID+" "+format, args...))
	}
	for _, s := range r.manifest.Provides {
		if !slices.Contains(r.bound, s) {
			wrong("promises %s in its manifest and does not register it", s)
		}
	}
	for _, s := range r.bound {
		if !slices.Contains(r.manifest.Provides, s) {
			wrong("registers %s, which its manifest does not promise: add it to Provides", s)
		}
	}
	for _, s := range r.subscriptions {
		if s.Module != r.manifest.ID || !strings.HasPrefix(s.Subscriber, r.manifest.ID+".") {
			wrong("hears events as %s of module %s: a subscriber's name begins with its own module's", s.Subscriber, s.Module)
		}
	}
	return errors.Join(errs...)
}
