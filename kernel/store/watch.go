package store

import "context"

// Watch has do told of every statement that is read by itself, before it is, until stop is called. Tests have it explained, with the arguments that it is
// asked with and as whoever asks; what do reads is told of too.
func (s *Store) Watch(do func(ctx context.Context, sql string, args []any)) (stop func()) {
	s.watch.Store(&do)
	return func() { s.watch.Store(nil) }
}

func (s *Store) watched(ctx context.Context, sql string, args []any) {
	if do := s.watch.Load(); do != nil {
		(*do)(ctx, sql, args)
	}
}
