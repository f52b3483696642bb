//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/opencabinet/cabinet/kernel/event"
)

var (
	errStopped = errors.New("the module is being stopped")
	// ErrSwapping is that a module's program is being swapped already.
	ErrSwapping = errors.New("the module's program is being swapped already: wait for that to end")
)

// Candidate is a process that was started beside the one that runs, to take its place. [Candidate.Commit] or
// [Candidate.Discard] ends it, whichever comes first.
type Candidate struct {
	process *Process
	next    running
	lend    Lend
	opened  bool
	ended   bool
}

// handover puts a process into the place of the one that runs.
type handover struct {
	running
	lend Lend
	back func()
	done chan<- time.Duration // how long nobody could enter
}

// Prepare starts a program beside the one that runs, and asks what it is. spec is the program to start; nil is the one that runs,
// started again. It fails when the program does not keep the contracts: what runs provides, it must provide too, and
// nothing that callers know may have changed. What it has more is told by [Candidate.Description].
func (p *Process) Prepare(ctx context.Context, spec *Spec) (_ *Candidate, err error) {
	if !p.swapping.TryLock() {
		return nil, ErrSwapping
	}
	c := &Candidate{process: p}
	defer func() {
		if err != nil {
			c.next.program.release()
			p.swapping.Unlock()
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	p.mu.Lock()
	now := p.now
	if spec == nil {
		c.next.program = now.program.keep()
	}
	stopped := p.draining
	p.mu.Unlock()
	if stopped {
		return nil, errStopped
	}
	c.next.spec = now.spec
	if spec != nil {
		c.next.spec = *spec
		if c.next.program, err = p.host.read(*spec); err != nil {
			return nil, err
		}
	}
	if c.next.inst, c.next.description, err = p.begin(ctx, c.next.spec, c.next.program); err != nil {
		return nil, err
	}
	if broken := now.description.breaks(c.next.description); len(broken) > 0 {
		c.next.inst.kill(p.host.cfg.Timing.Kill)
		return nil, &IncompatibleError{Module: now.spec.ID, Differences: broken}
	}
	return c, nil
}

// Description is what the program says of the module.
func (c *Candidate) Description() *Description { return c.next.description }

// Subscriptions are what the module hears, once it was opened.
func (c *Candidate) Subscriptions() []event.Subscription {
	return c.process.subscriptionsOf(c.next.subscriptions)
}

// Open lends the module what it needs, has it start, and asks whether it is well. No call goes to it yet.
func (c *Candidate) Open(ctx context.Context, lend Lend) error {
	p := c.process
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)()
	heard, err := p.open(ctx, c.next, lend)
	if err != nil {
		return err
	}
	if !p.well(grpc_health_v1.NewHealthClient(c.next.inst.conn)) {
		return errors.New("it starts, and does not say that it is well")
	}
	c.next.subscriptions, c.lend, c.opened = heard, lend, true
	return nil
}

// Commit has calls go to the candidate from now on. Those that are under way to the process before finish there. For a
// while, see Timing.Proof, the process before stays ready: when the new one fails in that time, calls go to the one
// before again, and back is called. back must not wait for anything of the process; nil is fine. Commit returns for how
// long no call could be begun.
func (c *Candidate) Commit(ctx context.Context, back func()) (pause time.Duration, err error) {
	p := c.process
	if !c.opened || c.ended {
		return 0, errors.New("plugin: a candidate is committed once, after it was opened")
	}
	defer func() {
		if err != nil {
			c.Discard()
			return
		}
		c.ended = true
		p.swapping.Unlock()
	}()
	done := make(chan time.Duration, 1)
	h := &handover{running: c.next, lend: c.lend, back: back, done: done}
	p.mu.Lock()
	begin := !p.started && !p.draining // it could not be opened before: nobody watches it
	p.started = p.started || begin
	p.mu.Unlock()
	if begin {
		p.proved(p.take(h)) // of which nothing runs
		go p.supervise(c.next.inst)
		return <-done, nil
	}
	select {
	case p.next <- h:
		return <-done, nil
	case <-p.life.Done():
		return 0, errStopped
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
}

// Discard ends a candidate that shall not take the place. After Commit it does nothing.
func (c *Candidate) Discard() {
	if c.ended {
		return
	}
	c.ended = true
	c.process.let(c.next.inst)
	c.next.program.release()
	c.process.swapping.Unlock()
}

// proof is a swap that is not proved yet: what was before, ready to take over again.
type proof struct {
	before running
	lend   *Lend
	back   func()
	timer  *time.Timer
}

// over is when the process before is needed no longer; for ever when there is none.
func (s *proof) over() <-chan time.Time {
	if s == nil {
		return nil
	}
	return s.timer.C
}

// take puts a process into the place of the one that runs.
func (p *Process) take(h *handover) *proof {
	began := time.Now()
	p.mu.Lock()
	s := &proof{before: p.now, lend: p.lend, back: h.back, timer: time.NewTimer(p.host.cfg.Timing.Proof)}
	lend := h.lend
	p.now, p.lend, p.standby = h.running, &lend, &s.before
	p.status.State, p.status.Reason, p.status.Since = Ready, "", p.host.cfg.Now()
	if p.draining {
		p.status.State = Draining
	}
	p.status.Swaps++
	p.note()
	p.mu.Unlock()
	h.done <- time.Since(began)
	p.rows.Store(lend.Rows)
	p.refresh(p.life, h.inst)
	return s
}

// takeBack puts the program before into the place of one that failed before it was proved. It returns its process, or
// nil when that has ended too.
func (p *Process) takeBack(s *proof, reason string) *instance {
	s.timer.Stop()
	why := "the program before is back, since the new one failed: " + reason
	p.host.cfg.Log.ErrorContext(p.life, "a module's new program failed and the one before is back", "module", p.ID(), "reason", reason)
	inst := s.before.inst
	if inst != nil {
		select {
		case <-inst.process.exited:
			p.let(inst)
			inst = nil
		default:
		}
	}
	p.mu.Lock()
	failed := p.now.program
	s.before.inst = inst
	p.now, p.standby = s.before, nil
	policy := p.lend.Request.GetPolicy()
	p.lend = s.lend.with(policy)
	p.status.LastFailure, p.status.Swaps = reason, p.status.Swaps-1
	p.status.State, p.status.Reason, p.status.Since = Ready, why, p.host.cfg.Now()
	if inst == nil {
		p.status.State = Crashed
	}
	p.note()
	p.mu.Unlock()
	failed.release()
	p.rows.Store(s.lend.Rows)
	if s.back != nil {
		s.back()
	}
	return inst
}

// proved lets the process before go, once the calls that are under way to it have ended.
func (p *Process) proved(s *proof) {
	if s == nil {
		return
	}
	s.timer.Stop()
	p.mu.Lock()
	p.standby = nil
	p.mu.Unlock()
	s.before.program.release()
	inst := s.before.inst
	if inst == nil {
		return
	}
	p.retiring.Go(func() {
		idle := make(chan struct{})
		go func() {
			inst.calls.Wait()
			close(idle)
		}()
		timer := time.NewTimer(p.host.cfg.Timing.Drain)
		defer timer.Stop()
		select {
		case <-idle:
		case <-timer.C:
			p.host.cfg.Log.WarnContext(p.life, "calls to the program before a swap are cut off", "module", p.ID())
		case <-p.life.Done():
		case <-inst.process.exited:
		}
		p.let(inst)
		<-idle // they end with their connection
	})
}

// breaks are what a program does otherwise than the one that runs, that somebody could depend on.
func (d *Description) breaks(next *Description) []string {
	found := lacks("it does not provide %s any more", d.Manifest.Provides, next.Manifest.Provides)
	found = append(found, lacks("it does not publish %s any more", d.Manifest.Publishes, next.Manifest.Publishes)...)
	for _, flag := range []struct {
		what      string
		was, will bool
	}{
		{"grants clients", d.Manifest.GrantsClients, next.Manifest.GrantsClients},
		{"owns clients", d.Manifest.OwnsClients, next.Manifest.OwnsClients},
	} {
		if flag.was != flag.will {
			found = append(found, fmt.Sprintf("it says otherwise whether it %s: start the portal again for that", flag.what))
		}
	}
	return append(found, d.contracts(next)...)
}

func lacks(format string, before, after []string) []string {
	var found []string
	there := map[string]bool{}
	for _, name := range after {
		there[name] = true
	}
	for _, name := range before {
		if !there[name] {
			found = append(found, fmt.Sprintf(format, name))
		}
	}
	return found
}
