//go:build linux

package plugin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

func lending(t testing.TB) plugin.Lend {
	t.Helper()
	policy, err := json.Marshal(&access.Policy{})
	require.NoError(t, err)
	return plugin.Lend{Request: &kernelv1.OpenRequest{TimeZone: "Europe/Kyiv", Policy: policy, Key: make([]byte, 32)}}
}

// swap puts another process into the place of the one that runs.
func swap(t testing.TB, p *plugin.Process, to *plugin.Spec, back func()) error {
	t.Helper()
	c, err := p.Prepare(t.Context(), to)
	if err != nil {
		return err
	}
	defer c.Discard()
	if err := c.Open(t.Context(), lending(t)); err != nil {
		return err
	}
	_, err = c.Commit(t.Context(), back)
	return err
}

// Calls of every kind go on while the process is put into another's place, again and again; none fails, and none is lost.
func TestASwapIsNotSeen(t *testing.T) {
	overBoth(t, func(t *testing.T, w *world) {
		p := w.start(t, "")
		ctx, cancel := context.WithCancel(asContact(t.Context()))
		defer cancel()
		var done atomic.Int64
		var wg sync.WaitGroup
		failed := make(chan error, 32)
		fail := func(err error) bool {
			if err == nil || ctx.Err() != nil {
				return false
			}
			failed <- err
			return true
		}
		for i := range 16 {
			wg.Go(func() {
				for ctx.Err() == nil {
					if i%3 == 0 { // a write, which is never tried twice
						_, err := w.things().DoThing(ctx, &testpb.DoThingRequest{What: "nothing"})
						if fail(err) {
							return
						}
					} else {
						_, err := w.things().GetThing(ctx, &testpb.GetThingRequest{})
						if fail(err) {
							return
						}
					}
					done.Add(1)
				}
			})
		}
		stream, err := w.things().EchoThings(ctx) // begun before, it goes on to its end
		require.NoError(t, err)
		swaps := times(5, 50)
		for range swaps {
			before, old := done.Load(), p.Status().PID
			require.NoError(t, swap(t, p, nil, nil))
			require.NotEqual(t, old, p.Status().PID)
			got, err := w.things().GetThing(ctx, &testpb.GetThingRequest{})
			require.NoError(t, err)
			require.Equal(t, int64(p.Status().PID), got.GetPid(), "the new process serves")
			require.Eventually(t, func() bool { return done.Load() > before+32 || len(failed) > 0 }, 20*time.Second, time.Millisecond)
			require.NoError(t, stream.Send(&testpb.EchoThingsRequest{Text: "still"}))
			said, err := stream.Recv()
			require.NoError(t, err)
			require.Contains(t, said.GetText(), "still", "where it began")
		}
		require.NoError(t, stream.CloseSend())
		_, err = stream.Recv()
		require.ErrorIs(t, err, io.EOF)
		cancel()
		wg.Wait()
		select {
		case err := <-failed:
			require.NoError(t, err)
		default:
		}
		s := p.Status()
		require.Equal(t, swaps, s.Swaps)
		require.Zero(t, s.Restarts)
	})
}

func TestAProgramThatIsNoGoodChangesNothing(t *testing.T) {
	for mode, says := range map[string]string{
		"crash":        "the program ended",
		"lie:id":       `it calls itself "other"`,
		"lie:provides": "cabinet.nothing.v1.NoService",
		"lie:contract": "field",
		"lie:protocol": "version 99",
	} {
		t.Run(mode, func(t *testing.T) {
			w := newWorld(t, quick)
			p := w.start(t, "")
			before := p.Status()
			to := spec(mode)
			require.ErrorContains(t, swap(t, p, &to, nil), says)
			after := p.Status()
			require.Equal(t, before.PID, after.PID)
			require.Equal(t, plugin.Ready, after.State)
			require.Zero(t, after.Swaps)
			_, err := w.things().DoThing(asContact(t.Context()), &testpb.DoThingRequest{})
			require.NoError(t, err)
		})
	}
	t.Run("one that does not open", func(t *testing.T) {
		w := newWorld(t, quick)
		p := w.start(t, "")
		before := p.Status().PID
		to := spec("lie:subscriber")
		require.ErrorContains(t, swap(t, p, &to, nil), "neighbour.follow-things")
		require.Equal(t, before, p.Status().PID)
		require.NoError(t, swap(t, p, nil, nil), "the failed one leaves the way free")
	})
}

func TestANewProgramThatFailsSoonGivesWayToTheOneBefore(t *testing.T) {
	w := newWorld(t, steady())
	p := w.start(t, "")
	old := p.Status().PID
	back := make(chan struct{})
	require.NoError(t, swap(t, p, nil, func() { close(back) }))
	changed := p.Changed()
	require.NoError(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
	<-back
	<-changed
	s := p.Status()
	require.Equal(t, plugin.Ready, s.State)
	require.Equal(t, old, s.PID, "the process before never ended")
	require.Contains(t, s.Reason, "the program before is back")
	require.Zero(t, s.Restarts)
	require.Zero(t, s.Swaps)
	got, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.NoError(t, err)
	require.Equal(t, int64(old), got.GetPid())

	// And when both have ended, it is the program before that is started again.
	require.NoError(t, swap(t, p, nil, nil))
	require.NoError(t, syscall.Kill(old, syscall.SIGKILL))
	gone(t, old, 5*time.Second)
	require.NoError(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
	restarted(t, p)
}

func TestAProvedProgramIsTheOneThatIsStartedAgain(t *testing.T) {
	timing := steady()
	timing.Proof = time.Millisecond
	w := newWorld(t, timing)
	p := w.start(t, "")
	old := p.Status().PID
	require.NoError(t, swap(t, p, nil, func() { t.Error("it was proved") }))
	gone(t, old, 5*time.Second)
	require.NoError(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
	require.Equal(t, 1, restarted(t, p).Swaps)
}

// What was checked is what runs, whatever becomes of the file.
func TestTheBytesThatWereCheckedAreThoseThatRun(t *testing.T) {
	text, err := os.ReadFile(os.Args[0])
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "things")
	require.NoError(t, os.WriteFile(path, text, 0o700))
	of := func(sum string) plugin.Spec {
		s := spec("")
		s.Path, s.Checksum = path, sum
		return s
	}
	w := newWorld(t, steady())
	_, err = w.host.Start(t.Context(), of("00"))
	var wrong *plugin.ChecksumError
	require.ErrorAs(t, err, &wrong)
	p, err := w.host.Start(t.Context(), of(wrong.Got))
	require.NoError(t, err)
	w.open(t, p)
	require.NoError(t, p.Register(w.router))
	require.Equal(t, wrong.Got, p.Status().Checksum)

	// Somebody overwrites the file in place: nothing that runs was opened for writing.
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\necho broken; exit 1\n"), 0o700))
	require.NoError(t, syscall.Kill(p.Status().PID, syscall.SIGKILL))
	require.Equal(t, wrong.Got, restarted(t, p).Checksum)
	_, err = w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.NoError(t, err)

	to := of("")
	require.ErrorContains(t, swap(t, p, &to, nil), "it does not start")
	to.Checksum = wrong.Got
	require.ErrorContains(t, swap(t, p, &to, nil), "this is a script")
	require.NoError(t, os.WriteFile(path, append(bytes.Clone(text), "changed"...), 0o700))
	require.ErrorAs(t, swap(t, p, &to, nil), &wrong)
	to.Checksum = ""
	require.NoError(t, swap(t, p, &to, nil))
	require.NotEqual(t, to.Checksum, p.Status().Checksum)
}

func TestAFileThatIsNoProgramIsSaidSo(t *testing.T) {
	w := newWorld(t, quick)
	dir := t.TempDir()
	plain, empty := filepath.Join(dir, "plain"), filepath.Join(dir, "empty")
	require.NoError(t, os.WriteFile(plain, []byte("text"), 0o600))
	require.NoError(t, os.WriteFile(empty, nil, 0o700))
	for path, says := range map[string]string{
		dir: "is no file", plain: "chmod +x", empty: "is empty", filepath.Join(dir, "none"): "no such file",
	} {
		_, err := w.host.Start(t.Context(), plugin.Spec{ID: "things", Path: path})
		require.ErrorContains(t, err, says)
	}
}

func TestHeldUntilResumed(t *testing.T) {
	w := newWorld(t, steady())
	p := w.start(t, "")
	old := p.Status().PID
	require.NoError(t, p.Hold(t.Context(), "somebody wants it so"))
	require.NoError(t, p.Hold(t.Context(), "again"), "twice is no error")
	s := p.Status()
	require.Equal(t, plugin.Quarantined, s.State)
	require.Equal(t, "somebody wants it so", s.Reason)
	gone(t, old, 5*time.Second)
	_, err := w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.ErrorContains(t, err, "somebody wants it so")
	p.Resume()
	wait(t, p, plugin.Ready)
	_, err = w.things().GetThing(asContact(t.Context()), &testpb.GetThingRequest{})
	require.NoError(t, err)

	// A program that is put into its place ends a quarantine too.
	require.NoError(t, p.Hold(t.Context(), "once more"))
	require.NoError(t, swap(t, p, nil, nil))
	require.Equal(t, plugin.Ready, p.Status().State)
	states := []plugin.State{}
	for _, s := range p.History() {
		states = append(states, s.State)
	}
	require.Equal(t, []plugin.State{
		plugin.Ready, plugin.Quarantined, plugin.Ready, plugin.Starting, plugin.Quarantined, plugin.Ready, plugin.Starting,
	}, states)
}

// Swaps at the same time, stops in between: one wins, the others are told, nothing is left.
func TestSwapsRace(t *testing.T) {
	w := newWorld(t, steady())
	p := w.start(t, "")
	var wg sync.WaitGroup
	var won atomic.Int64
	errs := make(chan error, 8)
	for range 8 {
		wg.Go(func() {
			switch err := swap(t, p, nil, nil); {
			case err == nil:
				won.Add(1)
			default:
				errs <- err
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.ErrorIs(t, err, plugin.ErrSwapping)
	}
	require.Equal(t, int(won.Load()), p.Status().Swaps)
	require.Positive(t, won.Load())
	wg.Go(func() { _ = swap(t, p, nil, nil) }) // it may win or be told
	require.NoError(t, p.Stop(t.Context()))
	wg.Wait()
	require.Error(t, swap(t, p, nil, nil))
	require.Equal(t, plugin.Stopped, p.Status().State)
	require.Empty(t, childrenOf(t))
}
