package dev

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"
)

// patience is how long a portal has to stop before it is killed.
const patience = 30 * time.Second

// portal is the portal's process.
type portal struct {
	command *exec.Cmd
	// ended is closed once the process has, err then says how.
	ended chan struct{}
	err   error
	// told tells that it was told to end.
	told atomic.Bool
}

// startPortal starts the portal's program in its folder, where its portal.yaml is. When it ends and was not told to, fallen
// is called.
func startPortal(ctx context.Context, r Repository, args []string, out, errs io.Writer, fallen func(error)) (*portal, error) {
	command := exec.CommandContext(ctx, r.Main().Path, args...)
	command.Dir, command.Stdout, command.Stderr = r.Portal, out, errs
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = patience
	if err := command.Start(); err != nil {
		return nil, err
	}
	p := &portal{command: command, ended: make(chan struct{})}
	go func() {
		defer close(p.ended)
		p.err = command.Wait()
		if !p.told.Load() && ctx.Err() == nil {
			fallen(cmp.Or(p.err, errors.New("exit status 0")))
		}
	}()
	return p, nil
}

// running tells whether the process is there.
func (p *portal) running() bool {
	if p == nil {
		return false
	}
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// stop tells the portal to end, and waits until it has.
func (p *portal) stop() error {
	if !p.running() {
		return nil
	}
	p.told.Store(true)
	if err := p.command.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case <-p.ended:
		return nil
	case <-late.C:
		err := p.command.Process.Kill()
		<-p.ended
		return err
	}
}
