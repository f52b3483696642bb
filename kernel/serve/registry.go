package serve

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/store"
)

// registry holds the module's services. They are registered when the portal opens the module, which a gRPC server that
// runs already would refuse; so the server hands every method here.
type registry struct {
	module string
	log    *slog.Logger
	base   context.Context // ends with the process

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

// serve serves one call of any contract.
func (r *registry) serve(_ any, stream grpc.ServerStream) (err error) {
	name, _ := grpc.MethodFromServerStream(stream)
	stream.SetTrailer(metadata.Pairs(wire.ServedKey, "1"))
	provider := call.Provider{Module: r.module, Method: name, Log: r.log}
	ctx, end, err := r.enter(stream.Context())
	if err != nil {
		return err
	}
	defer end()
	defer func() {
		if p := recover(); p != nil {
			err = call.Panicked(ctx, provider, p)
		}
	}()
	service, method, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	r.mu.RLock()
	b, ok := r.services[service]
	r.mu.RUnlock()
	if !ok {
		return status.Errorf(codes.Unimplemented, "module %s does not serve %s", r.module, service)
	}
	within := &within{ServerStream: stream, ctx: ctx}
	for _, m := range b.desc.Methods {
		if m.MethodName == method {
			reply, err := m.Handler(b.impl, ctx, within.RecvMsg, nil)
			if err != nil {
				return call.Normal(ctx, provider, err)
			}
			return within.SendMsg(reply)
		}
	}
	for _, s := range b.desc.Streams {
		if s.StreamName == method {
			return call.Normal(ctx, provider, s.Handler(b.impl, within))
		}
	}
	return status.Errorf(codes.Unimplemented, "%s has no method %s", service, method)
}

// within is a stream whose context says who acts.
type within struct {
	grpc.ServerStream
	ctx context.Context
}

// Context is the provider's.
func (w *within) Context() context.Context { return w.ctx }

// enter makes a provider's context from what came over the wire: the same values as in the portal's process.
func (r *registry) enter(ctx context.Context) (context.Context, context.CancelFunc, error) {
	c, md, err := wire.Read(ctx)
	if err != nil {
		return nil, nil, status.Error(codes.PermissionDenied, err.Error())
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(r.base, cancel)
	ctx = metadata.NewIncomingContext(ctx, plain(md))
	ctx = access.WithDecision(access.With(ctx, c.Principal), c.Decision)
	ctx = store.WithRows(wire.WithToken(ctx, c.Token), c.Rows)
	return ctx, func() { stop(); cancel() }, nil
}

// plain drops what the transport wrote, which in one process is not there.
func plain(md metadata.MD) metadata.MD {
	for key := range md {
		if wire.Transport(key) {
			delete(md, key)
		}
	}
	return md
}
