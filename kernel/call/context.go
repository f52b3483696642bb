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
)

// boundary is the context of a call as its provider has it. It hides the values of the caller's context, as the wire
// between two processes does, and ends with it, at the call's deadline, or when the call does. The timer is started
// when somebody first waits for the end: many providers never do, and it would cost a third of their call.
type boundary struct {
	caller   context.Context
	deadline time.Time
	admitted *admitted

	mu      sync.Mutex
	waiting context.Context // made when somebody waits
	cancel  context.CancelFunc
	ended   bool // the call is over
	// request is the caller's; what the call changes is read off it when somebody asks.
	request proto.Message
	change  *access.Change
}

type depthKey struct{}

// ending is a caller's context without its values.
type ending struct{ context.Context }

// Value returns nil.
func (ending) Value(any) any { return nil }

// AfterFunc is what the standard library calls instead of starting a goroutine.
func (e ending) AfterFunc(f func()) (stop func() bool) { return context.AfterFunc(e.Context, f) }

// noMetadata answers for the metadata of a caller that sends none: a provider always finds some, if empty.
var noMetadata = metadata.NewIncomingContext(ending{}, metadata.MD{})

// enter makes b the context of an admitted call. Its deadline is the caller's, or else the method's. end must be
// called on it, or the caller's context ended.
func (b *boundary) enter(caller context.Context, a *admitted) {
	b.caller, b.admitted = caller, a
	var set bool
	if b.deadline, set = caller.Deadline(); !set {
		b.deadline = time.Now().Add(a.method.deadline)
	}
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
	if _, ok := key.(*int); ok {
		// By such a key the standard library looks for the context that a derived one ends with. Where it finds none
		// it starts a goroutine for each.
		return b.wait().Value(key)
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
		if b.ended {
			request = nil // which is the caller's again
		}
		b.change = a.method.change(a.principal, request)
	}
	return b.change
}

// Deadline is always set.
func (b *boundary) Deadline() (time.Time, bool) { return b.deadline, true }

// Done is closed when the call ends, for whichever reason.
func (b *boundary) Done() <-chan struct{} { return b.wait().Done() }

// Err tells why the call ended; nil while it has not.
func (b *boundary) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.waiting != nil:
		return b.waiting.Err()
	case b.ended:
		return context.Canceled
	case b.caller.Err() != nil:
		return b.caller.Err()
	case !time.Now().Before(b.deadline):
		return context.DeadlineExceeded
	}
	return nil
}

func (b *boundary) wait() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting, b.cancel = context.WithDeadline(ending{b.caller}, b.deadline)
		if b.ended {
			b.cancel()
		}
	}
	return b.waiting
}

// end tells what the provider left running that its call is over.
func (b *boundary) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	if b.cancel != nil {
		b.cancel()
	}
}

func depthOf(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}

// provider adds to the boundary what else crosses it.
func (b *boundary) provider(t grpc.ServerTransportStream) context.Context {
	var ctx context.Context = b
	if md := incoming(b.caller); len(md) > 0 {
		ctx = metadata.NewIncomingContext(ctx, md)
	}
	if span := trace.SpanFromContext(b.caller); span.SpanContext().IsValid() {
		ctx = trace.ContextWithSpan(ctx, span)
	}
	return grpc.NewContextWithServerTransportStream(ctx, t)
}
