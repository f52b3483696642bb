// Package wire is how the kernel and a module's process tell each other who acts: metadata beside the calls of
// contracts. Both kernel/plugin and kernel/serve use it.
package wire

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc/metadata"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Protocol is the version of what is spoken here and in contracts/kernel/v1/plugin.proto.
const Protocol = 1

// The handshake by which a program knows that it was started to serve a module, and not by hand.
const (
	CookieKey   = "CABINET_PLUGIN"
	CookieValue = "1f0c8e6a-serve-a-module"
	// EnvModule names the module to serve when a portal starts its own program again.
	EnvModule = "CABINET_SERVE_MODULE"
)

// Handshake is how go-plugin's two sides know each other.
func Handshake() plugin.HandshakeConfig {
	return plugin.HandshakeConfig{ProtocolVersion: Protocol, MagicCookieKey: CookieKey, MagicCookieValue: CookieValue}
}

// MaxFrame is the largest frame in either direction, in bytes: that of the largest message, which the router has measured
// itself.
const MaxFrame = 16<<20 + 1<<10

// Keys of metadata. The router drops those that a caller writes.
const (
	callKey  = "cabinet-call-bin"
	TokenKey = "cabinet-token"
	// ServedKey is a trailer: the answer is the module's own, and not the transport's for want of a connection.
	ServedKey = "cabinet-served"
)

// Call is what a provider may know of a call: who acts, what was decided, which rows are theirs, and the token by which
// calls that it makes on its way are known to be part of it.
type Call struct {
	Principal access.Principal `json:"principal"`
	Decision  access.Decision  `json:"decision"`
	Rows      store.Rows       `json:"rows"`
	Token     string           `json:"token"`
}

// Attach adds the call to the metadata that ctx sends.
func (c Call) Attach(ctx context.Context, md metadata.MD) (context.Context, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("who acts cannot be written: %w", err)
	}
	out := metadata.Join(md, metadata.Pairs(callKey, string(text)))
	return metadata.NewOutgoingContext(ctx, out), nil
}

// Read takes the call out of the metadata that came with ctx; the rest stays.
func Read(ctx context.Context) (Call, metadata.MD, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	md = md.Copy()
	values := md.Get(callKey)
	md.Delete(callKey)
	var c Call
	if len(values) != 1 {
		return c, md, fmt.Errorf("the call does not say who acts")
	}
	if err := json.Unmarshal([]byte(values[0]), &c); err != nil {
		return c, md, fmt.Errorf("who acts cannot be read: %w", err)
	}
	return c, md, nil
}

// Transport tells whether a key of metadata is the transport's own: in one process it is not there.
func Transport(key string) bool {
	return strings.HasPrefix(key, ":") || strings.HasPrefix(key, "grpc-") || key == "content-type" || key == "user-agent"
}

type tokenKey struct{}

// WithToken remembers the token of the call under way.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// Token is the token of the call under way; empty outside of one.
func Token(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}
