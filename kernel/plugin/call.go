//go:build unix

package plugin

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/store"
)

// errBroken is a call whose connection broke: whether it was done nobody knows.
var errBroken = errors.New("the connection to the module's process broke")

// unary makes one call to the process.
func (p *Process) unary(ctx context.Context, method string, readOnly bool, in, out proto.Message) error {
	for {
		err := p.once(ctx, method, readOnly, in, out)
		if !errors.Is(err, errBroken) {
			return err
		}
		if !readOnly {
			return p.wentAway()
		}
	}
}

// wentAway says what is known, and nothing of sockets.
func (p *Process) wentAway() error {
	return status.Errorf(codes.Unavailable, "module %s went away during the call: look whether it was done before trying again", p.id)
}

func (p *Process) once(ctx context.Context, method string, readOnly bool, in, out proto.Message) error {
	inst, leave, err := p.enter(ctx, readOnly)
	if err != nil {
		return err
	}
	defer leave()
	acting, change, err := p.acting(ctx)
	if err != nil {
		return err
	}
	token, revoke := p.host.tokens.issue(ticket{module: p.id, ctx: ctx})
	defer revoke()
	md, _ := metadata.FromIncomingContext(ctx) // a copy
	var header, trailer metadata.MD
	direct := inst.direct.Load()
	if direct != nil {
		request := &kernelv1.CallRequest{Method: method, Acting: acting, Token: token, Change: change, Metadata: wire.Pairs(md), Traceparent: wire.Traceparent(ctx)}
		header, trailer, err = direct.invoke(ctx, request, in, out)
	}
	switch {
	case direct == nil, errors.Is(err, errUnsent):
		err = inst.conn.Invoke(attach(ctx, md, acting, token, change), method, in, out, grpc.Header(&header), grpc.Trailer(&trailer))
		if p.broken(ctx, inst, err, trailer) {
			return errBroken
		}
		header, trailer = plainHeader(header), plainHeader(trailer)
	case errors.Is(err, errBroken):
		p.gone(ctx, inst)
		return errBroken
	}
	if len(header) > 0 {
		_ = grpc.SetHeader(ctx, header)
	}
	if len(trailer) > 0 {
		_ = grpc.SetTrailer(ctx, trailer)
	}
	return err
}

// broken tells whether a call failed for its connection. It then waits until the process is known to be gone, or to be
// another, so that the next try does not meet the same.
func (p *Process) broken(ctx context.Context, inst *instance, err error, trailer metadata.MD) bool {
	if err == nil || ctx.Err() != nil || len(trailer.Get(wire.ServedKey)) > 0 {
		return false
	}
	switch status.Code(err) {
	case codes.Unavailable:
	case codes.Canceled: // not by the caller: the supervisor closed the connection of a process that had ended
	default:
		return false
	}
	p.gone(ctx, inst) // one that lives broke the connection alone: the next try makes another
	return true
}

// goneWithin is how long the end of a process may take to be seen after that of its connection.
const goneWithin = time.Second

// gone tells whether a process whose connection broke has ended, which the supervisor hears of in a moment. It waits for
// that no longer than the call lasts.
func (p *Process) gone(ctx context.Context, inst *instance) bool {
	timer := time.NewTimer(goneWithin)
	defer timer.Stop()
	select {
	case <-inst.process.exited:
		p.left(inst)
		return true
	case <-ctx.Done():
	case <-timer.C:
	}
	return false
}

// acting is what the process is told of who acts, and of what the call changes.
func (p *Process) acting(ctx context.Context) (text []byte, change string, err error) {
	acting := wire.Acting{Principal: access.From(ctx), Decision: access.DecisionFrom(ctx)}
	if s := p.rows.Load(); s != nil {
		if acting.Rows, err = s.Rows(ctx); err != nil && !errors.Is(err, store.ErrNoPrincipal) {
			return nil, "", err
		}
	}
	text, err = acting.Marshal()
	return text, acting.Rows.Change, err
}

// attach sends it as metadata that nobody but the kernel can write, beside the caller's own.
func attach(ctx context.Context, md metadata.MD, acting []byte, token, change string) context.Context {
	if md == nil {
		md = metadata.MD{}
	}
	wire.Attach(md, acting, token, change, wire.Traceparent(ctx))
	return metadata.NewOutgoingContext(ctx, md)
}

// stream makes one streaming call. It is not made again when it breaks: some of it may have been read.
func (p *Process) stream(method string, readOnly bool, desc *grpc.StreamDesc, from grpc.ServerStream, in, out protoreflect.MessageDescriptor) error {
	ctx, cancel := context.WithCancel(from.Context())
	defer cancel()
	inst, leave, err := p.enter(ctx, readOnly)
	if err != nil {
		return err
	}
	defer leave()
	acting, change, err := p.acting(ctx)
	if err != nil {
		return err
	}
	token, revoke := p.host.tokens.issue(ticket{module: p.id, ctx: ctx})
	defer revoke()
	md, _ := metadata.FromIncomingContext(ctx) // a copy
	to, err := inst.conn.NewStream(attach(ctx, md, acting, token, change), desc, method)
	if err != nil {
		return err
	}
	err = pump(from, to, in, out, cancel)
	if p.broken(from.Context(), inst, err, to.Trailer()) {
		return p.wentAway()
	}
	return err
}
