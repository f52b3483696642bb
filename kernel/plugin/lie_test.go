//go:build unix

package plugin_test

import (
	"context"
	"encoding/json"
	"net"
	"os"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// liar says of itself what is not so.
type liar struct {
	kernelv1.UnimplementedPluginServiceServer
	goplugin.NetRPCUnsupportedPlugin
	about string
}

func lie(about string) {
	l := &liar{about: about}
	goplugin.Serve(&goplugin.ServeConfig{
		HandshakeConfig: goplugin.HandshakeConfig{ProtocolVersion: wire.Protocol, MagicCookieKey: wire.CookieKey, MagicCookieValue: wire.CookieValue},
		Plugins:         goplugin.PluginSet{"module": l},
		Logger:          hclog.NewNullLogger(),
		GRPCServer:      func(options []grpc.ServerOption) *grpc.Server { return grpc.NewServer(options...) },
	})
	os.Exit(0)
}

// GRPCServer registers it.
func (l *liar) GRPCServer(_ *goplugin.GRPCBroker, s *grpc.Server) error {
	kernelv1.RegisterPluginServiceServer(s, l)
	return nil
}

// GRPCClient is the other side.
func (l *liar) GRPCClient(context.Context, *goplugin.GRPCBroker, *grpc.ClientConn) (any, error) {
	return nil, os.ErrInvalid
}

// Open lies about what it hears, or serves direct calls, each with what its caller cannot read.
func (l *liar) Open(_ context.Context, r *kernelv1.OpenRequest) (*kernelv1.OpenResponse, error) {
	if l.about == "subscriber" {
		return &kernelv1.OpenResponse{Subscriptions: []*kernelv1.Subscription{{Subscriber: "neighbour.follow-things"}}}, nil
	}
	listener, err := net.Listen("unix", r.GetCallsSocket())
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.answer(conn)
		}
	}()
	return &kernelv1.OpenResponse{Calls: true}, nil
}

func (l *liar) answer(conn net.Conn) {
	defer conn.Close()
	frames := wire.NewFrames(conn)
	for frames.Read(&kernelv1.CallRequest{}) == nil {
		switch l.about {
		case "frame:huge":
			_, _ = conn.Write([]byte{0xff, 0xff, 0xff, 0xff, 1, 2, 3})
		case "frame:garbage":
			_, _ = conn.Write([]byte{0, 0, 0, 3, 0xff, 0xff, 0xff})
		case "frame:half":
			_, _ = conn.Write([]byte{0, 0, 1, 0, 1, 2, 3})
			return
		case "frame:status":
			_ = frames.Write(&kernelv1.CallReply{Status: []byte{0xff}}, 4, nil)
		case "frame:ok":
			ok, _ := proto.Marshal(&spb.Status{Message: "no code"})
			_ = frames.Write(&kernelv1.CallReply{Status: ok}, 4, nil)
		case "frame:message":
			_ = frames.Write(&kernelv1.CallReply{Message: []byte{0xff}}, 4, nil)
		}
	}
}

// Describe lies.
func (l *liar) Describe(context.Context, *kernelv1.DescribeRequest) (*kernelv1.DescribeResponse, error) {
	manifest := newThings(nil).Manifest()
	out := &kernelv1.DescribeResponse{Protocol: wire.Protocol}
	switch l.about {
	case "id":
		manifest.ID = "other"
	case "protocol":
		out.Protocol = 99
	case "provides":
		manifest.Provides = append(manifest.Provides, "cabinet.nothing.v1.NoService")
	case "path":
		out.Locales = []*kernelv1.PluginFile{{Path: "../../etc/passwd", Content: []byte("root")}}
	}
	out.Manifest, _ = json.Marshal(manifest)
	out.Files = &descriptorpb.FileDescriptorSet{}
	seen := map[string]bool{}
	var add func(f protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		out.Files.File = append(out.Files.File, protodesc.ToFileDescriptorProto(f))
	}
	add(testpb.File_kernel_plugin_internal_testpb_thing_proto)
	if l.about == "contract" {
		file := out.Files.File[len(out.Files.File)-1]
		for _, m := range file.MessageType {
			if m.GetName() == "GetThingRequest" {
				m.Field[0].Number = proto.Int32(7)
			}
			if m.GetName() == "DoThingRequest" {
				m.Field[1].Type = descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()
			}
		}
		proto.SetExtension(file.Service[0].Method[1].Options, kernelv1.E_Method, &kernelv1.MethodRules{Scope: kernelv1.Scope_SCOPE_PUBLIC})
	}
	if l.about == "garbage" {
		out.Files.File = out.Files.File[len(out.Files.File)-1:]
		out.Files.File[0].Name = proto.String("unknown.proto")
		out.Files.File[0].MessageType[0].Field[0].TypeName = proto.String(".no.such.Message")
	}
	return out, nil
}
