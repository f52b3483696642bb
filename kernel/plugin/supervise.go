//go:build unix

package plugin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/health/grpc_health_v1"
)

// supervise keeps the module running until it is stopped.
func (p *Process) supervise(inst *instance) {
	defer close(p.ended)
	var proving *proof // a swap that is not proved yet
	defer func() { p.proved(proving) }()
	for {
		seen := p.watch(inst, proving)
		switch {
		case seen.next != nil:
			p.proved(proving)
			inst, proving = seen.next.inst, p.take(seen.next)
			continue
		case seen.proved:
			p.proved(proving)
			proving = nil
			continue
		}
		if seen.hold != nil {
			p.set(Quarantined, seen.reason) // so that nobody waits for its end
		}
		p.let(inst)
		if p.life.Err() != nil {
			p.set(Stopped, "")
			return
		}
		reason, held := seen.reason, seen.hold
		if proving != nil && held == nil {
			// The program before takes over again, with its process where that still runs.
			inst = p.takeBack(proving, reason)
			proving = nil
			if inst != nil {
				continue
			}
		}
		if proving != nil {
			p.proved(proving)
			proving = nil
		}
		var next *handover
		if inst, next = p.revive(reason, held); inst == nil {
			p.set(Stopped, "")
			return
		}
		if next != nil {
			proving = p.take(next)
		}
	}
}

// revive starts the module's process again after it failed, as often as that takes; or takes over the process that a
// swap brings meanwhile. It returns nil when the module was stopped.
func (p *Process) revive(reason string, held *hold) (*instance, *handover) {
	for {
		if held == nil {
			p.mu.Lock()
			p.status.LastFailure = reason
			p.mu.Unlock()
			p.set(Crashed, reason)
			p.host.cfg.Log.WarnContext(p.life, "a module's process failed", "module", p.ID(), "reason", reason)
		}
		next, on := p.pause(reason, held)
		switch {
		case next != nil:
			return next.inst, next
		case !on:
			return nil, nil
		}
		held = nil
		p.set(Starting, reason)
		inst, err := p.again()
		if err == nil {
			return inst, nil
		}
		if p.life.Err() != nil {
			return nil, nil
		}
		reason = err.Error()
	}
}

// again starts the next process of the same program, which must be what the first one was.
func (p *Process) again() (*instance, error) {
	p.mu.Lock()
	now, lend := p.now, *p.lend
	p.mu.Unlock()
	inst, d, err := p.begin(p.life, now.spec, now.program)
	if err != nil {
		return nil, err
	}
	if differ := now.description.differs(d); len(differ) > 0 {
		inst.kill(p.host.cfg.Timing.Kill)
		return nil, &IncompatibleError{Module: now.spec.ID, Differences: differ}
	}
	p.mu.Lock()
	p.status.Restarts++
	p.mu.Unlock()
	now.inst = inst
	heard, err := p.open(p.life, now, lend)
	if err != nil {
		inst.kill(p.host.cfg.Timing.Kill)
		return nil, err
	}
	p.ready(p.life, inst, heard)
	return inst, nil
}

// sight is what watch saw last.
type sight struct {
	reason string    // why the process has ended, or was ended
	next   *handover // another takes its place
	hold   *hold     // somebody wants it ended
	proved bool      // the process before is needed no longer
}

// watch waits until a process has ended, or has to be ended, or is not the one to be watched any more.
func (p *Process) watch(inst *instance, proving *proof) sight {
	ticker := time.NewTicker(p.host.cfg.Timing.Health)
	defer ticker.Stop()
	health := grpc_health_v1.NewHealthClient(inst.conn)
	silent := 0
	for {
		select {
		case <-inst.process.exited:
			return sight{reason: "the process ended " + ended(inst.process.err)}
		case <-inst.flood:
			_ = inst.process.Kill(p.life)
			<-inst.process.exited
			return sight{reason: errFlood.Error()}
		case <-p.life.Done():
			return sight{}
		case next := <-p.next:
			return sight{next: next}
		case h := <-p.holds:
			return sight{reason: h.reason, hold: &h}
		case <-proving.over():
			return sight{proved: true}
		case <-ticker.C:
			if p.well(health) {
				if silent > 0 {
					p.set(Ready, "")
				}
				silent = 0
				continue
			}
			if silent++; silent == 1 {
				p.set(Degraded, "the process does not answer")
			}
			if silent >= p.host.cfg.Timing.Silent && !inst.attached {
				_ = inst.process.Kill(p.life)
				<-inst.process.exited
				return sight{reason: fmt.Sprintf("the process did not answer %d times in a row", silent)}
			}
		}
	}
}

func (p *Process) well(health grpc_health_v1.HealthClient) bool {
	ctx, cancel := context.WithTimeout(p.life, p.host.cfg.Timing.Answer)
	defer cancel()
	response, err := health.Check(ctx, &grpc_health_v1.HealthCheckRequest{Service: "plugin"})
	return err == nil && response.GetStatus() == grpc_health_v1.HealthCheckResponse_SERVING || p.life.Err() != nil
}

// pause waits before the next start, for as long as failures ask for, or until a quarantine ends. It ends early with a
// process that a swap brings; on is false when the module was stopped meanwhile.
func (p *Process) pause(reason string, held *hold) (next *handover, on bool) {
	if held != nil {
		return p.quarantine(held.reason, held.done)
	}
	t, now := p.host.cfg.Timing, p.host.cfg.Now()
	p.mu.Lock()
	kept := p.failures[:0]
	for _, at := range p.failures {
		if now.Sub(at) < t.Window {
			kept = append(kept, at)
		}
	}
	p.failures = append(kept, now)
	n := len(p.failures)
	p.mu.Unlock()
	if n >= t.Failures {
		return p.quarantine(fmt.Sprintf("it failed %d times in %v; the last time: %s", n, t.Window, reason), nil)
	}
	wait := t.Most
	if n < 32 { // or the shift would overflow
		wait = min(t.First<<(n-1), t.Most)
	}
	wait = time.Duration(rand.Int64N(int64(wait) + 1)) // full jitter: many that fell together do not start together
	p.set(Backoff, reason)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil, true
	case next := <-p.next:
		return next, true
	case h := <-p.holds:
		return p.quarantine(h.reason, h.done)
	case <-p.life.Done():
		return nil, false
	}
}

// quarantine waits for somebody to resume the module, or to put another program into its place. done is closed once it
// is known to be there; nil is fine.
func (p *Process) quarantine(why string, done chan<- struct{}) (next *handover, on bool) {
	select {
	case <-p.resume: // asked for when there was nothing to resume
	default:
	}
	if now := p.Status(); now.State != Quarantined || now.Reason != why {
		p.set(Quarantined, why)
	}
	p.host.cfg.Log.ErrorContext(p.life, "a module is quarantined until somebody resumes it", "module", p.ID(), "reason", why)
	if done != nil {
		close(done)
	}
	for {
		select {
		case <-p.resume:
			p.forgive()
			return nil, true
		case next := <-p.next:
			p.forgive()
			return next, true
		case h := <-p.holds:
			close(h.done) // it is there already
		case <-p.life.Done():
			return nil, false
		}
	}
}

// forgive forgets the failures of a module that begins anew.
func (p *Process) forgive() {
	p.mu.Lock()
	p.failures = nil
	p.mu.Unlock()
}

// hold is the wish that a module's process ends and stays ended.
type hold struct {
	reason string
	done   chan<- struct{} // closed once it is
}

// Hold ends the module's process and keeps it ended until [Process.Resume]: calls to it fail at once, events wait. One
// that is in quarantine already stays there, with its reason. reason is a sentence for people.
func (p *Process) Hold(ctx context.Context, reason string) error {
	p.mu.Lock()
	there := p.status.State == Quarantined
	p.mu.Unlock()
	if there {
		return nil
	}
	done := make(chan struct{})
	select {
	case p.holds <- hold{reason, done}:
	case <-p.life.Done():
		return errStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case <-done:
		return nil
	case <-p.life.Done():
		return errStopped
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Resume starts a quarantined module again.
func (p *Process) Resume() {
	select {
	case p.resume <- struct{}{}:
	default:
	}
}
