package call

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/internal/lazy"
)

// boundary is the context of a call as its provider has it. It hides the values of the caller's context, as the wire
// between two processes does, and ends with it, at the call's deadline, or when the call does.
type boundary struct {
	lazy.Context // its parent is the caller's
	admitted     *admitted

	mu sync.Mutex
	// request is the caller's; what the call changes is read off it when somebody asks.
	request proto.Message
	change  *access.Change
}

type depthKey struct{}

// noMetadata answers for the metadata of a caller that sends none: a provider always finds some, if empty.
var noMetadata = metadata.NewIncomingContext(context.Background(), metadata.MD{}) //nolint:forbidigo // it has no caller

// enter makes b the context of an admitted call. Its deadline is the caller's, or else the method's. End must be
// called on it, or the caller's context ended.
func (b *boundary) enter(caller context.Context, a *admitted) {
	deadline, set := caller.Deadline()
	if !set {
		deadline = time.Now().Add(a.method.deadline)
	}
	b.admitted = a
	b.Begin(caller, deadline, nil)
}

// Value knows who calls, what was decided and may be changed, how deep the call lies, and that there is metadata.
func (b *boundary) Value(key any) any {
	if _, ok := key.(depthKey); ok {
		return b.admitted.depth
	}
	if v := access.ValueOf(key, &b.admitted.principal, &b.admitted.decision); v != nil {
		return v
	}
	if access.AsksForChange(key) {
		return b.changing()
	}
	if v := b.Context.Value(key); v != nil {
		return v
	}
	return noMetadata.Value(key)
}

// changing is the change that the call is, as the audit log will know it; nil for a call without side effects.
func (b *boundary) changing() *access.Change {
	a := b.admitted
	if a.method.about == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.change == nil {
		request := b.request
		if b.Ended() {
			request = nil // which is the caller's again
		}
		b.change = a.method.change(a.principal, request)
	}
	return b.change
}

func depthOf(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}

// provider adds to the boundary what else crosses it.
func (b *boundary) provider(t *Transport) context.Context {
	var ctx context.Context = b
	if md := incoming(b.Parent()); len(md) > 0 {
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	if span := trace.SpanFromContext(b.Parent()); span.SpanContext().IsValid() {
		ctx = trace.ContextWithSpan(ctx, span)
	}
	return grpc.NewContextWithServerTransportStream(ctx, t)
}
