package pagestest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
)

// BenchmarkPage shows a page of a module in a process of its own; "ratio" is its rate by that of the same page in the
// portal's process, measured in turns so that both see the same machine.
func BenchmarkPage(b *testing.B) {
	inside := kerneltest.Start(b, kerneltest.Options{Assemble: assemble})
	outside := kerneltest.Start(b, kerneltest.Options{Assemble: assemble, Processes: []string{"pages"}})
	ours, theirs := inside.Head(b), outside.Head(b)
	show := func(u *kerneltest.User) time.Duration {
		began := time.Now()
		require.Equal(b, 200, u.Get(b, "/m/pages/page").Status)
		return time.Since(began)
	}
	show(ours)
	show(theirs)
	var here, there time.Duration
	for b.Loop() {
		here += show(ours)
		there += show(theirs)
	}
	b.ReportMetric(float64(here)/float64(there), "ratio")
	b.ReportMetric(float64(there.Microseconds())/float64(b.N), "µs/page")
}
