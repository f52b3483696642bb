package call

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"buf.build/go/protovalidate"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
)

// KernelModule is the name under which the kernel's own services are registered. Their handlers may call anything.
const KernelModule = "kernel"

// Options say how a router works. The zero value works; it lets in nobody whom a method asks for a permission.
type Options struct {
	// Policy is the portal's roles. [Router.Install] replaces it.
	Policy *access.Policy
	// Log receives what callers are not told; slog.Default when nil.
	Log *slog.Logger
	// Tracer and Meter may be nil: then there are neither spans nor measurements, at no cost. Stats there are always.
	Tracer trace.TracerProvider
	Meter  metric.MeterProvider
	// DefaultDeadline is how long a call may take when neither caller nor method says; 30 s when zero.
	DefaultDeadline time.Duration
	// MaxMessageBytes is the largest message in either direction; 16 MiB when zero.
	MaxMessageBytes int
	// Clock measures durations; time.Now when nil.
	Clock func() time.Time
	// Refused is told when a person is refused a call that would change something, by the router or the provider, before
	// their call returns. Nil: nobody is.
	Refused func(ctx context.Context, change *access.Change, err error)
	// Read is told how many rows about clients a call showed to a member of staff who made it themselves, not a module
	// for them. It must not keep the principal. Nil: nobody is.
	Read func(who *access.Principal, rows int)
	// Upstream takes every call, when it is set: a module's own process has no providers but the portal's.
	Upstream grpc.ClientConnInterface
}

// Router carries calls from callers to providers, and lets through only what the caller may do.
// It is safe for use by many goroutines; services can be added while calls run.
type Router struct {
	options   Options
	validator protovalidate.Validator
	telemetry telemetry
	// now is the time since the router was made.
	now   func() time.Duration
	state atomic.Pointer[state]

	mu      sync.Mutex // guards changes of state, and what follows
	traffic map[string]*traffic
	errs    []error
}

// state is what calls read. It is replaced as a whole, never changed.
type state struct {
	policy   *access.Policy
	methods  map[string]*method             // of services that one module provides
	many     map[string]map[string]*method  // method → module → it, of services that many may provide
	services map[string][]string            // service → modules, in alphabetical order
	requires map[string]map[string]struct{} // module → services it may call
}

func (s *state) clone() *state {
	c := &state{policy: s.policy, methods: maps.Clone(s.methods), many: maps.Clone(s.many), services: maps.Clone(s.services)}
	c.requires = maps.Clone(s.requires)
	return c
}

var (
	_ grpc.ClientConnInterface = (*Router)(nil)
	_ grpc.ServiceRegistrar    = (*Router)(nil)
)

// New returns a router without services.
func New(options Options) *Router {
	if options.Log == nil {
		options.Log = slog.Default()
	}
	now := since(options.Clock)
	if options.Clock == nil {
		options.Clock = time.Now
	}
	options.DefaultDeadline = cmp.Or(options.DefaultDeadline, 30*time.Second)
	options.MaxMessageBytes = cmp.Or(options.MaxMessageBytes, 16<<20)
	r := &Router{options: options, now: now, traffic: map[string]*traffic{}}
	policy := options.Policy
	if policy == nil {
		policy = &access.Policy{}
	}
	r.state.Store(&state{
		policy: policy, methods: map[string]*method{}, many: map[string]map[string]*method{}, services: map[string][]string{},
		requires: map[string]map[string]struct{}{},
	})
	var err error
	if r.validator, err = protovalidate.New(); err != nil {
		r.errs = append(r.errs, fmt.Errorf("prepare the checking of constraints: %w", err))
	}
	if r.telemetry, err = newTelemetry(options); err != nil {
		r.errs = append(r.errs, fmt.Errorf("prepare measurements: %w", err))
	}
	return r
}

// since is the time since now, by a clock; the machine's own is asked in the way that takes the least time.
func since(clock func() time.Time) func() time.Duration {
	if clock == nil {
		start := time.Now()
		return func() time.Duration { return time.Since(start) }
	}
	start := clock()
	return func() time.Duration { return clock().Sub(start) }
}

// Observe has calls leave spans and measurements, as Options.Tracer and Options.Meter do. It is called before services are
// registered, for whoever learns only later where they go.
func (r *Router) Observe(tracer trace.TracerProvider, meter metric.MeterProvider) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.state.Load().methods) > 0 {
		r.errs = append(r.errs, errors.New("call: Observe comes after a service was registered: call it before"))
		return
	}
	var err error
	if r.telemetry, err = newTelemetry(Options{Tracer: tracer, Meter: meter}); err != nil {
		r.errs = append(r.errs, fmt.Errorf("prepare measurements: %w", err))
	}
}

// Install sets the portal's policy, and for each module the services it may call beside its own, by full name.
// A module that is not named may call none. A nil policy or map leaves what was said before. Calls that are under
// way finish by the rules they began with.
func (r *Router) Install(policy *access.Policy, requires map[string][]string) {
	r.change(func(s *state) error {
		if policy != nil {
			s.policy = policy
		}
		if requires == nil {
			return nil
		}
		s.requires = make(map[string]map[string]struct{}, len(requires))
		for module, services := range requires {
			s.requires[module] = set(services)
		}
		return nil
	})
}

func set(names []string) map[string]struct{} {
	m := make(map[string]struct{}, len(names))
	for _, name := range names {
		m[name] = struct{}{}
	}
	return m
}

// change replaces the state with a changed copy; an error keeps the old one and is remembered for Err.
func (r *Router) change(f func(*state) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.state.Load().clone()
	if err := f(s); err != nil {
		r.errs = append(r.errs, err)
		return
	}
	r.state.Store(s)
}

// Err joins what went wrong while services were registered. A portal must not start while it is not nil.
func (r *Router) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.errs...)
}

// Provides tells whether some module provides a service, given by its full name.
func (r *Router) Provides(service string) bool {
	return len(r.state.Load().services[service]) > 0
}

// Providers are the modules that provide a service, in alphabetical order.
func (r *Router) Providers(service string) []string {
	return slices.Clone(r.state.Load().services[service])
}

// Method is what the router knows of a method.
type Method struct {
	access.Rules
	// Module provides it.
	Module string
	// Chosen methods are of a service that many modules may provide: a call names the module with [To].
	Chosen     bool
	Descriptor protoreflect.MethodDescriptor
	// Reveals are the permissions without which staff see texts of its messages in part.
	Reveals []string
}

// Methods returns every method of the portal, by full name. One of a service that many provide is there once for each.
func (r *Router) Methods() []Method {
	var methods []Method
	for m := range r.state.Load().all() {
		methods = append(methods, Method{
			Rules: m.rules, Module: m.module, Chosen: m.chosen, Descriptor: m.descriptor, Reveals: slices.Concat(m.maskIn.reveals(), m.maskOut.reveals()),
		})
	}
	slices.SortFunc(methods, func(a, b Method) int {
		return cmp.Or(strings.Compare(a.Rules.Method, b.Rules.Method), strings.Compare(a.Module, b.Module))
	})
	return methods
}

// Descriptor returns the descriptor of a method, given as "/package.Service/Method".
func (r *Router) Descriptor(name string) (protoreflect.MethodDescriptor, bool) {
	m, ok := r.state.Load().some(name)
	if !ok {
		return nil, false
	}
	return m.descriptor, true
}

// Explain says in a sentence why a principal may or may not call a method, given as "/package.Service/Method".
func (r *Router) Explain(who access.Principal, name string) (access.Decision, string) {
	s := r.state.Load()
	m, ok := s.some(name)
	if !ok {
		return access.Decision{Method: name}, "no: " + s.missing(name)
	}
	if caller := callerOf(who); !s.mayCall(caller, m) {
		return access.Decision{Method: name, Permission: m.rules.Permission, Code: access.NotRequired}, "no: " + notRequired(caller, m)
	}
	return s.policy.Explain(acting(who), m.rules)
}
