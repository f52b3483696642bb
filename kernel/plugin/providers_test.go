//go:build unix

package plugin_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

func TestOneOfManyProviders(t *testing.T) { overBoth(t, oneOfManyProviders) }

// oneOfManyProviders has two processes and a module of the portal provide one service; a process calls each of them.
func oneOfManyProviders(t *testing.T, w *world) {
	testpb.RegisterGateServiceServer(w.router.For("here", nil), gate{id: "here"})
	w.router.Install(nil, map[string][]string{"things": {"cabinet.plugintest.v1.NeighbourService", gateService}})
	for _, id := range []string{"things", "others"} {
		s := spec("")
		s.ID = id
		s.Env = append(s.Env, envGates+"=1")
		if id != "things" {
			s.Env = append(s.Env, envID+"="+id)
		}
		p, err := w.host.Start(t.Context(), s)
		require.NoError(t, err)
		w.open(t, p)
		require.NoError(t, p.Register(w.router))
		require.NoError(t, w.router.Err())
		require.Equal(t, plugin.Ready, p.Status().State)
	}
	do := func(what, text string) (string, error) {
		got, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: what, Text: text})
		return got.GetText(), err
	}
	ids, err := do("providers", "")
	require.NoError(t, err)
	require.Equal(t, "here,others,things", ids)
	for id, via := range map[string]string{"here": "things,here", "others": "things,others", "things": "things,things"} {
		got, err := do("gate", id)
		require.NoError(t, err)
		require.Equal(t, id+" contact "+via+" ", got)
	}
	_, err = do("gate", "")
	require.Equal(t, codes.InvalidArgument, status.Code(err), err)
	_, err = do("gate", "nowhere")
	require.Equal(t, codes.NotFound, status.Code(err), err)
	_, err = testpb.NewGateServiceClient(w.router).OpenGate(call.To(asContact(t.Context()), "others"), &testpb.OpenGateRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "no person calls it")
}
