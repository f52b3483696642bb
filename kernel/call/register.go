package call

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/opencabinet/cabinet/kernel/access"
)

// method is everything about a method that a call needs, computed when it is registered.
type method struct {
	service string
	module  string
	// chosen is set where many modules may provide the service: see [To].
	chosen     bool
	rules      access.Rules
	descriptor protoreflect.MethodDescriptor
	impl       any
	unary      func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error)
	stream     grpc.StreamHandler
	deadline   time.Duration
	input      protoreflect.MessageType
	// shares is set where caller and provider may have the same messages: an immutable method's, and those that a
	// module's process serves, which gets bytes.
	shares bool
	// openReply and openFields serve to hand over a reply without a copy; nil where that is not possible.
	openReply  reflect.Type
	openFields []int
	// staffIn and staffOut lead to the fields for staff; nil when the message has none.
	staffIn, staffOut *fieldTree
	// maskIn and maskOut lead to the texts that not all staff see whole; nil when the message has none.
	maskIn, maskOut *masking
	// shows is the field of a response that holds what is about clients, of a method without side effects; nil when none does.
	shows protoreflect.FieldDescriptor
	// constrained messages go through the validator.
	constrained bool
	// about leads to what the audit log says a call is about; nil for a method without side effects.
	about   *about
	measure measures
	// traffic counts the calls of the module that provides it.
	traffic *traffic
	// via is the module's name alone, as a call that comes from the kernel's edges has it.
	via []string
}

// registrar registers services as one module.
type registrar struct {
	router *Router
	module string
}

// For returns a registrar whose services are provided by a module. Their handlers run with the module's name added to
// the principal's Via, by which the router knows who calls. requires names the services the module may call beside
// its own; nil leaves what [Router.Install] said.
func (r *Router) For(module string, requires []string) grpc.ServiceRegistrar {
	if requires != nil {
		r.change(func(s *state) error {
			s.requires[module] = set(requires)
			return nil
		})
	}
	return registrar{router: r, module: module}
}

// RegisterService registers a service of the kernel's own.
func (r *Router) RegisterService(desc *grpc.ServiceDesc, impl any) {
	r.register(KernelModule, desc, impl)
}

// RegisterService registers a service that the module provides. What is wrong with it is told by [Router.Err].
func (g registrar) RegisterService(desc *grpc.ServiceDesc, impl any) {
	g.router.register(g.module, desc, impl)
}

// RegisterRemote registers a service that a module's process serves, from the descriptor that it sent; desc's handlers
// carry the calls there, through the interceptor that they are given, and keep no message. The descriptor may be of another version than the one that the program links, if any: messages
// are then carried over as bytes.
func (r *Router) RegisterRemote(module string, service protoreflect.ServiceDescriptor, desc *grpc.ServiceDesc) {
	r.add(module, desc, func() ([]*method, error) {
		methods, err := r.methodsFrom(service, module, desc, nil)
		for _, m := range methods {
			m.share()
		}
		return methods, err
	})
}

// Remote is a service that a module's process serves: see [Router.RegisterRemote].
type Remote struct {
	Service protoreflect.ServiceDescriptor
	Desc    *grpc.ServiceDesc
}

// ReplaceRemote puts other services into the place of those that a module provides, all at once. Calls under way go on as
// they began. When it is an error nothing changes.
func (r *Router) ReplaceRemote(module string, services []Remote) error {
	var errs []error
	made := map[string][]*method{}
	for _, s := range services {
		methods, err := r.methodsFrom(s.Service, module, s.Desc, nil)
		errs = append(errs, err)
		for _, m := range methods {
			m.share()
		}
		made[s.Desc.ServiceName] = methods
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	next := r.state.Load().clone()
	next.remove(module)
	for name, methods := range made {
		if err := next.provide(name, module, methods); err != nil {
			return err
		}
	}
	r.state.Store(next)
	return nil
}

func (r *Router) register(module string, desc *grpc.ServiceDesc, impl any) {
	r.add(module, desc, func() ([]*method, error) { return r.methodsOf(module, desc, impl) })
}

func (r *Router) add(module string, desc *grpc.ServiceDesc, make func() ([]*method, error)) {
	r.change(func(s *state) error {
		methods, err := make()
		if err != nil {
			return err
		}
		return s.provide(desc.ServiceName, module, methods)
	})
}

func (r *Router) methodsOf(module string, desc *grpc.ServiceDesc, impl any) ([]*method, error) {
	if desc.HandlerType != nil {
		if want := reflect.TypeOf(desc.HandlerType).Elem(); impl == nil || !reflect.TypeOf(impl).Implements(want) {
			return nil, fmt.Errorf("module %s registers %T for %s, which is no %s", module, impl, desc.ServiceName, want)
		}
	}
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(desc.ServiceName))
	if err != nil {
		return nil, fmt.Errorf("module %s provides %s, whose contract is not linked: %w", module, desc.ServiceName, err)
	}
	service, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil, fmt.Errorf("module %s provides %s, which is no service", module, desc.ServiceName)
	}
	return r.methodsFrom(service, module, desc, impl)
}

func (r *Router) methodsFrom(service protoreflect.ServiceDescriptor, module string, desc *grpc.ServiceDesc, impl any) ([]*method, error) {
	unary := map[protoreflect.Name]grpc.MethodDesc{}
	for _, d := range desc.Methods {
		unary[protoreflect.Name(d.MethodName)] = d
	}
	streams := map[protoreflect.Name]grpc.StreamDesc{}
	for _, d := range desc.Streams {
		streams[protoreflect.Name(d.StreamName)] = d
	}
	var methods []*method
	var errs []error
	chosen := access.ManyProviders(service)
	for i := range service.Methods().Len() {
		d := service.Methods().Get(i)
		m := &method{
			service: desc.ServiceName, module: module, chosen: chosen, descriptor: d, impl: impl,
			unary: unary[d.Name()].Handler, stream: streams[d.Name()].Handler,
		}
		if m.unary == nil && m.stream == nil {
			errs = append(errs, fmt.Errorf("module %s provides %s without its method %s", module, desc.ServiceName, d.Name()))
			continue
		}
		if err := r.prepare(m); err != nil {
			errs = append(errs, err)
			continue
		}
		methods = append(methods, m)
	}
	return methods, errors.Join(errs...)
}

// prepare reads off the descriptor what calls will need.
func (r *Router) prepare(m *method) (err error) {
	if m.rules, err = access.RulesOf(m.descriptor); err != nil {
		return err
	}
	m.deadline = time.Duration(m.rules.DeadlineMS) * time.Millisecond
	if m.deadline <= 0 {
		m.deadline = r.options.DefaultDeadline
	}
	m.input = MessageType(m.descriptor.Input())
	m.via = []string{m.module}
	if m.rules.Immutable {
		m.share()
	}
	m.staffIn = staffTreeOf(m.descriptor.Input())
	m.staffOut = staffTreeOf(m.descriptor.Output())
	if m.maskIn, err = maskingOf(m.descriptor.Input()); err != nil {
		return fmt.Errorf("%s receives what cannot be masked: %w", m.rules.Method, err)
	}
	if m.maskOut, err = maskingOf(m.descriptor.Output()); err != nil {
		return fmt.Errorf("%s returns what cannot be masked: %w", m.rules.Method, err)
	}
	if m.rules.ReadOnly && r.options.Read != nil {
		m.shows = showsClients(m.descriptor.Output())
	}
	if !m.rules.ReadOnly {
		m.about = aboutOf(m.descriptor)
	}
	m.constrained = constrained(m.descriptor.Input())
	if m.constrained { // makes the checks now, so that what cannot be checked is known before the first call
		var broken *protovalidate.CompilationError
		if err := r.validator.Validate(m.input.New().Interface()); errors.As(err, &broken) {
			return fmt.Errorf("constraints on what %s receives cannot be checked: %w", m.rules.Method, err)
		}
	}
	m.measure = r.telemetry.of(m.rules.Method)
	m.traffic = r.traffic[m.module]
	if m.traffic == nil {
		m.traffic = &traffic{}
		r.traffic[m.module] = m.traffic
	}
	return nil
}
