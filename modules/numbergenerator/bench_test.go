package numbergenerator_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
)

// BenchmarkTake is a transaction that takes a number and does nothing else, beside one that counts a row up: by one caller,
// and by 32 of whom each waits for the others. The cluster writes to its disk as a portal's does.
func BenchmarkTake(b *testing.B) {
	c, err := cluster.Start(b.Context(), cluster.Config{Dir: b.TempDir()})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, c.Stop(context.WithoutCancel(b.Context()))) })
	p := openAt(b, c.DSN())
	self := p.self()
	_, err = p.billing.Exec(self, "insert into billing.plain (name, last) values ('invoice', 0)")
	require.NoError(b, err)
	p.must(self, bill("2026-01-12"))
	plain := func() error {
		return p.billing.Tx(self, func(ctx context.Context, tx *store.Tx) error {
			_, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], "update billing.plain set last = last + 1 where name = $1 returning last", "invoice")
			return err
		})
	}
	number := func() error {
		return p.billing.Tx(self, func(ctx context.Context, tx *store.Tx) error {
			_, err := take(ctx, tx, bill("2026-01-12"))
			return err
		})
	}
	for _, callers := range []int{1, 32} {
		for round := range 3 { // in turns, so that what else the machine does falls on both
			for _, of := range []struct {
				name string
				do   func() error
			}{{"update", plain}, {"take", number}} {
				b.Run(fmt.Sprintf("%s/callers=%d/round=%d", of.name, callers, round), func(b *testing.B) {
					var left atomic.Int64
					left.Store(int64(b.N))
					var wg sync.WaitGroup
					for range callers {
						wg.Go(func() {
							for left.Add(-1) >= 0 {
								if err := of.do(); err != nil {
									b.Error(err)
									return
								}
							}
						})
					}
					wg.Wait()
					b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
				})
			}
		}
	}
}
