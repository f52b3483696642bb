package call_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// hand is a clock that a test moves.
type hand struct{ at atomic.Int64 }

func (h *hand) now() time.Time       { return time.Unix(0, h.at.Load()) }
func (h *hand) move(d time.Duration) { h.at.Add(int64(d)) }

func TestStatsAreThoseOfTheLastMinute(t *testing.T) {
	clock := &hand{}
	var took time.Duration
	var fail error
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		clock.move(took)
		return &testpb.GetNoteResponse{}, fail
	}}
	inEachMode(t, call.Options{Clock: clock.now}, n, func(t *testing.T, p portal) {
		require.Zero(t, p.Stats("notes"))
		for range 98 {
			took = time.Millisecond
			require.NoError(t, p.get(as(t, head)))
		}
		took = 40 * time.Millisecond
		require.NoError(t, p.get(as(t, head)))
		require.NoError(t, p.get(as(t, head)))
		stats := p.Stats("notes")
		require.Equal(t, 100, stats.Calls)
		require.Zero(t, stats.Failed)
		require.GreaterOrEqual(t, stats.Median, time.Millisecond)
		require.LessOrEqual(t, stats.Median, time.Millisecond*9/8)
		require.GreaterOrEqual(t, stats.Slow, 40*time.Millisecond)
		require.LessOrEqual(t, stats.Slow, 40*time.Millisecond*9/8)
		require.Zero(t, p.Stats("echo"), "each module has its own")
		require.Zero(t, p.Stats("nobody"))

		require.Error(t, p.get(t.Context()), "the router refuses")
		require.Equal(t, 100, p.Stats("notes").Calls, "which never reaches the module")

		clock.move(40 * time.Second)
		took = 0
		require.NoError(t, p.get(as(t, head)))
		require.Equal(t, 101, p.Stats("notes").Calls)
		clock.move(30 * time.Second)
		require.Equal(t, 1, p.Stats("notes").Calls, "the first are over a minute old")
		require.Equal(t, time.Duration(256), p.Stats("notes").Slow, "as little as is told apart")
		clock.move(time.Hour)
		require.Zero(t, p.Stats("notes"))
		clock.move(-2 * time.Hour)
		require.NoError(t, p.get(as(t, head)), "a clock that was put back")
		require.Equal(t, 1, p.Stats("notes").Calls)
		clock.move(2 * time.Hour)
	})
}

func TestStatsTellWhoseFaultItWas(t *testing.T) {
	var fail error
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) { return nil, fail }}
	inEachMode(t, call.Options{}, n, func(t *testing.T, p portal) {
		failed := 0
		for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
			fail = status.Error(code, "no")
			require.Error(t, p.get(as(t, head)))
			if call.Faulty(code) {
				failed++
			}
			require.Equal(t, failed, p.Stats("notes").Failed, code)
		}
		require.Equal(t, 6, failed)
		fail = errors.New("broken")
		require.Error(t, p.get(as(t, head)))
		require.Equal(t, 7, p.Stats("notes").Failed)
		n.get = func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) { panic("broken") }
		require.Error(t, p.get(as(t, head)))
		require.Equal(t, call.Stats{Calls: 18, Failed: 8}, withoutTimes(p.Stats("notes")))
	})
}

func withoutTimes(s call.Stats) call.Stats {
	s.Median, s.Slow = 0, 0
	return s
}

func TestStreamsCountToo(t *testing.T) {
	clock := &hand{}
	goOn := make(chan struct{})
	n := &notes{watch: func(*testpb.WatchNotesRequest, grpc.ServerStreamingServer[testpb.WatchNotesResponse]) error {
		<-goOn
		return nil
	}}
	inEachMode(t, call.Options{Clock: clock.now}, n, func(t *testing.T, p portal) {
		stream, err := p.notes.WatchNotes(as(t, head), &testpb.WatchNotesRequest{})
		require.NoError(t, err)
		require.Equal(t, call.Stats{Running: 1}, p.Stats("notes"))
		clock.move(2 * time.Second)
		goOn <- struct{}{}
		_, err = stream.Recv()
		require.ErrorIs(t, err, io.EOF)
		stats := p.Stats("notes")
		require.Equal(t, call.Stats{Calls: 1}, withoutTimes(stats))
		require.InDelta(t, 2, stats.Median.Seconds(), 0.25)
	})
}

// Nothing is lost where many count at once, also while one slot ends and the next begins.
func TestStatsOfManyAtOnce(t *testing.T) {
	const callers, each = 16, 200
	clock := &hand{}
	n := &notes{get: func(context.Context, *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		clock.move(10 * time.Millisecond) // 32 s in all, so that all of it is of the last minute
		return nil, status.Error(codes.Internal, "no")
	}}
	inEachMode(t, call.Options{Clock: clock.now}, n, func(t *testing.T, p portal) {
		var calling sync.WaitGroup
		for range callers {
			calling.Go(func() {
				for range each {
					_ = p.get(as(t, head))
					stats := p.Stats("notes")
					if stats.Failed > stats.Calls || stats.Running > callers {
						t.Errorf("%+v", stats)
					}
				}
			})
		}
		calling.Wait()
		require.Equal(t, call.Stats{Calls: callers * each, Failed: callers * each}, withoutTimes(p.Stats("notes")))
	})
}
