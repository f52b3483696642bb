package call

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// clientStream is the caller's end.
type clientStream struct{ *stream }

var _ grpc.ClientStream = (*clientStream)(nil)

// Context returns the call's context.
func (c *clientStream) Context() context.Context { return c.ctx }

// Header waits for the provider's header, which is out with its first message at the latest.
func (c *clientStream) Header() (metadata.MD, error) {
	select {
	case <-c.transport.sent:
	case <-c.ctx.Done():
		select {
		case <-c.transport.sent:
		default:
			return nil, status.FromContextError(c.ctx.Err()).Err()
		}
	}
	return c.transport.Header(), nil
}

// Trailer returns the provider's trailer, once RecvMsg has returned an error.
func (c *clientStream) Trailer() metadata.MD { return c.transport.Trailer() }

// CloseSend says that no more messages come.
func (c *clientStream) CloseSend() error {
	c.closeHalf.Do(func() { close(c.half) })
	return nil
}

// SendMsg sends a copy of a message. io.EOF says that the call has ended; RecvMsg tells how.
func (c *clientStream) SendMsg(v any) error {
	select {
	case <-c.half:
		return status.Error(codes.Internal, "SendMsg was called after CloseSend")
	default:
	}
	select {
	case <-c.done:
		return io.EOF
	default:
	}
	sent, err := c.prepare(v)
	if err != nil {
		c.finish(err) // what the contract refuses breaks the call off
		return err
	}
	select {
	case c.up <- sent:
		return nil
	case <-c.done:
	case <-c.ctx.Done():
	}
	return io.EOF
}

// prepare copies a request into the provider's type and checks the copy.
func (c *clientStream) prepare(v any) (proto.Message, error) {
	m, err := message(v)
	if err != nil {
		return nil, err
	}
	if err := limit(m, c.options.maxSend); err != nil {
		return nil, err
	}
	sent := c.own(m)
	if m.ProtoReflect().Type() != c.method.input {
		sent = c.method.input.New().Interface()
		if err := copyInto(sent, m); err != nil {
			return nil, err
		}
	}
	return sent, c.router.check(c.ctx, &c.admitted, sent)
}

// RecvMsg receives a message; io.EOF says that the call ended well and there are no more.
func (c *clientStream) RecvMsg(v any) error {
	m, err := receive(c.ctx, c.down, c.done)
	switch {
	case errors.Is(err, io.EOF):
		if err := c.outcome(); err != nil {
			return err
		}
		if !c.many {
			return status.Errorf(codes.Internal, "%s ended without a reply", c.method.rules.Method)
		}
		return io.EOF
	case err != nil:
		c.finish(err)
		return c.outcome()
	}
	if err := limit(m, c.options.maxReceive); err != nil {
		c.finish(err)
		return err
	}
	if err := fill(v, m); err != nil {
		c.finish(err)
		return err
	}
	if c.many {
		return nil
	}
	select { // the one reply counts once the provider has returned well
	case <-c.done:
	case <-c.ctx.Done():
		c.finish(status.FromContextError(c.ctx.Err()).Err())
	}
	return c.outcome()
}
