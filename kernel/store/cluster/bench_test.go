//go:build unix

package cluster

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkStart measures the time to a cluster that answers: a new one by initdb, an old
// one, and one for tests.
func BenchmarkStart(b *testing.B) {
	run := func(b *testing.B, start func() (*Cluster, error)) {
		for b.Loop() {
			c, err := start()
			require.NoError(b, err)
			b.StopTimer()
			require.NoError(b, c.Stop(b.Context()))
			b.StartTimer()
		}
	}
	dir := openTemp(b)
	n := 0
	b.Run("new", func(b *testing.B) {
		run(b, func() (*Cluster, error) {
			n++
			return Start(b.Context(), Config{Dir: filepath.Join(dir, itoa(n))})
		})
	})
	b.Run("old", func(b *testing.B) {
		run(b, func() (*Cluster, error) { return Start(b.Context(), Config{Dir: filepath.Join(dir, "1")}) })
	})
	b.Run("for tests", func(b *testing.B) {
		run(b, func() (*Cluster, error) { return ForTests(b.Context()) })
	})
}

// BenchmarkStop measures a fast shutdown.
func BenchmarkStop(b *testing.B) {
	dir := openTemp(b)
	for b.Loop() {
		b.StopTimer()
		c, err := Start(b.Context(), Config{Dir: dir})
		require.NoError(b, err)
		b.StartTimer()
		require.NoError(b, c.Stop(b.Context()))
	}
}
