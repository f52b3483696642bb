package access

import "context"

type (
	principalKey struct{}
	decisionKey  struct{}
)

// With returns a context in which p acts. Only the kernel's edges do this: the web layer after it has identified a
// session, the event dispatcher, the plugin host after it has verified a token. It drops what was decided before.
func With(ctx context.Context, p Principal) context.Context {
	ctx = context.WithValue(ctx, principalKey{}, p)
	return context.WithValue(ctx, decisionKey{}, Decision{})
}

// From returns who acts in ctx; the zero Principal, nobody, when no one was set.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// WithDecision returns a context that carries what the router decided about the call under way, for the store to read.
func WithDecision(ctx context.Context, d Decision) context.Context {
	return context.WithValue(ctx, decisionKey{}, d)
}

// DecisionFrom returns the decision about the call under way. The zero Decision reaches no rows.
func DecisionFrom(ctx context.Context) Decision {
	d, _ := ctx.Value(decisionKey{}).(Decision)
	return d
}
