package accountmanager

import (
	"time"

	"github.com/opencabinet/cabinet/kernel/flood"
)

// addresses counts the tries of each remote address.
type addresses struct{ *flood.Addresses }

func newAddresses(perMinute int, now func() time.Time) *addresses {
	return &addresses{flood.New(perMinute, time.Minute, now)}
}

// allow takes one try of an address, or says how long to wait.
func (a *addresses) allow(remote string) error {
	if wait := a.Take(remote); wait > 0 {
		return tooMany("too many tries from this address: wait a little", wait)
	}
	return nil
}
