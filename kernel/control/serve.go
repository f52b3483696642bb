package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/internal/socket"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// Config is what a [Server] needs. All of it is required.
type Config struct {
	// Folder is the portal's data folder.
	Folder string
	// Router takes the calls, as the kernel's.
	Router *call.Router
	// ID is the portal's, and URL where browsers reach it.
	ID, URL string
	// Started is when the portal was opened.
	Started time.Time
	Log     *slog.Logger
}

// Server is the portal's side.
type Server struct {
	cfg    Config
	place  Place
	server *grpc.Server
	served chan struct{}
}

const socketName = "control.sock"

// Open opens the socket and says in the data folder where it is. The caller ends with Close.
func Open(cfg Config) (_ *Server, err error) {
	dir, err := socket.Folder("cabc")
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	s := &Server{
		cfg: cfg, served: make(chan struct{}),
		place: Place{Socket: filepath.Join(dir, socketName), PID: os.Getpid(), ID: cfg.ID, URL: cfg.URL, Started: cfg.Started},
	}
	listener, err := net.Listen("unix", s.place.Socket) //nolint:noctx // it lives as long as the portal
	if err != nil {
		return nil, err
	}
	if err := s.place.write(cfg.Folder); err != nil {
		return nil, errors.Join(fmt.Errorf("say where the portal can be reached: %w", err), listener.Close())
	}
	s.server = grpc.NewServer(append(wire.ServerOptions(), grpc.UnknownServiceHandler(s.serve))...)
	go func() {
		defer close(s.served)
		if err := s.server.Serve(socket.OwnUser{Listener: listener}); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			cfg.Log.Error("the socket for commands ended", "error", err) //nolint:sloglint // nobody's context
		}
	}()
	return s, nil
}

// Close lets calls under way finish until ctx ends, and takes back what Open made.
func (s *Server) Close(ctx context.Context) error {
	err := s.place.remove(s.cfg.Folder)
	cut := context.AfterFunc(ctx, s.server.Stop)
	defer cut()
	s.server.GracefulStop()
	<-s.served
	return errors.Join(err, os.RemoveAll(filepath.Dir(s.place.Socket)))
}

// serve carries a call to the router.
func (s *Server) serve(_ any, stream grpc.ServerStream) error {
	name, _ := grpc.MethodFromServerStream(stream)
	d, ok := s.cfg.Router.Descriptor(name)
	if !ok {
		return status.Errorf(codes.Unimplemented, "this portal has no method %s: is it of another version than the command?", name)
	}
	if d.IsStreamingClient() || d.IsStreamingServer() {
		return status.Errorf(codes.Unimplemented, "%s is a stream, which commands cannot call", name)
	}
	in, out := call.NewMessage(d.Input()), call.NewMessage(d.Output())
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	md, _ := metadata.FromIncomingContext(stream.Context())
	ctx := metadata.NewOutgoingContext(stream.Context(), sent(md))
	if err := s.cfg.Router.As(access.AsKernel()).Invoke(ctx, name, in, out); err != nil {
		return err
	}
	return stream.SendMsg(out)
}

// sent is what the caller itself wrote: what the transport added is left out, and what the kernel alone writes.
func sent(md metadata.MD) metadata.MD {
	out := metadata.MD{}
	for key, values := range md {
		if !wire.Transport(key) && !strings.HasPrefix(key, "cabinet-") {
			out[key] = values
		}
	}
	return out
}
