package call

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// streamBuffer is how many messages may wait in each direction before their sender does.
const streamBuffer = 16

// NewStream begins a call with a stream of messages; generated clients call it. The provider runs on a goroutine of
// its own, which ends with the call's context: at the latest when its deadline passes. As with any gRPC client, the
// caller reads to the end or cancels. Refusals are returned here, not with the first message.
func (r *Router) NewStream(ctx context.Context, desc *grpc.StreamDesc, name string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if r.options.Upstream != nil {
		return r.options.Upstream.NewStream(ctx, desc, name, opts...)
	}
	var a admitted
	if err := r.admit(ctx, name, &a); err != nil {
		return nil, err
	}
	if a.method.stream == nil {
		return nil, status.Errorf(codes.Unimplemented, "%s is no stream", name)
	}
	s := &stream{
		admitted: a, router: r, options: r.read(opts), transport: Transport{method: name, sent: make(chan struct{})},
		many: desc.ServerStreams,
		up:   make(chan proto.Message, streamBuffer), half: make(chan struct{}),
		down: make(chan proto.Message, streamBuffer), done: make(chan struct{}),
	}
	ctx, s.measured = r.begin(ctx, a.method)
	if _, set := ctx.Deadline(); set {
		s.ctx, s.cancel = context.WithCancel(ctx)
	} else {
		s.ctx, s.cancel = context.WithTimeout(ctx, a.method.deadline)
	}
	within := &boundary{}
	within.enter(s.ctx, &s.admitted) // ends with s.ctx
	server := &serverStream{stream: s, ctx: within.provider(&s.transport)}
	go server.run()
	return &clientStream{stream: s}, nil
}

// stream is what both ends of a streaming call share.
type stream struct {
	admitted
	router    *Router
	options   callOptions
	transport Transport
	ctx       context.Context
	cancel    context.CancelFunc
	measured  underWay
	many      bool // the provider may send more than one message

	up   chan proto.Message // to the provider; what lies in it belongs to the receiver
	down chan proto.Message // to the caller
	half chan struct{}      // closed when the caller will send no more
	done chan struct{}      // closed when the provider has returned, or the caller broke the call off

	closeHalf sync.Once
	closeDone sync.Once
	err       error // how the call ended; read after done
}

// finish ends the call with a status or nil. The first one counts.
func (s *stream) finish(err error) {
	s.closeDone.Do(func() {
		s.err = err
		s.transport.flush()
		close(s.done)
		s.cancel()
		s.measured.end(err)
		for _, f := range s.options.finish {
			f(err)
		}
	})
}

// outcome is how the call ended, for its caller: a context that ended first wins, as it would across processes.
func (s *stream) outcome() error {
	<-s.done
	if s.options.trailer != nil {
		*s.options.trailer = s.transport.Trailer()
	}
	if s.options.header != nil {
		*s.options.header = s.transport.Header()
	}
	return s.err
}

// own makes the message that the receiver will own.
func (s *stream) own(m proto.Message) proto.Message {
	if s.method.rules.Immutable {
		return m
	}
	return proto.Clone(m)
}

// fill gives a received message to its reader. It was copied when it was sent.
func fill(v any, from proto.Message) error {
	into, err := message(v)
	if err != nil {
		return err
	}
	proto.Reset(into)
	return shareInto(into, from)
}

// receive waits for a message; io.EOF says that closed is, and none are left.
func receive(ctx context.Context, from <-chan proto.Message, closed <-chan struct{}) (proto.Message, error) {
	select { // what has arrived comes before the end
	case m := <-from:
		return m, nil
	default:
	}
	select {
	case m := <-from:
		return m, nil
	case <-closed:
	case <-ctx.Done():
		select {
		case <-closed: // both: the end that was said wins
		default:
			return nil, status.FromContextError(ctx.Err()).Err()
		}
	}
	select {
	case m := <-from:
		return m, nil
	default:
		return nil, io.EOF
	}
}
