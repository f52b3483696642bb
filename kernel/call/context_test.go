package call_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/call/internal/testpb"
)

// withGet is a portal whose GetNote does what a test wants with its context.
func withGet(t *testing.T, get func(context.Context) error) portal {
	n := &notes{get: func(ctx context.Context, _ *testpb.GetNoteRequest) (*testpb.GetNoteResponse, error) {
		return &testpb.GetNoteResponse{}, get(ctx)
	}}
	return portal{notes: testpb.NewNoteServiceClient(inProcess(t, call.Options{}, n, &echo{}))}
}

func TestWhatAProviderLeftRunningIsToldOfTheEnd(t *testing.T) {
	var early, late context.Context
	told := make(chan error, 2)
	p := withGet(t, func(ctx context.Context) error {
		var stop context.CancelFunc
		early, stop = context.WithCancel(ctx) // waits from within the call
		context.AfterFunc(early, func() { stop(); told <- early.Err() })
		require.NoError(t, ctx.Err())
		return nil
	})
	require.NoError(t, p.get(as(t, head)))
	require.ErrorIs(t, <-told, context.Canceled)

	p = withGet(t, func(ctx context.Context) error { late = ctx; return nil })
	require.NoError(t, p.get(as(t, head)))
	require.ErrorIs(t, late.Err(), context.Canceled)
	<-late.Done() // asked for the first time after the end
	require.ErrorIs(t, late.Err(), context.Canceled)
}

// The end is the same whether or not anybody waits for it.
func TestErrAndDoneAgree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := withGet(t, func(ctx context.Context) error {
			deadline, ok := ctx.Deadline()
			require.True(t, ok)
			require.Equal(t, 30*time.Second, time.Until(deadline))
			<-time.After(time.Until(deadline))
			require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
			<-ctx.Done()
			require.ErrorIs(t, ctx.Err(), context.DeadlineExceeded)
			return nil
		})
		require.Error(t, p.get(as(t, head)))
	})
}

func TestNoValueOfTheCallersLeaks(t *testing.T) {
	type key struct{}
	number := new(int) // the standard library's own keys are of this kind
	p := withGet(t, func(ctx context.Context) error {
		require.Nil(t, ctx.Value(key{}))
		require.Nil(t, ctx.Value(number))
		require.Nil(t, ctx.Value("text"))
		return nil
	})
	ctx := context.WithValue(context.WithValue(context.WithValue(as(t, head), key{}, 1), number, 2), "text", 3) //nolint:staticcheck // any key
	require.NoError(t, p.get(ctx))
	ctx, cancel := context.WithTimeout(ctx, time.Hour)
	defer cancel()
	require.NoError(t, p.get(ctx))
}

func TestDerivedContextsTakeNoGoroutine(t *testing.T) {
	p := withGet(t, func(ctx context.Context) error {
		before := runtime.NumGoroutine()
		var cancels []context.CancelFunc
		for range 20 {
			_, cancel := context.WithTimeout(ctx, time.Hour)
			cancels = append(cancels, cancel)
		}
		require.Less(t, runtime.NumGoroutine(), before+10)
		for _, cancel := range cancels {
			cancel()
		}
		return nil
	})
	require.NoError(t, p.get(as(t, head)))
}

// Run with -race: many may wait for a call's end while it ends.
func TestManyWaitForTheEnd(t *testing.T) {
	var wait sync.WaitGroup
	p := withGet(t, func(ctx context.Context) error {
		for range 8 {
			wait.Go(func() {
				if ctx.Err() == nil {
					<-ctx.Done()
				}
				if ctx.Err() == nil {
					t.Error("done, and no error")
				}
			})
		}
		return nil
	})
	for range 50 {
		require.NoError(t, p.get(as(t, head)))
	}
	wait.Wait()
}
