//go:build linux

package plugin_test

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// connections counts those to the socket for calls of a process, by what the system knows.
func connections(t *testing.T, p *plugin.Process) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/net/unix")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, socketsOf(t, p.Status().PID)) && strings.HasSuffix(strings.TrimSpace(line), "/calls") {
			n++
		}
	}
	return max(0, n-1) // the listener
}

func TestCallsGoTheWayThatIsSaid(t *testing.T) {
	for grpcOnly, least := range map[bool]int{false: 1, true: 0} {
		w := newWorldOver(t, quick, grpcOnly)
		p := w.start(t, "")
		_, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
		require.NoError(t, err)
		require.Equal(t, least, connections(t, p))
	}
}

// More than there are connections for: the rest goes over gRPC. All are cancelled in the process too, and nothing is left.
func TestManyCallsAreCancelledAtOnce(t *testing.T) {
	w := newWorld(t, quick)
	p := w.start(t, "")
	ctx, cancel := context.WithCancel(asContact(t.Context()))
	const callers = 200
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			_, err := w.things().DoThing(ctx, &testpb.DoThingRequest{What: "wait"})
			require.Equal(t, codes.Canceled, status.Code(err))
		})
	}
	waiting := func() int64 {
		got, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: "waiting"})
		require.NoError(t, err)
		return got.GetNumber()
	}
	require.Eventually(t, func() bool { return waiting() == callers }, 10*time.Second, time.Millisecond)
	require.Equal(t, 128, connections(t, p))
	cancel()
	wg.Wait()
	require.Eventually(t, func() bool { return waiting() == 0 }, 10*time.Second, time.Millisecond, "the process works on for nobody")
	require.Eventually(t, func() bool { return connections(t, p) <= 1 }, 10*time.Second, time.Millisecond,
		"the process closes its end of each once it sees that the caller has gone")
	require.Equal(t, 0, p.Status().Restarts)
}

// A call that has ended gives its connection back as it was, whatever its provider did with the end of it.
func TestAConnectionServesOneCallAfterAnother(t *testing.T) {
	w := newWorld(t, quick)
	p := w.start(t, "")
	for range 50 {
		for _, what := range []string{"look at the end", "fail", "measure"} {
			ctx, cancel := context.WithTimeout(asContact(t.Context()), 10*time.Second)
			_, err := w.things().DoThing(ctx, &testpb.DoThingRequest{What: what})
			cancel()
			if what == "fail" {
				require.Equal(t, codes.Internal, status.Code(err))
			} else {
				require.NoError(t, err)
			}
		}
	}
	require.Equal(t, 1, connections(t, p))
}

func TestAnswersThatCannotBeRead(t *testing.T) {
	for about, want := range map[string]codes.Code{
		"huge": codes.ResourceExhausted, "garbage": codes.Internal, "half": codes.Unavailable,
		"status": codes.Internal, "ok": codes.Internal, "message": codes.Internal, "silent": codes.DeadlineExceeded,
	} {
		t.Run(about, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, quick)
			p := w.start(t, "lie:frame:"+about)
			ctx, cancel := context.WithTimeout(asContact(t.Context()), 3*time.Second)
			defer cancel()
			if about == "silent" {
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			for range 2 {
				_, err := w.things().DoThing(ctx, &testpb.DoThingRequest{})
				require.Equal(t, want, status.Code(err), err)
			}
			require.Equal(t, plugin.Ready, p.Status().State, "it is asked for its health as any other")
		})
	}
}
