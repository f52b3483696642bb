// Package serve is what a module's own process calls. It links nothing of the portal's web server.
//
//	func main() { serve.Plugin(booking.New) }
//
// where New makes the module from a connection on which clients of contracts are made:
//
//	func New(conn grpc.ClientConnInterface) *Module {
//		return &Module{clients: clientmanagerv1.NewClientServiceClient(conn)}
//	}
//
// The same module runs in a portal's process and in its own; nothing in it can tell which. The portal starts the
// program, asks what the module is ([module.Module.Manifest] and the descriptors of its contracts), applies its
// migrations, lends it a database login of its own and the way back, and calls it. The program ends with the portal,
// however that ends.
//
//	serve.go     Plugin, Run: the process
//	server.go    Describe, Open, Deliver: what the kernel asks
//	registry.go  the module's services, and calls to them
//	direct.go    calls that come as frames, without gRPC
//	pages.go     the module's own pages, over HTTP
//	back.go      calls from the module to the portal
//	describe.go  descriptors and files to send
//	attach.go    being started by hand
//	telemetry.go spans and figures, told to the portal
//	leash.go     ending with the portal
//	log.go       slog, as the portal reads it
package serve
