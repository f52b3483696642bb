package finsystem_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

// BenchmarkCharging is how many charges a second a run begins and posts, of two periods of services of 5,000 clients, of whom a tenth may not
// owe them.
func BenchmarkCharging(b *testing.B) {
	const clients = 5000
	var modules []*finsystem.Module
	clock := kerneltest.NewClock(time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC))
	p := kerneltest.Start(b, kerneltest.Options{Assemble: capture(&modules), Config: config, Clock: clock})
	modules = slices.DeleteFunc(modules, func(m *finsystem.Module) bool { return !m.Runs() })
	m := modules[len(modules)-1]
	var spent time.Duration
	n := 0
	for b.Loop() {
		storetest.Run(b, p.DSN, many(clients))
		began := time.Now()
		require.NoError(b, m.Charge(b.Context(), clock.Now()))
		spent, n = spent+time.Since(began), n+2*clients
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(n)/spent.Seconds(), "charges/s")
}
