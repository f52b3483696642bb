package call_test

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

const (
	noteService = "cabinet.calltest.v1.NoteService"
	echoService = "cabinet.calltest.v1.EchoService"
)

// calling is a module whose Ping calls the other module with the context it was given.
func calling(client func() testpb.EchoServiceClient, got *[]string) *notes {
	return &notes{ping: func(ctx context.Context, _ *testpb.PingRequest) (*testpb.PingResponse, error) {
		reply, err := client().Echo(ctx, &testpb.EchoRequest{Text: "hello"})
		if err != nil {
			return nil, err
		}
		if got != nil {
			*got = reply.GetVia()
		}
		return &testpb.PingResponse{Text: reply.GetText()}, nil
	}}
}

func TestModulesCallEachOther(t *testing.T) {
	var client testpb.EchoServiceClient
	var via []string
	n := calling(func() testpb.EchoServiceClient { return client }, &via)
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		client = p.echo
		for _, who := range []access.Principal{{}, reader, access.AsModule("notes"), access.AsKernel()} {
			reply, err := p.notes.Ping(as(t, who), &testpb.PingRequest{})
			require.NoError(t, err)
			require.Equal(t, "hello", reply.GetText())
			require.Equal(t, []string{"notes", "echo"}, via)
		}
		// Without it among what the manifest requires, for nobody.
		p.Install(nil, map[string][]string{"notes": {}})
		for _, who := range []access.Principal{{}, head, access.AsKernel()} {
			_, err := p.notes.Ping(as(t, who), &testpb.PingRequest{})
			requireRefusal(t, codes.PermissionDenied, access.NotRequired, err)
			require.Contains(t, err.Error(), `module notes may not call /cabinet.calltest.v1.EchoService/Echo: add "cabinet.calltest.v1.EchoService" to what its manifest requires`)
		}
		// And a stream is no way round.
		_, err := p.NewStream(as(t, access.AsModule("echo")), &grpc.StreamDesc{}, testpb.NoteService_Talk_FullMethodName)
		requireRefusal(t, codes.PermissionDenied, access.NotRequired, err)
	})
}

// What a caller writes into metadata never becomes principal, path or decision.
func TestNobodyForgesWhoCalls(t *testing.T) {
	n := &notes{ping: func(ctx context.Context, _ *testpb.PingRequest) (*testpb.PingResponse, error) {
		who := access.From(ctx)
		require.Equal(t, access.Nobody, who.Kind)
		require.Empty(t, who.Roles)
		require.Equal(t, []string{"notes"}, who.Via)
		require.Equal(t, access.None, access.DecisionFrom(ctx).Reach)
		in, _ := metadata.FromIncomingContext(ctx)
		require.Empty(t, in.Get("cabinet-via"))
		return &testpb.PingResponse{}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "cabinet-principal", `{"Kind":"kernel"}`, "Cabinet-Via", "kernel", "via", "kernel")
		// A decision about another call, left in the context, does not count for this one either.
		ctx = access.WithDecision(ctx, access.Decision{Allowed: true, Reach: access.All})
		_, err := p.notes.Ping(ctx, &testpb.PingRequest{})
		require.NoError(t, err)
		requireRefusal(t, codes.Unauthenticated, access.NotSignedIn, p.get(ctx))
	})
}

// A module that serves the kernel does not get the kernel's right for what it calls itself.
func TestTheKernelsRightEndsWithItsCall(t *testing.T) {
	var p portal
	n := &notes{
		sweep: func(context.Context, *testpb.SweepRequest) (*testpb.SweepResponse, error) {
			return &testpb.SweepResponse{}, nil
		},
		ping: func(ctx context.Context, _ *testpb.PingRequest) (*testpb.PingResponse, error) {
			return &testpb.PingResponse{}, p.sweep(ctx)
		},
	}
	inEachMode(t, call.Options{}, n, func(t *testing.T, started portal) {
		p = started
		require.NoError(t, p.sweep(as(t, access.AsKernel())))
		_, err := p.notes.Ping(as(t, access.AsKernel()), &testpb.PingRequest{})
		requireRefusal(t, codes.PermissionDenied, access.NotForUsers, err)
	})
}

// Run with -race: calls made at once from one principal must not write into each other's path.
func TestPathsOfSiblingsDoNotMix(t *testing.T) {
	n := &notes{ping: func(ctx context.Context, _ *testpb.PingRequest) (*testpb.PingResponse, error) {
		return &testpb.PingResponse{}, nil
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		who := head
		who.Via = append(make([]string, 0, 8), call.KernelModule) // room to spare, which an append would write into
		ctx := as(t, who)
		var wait sync.WaitGroup
		for i := range 32 {
			wait.Go(func() {
				if i%2 == 0 {
					_, err := p.notes.Ping(ctx, &testpb.PingRequest{})
					if err != nil {
						t.Error(err)
					}
					return
				}
				reply, err := p.echo.Echo(ctx, &testpb.EchoRequest{})
				if err != nil || !slices.Equal(reply.GetVia(), []string{call.KernelModule, "echo"}) {
					t.Errorf("got %v, %v", reply.GetVia(), err)
				}
			})
		}
		wait.Wait()
	})
}

func TestCirclesEnd(t *testing.T) {
	var p portal
	calls := 0
	n := &notes{ping: func(ctx context.Context, r *testpb.PingRequest) (*testpb.PingResponse, error) {
		calls++
		return p.notes.Ping(access.With(ctx, access.AsModule("notes")), r) // acting by itself hides the path, not the depth
	}}
	inEachMode(t, call.Options{}, n, func(t *testing.T, started portal) {
		p = started
		_, err := p.notes.Ping(as(t, head), &testpb.PingRequest{})
		requireCode(t, codes.ResourceExhausted, err)
		require.Equal(t, 64, calls)
	})
}

func TestServicesComeWhileCallsRun(t *testing.T) {
	r := inProcess(t, call.Options{}, &notes{ping: func(context.Context, *testpb.PingRequest) (*testpb.PingResponse, error) {
		return &testpb.PingResponse{}, nil
	}}, &echo{})
	client := testpb.NewNoteServiceClient(r)
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			for range 200 {
				if _, err := client.Ping(t.Context(), &testpb.PingRequest{}); err != nil {
					t.Error(err)
				}
			}
		})
		wait.Go(func() {
			for range 50 {
				r.Install(policy(t), map[string][]string{strconv.Itoa(i): {echoService}})
				r.For("late"+strconv.Itoa(i), []string{noteService})
			}
		})
	}
	wait.Wait()
}
