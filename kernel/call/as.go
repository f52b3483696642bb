package call

import (
	"context"

	"google.golang.org/grpc"

	"github.com/opencabinet/cabinet/kernel/access"
)

// asConn calls as somebody, whoever the context says.
type asConn struct {
	router *Router
	who    access.Principal
}

var _ grpc.ClientConnInterface = (*asConn)(nil)

// As returns a connection whose calls are somebody's, whoever acts in their contexts. The zero principal is nobody. It is
// for the edges of a portal, which have found out who that is.
func (r *Router) As(who access.Principal) grpc.ClientConnInterface { return &asConn{r, who} }

// Invoke makes a unary call.
func (c *asConn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return c.router.Invoke(access.With(ctx, c.who), method, args, reply, opts...)
}

// NewStream begins a stream.
func (c *asConn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return c.router.NewStream(access.With(ctx, c.who), desc, method, opts...)
}
