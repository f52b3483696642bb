//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	spb "google.golang.org/genproto/googleapis/rpc/status"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

const (
	// mostDirect is how many direct calls one process serves at once; what comes beyond goes over gRPC.
	mostDirect = 128
	// idleDirect is how long a connection is kept that nothing goes over.
	idleDirect = time.Minute
	// requestMessage is the number of CallRequest.message.
	requestMessage = 6
)

// direct makes calls with one message each way without gRPC, to a process that says that it serves them: see
// CallRequest in contracts/kernel/v1. Each goes over a connection of its own, which is kept for the next.
type direct struct {
	socket string
	now    func() time.Time

	mu     sync.Mutex
	idle   []*directConn // the one used last is at the end
	open   int
	closed bool
}

type directConn struct {
	net.Conn
	frames *wire.Frames
	since  time.Time // it is idle
}

// directSocket is in the process's own folder, which is closed to others.
func directSocket(folder string) string { return filepath.Join(folder, "calls") }

// errFull is that every connection is in use.
var errFull = errors.New("every connection is in use")

// acquire lends a connection.
func (d *direct) acquire(ctx context.Context) (*directConn, error) {
	d.mu.Lock()
	if n := len(d.idle); n > 0 {
		c := d.idle[n-1]
		d.idle = d.idle[:n-1]
		d.mu.Unlock()
		return c, nil
	}
	if d.open >= mostDirect || d.closed {
		d.mu.Unlock()
		return nil, errFull
	}
	d.open++
	d.mu.Unlock()
	conn, err := new(net.Dialer).DialContext(ctx, "unix", d.socket)
	if err != nil {
		d.mu.Lock()
		d.open--
		d.mu.Unlock()
		return nil, err
	}
	return &directConn{Conn: conn, frames: wire.NewFrames(conn)}, nil
}

// release takes a connection back; one that is spent is closed, and with it whichever was idle for long.
func (d *direct) release(c *directConn, spent bool) {
	c.since = d.now()
	d.mu.Lock()
	var old *directConn
	if spent = spent || d.closed; spent {
		d.open--
	} else {
		if len(d.idle) > 0 && c.since.Sub(d.idle[0].since) > idleDirect {
			old, d.idle = d.idle[0], d.idle[1:]
			d.open--
		}
		d.idle = append(d.idle, c)
	}
	d.mu.Unlock()
	if spent {
		_ = c.Close()
	}
	if old != nil {
		_ = old.Close()
	}
}

// close closes the connections that are not in use; the others with their calls.
func (d *direct) close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	idle := d.idle
	d.idle, d.closed = nil, true
	d.open -= len(idle)
	d.mu.Unlock()
	for _, c := range idle {
		_ = c.Close()
	}
}

// invoke makes one call. errFull and what happens before anything was sent leave it to gRPC; errBroken is a call of
// which nobody knows whether it was done.
func (d *direct) invoke(ctx context.Context, request *kernelv1.CallRequest, in, out proto.Message) (header, trailer metadata.MD, err error) {
	conn, err := d.acquire(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errUnsent, err)
	}
	if deadline, ok := ctx.Deadline(); ok {
		request.TimeoutNanos = int64(time.Until(deadline))
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	reply := &kernelv1.CallReply{}
	err = conn.frames.Write(request, requestMessage, in)
	if err == nil {
		err = conn.frames.Read(reply)
	}
	d.release(conn, !stop() || err != nil)
	var large *wire.TooLargeError
	var unreadable *wire.UnreadableError
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return nil, nil, status.FromContextError(ctx.Err()).Err()
	case errors.As(err, &large):
		return nil, nil, status.Error(codes.ResourceExhausted, err.Error())
	case errors.As(err, &unreadable):
		return nil, nil, notReadable(err)
	default:
		return nil, nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	if len(reply.GetStatus()) > 0 {
		said := &spb.Status{}
		switch err = proto.Unmarshal(reply.GetStatus(), said); {
		case err != nil:
			err = notReadable(err)
		case said.GetCode() == int32(codes.OK):
			err = notReadable(errors.New("it says that it failed with OK"))
		default:
			err = status.ErrorProto(said)
		}
	} else if err = proto.Unmarshal(reply.GetMessage(), out); err != nil {
		err = notReadable(err)
	}
	return wire.FromPairs(reply.GetHeader()), wire.FromPairs(reply.GetTrailer()), err
}

func notReadable(err error) error {
	return status.Errorf(codes.Internal, "the module's answer cannot be read: %v", err)
}

// errUnsent is a call of which nothing was sent.
var errUnsent = errors.New("the call was not sent")
