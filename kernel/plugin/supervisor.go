//go:build unix

package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Timing is how patient the supervision is. Zero fields take their defaults.
type Timing struct {
	// Start is how long a program has to answer. Default: 20 s.
	Start time.Duration
	// Open is how long a module has to say what it is, and to start. Default: 30 s.
	Open time.Duration
	// Health is how often a process is asked whether it is well, and Answer how long it has to say so. Defaults: 5 s, 2 s.
	Health, Answer time.Duration
	// Silent is how many questions in a row may stay without an answer before the process is killed. Default: 3.
	Silent int
	// First is the wait after the first failure, doubled with each up to Most, and shortened at random. Defaults:
	// 100 ms, so that a reader waits for a quarter of a second at most, and 30 s.
	First, Most time.Duration
	// Failures within Window put a process into quarantine. Defaults: 5, 10 min.
	Failures int
	Window   time.Duration
	// Page is how long a reader who asks for a page waits for a process that is being started again. Default: 15 s.
	Page time.Duration
	// Kill is how long a process that was asked to end has before it is killed. Default: 5 s.
	Kill time.Duration
}

func (t Timing) withDefaults() Timing {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Start, 20 * time.Second}, {&t.Open, 30 * time.Second}, {&t.Health, 5 * time.Second}, {&t.Answer, 2 * time.Second},
		{&t.First, 100 * time.Millisecond}, {&t.Most, 30 * time.Second}, {&t.Window, 10 * time.Minute}, {&t.Kill, 5 * time.Second},
		{&t.Page, 15 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if t.Silent == 0 {
		t.Silent = 3
	}
	if t.Failures == 0 {
		t.Failures = 5
	}
	return t
}

// Process is the life of one module's processes.
type Process struct {
	host *Host
	spec Spec
	rows atomic.Pointer[store.Store]

	mu            sync.Mutex
	status        Status
	changed       chan struct{} // closed and replaced when status is
	inst          *instance
	revokeOwn     func()
	description   *Description
	lend          *Lend
	subscriptions []*kernelv1.Subscription
	failures      []time.Time
	calls         sync.WaitGroup // under way
	draining      bool

	life    context.Context // ends with Stop
	end     context.CancelFunc
	resume  chan struct{}
	ended   chan struct{} // closed when the supervisor has ended
	running bool
}

// Start starts a module's program and asks what it is. Open comes next. When it fails nothing is left running; the
// error says what the program did.
func (h *Host) Start(ctx context.Context, spec Spec) (*Process, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errClosed
	}
	h.starting.Add(1) // Close waits for it
	h.mu.Unlock()
	defer h.starting.Done()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(h.life, cancel)()
	p := &Process{
		host: h, spec: spec, changed: make(chan struct{}), resume: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	p.life, p.end = context.WithCancel(context.WithoutCancel(ctx))
	p.set(Starting, "")
	inst, d, err := p.begin(ctx)
	if err != nil {
		p.end()
		return nil, fmt.Errorf("module %s: %w", spec.ID, err)
	}
	p.inst, p.description = inst, d
	h.mu.Lock()
	defer h.mu.Unlock()
	h.processes = append(h.processes, p)
	return p, nil
}

// begin launches a process and asks what it is.
func (p *Process) begin(ctx context.Context) (*instance, *Description, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	inst, err := p.host.launch(ctx, p.spec)
	if err != nil {
		return nil, nil, err
	}
	asking, cancel := context.WithTimeout(ctx, p.host.cfg.Timing.Open)
	defer cancel()
	d, err := inst.describe(asking, p.spec.ID)
	if err != nil {
		inst.kill(p.host.cfg.Timing.Kill)
		return nil, nil, err
	}
	return inst, d, nil
}

// ID is the module's.
func (p *Process) ID() string { return p.spec.ID }

// Description is what the first process said of the module. Later ones must say nothing that differs.
func (p *Process) Description() *Description { return p.description }

// Open lends the module what it needs and has it start. From here on the process is kept running.
func (p *Process) Open(ctx context.Context, lend Lend) error {
	p.mu.Lock()
	p.lend = &lend
	p.mu.Unlock()
	p.rows.Store(lend.Rows)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)() // stopped meanwhile
	if err := p.open(ctx, p.inst); err != nil {
		return fmt.Errorf("module %s: %w", p.spec.ID, err)
	}
	p.mu.Lock()
	p.running = true
	p.mu.Unlock()
	go p.supervise(p.inst)
	return nil
}

// Quarantine ends a process that could not be opened, and keeps in its place why. It stays so until the portal is
// started again: what the module hears is not known.
func (p *Process) Quarantine(err error) {
	p.let(p.inst)
	p.set(Quarantined, strings.TrimPrefix(err.Error(), "module "+p.spec.ID+": "))
}

// open opens one process; it is ready then.
func (p *Process) open(ctx context.Context, inst *instance) error {
	ctx, cancel := context.WithTimeout(ctx, p.host.cfg.Timing.Open)
	defer cancel()
	token, revoke := p.host.tokens.issue(ticket{module: p.spec.ID, ctx: access.With(p.life, access.AsModule(p.spec.ID)), own: true})
	p.mu.Lock()
	request := proto.CloneOf(p.lend.Request)
	p.mu.Unlock()
	request.HostSocket, request.Token = p.host.socket(), token
	if p.description.Pages {
		request.PagesSocket = inst.pages.socket
	}
	if !p.host.cfg.GRPCOnly {
		request.CallsSocket = directSocket(inst.folder)
	}
	response, err := inst.api.Open(ctx, request)
	if err == nil { // a program can say anything
		err = p.description.Manifest.Check(p.description.Manifest.Provides, p.subscriptionsOf(response.GetSubscriptions()))
	} else {
		err = errors.New(status.Convert(err).Message())
	}
	if err != nil {
		revoke()
		return err
	}
	if request.CallsSocket != "" && response.GetCalls() {
		inst.direct.Store(&direct{socket: request.CallsSocket, now: p.host.cfg.Now})
	}
	p.mu.Lock()
	p.inst, p.revokeOwn, p.subscriptions = inst, revoke, response.GetSubscriptions()
	p.mu.Unlock()
	p.set(Ready, "")
	p.mu.Lock()
	policy := p.lend.Request.GetPolicy()
	p.mu.Unlock()
	if !bytes.Equal(policy, request.GetPolicy()) { // changed meanwhile
		_, _ = inst.api.SetPolicy(ctx, &kernelv1.SetPolicyRequest{Policy: policy})
	}
	return nil
}

// supervise keeps the module running until it is stopped.
func (p *Process) supervise(inst *instance) {
	defer close(p.ended)
	for {
		reason := p.watch(inst)
		p.let(inst)
		for {
			if p.life.Err() != nil {
				p.set(Stopped, "")
				return
			}
			p.mu.Lock()
			p.status.LastFailure = reason
			p.mu.Unlock()
			p.set(Crashed, reason)
			p.host.cfg.Log.WarnContext(p.life, "a module's process failed", "module", p.spec.ID, "reason", reason)
			if !p.pause(reason) {
				p.set(Stopped, "")
				return
			}
			p.set(Starting, reason)
			next, err := p.again()
			if err == nil {
				inst = next
				break
			}
			reason = err.Error()
		}
	}
}

// again starts the next process, which must be what the first one was.
func (p *Process) again() (*instance, error) {
	inst, d, err := p.begin(p.life)
	if err != nil {
		return nil, err
	}
	if differ := p.description.differs(d); len(differ) > 0 {
		inst.kill(p.host.cfg.Timing.Kill)
		return nil, &IncompatibleError{Module: p.spec.ID, Differences: differ}
	}
	p.mu.Lock()
	p.status.Restarts++
	p.mu.Unlock()
	if err := p.open(p.life, inst); err != nil {
		inst.kill(p.host.cfg.Timing.Kill)
		return nil, err
	}
	return inst, nil
}

// watch waits until a process has ended, or has to be ended, and says why.
func (p *Process) watch(inst *instance) (reason string) {
	ticker := time.NewTicker(p.host.cfg.Timing.Health)
	defer ticker.Stop()
	health := grpc_health_v1.NewHealthClient(inst.conn)
	silent := 0
	for {
		select {
		case <-inst.process.exited:
			return "the process ended " + ended(inst.process.err)
		case <-inst.flood:
			_ = inst.process.Kill(p.life)
			<-inst.process.exited
			return errFlood.Error()
		case <-p.life.Done():
			return ""
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
			if silent >= p.host.cfg.Timing.Silent {
				_ = inst.process.Kill(p.life)
				<-inst.process.exited
				return fmt.Sprintf("the process did not answer %d times in a row", silent)
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

// let lets go of a process that has ended or shall end.
func (p *Process) let(inst *instance) {
	p.left(inst)
	p.mu.Lock()
	revoke := p.revokeOwn
	p.revokeOwn = nil
	p.mu.Unlock()
	inst.kill(p.host.cfg.Timing.Kill)
	if revoke != nil {
		revoke()
	}
}

// pause waits before the next start, for as long as failures ask for; false when the module was stopped meanwhile.
func (p *Process) pause(reason string) bool {
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
		select {
		case <-p.resume: // asked for when there was nothing to resume
		default:
		}
		why := fmt.Sprintf("it failed %d times in %v; the last time: %s", n, t.Window, reason)
		p.set(Quarantined, why)
		p.host.cfg.Log.ErrorContext(p.life, "a module is quarantined until somebody resumes it", "module", p.spec.ID, "reason", why)
		select {
		case <-p.resume:
			p.mu.Lock()
			p.failures = nil
			p.mu.Unlock()
			return true
		case <-p.life.Done():
			return false
		}
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
		return true
	case <-p.life.Done():
		return false
	}
}

// Resume starts a quarantined module again.
func (p *Process) Resume() {
	select {
	case p.resume <- struct{}{}:
	default:
	}
}

// Status is where the process stands.
func (p *Process) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := p.status
	s.PID, s.Version = 0, ""
	if p.description != nil {
		s.Version = p.description.Version
	}
	if p.inst != nil {
		s.PID = p.inst.process.number()
	}
	return s
}

// Changed is closed when the status changes next.
func (p *Process) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

func (p *Process) set(state State, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining && state != Stopped {
		state = Draining
	}
	p.status.State, p.status.Reason, p.status.Since = state, reason, p.host.cfg.Now()
	close(p.changed)
	p.changed = make(chan struct{})
}

// enter takes part in the process that runs now. A call that only reads waits for one; leave ends the part.
func (p *Process) enter(ctx context.Context, wait bool) (inst *instance, leave func(), err error) {
	for {
		p.mu.Lock()
		state, reason, changed := p.status.State, p.status.Reason, p.changed
		if state.callable() && p.inst != nil {
			inst := p.inst
			p.calls.Add(1)
			p.mu.Unlock()
			return inst, p.calls.Done, nil
		}
		p.mu.Unlock()
		if state.callable() {
			state = Crashed // found to be gone, which the supervisor is about to notice
		}
		if !wait || state.final() {
			return nil, nil, p.away(state, reason)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, nil, status.FromContextError(ctx.Err()).Err()
		}
	}
}

func (p *Process) away(state State, reason string) error {
	text := fmt.Sprintf("module %s is %s", p.spec.ID, state)
	if state == Quarantined && reason != "" {
		text += ": " + reason
	}
	return status.Error(codes.Unavailable, text)
}

// left says that a process serves no more calls, be it found to be gone before the supervisor has noticed.
func (p *Process) left(inst *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.inst == inst {
		p.inst = nil
	}
}

// Stop drains and ends the process: no new calls, those under way finish, what outlasts ctx is cut off. Twice is safe.
func (p *Process) Stop(ctx context.Context) error {
	p.mu.Lock()
	p.draining = true
	running, inst := p.running, p.inst
	p.mu.Unlock()
	p.set(Draining, "")
	idle := make(chan struct{})
	go func() {
		p.calls.Wait()
		close(idle)
	}()
	var err error
	select {
	case <-idle:
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	p.end()
	if running {
		<-p.ended
	} else {
		if inst != nil {
			p.let(inst)
		}
		p.set(Stopped, "")
	}
	<-idle // ends once their connection has
	return err
}
