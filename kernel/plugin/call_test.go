//go:build unix

package plugin_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

func TestACallKnowsItsCaller(t *testing.T) { overBoth(t, aCallKnowsItsCaller) }

func aCallKnowsItsCaller(t *testing.T, w *world) {
	p := w.start(t, "")
	require.Equal(t, plugin.Ready, p.Status().State)
	ctx := metadata.AppendToOutgoingContext(asContact(t.Context()), "trace", "abc", "cabinet-token", "forged")
	var header metadata.MD
	got, err := w.things().GetThing(ctx, &testpb.GetThingRequest{Text: "hello"}, grpc.Header(&header))
	require.NoError(t, err)
	require.Equal(t, "hello", got.GetText())
	require.Equal(t, "contact", got.GetKind())
	require.Equal(t, "018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f", got.GetUserId())
	require.Equal(t, []string{"client"}, got.GetRoles())
	require.Equal(t, []string{"things"}, got.GetVia())
	require.Equal(t, "granted", got.GetReach())
	require.True(t, got.GetHasDeadline())
	require.Equal(t, "map[trace:[abc]]", got.GetHeader(), "what the caller sent, and nothing of the transport's or the kernel's")
	require.Equal(t, metadata.MD{"answer": []string{"yes"}}, header)
	require.Equal(t, int64(p.Status().PID), got.GetPid())
}

func TestCallsBackAreMadeForTheCaller(t *testing.T) { overBoth(t, callsBackAreMadeForTheCaller) }

func callsBackAreMadeForTheCaller(t *testing.T, w *world) {
	w.start(t, "")
	do := func(what string) (string, error) {
		got, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: what})
		return got.GetText(), err
	}
	text, err := do("neighbour")
	require.NoError(t, err)
	require.Equal(t, "hello there contact 018f3c1e-7d5a-7c3e-9b1f-2a4b6c8d0e1f things,neighbour", text)
	text, err = do("self")
	require.NoError(t, err)
	require.Equal(t, "hello there module neighbour", text)
}

func TestWhatAHostileModuleTries(t *testing.T) { overBoth(t, whatAHostileModuleTries) }

func whatAHostileModuleTries(t *testing.T, w *world) {
	w.start(t, "")
	do := func(what string) (string, error) {
		got, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: what})
		return got.GetText(), err
	}
	t.Run("a contract that its manifest does not require", func(t *testing.T) {
		_, err := do("stranger")
		require.Equal(t, codes.PermissionDenied, status.Code(err))
		require.Contains(t, w.log.String(), "a module's process was refused a call")
	})
	t.Run("a principal written by itself", func(t *testing.T) {
		kind, err := do("forge")
		require.NoError(t, err)
		require.Equal(t, "contact", kind, "what it wrote is not looked at")
	})
	t.Run("a token after its call", func(t *testing.T) {
		_, err := do("keep")
		require.NoError(t, err)
		_, err = do("use kept")
		require.Equal(t, codes.Unauthenticated, status.Code(err))
		require.Contains(t, w.log.String(), "a token that stands for no call under way")
	})
	t.Run("the portal's environment", func(t *testing.T) {
		t.Setenv("CABINET_MASTER_KEY", "the portal's secret")
		text, err := do("environment")
		require.NoError(t, err)
		require.NotContains(t, text, "CABINET_MASTER_KEY")
		require.NotContains(t, text, "HOME=")
	})
}

func TestErrorsAreThoseOfOneProcess(t *testing.T) { overBoth(t, errorsAreThoseOfOneProcess) }

func errorsAreThoseOfOneProcess(t *testing.T, w *world) {
	p := w.start(t, "")
	for what, want := range map[string]struct {
		code codes.Code
		text string
	}{
		"refuse": {codes.FailedPrecondition, "not today"},
		"fail":   {codes.Internal, "internal error, reference "},
		"panic":  {codes.Internal, "internal error, reference "},
	} {
		_, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: what})
		require.Equal(t, want.code, status.Code(err), what)
		require.True(t, strings.HasPrefix(status.Convert(err).Message(), want.text), err)
	}
	require.Equal(t, 0, p.Status().Restarts, "a panic ends its call, not the process")
	t.Run("a request that the contract refuses does not arrive", func(t *testing.T) {
		_, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{Text: strings.Repeat("x", 1001)})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
	})
	t.Run("an answer that is too large", func(t *testing.T) {
		_, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: "big", Number: 17 << 20})
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
		_, err = w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: "big", Number: 15 << 20})
		require.NoError(t, err)
	})
	t.Run("a deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(asContact(t.Context()), 50*time.Millisecond)
		defer cancel()
		_, err := w.things().DoThing(ctx, &testpb.DoThingRequest{What: "wait"})
		require.Equal(t, codes.DeadlineExceeded, status.Code(err))
	})
	t.Run("nobody", func(t *testing.T) {
		_, err := w.things().GetThing(t.Context(), &testpb.GetThingRequest{})
		require.Equal(t, codes.Unauthenticated, status.Code(err))
	})
}

func TestStreams(t *testing.T) { overBoth(t, streams) }

func streams(t *testing.T, w *world) {
	w.start(t, "")
	stream, err := w.things().EchoThings(asContact(t.Context()))
	require.NoError(t, err)
	for _, text := range []string{"one", "two"} {
		require.NoError(t, stream.Send(&testpb.EchoThingsRequest{Text: text}))
		got, err := stream.Recv()
		require.NoError(t, err)
		require.Equal(t, text+" for Lesia", got.GetText())
	}
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	require.ErrorContains(t, err, "EOF")
}
