//go:build unix

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// tick is how often something is looked at again that nobody tells of.
const tick = 10 * time.Millisecond

// poll calls done every tick until it returns true or an error, or ctx ends.
func poll(ctx context.Context, done func() (bool, error)) error {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		ok, err := done()
		if ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-t.C:
		}
	}
}

// openLock opens a lock file, made when missing. It is never removed: a lock on a removed
// file would hold nobody back.
func openLock(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
}

// tryLock takes f's lock, which ends with the process. False: somebody else has it.
func tryLock(f *os.File) (bool, error) {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EWOULDBLOCK):
			return false, nil
		default:
			return false, fmt.Errorf("cannot lock %s: %w", f.Name(), err)
		}
	}
}

// unlock lets go of f's lock and closes it. Closing alone is not enough: a child that this process forks at that moment
// has the file too until it runs its program, and with it the lock.
func unlock(f *os.File) {
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_UN) // refused only for a file that has no lock
	f.Close()
}

// waitLock opens and locks the file at path, however long others hold it, until
// ctx ends. Unlock it afterwards.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	if err := poll(ctx, func() (bool, error) { return tryLock(f) }); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// lockPortal takes the lock of the folder dir for this portal, and writes its pid into
// it. The error is an *InUseError when another portal has it.
func lockPortal(ctx context.Context, path, dir string) (_ *os.File, err error) {
	f, err := openLock(path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	got, err := tryLock(f)
	if err != nil {
		return nil, err
	}
	if !got {
		// The other may have locked just now and not yet written its pid.
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		inUse := &InUseError{Dir: dir}
		_ = poll(ctx, func() (bool, error) { // without a pid the error is still true
			inUse.PID = readPID(f)
			return inUse.PID > 0, nil
		})
		return nil, inUse
	}
	if err := f.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0); err != nil {
		return nil, err
	}
	return f, nil
}

// readPID returns the pid in a lock file, or 0 when it is not there in full.
func readPID(f *os.File) int {
	b := make([]byte, 32)
	n, err := f.ReadAt(b, 0)
	line, whole := strings.CutSuffix(string(b[:n]), "\n")
	if !whole || (err != nil && err != io.EOF) {
		return 0
	}
	pid, _ := strconv.Atoi(line) // 0 says the same
	return pid
}
