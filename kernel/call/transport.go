package call

import (
	"context"
	"errors"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// incoming makes the provider's metadata from the caller's. Keys that belong to the transport, and those by which the
// kernel tells processes who is acting and in which span, are dropped: nobody passes as another by writing them.
func incoming(ctx context.Context) metadata.MD {
	out, ok := metadata.FromOutgoingContext(ctx)
	if !ok {
		return nil
	}
	for key := range out {
		if strings.HasPrefix(key, "grpc-") || strings.HasPrefix(key, "cabinet-") || strings.HasPrefix(key, ":") || key == "traceparent" {
			delete(out, key)
		}
	}
	return out
}

var errHeaderSent = errors.New("the header has been sent already: set it before the first message")

// Transport is what a provider's context offers to grpc.SetHeader, grpc.SetTrailer and grpc.Method: see
// grpc.NewContextWithServerTransportStream.
type Transport struct {
	method string

	mu      sync.Mutex
	header  metadata.MD
	trailer metadata.MD
	sent    chan struct{} // closed once the header is out; nil in a unary call, which sends it with the reply
	isSent  bool
}

var _ grpc.ServerTransportStream = (*Transport)(nil)

// NewTransport is that of a call of a method with one message each way, by its full name.
func NewTransport(method string) *Transport { return &Transport{method: method} }

// Method returns the full name of the method.
func (t *Transport) Method() string { return t.method }

// SetHeader adds to the header.
func (t *Transport) SetHeader(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isSent {
		return errHeaderSent
	}
	t.header = metadata.Join(t.header, md)
	return nil
}

// SendHeader adds to the header and sends it.
func (t *Transport) SendHeader(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.isSent {
		return errHeaderSent
	}
	t.header = metadata.Join(t.header, md)
	t.send()
	return nil
}

// flush sends the header if that was not done.
func (t *Transport) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.isSent {
		t.send()
	}
}

func (t *Transport) send() {
	t.isSent = true
	if t.sent != nil {
		close(t.sent)
	}
}

// SetTrailer adds to the trailer.
func (t *Transport) SetTrailer(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trailer = metadata.Join(t.trailer, md)
	return nil
}

// Header is a copy of what was set so far.
func (t *Transport) Header() metadata.MD {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.header.Copy()
}

// Trailer is a copy of what was set so far.
func (t *Transport) Trailer() metadata.MD {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.trailer.Copy()
}

// callOptions are those of gRPC's that mean something here.
type callOptions struct {
	header, trailer *metadata.MD
	maxSend         int
	maxReceive      int
	finish          []func(error)
}

func (r *Router) read(opts []grpc.CallOption) callOptions {
	o := callOptions{maxSend: r.options.MaxMessageBytes, maxReceive: r.options.MaxMessageBytes}
	for _, opt := range opts {
		switch opt := opt.(type) {
		case grpc.HeaderCallOption:
			o.header = opt.HeaderAddr
		case grpc.TrailerCallOption:
			o.trailer = opt.TrailerAddr
		case grpc.MaxSendMsgSizeCallOption:
			o.maxSend = min(o.maxSend, opt.MaxSendMsgSize)
		case grpc.MaxRecvMsgSizeCallOption:
			o.maxReceive = min(o.maxReceive, opt.MaxRecvMsgSize)
		case grpc.OnFinishCallOption:
			o.finish = append(o.finish, opt.OnFinish)
		}
	}
	return o
}

// report hands header and trailer to the caller who asked for them.
func (o *callOptions) report(t *Transport) {
	if o.header != nil {
		*o.header = t.Header()
	}
	if o.trailer != nil {
		*o.trailer = t.Trailer()
	}
}
