//go:build unix

package plugin

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
)

// Register has the router carry the module's contracts to its process. What is wrong with them is told by the router's
// Err.
func (p *Process) Register(router *call.Router) error {
	services, err := p.Services(p.Description())
	for _, s := range services {
		router.RegisterRemote(p.id, s.Service, s.Desc)
	}
	return err
}

// Services are those that a description provides, carried to whichever process runs.
func (p *Process) Services(d *Description) ([]call.Remote, error) {
	var out []call.Remote
	for _, name := range d.Manifest.Provides {
		s, err := d.service(name)
		if err != nil {
			return nil, err
		}
		out = append(out, call.Remote{Service: s, Desc: p.desc(s)})
	}
	return out, nil
}

// desc is a service whose handlers call the process.
func (p *Process) desc(s protoreflect.ServiceDescriptor) *grpc.ServiceDesc {
	out := &grpc.ServiceDesc{ServiceName: string(s.FullName())}
	for i := range s.Methods().Len() {
		m := s.Methods().Get(i)
		name := access.MethodName(m)
		rules, err := access.RulesOf(m)
		readOnly := err == nil && rules.ReadOnly // without rules the router refuses it
		if m.IsStreamingClient() || m.IsStreamingServer() {
			desc := &grpc.StreamDesc{StreamName: string(m.Name()), ClientStreams: m.IsStreamingClient(), ServerStreams: m.IsStreamingServer()}
			desc.Handler = func(_ any, from grpc.ServerStream) error {
				return p.stream(name, readOnly, desc, from, m.Input(), m.Output())
			}
			out.Streams = append(out.Streams, *desc)
			continue
		}
		input, output := call.MessageType(m.Input()), call.MessageType(m.Output())
		carry := func(ctx context.Context, request any) (any, error) {
			in, ok := request.(proto.Message)
			if !ok {
				return nil, status.Errorf(codes.Internal, "%T is no protobuf message", request)
			}
			out := output.New().Interface()
			if err := p.unary(ctx, name, readOnly, in, out); err != nil {
				return nil, err
			}
			return out, nil
		}
		out.Methods = append(out.Methods, grpc.MethodDesc{
			MethodName: string(m.Name()),
			Handler: func(_ any, ctx context.Context, receive func(any) error, through grpc.UnaryServerInterceptor) (any, error) {
				in := input.New().Interface()
				if err := receive(in); err != nil {
					return nil, err
				}
				return through(ctx, in, nil, carry)
			},
		})
	}
	return out
}
