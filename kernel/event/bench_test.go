package event

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// BenchmarkPublishAt publishes an event in a transaction, once for now and once for tomorrow, by turns, so that what else
// the machine does weighs on both. "ratio" is the median of the second to that of the first.
func BenchmarkPublishAt(b *testing.B) {
	w := newWorld(b, On("shop.hear", func(context.Context, Event, *wrapperspb.Int64Value) error { return nil }))
	tomorrow := time.Now().AddDate(0, 0, 1)
	var now, later []time.Duration
	took := func(do func(ctx context.Context, tx *testTx) error) time.Duration {
		began := time.Now()
		require.NoError(b, w.bank.Tx(b.Context(), do))
		return time.Since(began)
	}
	turn := func(i int) {
		key := fmt.Sprint("key-", i%1000)
		now = append(now, took(func(ctx context.Context, tx *testTx) error { return Publish(ctx, tx, key, wrapperspb.Int64(1)) }))
		later = append(later, took(func(ctx context.Context, tx *testTx) error {
			return PublishAt(ctx, tx, tomorrow, key, wrapperspb.Int64(1))
		}))
	}
	for i := range 200 { // until plans are cached and tables have pages
		turn(i)
	}
	now, later = nil, nil
	i := 0
	for b.Loop() {
		turn(i)
		i++
	}
	median := func(list []time.Duration) float64 {
		slices.Sort(list)
		return float64(list[len(list)/2])
	}
	b.ReportMetric(median(now)/1000, "now-µs")
	b.ReportMetric(median(later)/1000, "later-µs")
	b.ReportMetric(median(later)/median(now), "ratio")
}
