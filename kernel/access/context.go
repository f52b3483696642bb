package access

import "context"

type (
	principalKey struct{}
	decisionKey  struct{}
)

// entered is a context in which somebody acts. It is one value, not two, because the router makes one for each call.
type entered struct {
	context.Context
	principal Principal
	decision  Decision
}

// Value answers with pointers, which no reader hands on: nobody can write into what is in a context.
func (e *entered) Value(key any) any {
	if v := ValueOf(key, &e.principal, &e.decision); v != nil {
		return v
	}
	return e.Context.Value(key)
}

// ValueOf is for a context that holds principal and decision itself, as the router's do: it is what the context's
// Value answers when key asks for one of the two, and nil for any other key. It spares each call two allocations.
func ValueOf(key any, p *Principal, d *Decision) any {
	switch key.(type) {
	case principalKey:
		return p
	case decisionKey:
		return d
	default:
		return nil
	}
}

// With returns a context in which p acts. Only the kernel's edges do this: the web layer after it has identified a
// session, the event dispatcher, the plugin host after it has verified a token. It drops what was decided before.
func With(ctx context.Context, p Principal) context.Context {
	return &entered{Context: ctx, principal: p}
}

// From returns who acts in ctx; the zero Principal, nobody, when no one was set.
func From(ctx context.Context) Principal {
	if p, ok := ctx.Value(principalKey{}).(*Principal); ok {
		return *p
	}
	return Principal{}
}

// WithDecision returns a context that carries what the router decided about the call under way, for the store to read.
func WithDecision(ctx context.Context, d Decision) context.Context {
	return context.WithValue(ctx, decisionKey{}, &d)
}

// DecisionFrom returns the decision about the call under way. The zero Decision reaches no rows.
func DecisionFrom(ctx context.Context) Decision {
	if d, ok := ctx.Value(decisionKey{}).(*Decision); ok {
		return *d
	}
	return Decision{}
}
