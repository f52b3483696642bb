//go:build unix

package plugin_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/plugin/internal/testpb"
)

// Two hundred requests a second, half of them writes, while the program is swapped once a second: how many fail, and how
// long they take. "pause" is of those that were begun in the 50 ms around a swap.
func BenchmarkSwapUnderLoad(b *testing.B) {
	const rate, every = 200, time.Second
	w := newWorld(b, steady())
	p := w.start(b, "")
	ctx := asContact(b.Context())
	type answer struct {
		begun time.Time
		took  time.Duration
		err   error
	}
	var mu sync.Mutex
	var answers []answer
	var asking sync.WaitGroup
	ask := func(write bool) {
		limit, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		begun := time.Now()
		var err error
		if write {
			_, err = w.things().DoThing(limit, &testpb.DoThingRequest{What: "measure"})
		} else {
			_, err = w.things().GetThing(limit, &testpb.GetThingRequest{})
		}
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, answer{begun, time.Since(begun), err})
	}
	stop := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		tick := time.NewTicker(time.Second / rate)
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-tick.C:
				asking.Go(func() { ask(n%2 == 0) })
			}
		}
	})
	var swaps []time.Time
	seconds := time.NewTicker(every)
	defer seconds.Stop()
	for b.Loop() {
		<-seconds.C
		require.NoError(b, swap(b, p, nil, nil))
		swaps = append(swaps, time.Now())
	}
	close(stop)
	load.Wait()
	asking.Wait()
	failed := 0
	var all, around []time.Duration
	for _, a := range answers {
		if a.err != nil {
			failed++
		}
		all = append(all, a.took)
		for _, at := range swaps {
			if d := a.begun.Sub(at); d > -50*time.Millisecond && d < 50*time.Millisecond {
				around = append(around, a.took)
				break
			}
		}
	}
	p99 := func(took []time.Duration) float64 {
		if len(took) == 0 {
			return 0
		}
		slices.Sort(took)
		return float64(took[len(took)*99/100]) / 1e6
	}
	b.ReportMetric(float64(len(answers)), "requests")
	b.ReportMetric(float64(failed), "failed")
	b.ReportMetric(p99(all), "p99-ms")
	b.ReportMetric(p99(around), "pause-p99-ms")
	require.Zero(b, failed)
}
