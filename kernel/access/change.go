package access

import "context"

// Change is a call under way that may change something, as the audit log will know it. The router makes it of what the
// caller sent, so that no module can say otherwise. Calls of methods without side effects have none.
type Change struct {
	// ID of the call, a UUIDv7: whatever the provider writes in however many transactions is one entry.
	ID string
	// Who called, whomever the provider acts as meanwhile.
	Who Principal
	// Module provides Method, given as "/package.Service/Method".
	Module string
	Method string
	// Resource is the full name of the message that the method is about, ResourceID which one; empty where the request does
	// not say, as that of a create.
	Resource   string
	ResourceID string
	// ClientID is the client whom it concerns: for a contact always the one acted for.
	ClientID string
}

type changeKey struct{}

// AsksForChange is for a context that knows the change under way, as the router's do: it tells whether key asks for it. The
// context's Value answers with a *Change then, which may be nil.
func AsksForChange(key any) bool {
	_, asks := key.(changeKey)
	return asks
}

// WithChange returns a context of the change under way. Tests of what is below the router use it.
func WithChange(ctx context.Context, c *Change) context.Context {
	return context.WithValue(ctx, changeKey{}, c)
}

// ChangeFrom returns the change under way; nil where nothing is called that changes anything.
func ChangeFrom(ctx context.Context) *Change {
	c, _ := ctx.Value(changeKey{}).(*Change)
	return c
}
