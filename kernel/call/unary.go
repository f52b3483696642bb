package call

import (
	"context"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Invoke makes a call with one message each way; generated clients call it. name is "/package.Service/Method".
// Its errors are gRPC statuses.
func (r *Router) Invoke(ctx context.Context, name string, args, reply any, opts ...grpc.CallOption) error {
	if r.options.Upstream != nil {
		return r.options.Upstream.Invoke(ctx, name, args, reply, opts...)
	}
	u := unaryCall{router: r, options: r.read(opts), transport: Transport{method: name}}
	err := u.run(ctx, name, args, reply)
	r.tell(ctx, &u, args, err)
	u.options.report(&u.transport)
	for _, finish := range u.options.finish {
		finish(err)
	}
	return err
}

type unaryCall struct {
	admitted
	router    *Router
	options   callOptions
	transport Transport
	within    boundary
	ctx       context.Context // the provider's
	request   proto.Message   // the caller's
}

func (u *unaryCall) run(ctx context.Context, name string, args, reply any) error {
	if err := u.router.admit(ctx, name, &u.admitted); err != nil {
		return err
	}
	if u.method.unary == nil {
		return status.Errorf(codes.Unimplemented, "%s is a stream", name)
	}
	var err error
	if u.request, err = message(args); err != nil {
		return err
	}
	into, err := message(reply)
	if err != nil {
		return err
	}
	ctx, measured := u.router.begin(ctx, u.method)
	err = u.serve(ctx, into)
	measured.end(err)
	return err
}

func (u *unaryCall) serve(ctx context.Context, reply proto.Message) error {
	if err := limit(u.request, u.options.maxSend); err != nil {
		return err
	}
	u.within.enter(ctx, &u.admitted)
	u.within.request = u.request
	defer u.within.End()
	u.ctx = u.within.provider(&u.transport)
	answer, err := u.handle()
	late := ctx.Err() // before the provider's own context, which learns of it a moment later
	if late == nil {
		late = u.within.Err()
	}
	if late != nil { // across processes neither answer nor error would have arrived
		return status.FromContextError(late).Err()
	}
	if err != nil {
		return u.router.normal(ctx, u.method, err)
	}
	return u.answer(reply, answer)
}

// handle runs the provider on this goroutine.
func (u *unaryCall) handle() (answer any, err error) {
	defer u.router.recovered(u.ctx, u.method, &err)
	var interceptor grpc.UnaryServerInterceptor
	if u.method.shares {
		interceptor = u.intercept
	}
	return u.method.unary(u.method.impl, u.ctx, u.receive, interceptor)
}

// receive fills the message that the generated handler made for the request.
func (u *unaryCall) receive(v any) error {
	in, err := message(v)
	if err != nil {
		return err
	}
	if u.shared(in) {
		return u.check(u.request)
	}
	if err := copyInto(in, u.request); err != nil {
		return err
	}
	return u.check(in)
}

// intercept runs between the generated handler and the provider's method.
func (u *unaryCall) intercept(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if u.shared(in) {
		in = u.request
	}
	return next(ctx, in)
}

// shared tells whether the provider may have the caller's own message.
func (u *unaryCall) shared(in any) bool {
	return u.method.shares && reflect.TypeOf(in) == reflect.TypeOf(u.request)
}

// staffFields refuses fields for staff in the request of somebody who is not.
func (a *admitted) staffFields(request proto.Message) error {
	if !a.restricted || a.method.staffIn == nil {
		return nil
	}
	if found := a.method.staffIn.violations(request.ProtoReflect(), ""); len(found) > 0 {
		return badRequest(found)
	}
	return nil
}

func (u *unaryCall) check(in proto.Message) error {
	return u.router.check(u.ctx, &u.admitted, in)
}

// check looks at what the provider will see, not at what its caller could still change.
func (r *Router) check(ctx context.Context, a *admitted, in proto.Message) error {
	if err := a.staffFields(in); err != nil {
		return err
	}
	if a.method.maskIn != nil {
		if found := a.method.maskIn.violations(a, in.ProtoReflect()); len(found) > 0 {
			return badRequest(found)
		}
	}
	if a.method.constrained {
		return r.validate(ctx, a.method, in)
	}
	return nil
}

// cut is a copy of an answer as its reader may see it: without fields for staff, texts masked. It is nil where they may see
// all of it.
func (a *admitted) cut(answer proto.Message) proto.Message {
	clears := a.restricted && a.method.staffOut != nil
	masks := a.method.maskOut.masked(a)
	if !clears && masks == 0 {
		return nil
	}
	own := proto.Clone(answer)
	if clears {
		a.method.staffOut.clear(own.ProtoReflect())
	}
	if masks != 0 {
		a.method.maskOut.mask(own.ProtoReflect(), masks)
	}
	return own
}

// answer fills the caller's reply.
func (u *unaryCall) answer(reply proto.Message, v any) error {
	answer, err := message(v)
	if err != nil {
		return u.router.normal(u.ctx, u.method, err)
	}
	if err := limit(answer, u.options.maxReceive); err != nil {
		return err
	}
	if u.method.shows != nil && u.principal.Kind == access.Staff && len(u.principal.Via) == 1 {
		u.router.options.Read(&u.principal, shown(answer, u.method.shows))
	}
	proto.Reset(reply)
	if own := u.cut(answer); own != nil {
		return shareInto(reply, own)
	}
	if u.method.shares {
		return u.method.hand(reply, answer)
	}
	return copyInto(reply, answer)
}
