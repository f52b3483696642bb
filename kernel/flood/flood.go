// Package flood counts tries by where they come from, so that one address cannot try without end. It is of one process
// alone, and forgets when that ends: what must hold beyond is counted in the database.
package flood

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostAddresses bounds the memory of addresses; a bucket that is full again says nothing, and those go first.
const mostAddresses = 20_000

// Addresses counts the tries of each remote address.
type Addresses struct {
	burst int
	every rate.Limit
	now   func() time.Time

	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

// New lets each address try burst times at once, and then as often as burst in each per. burst is at least 1.
func New(burst int, per time.Duration, now func() time.Time) *Addresses {
	return &Addresses{burst: burst, every: rate.Every(per / time.Duration(burst)), now: now, seen: map[string]*rate.Limiter{}}
}

// Take takes one try of an address; wait is how long to wait for the next one, and zero when it was there. An empty
// address is the portal's own: pages and the API always name one.
func (a *Addresses) Take(remote string) (wait time.Duration) {
	if remote == "" {
		return 0
	}
	now, key := a.now(), Network(remote)
	a.mu.Lock()
	defer a.mu.Unlock()
	bucket := a.seen[key]
	if bucket == nil {
		if len(a.seen) >= mostAddresses {
			a.sweep(now)
		}
		bucket = rate.NewLimiter(a.every, a.burst)
		a.seen[key] = bucket
	}
	reservation := bucket.ReserveN(now, 1)
	if wait = reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

func (a *Addresses) sweep(now time.Time) {
	for key, bucket := range a.seen {
		if bucket.TokensAt(now) >= float64(a.burst) {
			delete(a.seen, key)
		}
	}
	if len(a.seen) >= mostAddresses {
		clear(a.seen) // an attack from everywhere, which no count by address stops
	}
}

// Network is what one subscriber has: an IPv4 address, or the /64 that an IPv6 address is taken from.
func Network(remote string) string {
	addr, err := netip.ParseAddr(remote)
	if err != nil {
		return remote
	}
	addr = addr.Unmap()
	if addr.Is6() {
		if prefix, err := addr.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return addr.String()
}
