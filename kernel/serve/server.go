package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/durationpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/store"
)

// server answers what the kernel asks of a module's process.
type server struct {
	kernelv1.UnimplementedPluginServiceServer
	module   module.Module
	id       string
	back     *back
	log      *slog.Logger
	life     context.Context // ends with the process
	registry *registry
	// openBlobs is nil where no module has any.
	openBlobs OpenBlobs

	mu            sync.Mutex
	opened        bool
	host          *module.Host
	telemetry     *telemetry                    // nil where nobody wants any
	subscriptions map[string]event.Subscription // by subscriber and type
	closers       []func(ctx context.Context) error
}

var (
	_ kernelv1.PluginServiceServer = (*server)(nil)
	_ module.Registrar             = (*server)(nil)
)

func newServer(life context.Context, m module.Module, b *back, log *slog.Logger) *server {
	id := m.Manifest().ID
	return &server{
		module: m, id: id, back: b, log: log, life: life, subscriptions: map[string]event.Subscription{},
		registry: &registry{module: id, log: log, services: map[string]bound{}},
	}
}

// Describe says what the module is.
func (s *server) Describe(context.Context, *kernelv1.DescribeRequest) (*kernelv1.DescribeResponse, error) {
	return describe(s.module)
}

// Open lends the module what it needs, binds its services and starts it. It is done once in a process's life.
func (s *server) Open(ctx context.Context, r *kernelv1.OpenRequest) (response *kernelv1.OpenResponse, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opened {
		return nil, status.Error(codes.FailedPrecondition, "the module was opened before: start a new process")
	}
	s.opened = true
	defer func() {
		if p := recover(); p != nil {
			err = call.Panicked(ctx, call.Provider{Module: s.id, Method: "Open", Log: s.log}, p)
		}
	}()
	if err := s.settle(r.GetSettings()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	if err := s.lend(ctx, r); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	s.module.Register(s)
	if err := s.module.Manifest().Check(s.registry.names(), slices.Collect(maps.Values(s.subscriptions))); err != nil {
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	}
	if err := s.servePages(r.GetPagesSocket()); err != nil {
		return nil, status.Error(codes.Internal, err.Error())
	}
	if m, ok := s.module.(module.Starter); ok {
		if err := m.Start(s.life); err != nil {
			return nil, status.Errorf(codes.FailedPrecondition, "the module does not start: %v", err)
		}
	}
	if r.GetCallsSocket() != "" {
		if err := s.serveDirect(r.GetCallsSocket()); err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	response = &kernelv1.OpenResponse{Calls: r.GetCallsSocket() != ""}
	for _, sub := range s.subscriptions {
		one := &kernelv1.Subscription{Subscriber: sub.Subscriber, Plan: wire.Plan(sub.Schedule)}
		if sub.Timeout != 0 {
			one.Timeout = durationpb.New(sub.Timeout)
		}
		for _, t := range sub.Types {
			one.Types = append(one.Types, string(t))
		}
		response.Subscriptions = append(response.Subscriptions, one)
	}
	return response, nil
}

// settle fills the module's settings.
func (s *server) settle(text []byte) error {
	m, ok := s.module.(module.Configurable)
	if !ok {
		return nil
	}
	settings := m.Settings()
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(settings); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("the settings of module %s: %w", s.id, err)
	}
	if v, ok := settings.(module.Validator); ok {
		return v.Validate()
	}
	return nil
}

// lend makes the module's host of what the portal sent.
func (s *server) lend(ctx context.Context, r *kernelv1.OpenRequest) error {
	policy := &access.Policy{}
	if err := json.Unmarshal(r.GetPolicy(), policy); err != nil {
		return fmt.Errorf("the portal's policy cannot be read: %w", err)
	}
	zone, err := time.LoadLocation(r.GetTimeZone())
	if err != nil {
		return err
	}
	if err := s.back.open(s.id, r.GetHostSocket(), r.GetToken()); err != nil {
		return err
	}
	s.closers = append(s.closers, func(context.Context) error { return s.back.Close() })
	now, err := clock()
	if err != nil {
		return err
	}
	secrets, err := secret.Of(append([][]byte{r.GetKey()}, r.GetOlderKeys()...)...)
	if err != nil {
		return err
	}
	t := newTelemetry(s.life, s.id, r, s.log, s.report)
	if t != nil {
		s.telemetry = t
		s.registry.telemetry.Store(t)
		s.back.telemetry.Store(t)
		s.closers = append(s.closers, t.close)
	}
	blobs := blob.None()
	if s.openBlobs != nil && len(r.GetBlobs()) > 0 {
		if blobs, err = s.openBlobs(ctx, r.GetBlobs(), now); err != nil {
			return err
		}
		s.closers = append(s.closers, func(context.Context) error { return blobs.Close() })
	}
	s.host = &module.Host{
		Secrets: secrets, Blobs: blobs, Tracer: t.tracerOf(), Meter: t.meterOf(s.id),
		ID: s.id, Policy: policy, Log: s.log, Now: now, Zone: zone, URL: r.GetUrl(),
		Key: func(purpose string, bytes int) []byte { return module.DeriveKey(r.GetKey(), purpose, bytes) },
	}
	kernel := kernelv1.NewHostServiceClient(s.back)
	s.host.Providers = func(ctx context.Context, service string) ([]string, error) {
		found, err := kernel.ListProviders(s.host.Self(ctx), &kernelv1.ListProvidersRequest{Service: service})
		return found.GetModuleIds(), err
	}
	if r.GetDatabase() == "" {
		return nil
	}
	rows, closeRows, err := store.OpenLent(context.WithoutCancel(ctx), store.Lent{
		Module: s.id, DSN: r.GetDatabase(), PageKey: r.GetPageKey(), Role: r.GetRole(), GrantedRole: r.GetGrantedRole(),
		Sign: func(ctx context.Context) (string, time.Time, error) {
			ctx, cancel := context.WithTimeout(ctx, signWithin)
			defer cancel()
			signed, err := kernel.SignRows(access.With(ctx, access.AsModule(s.id)), &kernelv1.SignRowsRequest{})
			return signed.GetSetting(), signed.GetExpireTime().AsTime(), err
		},
	})
	if err != nil {
		return err
	}
	s.host.Store = rows
	s.closers = append(s.closers, func(context.Context) error { closeRows(); return nil })
	return nil
}

// report tells the portal of the process's work.
func (s *server) report(ctx context.Context, r *kernelv1.ReportTelemetryRequest) error {
	_, err := kernelv1.NewHostServiceClient(s.back).ReportTelemetry(access.With(ctx, access.AsModule(s.id)), r)
	return err
}

// RegisterService binds a service.
func (s *server) RegisterService(desc *grpc.ServiceDesc, impl any) {
	s.registry.RegisterService(desc, impl)
}

// Handle binds a handler of events.
func (s *server) Handle(sub event.Subscription) {
	for _, t := range sub.Types {
		s.subscriptions[sub.Subscriber+" "+string(t)] = event.Subscription{
			Subscriber: sub.Subscriber, Module: sub.Module, Types: []protoreflect.FullName{t}, Handle: sub.Handle, Schedule: sub.Schedule, Timeout: sub.Timeout,
		}
	}
}

// Host is what the portal lends.
func (s *server) Host() *module.Host { return s.host }

// SetPolicy puts other rights in the place of those that the module looks up.
func (s *server) SetPolicy(_ context.Context, r *kernelv1.SetPolicyRequest) (*kernelv1.SetPolicyResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.host == nil {
		return nil, status.Error(codes.FailedPrecondition, "the module is not open")
	}
	if err := s.host.Policy.UnmarshalJSON(r.GetPolicy()); err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &kernelv1.SetPolicyResponse{}, nil
}

// Deliver hands an event to its handler, which acts as the module.
func (s *server) Deliver(ctx context.Context, r *kernelv1.DeliverRequest) (_ *kernelv1.DeliverResponse, err error) {
	_ = grpc.SetTrailer(ctx, wire.Served())
	s.mu.Lock()
	sub, ok := s.subscriptions[r.GetSubscriber()+" "+r.GetType()]
	s.mu.Unlock()
	if !ok {
		return nil, status.Errorf(codes.Unimplemented, "module %s has no handler %s for %s", s.id, r.GetSubscriber(), r.GetType())
	}
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(r.GetType()))
	if err != nil {
		return nil, status.Errorf(codes.Unimplemented, "this program does not link %s", r.GetType())
	}
	payload := kind.New().Interface()
	if err := proto.Unmarshal(r.GetPayload(), payload); err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "the payload is no %s", r.GetType())
	}
	defer func() {
		if p := recover(); p != nil {
			err = call.Panicked(ctx, call.Provider{Module: s.id, Method: "event " + r.GetSubscriber(), Log: s.log}, p)
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	ctx = event.WithDelivery(s.host.Self(wire.WithTraceparent(ctx, r.GetTraceparent())), r.GetSubscriber(), r.GetEventId())
	ctx, end := s.telemetry.begin(ctx, "event "+r.GetSubscriber(), trace.SpanKindConsumer, attribute.String("event.type", r.GetType()))
	if end != nil {
		defer func() { end(err) }()
	}
	e := event.Event{
		ID: r.GetEventId(), Source: r.GetSource(), Type: protoreflect.FullName(r.GetType()), Key: r.GetKey(), Time: r.GetTime().AsTime(), Payload: payload,
	}
	if r.GetDueTime() != nil {
		e.Due = r.GetDueTime().AsTime()
	}
	if err = sub.Handle(ctx, e); err != nil {
		return nil, status.Error(status.Code(err), err.Error()) // for the portal's log; it goes no further
	}
	return &kernelv1.DeliverResponse{}, nil
}

// close ends what the module began, when the portal lets the process go.
func (s *server) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, stopWithin)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.module.(module.Stopper); ok && s.opened {
		if err := m.Stop(ctx); err != nil {
			s.log.WarnContext(ctx, "the module did not stop well", "error", err)
		}
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		if err := s.closers[i](ctx); err != nil {
			s.log.WarnContext(ctx, "something did not close", "error", err)
		}
	}
}

const (
	// signWithin is how long the portal may take to sign.
	signWithin = 10 * time.Second
	// stopWithin is how long a module has to stop.
	stopWithin = 10 * time.Second
)
