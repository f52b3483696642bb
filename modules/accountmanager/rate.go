package accountmanager

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// mostAddresses bounds the memory of addresses; a bucket that is full again says nothing, and those go first.
const mostAddresses = 20_000

// addresses counts the tries of each remote address. It is of this process alone.
type addresses struct {
	perMinute int
	now       func() time.Time

	mu   sync.Mutex
	seen map[string]*rate.Limiter
}

func newAddresses(perMinute int, now func() time.Time) *addresses {
	return &addresses{perMinute: perMinute, now: now, seen: map[string]*rate.Limiter{}}
}

// allow takes one try of an address, or says how long to wait. An empty address is the portal's own: the pages and
// the API always name one.
func (a *addresses) allow(remote string) error {
	if remote == "" {
		return nil
	}
	now, key := a.now(), network(remote)
	a.mu.Lock()
	defer a.mu.Unlock()
	bucket := a.seen[key]
	if bucket == nil {
		if len(a.seen) >= mostAddresses {
			a.sweep(now)
		}
		bucket = rate.NewLimiter(rate.Every(time.Minute/time.Duration(a.perMinute)), a.perMinute)
		a.seen[key] = bucket
	}
	reservation := bucket.ReserveN(now, 1)
	if wait := reservation.DelayFrom(now); wait > 0 {
		reservation.CancelAt(now)
		return tooMany("too many tries from this address: wait a little", wait)
	}
	return nil
}

func (a *addresses) sweep(now time.Time) {
	for key, bucket := range a.seen {
		if bucket.TokensAt(now) >= float64(a.perMinute) {
			delete(a.seen, key)
		}
	}
	if len(a.seen) >= mostAddresses {
		clear(a.seen) // an attack from everywhere: accounts still lock out
	}
}

// network is what one subscriber has: an IPv4 address, or the /64 that an IPv6 address is taken from.
func network(remote string) string {
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
