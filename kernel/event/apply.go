package event

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// ErrNoDelivery is the error of [Apply] outside a handler.
var ErrNoDelivery = errors.New("apply: no event is being delivered: call it in a handler, with the handler's context")

type deliveryKey struct{}

// delivery is what a handler's context says of the event at hand.
type delivery struct{ subscriber, event string }

// WithDelivery is the context of a handler that runs in a module's own process, for [Apply] to know the event at hand.
func WithDelivery(ctx context.Context, subscriber, event string) context.Context {
	return context.WithValue(ctx, deliveryKey{}, delivery{subscriber, event})
}

// Applier is a transaction that an effect is written in.
type Applier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Transactor runs fn in a transaction of its own, committed when fn returns nil. *store.Store is one.
type Transactor[T Applier] interface {
	Tx(ctx context.Context, fn func(ctx context.Context, tx T) error) error
}

// Apply runs fn in a transaction of the subscriber's module that also records the event as applied, and so runs it once:
// an event that was applied before is nil at once, without fn. What fn does elsewhere than in tx is not covered. To
// be called in a handler, once, with the handler's ctx; elsewhere the error is [ErrNoDelivery]. fn may publish.
func Apply[T Applier](ctx context.Context, s Transactor[T], fn func(ctx context.Context, tx T) error) error {
	d, ok := ctx.Value(deliveryKey{}).(delivery)
	if !ok {
		return ErrNoDelivery
	}
	return s.Tx(ctx, func(ctx context.Context, tx T) error {
		// One row when it is the first time, none otherwise: so the tag alone tells.
		tag, err := tx.Exec(ctx, `select where kernel.apply($1, $2)`, d.subscriber, d.event)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if a, ok := any(tx).(interface{ Handler(name string) }); ok {
			a.Handler(d.subscriber) // whom the audit log names for what fn does
		}
		return fn(ctx, tx)
	})
}
