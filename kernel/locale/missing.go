package locale

import (
	"cmp"
	"maps"
	"slices"
	"sync"
)

// maxMissing bounds what is remembered: a key may come from outside by mistake, and then there is no end of them.
const maxMissing = 1000

// Missing is something that was asked for and is not there.
type Missing struct {
	// Language that lacks it.
	Language string
	// Key of the text.
	Key string
	// Argument is the placeholder that was not filled; empty when the whole text is missing.
	Argument string
}

type missing struct {
	mu   sync.Mutex
	seen map[Missing]bool
}

// OnMissing sets what is told of each missing text or argument, once for each (the first 1,000). It is called from
// the goroutine that asked for the text and must not block. A bundle made with WithZone shares it.
func (b *Bundle) OnMissing(report func(Missing)) { b.onMissing.Store(&report) }

// Missing returns what was asked for so far and is not there, sorted.
func (b *Bundle) Missing() []Missing {
	b.missing.mu.Lock()
	defer b.missing.mu.Unlock()
	return slices.SortedFunc(maps.Keys(b.missing.seen), func(x, y Missing) int {
		return cmp.Or(cmp.Compare(x.Key, y.Key), cmp.Compare(x.Language, y.Language), cmp.Compare(x.Argument, y.Argument))
	})
}

func (b *Bundle) report(m Missing) {
	if !b.missing.add(m) {
		return
	}
	if report := b.onMissing.Load(); report != nil && *report != nil {
		(*report)(m)
	}
}

// add remembers m and reports whether it is new.
func (s *missing) add(m Missing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[m] || len(s.seen) >= maxMissing {
		return false
	}
	if s.seen == nil {
		s.seen = map[Missing]bool{}
	}
	s.seen[m] = true
	return true
}
