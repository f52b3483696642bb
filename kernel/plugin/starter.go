package plugin

import (
	"errors"
	"runtime"
	"sync"
)

// starter forks on one thread that lives as long as the host: Linux ends a child with the thread that forked it, and
// Go's threads come and go.
type starter struct {
	asked chan func()
	done  chan struct{}

	mu    sync.RWMutex // held while something is asked for, so that nothing is once it has ended
	ended bool
}

var errClosed = errors.New("plugin: the host is closed")

func newStarter() *starter {
	s := &starter{asked: make(chan func()), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		for f := range s.asked {
			f()
		}
	}()
	return s
}

// run runs f on the thread.
func (s *starter) run(f func() error) (err error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.ended {
		return errClosed
	}
	done := make(chan struct{})
	s.asked <- func() {
		defer close(done)
		err = f()
	}
	<-done
	return err
}

// stop ends the thread, once every process has ended.
func (s *starter) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended {
		s.ended = true
		close(s.asked)
	}
	<-s.done
}
