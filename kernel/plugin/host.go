//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/internal/socket"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
)

// HostConfig is what a [Host] needs.
type HostConfig struct {
	// Router takes the calls that processes make. Required.
	Router *call.Router
	// SignRows signs that a module acts by itself. Required.
	SignRows func(ctx context.Context, module string) (setting string, until time.Time, err error)
	// Log receives what happens, and what processes write. Required.
	Log *slog.Logger
	// Timing of supervision; see its fields for the defaults.
	Timing Timing
	// Now is the clock. Default: time.Now.
	Now func() time.Time
	// Changed is told that the status of some process changed. It must return at once and call nothing of the process.
	// Default: nobody is told.
	Changed func()
	// GRPCOnly has every call go over gRPC, also to processes that could serve it faster.
	GRPCOnly bool
	// Telemetry takes what processes report of their work. Default: nobody does, and they report nothing.
	Telemetry Telemetry
}

// Host is the portal's side of all its modules' processes: the socket on which they call back.
type Host struct {
	cfg    HostConfig
	dir    string // of sockets, 0700
	tokens *tokens
	server *grpc.Server
	start  *starter
	served chan struct{}

	life context.Context // ends with Close
	end  context.CancelFunc

	mu        sync.Mutex
	processes []*Process
	starting  sync.WaitGroup
	closed    bool
}

// NewHost opens the socket. The caller ends with Close.
func NewHost(cfg HostConfig) (*Host, error) {
	if cfg.Router == nil || cfg.SignRows == nil || cfg.Log == nil {
		return nil, errors.New("plugin: HostConfig needs Router, SignRows and Log")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	cfg.Timing = cfg.Timing.withDefaults()
	dir, err := socket.Folder("cab")
	if err != nil {
		return nil, fmt.Errorf("plugin: %w", err)
	}
	life, end := context.WithCancel(context.Background()) //nolint:forbidigo // as long as the host
	h := &Host{life: life, end: end, cfg: cfg, dir: dir, tokens: newTokens(), start: newStarter(), served: make(chan struct{})}
	listener, err := net.Listen("unix", h.socket()) //nolint:noctx // it lives as long as the host
	if err != nil {
		end()
		h.start.stop()
		return nil, errors.Join(fmt.Errorf("plugin: %w", err), os.RemoveAll(dir))
	}
	h.server = grpc.NewServer(append(wire.ServerOptions(), grpc.UnknownServiceHandler(h.serve))...)
	go func() {
		defer close(h.served)
		if err := h.server.Serve(socket.OwnUser{Listener: listener}); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			cfg.Log.Error("the socket for modules' processes ended", "error", err) //nolint:sloglint // nobody's context
		}
	}()
	return h, nil
}

func (h *Host) socket() string { return filepath.Join(h.dir, hostSocket) }

const hostSocket = "host.sock"

// Close stops every process and closes the socket. Twice is safe.
func (h *Host) Close(ctx context.Context) error {
	h.mu.Lock()
	closed := h.closed
	h.closed = true
	h.mu.Unlock()
	if closed {
		return nil
	}
	h.end()
	h.starting.Wait()
	processes := h.Processes()
	errs := make([]error, len(processes))
	var wg sync.WaitGroup
	for i, p := range processes {
		wg.Go(func() { errs[i] = p.Stop(ctx) })
	}
	wg.Wait()
	h.server.Stop()
	<-h.served
	h.start.stop()
	return errors.Join(append(errs, os.RemoveAll(h.dir))...)
}

// Processes are those that were started, in that order.
func (h *Host) Processes() []*Process {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*Process(nil), h.processes...)
}

// Drop stops a process that is not wanted any more, and forgets it.
func (h *Host) Drop(ctx context.Context, p *Process) error {
	h.mu.Lock()
	h.processes = slices.DeleteFunc(h.processes, func(one *Process) bool { return one == p })
	h.mu.Unlock()
	return p.Stop(ctx)
}

// serve carries a call from a process to the router.
func (h *Host) serve(_ any, stream grpc.ServerStream) error {
	name, _ := grpc.MethodFromServerStream(stream)
	md, _ := metadata.FromIncomingContext(stream.Context())
	tokens := md.Get(wire.TokenKey)
	if len(tokens) != 1 {
		return h.refuse(stream.Context(), "", name, "a call without a token")
	}
	known, ok := h.tokens.find(tokens[0])
	if !ok {
		return h.refuse(stream.Context(), "", name, "a token that stands for no call under way")
	}
	ctx, cancel := join(known.ctx, stream.Context())
	defer cancel()
	ctx = h.traced(metadata.NewOutgoingContext(ctx, sent(md)), known, md)
	if name == kernelv1.HostService_ReportTelemetry_FullMethodName {
		if !known.own {
			return h.refuse(ctx, known.module, name, "the token of a call asks for what only the module itself may")
		}
		return h.report(ctx, known.module, stream)
	}
	if name == kernelv1.HostService_SignRows_FullMethodName {
		if !known.own {
			return h.refuse(ctx, known.module, name, "the token of a call asks for what only the module itself may")
		}
		return h.signRows(ctx, known.module, stream)
	}
	if name == kernelv1.HostService_ListProviders_FullMethodName {
		var r kernelv1.ListProvidersRequest
		if err := stream.RecvMsg(&r); err != nil {
			return err
		}
		return stream.SendMsg(&kernelv1.ListProvidersResponse{ModuleIds: h.cfg.Router.Providers(r.GetService())})
	}
	d, ok := h.cfg.Router.Descriptor(name)
	if !ok {
		return h.logged(ctx, known.module, name, h.cfg.Router.Invoke(ctx, name, &kernelv1.SignRowsRequest{}, &kernelv1.SignRowsResponse{}))
	}
	if d.IsStreamingClient() || d.IsStreamingServer() {
		return h.logged(ctx, known.module, name, h.carry(ctx, name, d, stream))
	}
	in, out := call.NewMessage(d.Input()), call.NewMessage(d.Output())
	if err := stream.RecvMsg(in); err != nil {
		return err
	}
	var header, trailer metadata.MD
	err := h.cfg.Router.Invoke(ctx, name, in, out, grpc.Header(&header), grpc.Trailer(&trailer))
	_ = stream.SetHeader(header)
	stream.SetTrailer(trailer)
	if err != nil {
		return h.logged(ctx, known.module, name, err)
	}
	return stream.SendMsg(out)
}

// sent is what a caller in the portal's process would have sent: what the transport and the kernel added is left out.
func sent(md metadata.MD) metadata.MD {
	out := metadata.MD{}
	for key, values := range md {
		if key == call.ProviderKey || !wire.Transport(key) && !strings.HasPrefix(key, "cabinet-") && key != wire.TraceKey {
			out[key] = values
		}
	}
	return out
}

func (h *Host) signRows(ctx context.Context, module string, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(&kernelv1.SignRowsRequest{}); err != nil {
		return err
	}
	setting, until, err := h.cfg.SignRows(ctx, module)
	if err != nil {
		return status.Error(codes.Unavailable, "the database does not answer right now: try again in a moment")
	}
	return stream.SendMsg(&kernelv1.SignRowsResponse{Setting: setting, ExpireTime: timestamppb.New(until)})
}

// carry passes a stream's messages on, both ways.
func (h *Host) carry(ctx context.Context, name string, d protoreflect.MethodDescriptor, from grpc.ServerStream) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	to, err := h.cfg.Router.NewStream(ctx, &grpc.StreamDesc{ClientStreams: d.IsStreamingClient(), ServerStreams: d.IsStreamingServer()}, name)
	if err != nil {
		return err
	}
	return pump(from, to, d.Input(), d.Output(), cancel)
}

// pump passes messages between the end that was called and the one that is called on. It returns how the call ended.
func pump(from grpc.ServerStream, to grpc.ClientStream, input, output protoreflect.MessageDescriptor, cancel context.CancelFunc) error {
	up := make(chan struct{})
	go func() {
		defer close(up)
		for {
			m := call.NewMessage(input)
			switch err := from.RecvMsg(m); {
			case errors.Is(err, io.EOF):
				_ = to.CloseSend()
				return
			case err != nil:
				cancel()
				return
			}
			if to.SendMsg(m) != nil {
				return // RecvMsg tells why
			}
		}
	}()
	err := func() error {
		if header, err := to.Header(); err == nil {
			_ = from.SetHeader(plainHeader(header))
		}
		for {
			m := call.NewMessage(output)
			if err := to.RecvMsg(m); err != nil {
				from.SetTrailer(plainHeader(to.Trailer()))
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			}
			if err := from.SendMsg(m); err != nil {
				return err
			}
		}
	}()
	cancel()
	return err
}

// plainHeader is a header without what the transport added.
func plainHeader(md metadata.MD) metadata.MD {
	md = md.Copy()
	md.Delete("content-type")
	md.Delete(wire.ServedKey)
	return md
}

// refuse answers an attempt to do what is nobody's to do, and remembers it.
func (h *Host) refuse(ctx context.Context, module, method, what string) error {
	h.cfg.Log.WarnContext(ctx, "a module's process was refused: "+what, "module", module, "method", method)
	return status.Error(codes.Unauthenticated, "refused: "+what)
}

// logged writes down that a process tried what it may not.
func (h *Host) logged(ctx context.Context, module, method string, err error) error {
	if code := status.Code(err); code == codes.PermissionDenied || code == codes.Unauthenticated {
		h.cfg.Log.WarnContext(ctx, "a module's process was refused a call", "module", module, "method", method, "error", err)
	}
	return err
}
