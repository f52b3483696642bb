package call_test

import (
	"context"
	"errors"
	"testing"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

func TestRegistrationSaysEverythingThatIsWrong(t *testing.T) {
	r := call.New(call.Options{})
	testpb.RegisterNoteServiceServer(r.For("notes", nil), &notes{})
	testpb.RegisterNoteServiceServer(r.For("thief", nil), &notes{})
	r.For("confused", nil).RegisterService(&testpb.EchoService_ServiceDesc, &notes{})
	r.For("unlinked", nil).RegisterService(&grpc.ServiceDesc{ServiceName: "cabinet.none.v1.NoneService"}, nil)
	r.For("half", nil).RegisterService(&grpc.ServiceDesc{ServiceName: echoService}, nil)
	r.For("message", nil).RegisterService(&grpc.ServiceDesc{ServiceName: "cabinet.calltest.v1.Note"}, nil)
	err := r.Err()
	for _, want := range []string{
		"cabinet.calltest.v1.NoteService is provided by notes and by thief",
		"module confused registers *call_test.notes for cabinet.calltest.v1.EchoService",
		"module unlinked provides cabinet.none.v1.NoneService, whose contract is not linked",
		"module half provides cabinet.calltest.v1.EchoService without its method Echo",
		"module message provides cabinet.calltest.v1.Note, which is no service",
	} {
		require.ErrorContains(t, err, want)
	}
	require.False(t, r.Provides(echoService))
}

func TestAMethodWithoutRulesIsNotRegistered(t *testing.T) {
	// The health service of gRPC states no rules of ours.
	r := call.New(call.Options{})
	r.For("health", nil).RegisterService(&healthpb.Health_ServiceDesc, healthpb.UnimplementedHealthServer{})
	require.ErrorContains(t, r.Err(), "/grpc.health.v1.Health/Check does not say who may call it")
	require.ErrorContains(t, r.Err(), "/grpc.health.v1.Health/Watch does not say who may call it")
	require.Empty(t, r.Methods())
}

func TestMethodsAreListed(t *testing.T) {
	r := inProcess(t, call.Options{}, &notes{}, &echo{})
	methods := r.Methods()
	require.Len(t, methods, 11)
	require.Equal(t, testpb.EchoService_Echo_FullMethodName, methods[0].Rules.Method)
	require.Equal(t, "echo", methods[0].Module)
	for _, m := range methods {
		found, ok := r.Descriptor(m.Rules.Method)
		require.True(t, ok)
		require.Equal(t, m.Descriptor, found)
		if m.Rules.Method == testpb.NoteService_PeekNote_FullMethodName {
			require.Equal(t, access.Rules{
				Method: m.Rules.Method, Scope: kernelv1.Scope_SCOPE_CLIENT, Permission: "calltest.notes.read", Immutable: true, ReadOnly: true,
			}, m.Rules)
		}
	}
	_, ok := r.Descriptor("/no.Service/Method")
	require.False(t, ok)
}

func TestExplain(t *testing.T) {
	r := inProcess(t, call.Options{}, &notes{}, &echo{})
	for _, c := range []struct {
		who    access.Principal
		method string
		want   string
		ok     bool
	}{
		{manager, testpb.NoteService_GetNote_FullMethodName, "yes: role manager gives calltest.notes.read for the clients granted to the user", true},
		{access.AsModule("echo"), testpb.NoteService_GetNote_FullMethodName, `no: module echo may not call /cabinet.calltest.v1.NoteService/GetNote: add "cabinet.calltest.v1.NoteService" to what its manifest requires`, false},
		{access.AsModule("notes"), testpb.EchoService_Echo_FullMethodName, "yes: module notes acts by itself and reaches all rows of what it calls", true},
		{access.AsModule("notes"), testpb.NoteService_Sweep_FullMethodName, "no: /cabinet.calltest.v1.NoteService/Sweep is called by the kernel alone", false},
		{head, "/no.Service/Method", "no: no module of this portal provides no.Service", false},
	} {
		decision, text := r.Explain(c.who, c.method)
		require.Equal(t, c.want, text)
		require.Equal(t, c.ok, decision.Allowed)
		require.Equal(t, c.method, decision.Method)
	}
}

func TestConstraintsThatCannotBeChecked(t *testing.T) {
	limits := &descriptorpb.FieldOptions{}
	proto.SetExtension(limits, validate.E_Field, validate.FieldRules_builder{Int32: validate.Int32Rules_builder{Gte: proto.Int32(0)}.Build()}.Build())
	rules := &descriptorpb.MethodOptions{}
	proto.SetExtension(rules, kernelv1.E_Method, &kernelv1.MethodRules{Scope: kernelv1.Scope_SCOPE_PUBLIC})
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("calltest/broken.proto"), Package: proto.String("calltest.broken.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("M"), Field: []*descriptorpb.FieldDescriptorProto{{
			Name: proto.String("text"), Number: proto.Int32(1), Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum(),
			Label: descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum(), Options: limits, // a number's rule on a text
		}}}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("S"), Method: []*descriptorpb.MethodDescriptorProto{{
			Name: proto.String("Do"), InputType: proto.String(".calltest.broken.v1.M"), OutputType: proto.String(".calltest.broken.v1.M"), Options: rules,
		}}}},
	}, nil)
	require.NoError(t, err)
	if _, err := protoregistry.GlobalFiles.FindFileByPath(file.Path()); err != nil { // -count runs this more than once
		require.NoError(t, protoregistry.GlobalFiles.RegisterFile(file))
	}
	r := call.New(call.Options{})
	r.For("broken", nil).RegisterService(&grpc.ServiceDesc{
		ServiceName: "calltest.broken.v1.S",
		Methods: []grpc.MethodDesc{{MethodName: "Do", Handler: func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return nil, errors.New("never called")
		}}},
	}, nil)
	require.ErrorContains(t, r.Err(), "constraints on what /calltest.broken.v1.S/Do receives cannot be checked")
	require.False(t, r.Provides("calltest.broken.v1.S"))
}
