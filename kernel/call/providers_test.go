package call_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// gate is one of several providers.
type gate struct {
	testpb.UnimplementedGateServiceServer
	id string
}

func (g gate) OpenGate(ctx context.Context, _ *testpb.OpenGateRequest) (*testpb.OpenGateResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	var keys []string
	for key := range md {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return &testpb.OpenGateResponse{Provider: g.id, Via: access.From(ctx).Via, Reach: string(access.DecisionFrom(ctx).Reach), Metadata: keys}, nil
}

func (g gate) WatchGate(_ *testpb.WatchGateRequest, s grpc.ServerStreamingServer[testpb.WatchGateResponse]) error {
	return s.Send(&testpb.WatchGateResponse{Provider: g.id})
}

const gateService = "cabinet.calltest.v1.GateService"

// gates is a router with a service of two providers, and a module that may call them.
func gates(t *testing.T) (*call.Router, testpb.GateServiceClient) {
	r := call.New(call.Options{})
	for _, id := range []string{"north", "east"} {
		testpb.RegisterGateServiceServer(r.For(id, nil), gate{id: id})
	}
	r.Install(policy(t), map[string][]string{"notes": {gateService}})
	require.NoError(t, r.Err())
	return r, testpb.NewGateServiceClient(r)
}

// through is who a module serves.
func through(who access.Principal, module string) access.Principal {
	who.Via = []string{module}
	return who
}

func TestACallSaysWhichOfManyProvidersItMeans(t *testing.T) {
	r, client := gates(t)
	ctx := as(t, through(reader, "notes"))
	require.Equal(t, []string{"east", "north"}, r.Providers(gateService))
	require.True(t, r.Provides(gateService))
	for _, id := range []string{"north", "east"} {
		got, err := client.OpenGate(call.To(metadata.AppendToOutgoingContext(ctx, "trace", "abc"), id), &testpb.OpenGateRequest{})
		require.NoError(t, err)
		require.Equal(t, id, got.GetProvider())
		require.Equal(t, []string{"notes", id}, got.GetVia())
		require.Equal(t, []string{"trace"}, got.GetMetadata(), "the choice ends with the call")
		require.Empty(t, got.GetReach(), "who is served is a person: the provider sees no rows for them")
		stream, err := client.WatchGate(call.To(ctx, id), &testpb.WatchGateRequest{})
		require.NoError(t, err)
		one, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, id, one.GetProvider())
		_, err = stream.Recv()
		require.Error(t, err)
	}
	got, err := client.OpenGate(call.To(as(t, access.AsModule("notes")), "east"), &testpb.OpenGateRequest{})
	require.NoError(t, err)
	require.Equal(t, "all", got.GetReach(), "a module by itself")
}

func TestACallThatMeansNoProvider(t *testing.T) {
	_, client := gates(t)
	ctx := as(t, through(reader, "notes"))
	_, err := client.OpenGate(ctx, &testpb.OpenGateRequest{})
	require.ErrorContains(t, err, "say which is called, with call.To: east, north")
	requireCode(t, codes.InvalidArgument, err)
	_, err = client.OpenGate(call.To(ctx, "west"), &testpb.OpenGateRequest{})
	require.ErrorContains(t, err, `no module "west" of this portal provides`)
	requireCode(t, codes.NotFound, err)
	_, err = client.OpenGate(metadata.AppendToOutgoingContext(call.To(ctx, "east"), call.ProviderKey, "north"), &testpb.OpenGateRequest{})
	requireCode(t, codes.InvalidArgument, err)
}

func TestACallToAChosenProviderIsChecked(t *testing.T) {
	r, client := gates(t)
	east := func(who access.Principal) context.Context { return call.To(as(t, who), "east") }
	for name, who := range map[string]access.Principal{"nobody": {}, "a contact": reader, "a head": head, "the kernel's own part for a head": through(head, "kernel")} {
		t.Run(name, func(t *testing.T) {
			_, err := client.OpenGate(east(who), &testpb.OpenGateRequest{})
			requireRefusal(t, codes.PermissionDenied, access.NotForPeople, err)
			_, why := r.Explain(who, testpb.GateService_OpenGate_FullMethodName)
			require.Contains(t, why, "modules alone")
		})
	}
	t.Run("a module that does not require it", func(t *testing.T) {
		_, err := client.OpenGate(east(through(reader, "echo")), &testpb.OpenGateRequest{})
		requireRefusal(t, codes.PermissionDenied, access.NotRequired, err)
	})
	t.Run("one provider by another", func(t *testing.T) {
		_, err := client.OpenGate(east(through(reader, "north")), &testpb.OpenGateRequest{})
		requireRefusal(t, codes.PermissionDenied, access.NotRequired, err)
	})
	t.Run("who looks at what another sees", func(t *testing.T) {
		looker := through(reader, "notes")
		looker.ActedBy = "u3"
		_, err := client.OpenGate(east(looker), &testpb.OpenGateRequest{})
		requireRefusal(t, codes.PermissionDenied, access.ViewOnly, err)
	})
	t.Run("constraints", func(t *testing.T) {
		_, err := client.OpenGate(east(through(reader, "notes")), &testpb.OpenGateRequest{Text: "longer than ten"})
		require.Contains(t, fields(t, err), "text")
	})
}

func TestWhoMayProvideBesideOthers(t *testing.T) {
	r, _ := gates(t)
	testpb.RegisterGateServiceServer(r.For("east", nil), gate{id: "east"})
	require.ErrorContains(t, r.Err(), "provided by east and by east")

	r = call.New(call.Options{})
	testpb.RegisterEchoServiceServer(r.For("one", nil), &echo{})
	testpb.RegisterEchoServiceServer(r.For("two", nil), &echo{})
	require.ErrorContains(t, r.Err(), "provided by one and by two")
}

func TestProvidersComeAndGo(t *testing.T) {
	r, client := gates(t)
	service := testpb.File_kernel_call_internal_testpb_gates_proto.Services().ByName("GateService")
	remote := call.Remote{Service: service, Desc: hollow(service)}
	require.NoError(t, r.ReplaceRemote("west", []call.Remote{remote}))
	require.Equal(t, []string{"east", "north", "west"}, r.Providers(gateService))
	require.Len(t, r.Methods(), 6, "one of each provider")
	for _, m := range r.Methods() {
		require.True(t, m.Chosen)
	}
	require.NoError(t, r.ReplaceRemote("west", nil))
	require.NoError(t, r.ReplaceRemote("east", nil))
	require.Equal(t, []string{"north"}, r.Providers(gateService))
	ctx := as(t, through(reader, "notes"))
	_, err := client.OpenGate(call.To(ctx, "east"), &testpb.OpenGateRequest{})
	requireCode(t, codes.NotFound, err)
	require.NoError(t, r.ReplaceRemote("north", nil))
	require.False(t, r.Provides(gateService))
	_, err = client.OpenGate(call.To(ctx, "north"), &testpb.OpenGateRequest{})
	requireCode(t, codes.Unimplemented, err)
}

// hollow is a service that answers nothing.
func hollow(s protoreflect.ServiceDescriptor) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{
		ServiceName: string(s.FullName()),
		Methods: []grpc.MethodDesc{{MethodName: "OpenGate", Handler: func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
			return &testpb.OpenGateResponse{}, nil
		}}},
		Streams: []grpc.StreamDesc{{StreamName: "WatchGate", ServerStreams: true, Handler: func(any, grpc.ServerStream) error { return nil }}},
	}
}
