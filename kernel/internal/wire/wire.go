// Package wire is how the kernel and a module's process tell each other who acts: metadata beside the calls of
// contracts. Both kernel/plugin and kernel/serve use it.
package wire

import (
	"context"
	"runtime"
	"strings"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// Protocol is the version of what is spoken here and in contracts/kernel/v1/plugin.proto.
const Protocol = 1

// The handshake by which a program knows that it was started to serve a module, and not by hand.
const (
	CookieKey   = "CABINET_PLUGIN"
	CookieValue = "1f0c8e6a-serve-a-module"
	// EnvModule names the module to serve when a portal starts its own program again.
	EnvModule = "CABINET_SERVE_MODULE"
	// EnvAttach names the folder in which a program that is started by hand says where it serves.
	EnvAttach = "CABINET_ATTACH"
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
	actingKey = "cabinet-acting-bin"
	changeKey = "cabinet-change"
	TokenKey  = "cabinet-token"
	// ServedKey is a trailer: the answer is the module's own, and not the transport's for want of a connection.
	ServedKey = "cabinet-served"
)

// Served is that trailer.
func Served() metadata.MD { return metadata.MD{ServedKey: {"1"}} }

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

// window is how much may be under way before its receiver has read it, in bytes. Stating it spares the pings by which
// gRPC would measure the network, of which there is none.
const window = 1 << 20

// DialOptions are those of a connection to the other side.
func DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxFrame), grpc.MaxCallSendMsgSize(MaxFrame)),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window),
		grpc.WithDisableRetry(), // calls are made again by those who know which may be
	}
}

// ServerOptions are those of a server for the other side.
func ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(MaxFrame), grpc.MaxSendMsgSize(MaxFrame),
		grpc.InitialWindowSize(window), grpc.InitialConnWindowSize(window),
		// Goroutines that serve one call after another have grown their stacks; what they cannot take gets its own.
		grpc.NumStreamWorkers(uint32(runtime.GOMAXPROCS(0))),
	}
}

// Attached is where a program serves that was started by hand: the content of ID.json in the folder that EnvAttach names.
type Attached struct {
	// Address of a unix socket in that folder.
	Address string `json:"address"`
	PID     int    `json:"pid"`
}
