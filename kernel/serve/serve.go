package serve

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"slices"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
)

// Plugin serves a module to the portal that started this program, and ends the program when the portal lets it go.
// Started by hand the program says what it is and ends with code 1.
func Plugin[M module.Module](newModule func(conn grpc.ClientConnInterface) M) {
	if !Asked() {
		_, _ = fmt.Fprintln(os.Stderr, "This program is a plugin: a Cabinet portal starts it. Name it in portal.yaml, at modules.ID.path.\n"+
			"To start it by hand, as in a debugger, set "+EnvAttach+" to the folder that the portal of a developer names.")
		os.Exit(1)
	}
	Run(nil, func(conn grpc.ClientConnInterface) (module.Module, error) { return newModule(conn), nil })
}

// EnvAttach names a folder. A program that is started by hand with it, as in a debugger, serves its module to the portal that
// waits for it there: modules.ID.attach in portal.yaml. Only a portal in development does.
const EnvAttach = wire.EnvAttach

// Asked tells whether this program was started to serve a module: by a portal, or by hand for one that waits.
func Asked() bool { return os.Getenv(wire.CookieKey) == wire.CookieValue || attaching() != "" }

// OpenBlobs opens the place of blobs from what the portal sent of it.
type OpenBlobs func(ctx context.Context, sent []byte, now func() time.Time) (*blob.Store, error)

// Run serves the module that newModule makes. It returns when the portal lets the process go; the caller then ends the
// program. For programs that serve one of several modules; others call [Plugin]. blobs is nil in a program that is not the
// portal's own: its modules have none.
func Run(blobs OpenBlobs, newModule func(conn grpc.ClientConnInterface) (module.Module, error)) {
	errs := os.Stderr // go-plugin puts a pipe in its place
	log := slog.New(newHandler(errs))
	ctx, end := context.WithCancel(context.Background())
	defer end()
	if attaching() == "" {
		followPortal(ctx, end, log)
	}

	back := &back{}
	m, err := newModule(back)
	if err != nil {
		log.ErrorContext(ctx, "the module cannot be made", "error", err)
		os.Exit(1)
	}
	s := newServer(ctx, m, back, log)
	s.openBlobs = blobs
	config := &plugin.ServeConfig{
		HandshakeConfig: wire.Handshake(),
		Plugins:         plugin.PluginSet{"module": &service{server: s}},
		Logger:          hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: errs, JSONFormat: true}),
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(slices.Concat(options, wire.ServerOptions())...)
		},
	}
	if folder := attaching(); folder != "" {
		if err := serveAttached(ctx, config, folder, s.id); err != nil {
			log.ErrorContext(ctx, "nobody can attach to this program", "error", err)
			os.Exit(1)
		}
	} else {
		plugin.Serve(config)
	}
	s.close(context.WithoutCancel(ctx))
}

// service binds the server to go-plugin.
type service struct {
	plugin.NetRPCUnsupportedPlugin
	server *server
}

var _ plugin.GRPCPlugin = (*service)(nil)

// GRPCServer registers what the kernel asks.
func (p *service) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	kernelv1.RegisterPluginServiceServer(s, p.server)
	for _, name := range p.server.module.Manifest().Provides {
		p.server.registry.expect(s, name)
	}
	return nil
}

// GRPCClient is the portal's side, and not here.
func (p *service) GRPCClient(context.Context, *plugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, fmt.Errorf("this is the plugin's side")
}

// version is the program's, as the Go toolchain stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 8 {
			revision = " " + s.Value[:8]
		}
	}
	return info.Main.Version + revision
}
