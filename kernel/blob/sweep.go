package blob

import (
	"context"
	"errors"
	"time"
)

// Grace is for how long content may be without a row that names it, and for how long it is put aside before it is deleted.
const Grace = 24 * time.Hour

// asked is about how many blobs at once Sweep asks.
const asked = 500

// Swept is what a sweep did.
type Swept struct{ Aside, Back, Deleted int }

// Sweep puts aside what no row names and is older than Grace, and deletes what it put aside before then. named tells which of some
// hashes are named by rows; when it cannot tell, nothing more is swept. One sweep runs at a time. See the package's comment for why it
// takes nothing that is wanted.
func (s *Store) Sweep(ctx context.Context, named func(ctx context.Context, hashes []string) ([]string, error)) (Swept, error) {
	var done Swept
	if s.place == nil {
		return done, nil
	}
	before := s.now().Add(-Grace)
	// First what is aside: what this sweep puts there is not looked at again by it.
	deleteErr := s.each(ctx, true, func(time.Time) bool { return true }, named, func(hash string, since time.Time, isNamed bool) error {
		switch {
		case isNamed:
			done.Back++
			return s.place.PutBack(ctx, hash)
		case since.Before(before):
			done.Deleted++
			return s.place.Remove(ctx, hash)
		}
		return nil
	})
	asideErr := s.each(ctx, false, func(since time.Time) bool { return since.Before(before) }, named, func(hash string, _ time.Time, isNamed bool) error {
		if isNamed {
			return nil
		}
		done.Aside++
		return s.place.PutAside(ctx, hash, s.now())
	})
	return done, errors.Join(deleteErr, asideErr, s.place.Tidy(ctx, before))
}

// each does something about each blob of some age, with whether it is named, some hundred at a time.
func (s *Store) each(ctx context.Context, aside bool, old func(since time.Time) bool, named func(context.Context, []string) ([]string, error),
	do func(hash string, since time.Time, isNamed bool) error,
) error {
	var hashes []string
	var since []time.Time
	flush := func() error {
		if len(hashes) == 0 {
			return nil
		}
		found, err := named(ctx, hashes)
		if err != nil {
			return err
		}
		isNamed := make(map[string]bool, len(found))
		for _, hash := range found {
			isNamed[hash] = true
		}
		for i, hash := range hashes {
			if err := do(hash, since[i], isNamed[hash]); err != nil {
				return err
			}
		}
		hashes, since = hashes[:0], since[:0]
		return nil
	}
	err := s.place.List(ctx, aside, func(hash string, at time.Time) error {
		if !old(at) {
			return nil
		}
		hashes, since = append(hashes, hash), append(since, at)
		if len(hashes) < asked {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}
