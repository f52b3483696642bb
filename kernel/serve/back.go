package serve

import (
	"context"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// back is the way to the portal, which carries the module's calls on. It is there before the portal has said where: the
// module's constructor needs it.
type back struct {
	module string
	way    atomic.Pointer[way]
	// telemetry makes a span of each call; nil where nobody wants any.
	telemetry atomic.Pointer[telemetry]
}

// way is what the portal has said of the way to it.
type way struct {
	conn  *grpc.ClientConn
	token string
}

var _ grpc.ClientConnInterface = (*back)(nil)

// open begins to use the portal's socket. It is called once.
func (b *back) open(module, socket, token string) error {
	conn, err := grpc.NewClient("passthrough:///portal", append(wire.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()), // the socket's folder is closed to others
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}))...)
	if err != nil {
		return err
	}
	b.module = module
	b.way.Store(&way{conn, token})
	return nil
}

// Close lets go of the portal's socket.
func (b *back) Close() error {
	if w := b.way.Swap(nil); w != nil {
		return w.conn.Close()
	}
	return nil
}

// outgoing is the connection, and ctx with the token that says for whom the call is made: the caller of the call under
// way, or the module itself.
func (b *back) outgoing(ctx context.Context) (*grpc.ClientConn, context.Context, error) {
	w := b.way.Load()
	if w == nil {
		return nil, nil, status.Error(codes.FailedPrecondition, "a module calls nothing before it is started")
	}
	if access.InTx(ctx) {
		return nil, nil, status.Error(codes.FailedPrecondition, "never call another module while holding a transaction: call before it begins or after it ends")
	}
	token := wire.Token(ctx)
	if who := access.From(ctx); who.Kind == access.Module && who.Name == b.module {
		token = w.token
	}
	if token == "" {
		return nil, nil, status.Error(codes.Unauthenticated, "nobody acts in this context: use that of a call, or Host.Self")
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	md = metadata.Join(md, metadata.Pairs(wire.TokenKey, token))
	if parent := wire.Traceparent(ctx); parent != "" {
		md[wire.TraceKey] = []string{parent}
	}
	return w.conn, metadata.NewOutgoingContext(ctx, md), nil
}

// Invoke makes a unary call.
func (b *back) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	ctx, end := b.begin(ctx, method)
	conn, ctx, err := b.outgoing(ctx)
	if err == nil {
		err = conn.Invoke(ctx, method, args, reply, opts...)
	}
	if end != nil {
		end(err)
	}
	return err
}

// NewStream begins a stream.
func (b *back) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	ctx, end := b.begin(ctx, method)
	conn, ctx, err := b.outgoing(ctx)
	if err != nil {
		if end != nil {
			end(err)
		}
		return nil, err
	}
	if end != nil {
		opts = append(slices.Clip(opts), grpc.OnFinish(end))
	}
	return conn.NewStream(ctx, desc, method, opts...)
}

// begin starts the span of a call. What the process asks of the host itself is no part of anybody's work.
func (b *back) begin(ctx context.Context, method string) (context.Context, func(error)) {
	if strings.HasPrefix(method, "/"+kernelv1.HostService_ServiceDesc.ServiceName+"/") {
		return ctx, nil
	}
	return b.telemetry.Load().begin(ctx, strings.TrimPrefix(method, "/"), trace.SpanKindClient)
}
