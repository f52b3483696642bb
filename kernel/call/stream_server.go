package call

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// serverStream is the provider's end.
type serverStream struct {
	*stream
	ctx context.Context // the provider's, behind the boundary
}

var _ grpc.ServerStream = (*serverStream)(nil)

// run is the provider's goroutine.
func (s *serverStream) run() {
	err := s.handle()
	if late := s.stream.ctx.Err(); late != nil {
		s.finish(status.FromContextError(late).Err())
		return
	}
	s.finish(s.router.normal(s.ctx, s.method, err))
}

func (s *serverStream) handle() (err error) {
	defer s.router.recovered(s.ctx, s.method, &err)
	return s.method.stream(s.method.impl, s)
}

// Context returns what the provider may know of its caller.
func (s *serverStream) Context() context.Context { return s.ctx }

// SetHeader adds to the header.
func (s *serverStream) SetHeader(md metadata.MD) error { return s.transport.SetHeader(md) }

// SendHeader sends the header.
func (s *serverStream) SendHeader(md metadata.MD) error { return s.transport.SendHeader(md) }

// SetTrailer adds to the trailer.
func (s *serverStream) SetTrailer(md metadata.MD) { _ = s.transport.SetTrailer(md) }

// SendMsg sends a copy of a message, as its reader may see it.
func (s *serverStream) SendMsg(v any) error {
	m, err := message(v)
	if err != nil {
		return err
	}
	if err := limit(m, s.router.options.MaxMessageBytes); err != nil {
		return err
	}
	sent := s.cut(m)
	if sent == nil {
		sent = s.own(m)
	}
	s.transport.flush()
	select {
	case <-s.ctx.Done():
		return status.FromContextError(s.ctx.Err()).Err()
	case <-s.done:
		return status.Error(codes.Canceled, "the call has ended")
	default:
	}
	select {
	case s.down <- sent:
		return nil
	case <-s.ctx.Done():
		return status.FromContextError(s.ctx.Err()).Err()
	}
}

// RecvMsg receives a message; io.EOF says that the caller sends no more.
func (s *serverStream) RecvMsg(v any) error {
	m, err := receive(s.ctx, s.up, s.half)
	if err != nil {
		// A call that was broken off, for a message the contract refuses, must not look like one that is complete. The
		// provider's own context learns of it a moment after the stream's.
		if late := s.stream.ctx.Err(); late != nil {
			return status.FromContextError(late).Err()
		}
		return err
	}
	return fill(v, m)
}
