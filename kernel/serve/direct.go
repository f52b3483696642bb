package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/internal/lazy"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// direct serves calls with one message each way on a socket of their own, one at a time on each connection: no streams
// are shared out, and no goroutine hands a call to another.
type direct struct {
	registry *registry
	life     context.Context // ends with the process
	listener net.Listener

	mu       sync.Mutex
	conns    map[net.Conn]struct{}
	closed   bool
	serving  sync.WaitGroup
	accepted chan struct{} // closed when no more connections come
}

// serveDirect begins on the socket that the portal names.
func (s *server) serveDirect(socket string) error {
	listener, err := new(net.ListenConfig).Listen(s.life, "unix", socket)
	if err != nil {
		return fmt.Errorf("the socket for calls: %w", err)
	}
	d := &direct{
		registry: s.registry, life: s.life, listener: listener, conns: map[net.Conn]struct{}{}, accepted: make(chan struct{}),
	}
	go d.accept()
	s.closers = append(s.closers, d.close)
	return nil
}

func (d *direct) accept() {
	defer close(d.accepted)
	for {
		conn, err := d.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				d.registry.log.ErrorContext(d.life, "the socket for calls ended", "error", err)
			}
			return
		}
		d.mu.Lock()
		if !d.closed {
			d.conns[conn] = struct{}{}
			d.serving.Go(func() { d.serve(conn) })
		}
		d.mu.Unlock()
	}
}

// close ends every connection; the portal has let calls under way finish before.
func (d *direct) close(context.Context) error {
	err := d.listener.Close()
	<-d.accepted
	d.mu.Lock()
	d.closed = true
	for conn := range d.conns {
		_ = conn.Close()
	}
	d.mu.Unlock()
	d.serving.Wait()
	return err
}

// serve serves a connection until one side closes it.
func (d *direct) serve(conn net.Conn) {
	defer func() {
		_ = conn.Close()
		d.mu.Lock()
		delete(d.conns, conn)
		d.mu.Unlock()
	}()
	frames := wire.NewFrames(conn)
	for {
		request := &kernelv1.CallRequest{}
		if err := frames.Read(request); err != nil {
			return // the portal has closed it, or what it sends cannot be read: it hears of that by the end
		}
		c := &directCall{conn: conn, frames: frames}
		reply, message := d.call(c, request)
		err := frames.Write(reply, replyMessage, message)
		var large *wire.TooLargeError
		if errors.As(err, &large) {
			err = frames.Write(&kernelv1.CallReply{Status: refusal(status.New(codes.ResourceExhausted, err.Error()))}, replyMessage, nil)
		}
		if err != nil {
			return
		}
	}
}

// replyMessage is the number of CallReply.message.
const replyMessage = 4

// directCall is the context of one call: it ends with the process, at its deadline, or when the portal closes the
// connection.
type directCall struct {
	lazy.Context
	conn    net.Conn
	frames  *wire.Frames
	watched chan struct{} // closed when the connection is looked at no longer; nil when it never was
}

// watch looks whether the portal closes the connection, which sends nothing before it has its answer.
func (c *directCall) watch(cancel context.CancelFunc) {
	c.watched = make(chan struct{})
	go func() {
		defer close(c.watched)
		if c.frames.Wait() != nil {
			cancel()
		}
	}()
}

// end tells what the module left running that its call is over, and takes the connection back.
func (c *directCall) end() {
	c.End()
	if c.watched != nil {
		_ = c.conn.SetReadDeadline(time.Unix(1, 0))
		<-c.watched
		_ = c.conn.SetReadDeadline(time.Time{})
	}
}

// call serves one call, and never fails.
func (d *direct) call(c *directCall, r *kernelv1.CallRequest) (*kernelv1.CallReply, proto.Message) {
	c.Begin(d.life, time.Now().Add(time.Duration(r.GetTimeoutNanos())), c.watch)
	defer c.end()
	transport := call.NewTransport(r.GetMethod())
	answer, err := d.answer(grpc.NewContextWithServerTransportStream(c, transport), r)
	reply := &kernelv1.CallReply{Header: wire.Pairs(transport.Header()), Trailer: wire.Pairs(transport.Trailer())}
	if err != nil {
		reply.Status = refusal(status.Convert(err))
		return reply, nil
	}
	return reply, answer
}

func (d *direct) answer(ctx context.Context, r *kernelv1.CallRequest) (proto.Message, error) {
	service, method, _ := strings.Cut(strings.TrimPrefix(r.GetMethod(), "/"), "/")
	answer, err := d.registry.unary(ctx, service, method,
		func(ctx context.Context) (context.Context, error) {
			ctx = wire.WithTraceparent(ctx, r.GetTraceparent())
			return d.registry.reader.With(ctx, r.GetActing(), r.GetToken(), r.GetChange(), wire.FromPairs(r.GetMetadata()))
		},
		func(v any) error {
			m, ok := v.(proto.Message)
			if !ok {
				return status.Errorf(codes.Internal, "%T is no protobuf message", v)
			}
			if err := proto.Unmarshal(r.GetMessage(), m); err != nil {
				return status.Errorf(codes.Internal, "the request cannot be read: %v", err)
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	m, ok := answer.(proto.Message)
	if !ok {
		return nil, status.Errorf(codes.Internal, "%T is no protobuf message", answer)
	}
	return m, nil
}

// refusal writes a status down.
func refusal(s *status.Status) []byte {
	text, err := proto.Marshal(s.Proto())
	if err != nil { // its details came from the module
		text, _ = proto.Marshal(status.New(codes.Internal, "the error cannot be written").Proto())
	}
	return text
}
