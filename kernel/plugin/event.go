//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// Subscriptions are those of the module, whose handlers run in its process.
func (p *Process) Subscriptions() []event.Subscription {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.subscriptionsOf(p.now.subscriptions)
}

func (p *Process) subscriptionsOf(said []*kernelv1.Subscription) []event.Subscription {
	var out []event.Subscription
	for _, s := range said {
		sub := event.Subscription{
			Subscriber: s.GetSubscriber(), Module: p.id, Schedule: wire.Schedule(s.GetPlan()), Timeout: s.GetTimeout().AsDuration(),
		}
		for _, t := range s.GetTypes() {
			sub.Types = append(sub.Types, protoreflect.FullName(t))
		}
		sub.Handle = func(ctx context.Context, e event.Event) error { return p.deliver(ctx, sub.Subscriber, e) }
		out = append(out, sub)
	}
	return out
}

// deliver hands an event to the process. When the process is away, or goes away meanwhile, the event comes again: its
// effect is applied once in any case.
func (p *Process) deliver(ctx context.Context, subscriber string, e event.Event) error {
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(e.Payload)
	if err != nil {
		return fmt.Errorf("event %s cannot be written: %w", e.ID, err)
	}
	inst, leave, err := p.enter(ctx, false)
	if err != nil {
		return fmt.Errorf("%w: %w", event.ErrAway, err)
	}
	defer leave()
	var trailer metadata.MD
	request := &kernelv1.DeliverRequest{
		Subscriber: subscriber, EventId: e.ID, Source: e.Source, Type: string(e.Type), Key: e.Key, Time: timestamppb.New(e.Time), Payload: payload,
		Traceparent: wire.Traceparent(ctx),
	}
	if !e.Due.IsZero() {
		request.DueTime = timestamppb.New(e.Due)
	}
	_, err = inst.api.Deliver(ctx, request, grpc.Trailer(&trailer))
	switch {
	case p.broken(ctx, inst, err, trailer):
		return fmt.Errorf("%w: %w", event.ErrAway, errBroken)
	case status.Code(err) == codes.Unimplemented:
		return fmt.Errorf("%w: %w", event.ErrAway, err) // an older program than the portal was told of
	case err != nil:
		return errors.New(status.Convert(err).Message())
	}
	return nil
}
