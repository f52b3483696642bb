package flood_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/flood"
)

func TestAddressesAreCountedEachForItself(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	a := flood.New(3, time.Minute, func() time.Time { return now })
	for range 3 {
		require.Zero(t, a.Take("203.0.113.7"))
	}
	require.Equal(t, 20*time.Second, a.Take("203.0.113.7"))
	require.Zero(t, a.Take("203.0.113.8"), "another address has its own tries")
	now = now.Add(20 * time.Second)
	require.Zero(t, a.Take("203.0.113.7"))
	require.NotZero(t, a.Take("203.0.113.7"), "one came back, not all")
	require.Zero(t, a.Take(""), "the portal itself is not counted")
}

func TestANetworkIsOneSubscriber(t *testing.T) {
	now := time.Now()
	a := flood.New(1, time.Minute, func() time.Time { return now })
	require.Zero(t, a.Take("2001:db8:1:2::1"))
	require.NotZero(t, a.Take("2001:db8:1:2:ffff::9"), "the /64 is one subscriber's")
	require.Zero(t, a.Take("2001:db8:1:3::1"))
	require.Equal(t, flood.Network("203.0.113.7"), flood.Network("::ffff:203.0.113.7"))
}

func TestManyAtOnceGetNoMoreThanThereAre(t *testing.T) {
	now := time.Now()
	a := flood.New(10, time.Hour, func() time.Time { return now })
	var group sync.WaitGroup
	var mu sync.Mutex
	let := 0
	for range 100 {
		group.Go(func() {
			if a.Take("203.0.113.7") == 0 {
				mu.Lock()
				let++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	require.Equal(t, 10, let)
}

func TestMemoryIsBounded(t *testing.T) {
	now := time.Now()
	a := flood.New(1, time.Hour, func() time.Time { return now })
	for i := range 45_000 {
		require.Zero(t, a.Take(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)))
	}
}
