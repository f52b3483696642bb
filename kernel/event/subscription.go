package event

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Event is something that happened.
type Event struct {
	// ID is a UUIDv7, the same in every delivery.
	ID string
	// Source is the id of the module that published it.
	Source string
	// Type is the full name of the message.
	Type protoreflect.FullName
	// Key is what it is about. Events of one key are handled in order.
	Key string
	// Time is when it was written, in UTC, by the database's clock.
	Time time.Time
	// Due is for when a job or a schedule's run was meant, in UTC; zero for what was due at once.
	Due time.Time
	// Payload is the message. It is the handler's own.
	Payload proto.Message
}

// Handler handles an event. It may be called again for the same event, so it writes through [Apply]. An error, or a
// panic, has it called again later; events of the same key wait until then. ctx acts as the subscriber's module
// with all its rows, and ends when the lease of the lane is lost or [Config.Timeout] is over.
type Handler func(ctx context.Context, e Event) error

// Subscription is what a module wants to hear.
type Subscription struct {
	// Subscriber is the lasting name of the purpose, "accountmanager.end-sessions": lanes and inbox hang on it. Renamed,
	// it is a new subscriber. Subscriptions of the same name share their lanes, so all their events come in order.
	Subscriber string
	// Module is who acts in the handler.
	Module string
	Types  []protoreflect.FullName
	Handle Handler
	// Schedule has the subscriber woken by the clock; see [OnSchedule]. Its type is then [ScheduleDue].
	Schedule *Schedule
	// Timeout ends the handler's context. Zero: [Config.Timeout].
	Timeout time.Duration
}

var subscriberName = regexp.MustCompile(`^[a-z][a-z0-9]*\.[a-z][a-z0-9-]*$`)

func (s Subscription) validate() error {
	switch {
	case !subscriberName.MatchString(s.Subscriber) || len(s.Subscriber) > 100:
		return fmt.Errorf("subscriber %q: call it module.purpose, in lower case: accountmanager.end-sessions", s.Subscriber)
	case !strings.HasPrefix(s.Subscriber, s.Module+"."):
		return fmt.Errorf("subscriber %s is of module %q: a subscriber's name begins with its own module's", s.Subscriber, s.Module)
	case len(s.Types) == 0:
		return fmt.Errorf("subscriber %s: it names no types", s.Subscriber)
	case s.Handle == nil:
		return fmt.Errorf("subscriber %s: it has no handler", s.Subscriber)
	case s.Timeout < 0:
		return fmt.Errorf("subscriber %s: its timeout is %v: it cannot be negative", s.Subscriber, s.Timeout)
	}
	for _, t := range s.Types {
		if !t.IsValid() {
			return fmt.Errorf("subscriber %s: %q is no message's full name", s.Subscriber, t)
		}
		if (t == ScheduleDue) != (s.Schedule != nil) || s.Schedule != nil && len(s.Types) > 1 {
			return fmt.Errorf("subscriber %s: a schedule hears %s and nothing else, and nobody else hears it: use OnSchedule", s.Subscriber, ScheduleDue)
		}
	}
	if s.Schedule != nil {
		if err := s.Schedule.validate(); err != nil {
			return fmt.Errorf("schedule %s: %w", s.Subscriber, err)
		}
	}
	return nil
}

// On subscribes to events of type T, a generated message. The module is the first part of the subscriber's name.
func On[T proto.Message](subscriber string, fn func(ctx context.Context, e Event, msg T) error) Subscription {
	var zero T
	name := zero.ProtoReflect().Descriptor().FullName()
	module, _, _ := strings.Cut(subscriber, ".")
	return Subscription{
		Subscriber: subscriber,
		Module:     module,
		Types:      []protoreflect.FullName{name},
		Handle: func(ctx context.Context, e Event) error {
			msg, ok := e.Payload.(T)
			if !ok {
				return fmt.Errorf("event %s is a %T, not a %T", e.ID, e.Payload, zero)
			}
			return fn(ctx, e, msg)
		},
	}
}
