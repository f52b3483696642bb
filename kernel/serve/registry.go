package serve

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// registry holds the module's services. They are bound when the portal opens the module; the server, which runs before
// that, knows them from the module's manifest and hands their calls here.
type registry struct {
	module string
	log    *slog.Logger
	reader wire.Reader
	// telemetry makes a span of each call; nil before the module is opened, and where nobody wants any.
	telemetry atomic.Pointer[telemetry]

	mu       sync.RWMutex
	services map[string]bound
}

type bound struct {
	desc *grpc.ServiceDesc
	impl any
}

var _ grpc.ServiceRegistrar = (*registry)(nil)

// RegisterService binds a service of the module.
func (r *registry) RegisterService(desc *grpc.ServiceDesc, impl any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.services[desc.ServiceName] = bound{desc, impl}
}

// names are the services that are bound.
func (r *registry) names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Collect(maps.Keys(r.services))
}

// expect has a server carry the calls of a service here, though it is bound only later: a server that runs takes no more.
func (r *registry) expect(server *grpc.Server, name string) {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	service, ok := found.(protoreflect.ServiceDescriptor)
	if err != nil || !ok {
		return // describe and the portal tell
	}
	desc := &grpc.ServiceDesc{ServiceName: name}
	for i := range service.Methods().Len() {
		m := service.Methods().Get(i)
		method := string(m.Name())
		if m.IsStreamingClient() || m.IsStreamingServer() {
			desc.Streams = append(desc.Streams, grpc.StreamDesc{
				StreamName: method, ServerStreams: m.IsStreamingServer(), ClientStreams: m.IsStreamingClient(),
				Handler: func(_ any, stream grpc.ServerStream) error { return r.stream(name, method, stream) },
			})
			continue
		}
		desc.Methods = append(desc.Methods, grpc.MethodDesc{
			MethodName: method,
			Handler: func(_ any, ctx context.Context, receive func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				_ = grpc.SetTrailer(ctx, wire.Served())
				return r.unary(ctx, name, method, r.reader.Context, receive)
			},
		})
	}
	server.RegisterService(desc, nil)
}

// unary serves one call with a message each way. enter makes its context of ctx, receive fills its request.
func (r *registry) unary(
	ctx context.Context, service, method string, enter func(context.Context) (context.Context, error), receive func(any) error,
) (reply any, err error) {
	provider := call.Provider{Module: r.module, Method: "/" + service + "/" + method, Log: r.log}
	var end func(error)
	defer func() {
		if end != nil {
			end(err)
		}
	}()
	defer recovered(ctx, provider, &err)
	b, ctx, err := r.enter(ctx, service, enter)
	if err != nil {
		return nil, err
	}
	ctx, end = r.telemetry.Load().begin(ctx, service+"/"+method, trace.SpanKindServer)
	for _, m := range b.desc.Methods {
		if m.MethodName == method {
			reply, err := m.Handler(b.impl, ctx, receive, nil)
			return reply, call.Normal(ctx, provider, err)
		}
	}
	return nil, status.Errorf(codes.Unimplemented, "%s has no method %s", service, method)
}

// stream serves one call with a stream of messages.
func (r *registry) stream(service, method string, stream grpc.ServerStream) (err error) {
	stream.SetTrailer(wire.Served())
	provider := call.Provider{Module: r.module, Method: "/" + service + "/" + method, Log: r.log}
	var end func(error)
	defer func() {
		if end != nil {
			end(err)
		}
	}()
	defer recovered(stream.Context(), provider, &err)
	b, ctx, err := r.enter(stream.Context(), service, r.reader.Context)
	if err != nil {
		return err
	}
	ctx, end = r.telemetry.Load().begin(ctx, service+"/"+method, trace.SpanKindServer)
	for _, s := range b.desc.Streams {
		if s.StreamName == method {
			return call.Normal(ctx, provider, s.Handler(b.impl, &within{stream, ctx}))
		}
	}
	return status.Errorf(codes.Unimplemented, "%s has no method %s", service, method)
}

// enter finds a service, and makes the context of a call of it.
func (r *registry) enter(ctx context.Context, service string, enter func(context.Context) (context.Context, error)) (bound, context.Context, error) {
	ctx, err := enter(ctx)
	if err != nil {
		return bound{}, nil, status.Error(codes.PermissionDenied, err.Error())
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	b, ok := r.services[service]
	if !ok {
		return bound{}, nil, status.Errorf(codes.Unimplemented, "module %s does not serve %s", r.module, service)
	}
	return b, ctx, nil
}

// recovered is called deferred: it turns a panic of the module into an error.
func recovered(ctx context.Context, provider call.Provider, err *error) {
	if p := recover(); p != nil {
		*err = call.Panicked(ctx, provider, p)
	}
}

// within is a stream whose context says who acts.
type within struct {
	grpc.ServerStream
	ctx context.Context
}

// Context is the provider's.
func (w *within) Context() context.Context { return w.ctx }
