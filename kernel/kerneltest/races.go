package kerneltest

import (
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// AtOnce runs do in many goroutines that wait for each other, and returns what each said.
func AtOnce(many int, do func(i int) error) []error {
	var ready, done sync.WaitGroup
	start, errs := make(chan struct{}), make([]error, many)
	for i := range many {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = do(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// Count is how many errors have a code; codes.OK counts those that are nil.
func Count(errs []error, code codes.Code) int {
	n := 0
	for _, err := range errs {
		if status.Code(err) == code {
			n++
		}
	}
	return n
}
