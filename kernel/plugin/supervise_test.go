//go:build unix

package plugin_test

import (
	"context"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// steady never gives up, for tests that kill all the time.
func steady() plugin.Timing {
	t := quick
	t.Failures, t.Health, t.Answer = 1_000_000, time.Second, 5*time.Second
	return t
}

func TestReadersDoNotSeeARestart(t *testing.T) {
	w := newWorld(t, steady())
	p := w.start(t, "")
	before := p.Status().PID
	require.NoError(t, syscall.Kill(before, syscall.SIGKILL))
	got, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{Text: "still here"})
	require.NoError(t, err)
	require.Equal(t, "still here", got.GetText())
	require.NotEqual(t, int64(before), got.GetPid())
}

func TestAWriteIsNotRepeated(t *testing.T) {
	w := newWorld(t, steady())
	w.start(t, "")
	_, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{What: "exit"})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorContains(t, err, "look whether it was done before trying again")
}

// envLong has tests kill and restart as often as is promised, and not only often enough for every day.
const envLong = "CABINET_LONG"

func times(everyDay, long int) int {
	if os.Getenv(envLong) != "" {
		return long
	}
	return everyDay
}

// A hundred kills at random under 32 callers: no read fails, and a write that fails says so.
func TestAHundredKills(t *testing.T) {
	kills := times(20, 100)
	w := newWorld(t, steady())
	p := w.start(t, "")
	ctx, cancel := context.WithCancel(asContact(t.Context()))
	var reads, writes, refused atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, 32)
	for i := range 32 {
		wg.Go(func() {
			for ctx.Err() == nil {
				if i%4 == 0 {
					_, err := w.things().DoThing(ctx, &testpb.DoThingRequest{What: "nothing"})
					switch status.Code(err) {
					case codes.OK:
						writes.Add(1)
					case codes.Unavailable:
						refused.Add(1)
						_, _ = w.things().GetThing(ctx, &testpb.GetThingRequest{}) // until it is back
					case codes.Canceled:
					default:
						failed <- err
						return
					}
					continue
				}
				limit, end := context.WithTimeout(ctx, 20*time.Second)
				_, err := w.things().GetThing(limit, &testpb.GetThingRequest{Text: "x"})
				end()
				if err != nil && ctx.Err() == nil {
					failed <- err
					return
				}
				reads.Add(1)
			}
		})
	}
	for range kills {
		s := wait(t, p, plugin.Ready)
		if rand.IntN(2) == 0 { // at once, or after some calls
			target := reads.Load() + rand.Int64N(200)
			for reads.Load() < target && len(failed) == 0 {
				_, err := w.things().GetThing(ctx, &testpb.GetThingRequest{})
				require.NoError(t, err)
			}
		}
		if s.PID != 0 {
			if err := syscall.Kill(s.PID, syscall.SIGKILL); err != nil {
				require.ErrorIs(t, err, syscall.ESRCH)
			}
		}
		changed := p.Changed()
		if p.Status().State == plugin.Ready {
			<-changed
		}
	}
	cancel()
	wg.Wait()
	select {
	case err := <-failed:
		require.NoError(t, err)
	default:
	}
	require.Positive(t, reads.Load())
	require.Positive(t, writes.Load())
	require.GreaterOrEqual(t, wait(t, p, plugin.Ready).Restarts, kills/2)
	t.Logf("%d reads, %d writes, %d writes refused, %d restarts", reads.Load(), writes.Load(), refused.Load(), p.Status().Restarts)
}

func TestEachEvilEndsInANamedState(t *testing.T) {
	ask := func(w *world, what string, n int64) {
		ctx, cancel := context.WithTimeout(asContact(t.Context()), 10*time.Second)
		defer cancel()
		_, _ = w.things().DoThing(ctx, &testpb.DoThingRequest{What: what, Number: n})
	}
	t.Run("a process that hangs is degraded, and then replaced", func(t *testing.T) {
		w := newWorld(t, quick)
		p := w.start(t, "")
		before := p.Status().PID
		require.NoError(t, syscall.Kill(before, syscall.SIGSTOP))
		require.Equal(t, "the process does not answer", wait(t, p, plugin.Degraded).Reason)
		s := restarted(t, p)
		require.Equal(t, "the process did not answer 3 times in a row", s.LastFailure)
		require.NotEqual(t, before, s.PID)
		require.ErrorIs(t, syscall.Kill(before, 0), syscall.ESRCH)
	})
	t.Run("one that falls again and again is quarantined, and resumed by hand", func(t *testing.T) {
		w := newWorld(t, quick)
		p := w.start(t, "")
		for p.Status().State != plugin.Quarantined {
			ask(w, "exit", 0)
			if s := p.Status(); s.State == plugin.Ready || s.State == plugin.Quarantined {
				continue
			}
			<-p.Changed()
		}
		s := wait(t, p, plugin.Quarantined)
		require.Contains(t, s.Reason, "it failed 5 times in 10m0s; the last time: the process ended by itself, with code 7")
		_, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
		require.Equal(t, codes.Unavailable, status.Code(err), "it answers at once, reads too")
		require.ErrorContains(t, err, "module things is quarantined")
		p.Resume()
		wait(t, p, plugin.Ready)
		_, err = w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
		require.NoError(t, err)
	})
	t.Run("one that floods the log is ended", func(t *testing.T) {
		w := newWorld(t, quick)
		p := w.start(t, "")
		ask(w, "flood", 1<<20) // a gigabyte
		require.Equal(t, "it wrote more than 32 MiB of output in a minute", restarted(t, p).LastFailure)
		require.Less(t, len(w.log.String()), 200<<20)
	})
	for mode, want := range map[string]string{
		"crash":        "the program ended: by itself, with code 3",
		"chatter":      "the program wrote something else",
		"lie:id":       `it calls itself "other"`,
		"lie:protocol": "it speaks version 99 of the protocol",
		"lie:provides": "cabinet.nothing.v1.NoService, which is not among the descriptors",
		"lie:path":     `it sent a file with the name "../../etc/passwd"`,
		"lie:garbage":  "cannot be read",
	} {
		t.Run("a program that is no module: "+mode, func(t *testing.T) {
			w := newWorld(t, quick)
			_, err := w.host.Start(t.Context(), spec(mode))
			require.ErrorContains(t, err, want)
			require.ErrorContains(t, err, "module things")
		})
	}
	t.Run("one that would hear another's events stays in quarantine", func(t *testing.T) {
		w := newWorld(t, quick)
		p, err := w.host.Start(t.Context(), spec("lie:subscriber"))
		require.NoError(t, err)
		pid := p.Status().PID
		err = w.lend(t, p)
		require.ErrorContains(t, err, "module things: it hears events as neighbour.follow-things of module things: a subscriber's name begins with its own module's")
		p.Quarantine(err)
		require.NoError(t, p.Register(w.router))
		require.Equal(t, plugin.Quarantined, p.Status().State)
		require.Equal(t, err.Error(), "module things: "+p.Status().Reason)
		require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
		_, err = w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.ErrorContains(t, err, "module things is quarantined: it hears")
		p.Resume()
		require.NoError(t, p.Stop(t.Context()))
		require.Equal(t, plugin.Stopped, p.Status().State)
	})
	t.Run("a program that never answers", func(t *testing.T) {
		timing := quick
		timing.Start = 300 * time.Millisecond
		w := newWorld(t, timing)
		_, err := w.host.Start(t.Context(), spec("mute"))
		require.ErrorContains(t, err, "timeout while waiting for plugin to start")
	})
	t.Run("a contract of another shape, every difference named", func(t *testing.T) {
		w := newWorld(t, quick)
		_, err := w.host.Start(t.Context(), spec("lie:contract"))
		var differ *plugin.IncompatibleError
		require.ErrorAs(t, err, &differ)
		require.Equal(t, []string{
			"field cabinet.plugintest.v1.DoThingRequest.number is optional string, here optional int64",
			"field cabinet.plugintest.v1.GetThingRequest.text has number 7, here 1",
			"method cabinet.plugintest.v1.ThingService.DoThing is for SCOPE_PUBLIC , here for SCOPE_CLIENT things.things.do",
		}, differ.Differences)
	})
	t.Run("a program that is not there", func(t *testing.T) {
		w := newWorld(t, quick)
		_, err := w.host.Start(t.Context(), plugin.Spec{ID: "things", Path: "/no/such/program"})
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

func TestStopLetsCallsFinish(t *testing.T) {
	w := newWorld(t, quick)
	p := w.start(t, "")
	pid := p.Status().PID
	stream, err := w.things().EchoThings(asContact(t.Context()))
	require.NoError(t, err)
	require.NoError(t, stream.Send(&testpb.EchoThingsRequest{Text: "one"}))
	_, err = stream.Recv()
	require.NoError(t, err)
	stopped := make(chan error, 1)
	go func() { stopped <- p.Stop(t.Context()) }()
	wait(t, p, plugin.Draining)
	_, err = w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.Equal(t, codes.Unavailable, status.Code(err), "no new calls")
	require.NoError(t, stream.Send(&testpb.EchoThingsRequest{Text: "two"}))
	_, err = stream.Recv()
	require.NoError(t, err, "one under way goes on")
	require.NoError(t, stream.CloseSend())
	require.NoError(t, <-stopped)
	require.Equal(t, plugin.Stopped, p.Status().State)
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	require.NoError(t, p.Stop(t.Context()), "twice")
}
