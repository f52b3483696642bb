package call

import (
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Stats are the calls that a module was given, of the last minute: those that ended in it, and those under way now.
// A stream is a call that takes as long as the stream. What the router refused never reached the module, and is not counted.
type Stats struct {
	// Calls ended, and so many of them Failed by the module's own fault: see [Faulty].
	Calls, Failed int
	// Running calls are under way.
	Running int
	// Median is how long half of the calls took at most, Slow how long 99 in a hundred did. They are rounded up to the
	// next of eight steps between a power of two and the next: by an eighth at most.
	Median, Slow time.Duration
}

// Faulty tells whether a code is a failure of the provider's own: Unknown, DeadlineExceeded, Unimplemented, Internal,
// Unavailable, DataLoss. Not ResourceExhausted: with it modules refuse who comes too often, which is what they should do.
func Faulty(code codes.Code) bool {
	switch code {
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true
	default:
		return false
	}
}

// Stats returns what is known of a module's calls; zero for a module that provides nothing.
func (r *Router) Stats(module string) Stats {
	r.mu.Lock()
	t := r.traffic[module]
	r.mu.Unlock()
	if t == nil {
		return Stats{}
	}
	return t.stats(r.now())
}

const (
	// window is how long a call counts, in slots, of which the last is not full yet.
	window   = 12
	slotTime = 5 * time.Second
	// steps between a power of two of nanoseconds and the next, and the powers: from 256 ns to 18 minutes.
	stepBits   = 3
	leastPower = 8
	mostPower  = 40
	buckets    = (mostPower-leastPower)<<stepBits + 1
)

// traffic counts the calls of a module. Counting takes no lock.
type traffic struct {
	running atomic.Int64
	slots   [window]atomic.Pointer[slot]
}

// slot is what ended in five seconds. It is never emptied: the next to need its place makes a new one.
type slot struct {
	number int64 // of five seconds, since the router was made
	failed atomic.Uint32
	took   [buckets]atomic.Uint32
}

// end counts a call that ended now.
func (t *traffic) end(now, took time.Duration, err error) {
	t.running.Add(-1)
	s := t.slot(int64(now / slotTime))
	s.took[bucketOf(took)].Add(1)
	if err != nil && Faulty(status.Code(err)) {
		s.failed.Add(1)
	}
}

func (t *traffic) slot(number int64) *slot {
	place := &t.slots[uint64(number)%window] //nolint:gosec // a clock that was put back makes it negative: any place will do
	old := place.Load()
	if old != nil && old.number == number {
		return old
	}
	made := &slot{number: number}
	if place.CompareAndSwap(old, made) {
		return made
	}
	return place.Load() // somebody else was faster
}

// stats adds up the slots that are of the last minute.
func (t *traffic) stats(now time.Duration) Stats {
	out := Stats{Running: int(max(t.running.Load(), 0))}
	var took [buckets]int
	last := int64(now / slotTime)
	for i := range t.slots {
		s := t.slots[i].Load()
		if s == nil || s.number > last || s.number <= last-window {
			continue
		}
		out.Failed += int(s.failed.Load())
		for b := range s.took {
			n := int(s.took[b].Load())
			took[b] += n
			out.Calls += n
		}
	}
	out.Failed = min(out.Failed, out.Calls) // some may have ended while this counted
	out.Median, out.Slow = atMost(&took, out.Calls, 50), atMost(&took, out.Calls, 99)
	return out
}

// atMost is how long so many of a hundred calls took at most.
func atMost(took *[buckets]int, calls, percent int) time.Duration {
	if calls == 0 {
		return 0
	}
	want := (calls*percent + 99) / 100
	for b, n := range took {
		if want -= n; want <= 0 {
			return bucketEnd(b)
		}
	}
	return bucketEnd(buckets - 1)
}
