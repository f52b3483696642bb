package kerneltest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/module"
)

// life stops what was never started, starts and stops twice, and looks for goroutines that are left.
func (c *conformance) life(t testing.TB) {
	dsn := empty(t)
	ctx := context.WithoutCancel(t.Context())
	for _, u := range units(t, c.Options) {
		if m, ok := u.Module.(module.Stopper); ok && u.Name == c.Module {
			for _, when := range []string{"before starting", "again"} {
				if problem := safely(func() error { return m.Stop(ctx) }); problem != nil {
					c.found("Stop %s: %v: stopping is safe without a start, and twice", when, problem)
				}
			}
		}
	}
	never, err := kernel.New(kernelOptions(t, c.Options, dsn))
	if err != nil {
		c.found("the portal cannot be assembled: %v", err)
		return
	}
	if err := safely(func() error { return never.Stop(ctx) }); err != nil {
		c.found("a portal that was never started cannot be stopped: %v", err)
	}
	before := goleak.IgnoreCurrent()
	for round := range 2 {
		p, err := begin(t, c.Options, dsn)
		if err != nil {
			c.found("start %d: %v", round+1, err)
			return
		}
		var pids []int
		for _, process := range p.Processes() {
			pids = append(pids, process.Status().PID)
		}
		for _, when := range []string{"once", "twice"} {
			limit, cancel := context.WithTimeout(ctx, patience)
			if err := safely(func() error { return p.Stop(limit) }); err != nil {
				c.found("start %d: stopping %s: %v", round+1, when, err)
			}
			cancel()
		}
		for _, pid := range pids {
			if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
				c.found("start %d: process %d of a module is there after Stop (%v)", round+1, pid, err)
			}
		}
	}
	if path := c.Programs[c.Module]; path != "" {
		path, err := filepath.Abs(path)
		require.NoError(t, err)
		c.program(t, path)
	}
	if err := goleak.Find(before); err != nil {
		c.found("goroutines run on after Stop: have Stop wait for them: %v", err)
	}
}

// safely turns a panic into an error.
func safely(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do()
}
