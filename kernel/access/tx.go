package access

import "context"

type txKey struct{}

// WithTx marks a context that holds a transaction, so that the router can refuse calls made with it.
func WithTx(ctx context.Context) context.Context { return context.WithValue(ctx, txKey{}, true) }

// InTx tells whether ctx holds a transaction.
func InTx(ctx context.Context) bool {
	held, _ := ctx.Value(txKey{}).(bool)
	return held
}
