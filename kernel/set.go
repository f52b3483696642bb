package kernel

import (
	"github.com/google/wire"
	"google.golang.org/grpc"

	"github.com/opencabinet/cabinet/kernel/call"
)

// Set lets Wire make the typed clients of contracts on the router.
var Set = wire.NewSet(Conn)

// Conn is the router as callers see it.
func Conn(r *call.Router) grpc.ClientConnInterface { return r }
