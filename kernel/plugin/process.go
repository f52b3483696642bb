//go:build unix

package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Process is the life of one module's processes.
type Process struct {
	host *Host
	id   string // the module's
	rows atomic.Pointer[store.Store]

	mu      sync.Mutex
	status  Status
	history []Status      // the states before, the last at the end
	changed chan struct{} // closed and replaced when status is
	now     running       // what runs, or is to run again; its inst is nil while none does
	standby *running      // what ran before a swap that is not proved yet
	lend    *Lend
	// failures are those within the window.
	failures []time.Time
	calls    sync.WaitGroup // under way
	under    int            // the same as a number
	draining bool
	started  bool // the supervisor runs

	life     context.Context // ends with Stop
	end      context.CancelFunc
	resume   chan struct{}
	holds    chan hold
	next     chan *handover
	swapping sync.Mutex     // held from Prepare to the end of its candidate
	retiring sync.WaitGroup // processes whose last calls are waited for
	ended    chan struct{}  // closed when the supervisor has ended
}

// running is one program of a module, and its process.
type running struct {
	spec          Spec
	program       *program
	description   *Description
	subscriptions []*kernelv1.Subscription
	inst          *instance
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
		host: h, id: spec.ID, changed: make(chan struct{}), resume: make(chan struct{}, 1), holds: make(chan hold), next: make(chan *handover),
		ended: make(chan struct{}),
	}
	p.now.spec = spec
	p.life, p.end = context.WithCancel(context.WithoutCancel(ctx))
	p.set(Starting, "")
	program, err := h.read(spec)
	if err == nil {
		p.now.program = program
		p.now.inst, p.now.description, err = p.begin(ctx, spec, program)
	}
	if err != nil {
		p.end()
		program.release()
		return nil, fmt.Errorf("module %s: %w", spec.ID, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.processes = append(h.processes, p)
	return p, nil
}

// begin launches a process and asks what it is.
func (p *Process) begin(ctx context.Context, spec Spec, program *program) (*instance, *Description, error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	inst, err := p.host.launch(ctx, spec, program)
	if err != nil {
		return nil, nil, err
	}
	asking, cancel := context.WithTimeout(ctx, p.host.cfg.Timing.Open)
	defer cancel()
	d, err := inst.describe(asking, spec.ID)
	if err != nil {
		inst.kill(p.host.cfg.Timing.Kill)
		return nil, nil, err
	}
	return inst, d, nil
}

// ID is the module's.
func (p *Process) ID() string { return p.id }

// Description is what the program that runs said of the module. Processes that are started again must say nothing that
// differs; a program that is put into its place may say more.
func (p *Process) Description() *Description {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now.description
}

// Open lends the module what it needs and has it start. From here on the process is kept running.
func (p *Process) Open(ctx context.Context, lend Lend) error {
	p.mu.Lock()
	p.lend = &lend
	now := p.now
	p.mu.Unlock()
	p.rows.Store(lend.Rows)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(p.life, cancel)() // stopped meanwhile
	heard, err := p.open(ctx, now, lend)
	if err != nil {
		return fmt.Errorf("module %s: %w", now.spec.ID, err)
	}
	p.ready(ctx, now.inst, heard)
	p.mu.Lock()
	p.started = true
	p.mu.Unlock()
	go p.supervise(now.inst)
	return nil
}

// Quarantine ends a process that could not be opened, and keeps in its place why. It stays so until a program is put
// into its place, or the portal is started again.
func (p *Process) Quarantine(err error) {
	p.mu.Lock()
	inst := p.now.inst
	p.mu.Unlock()
	p.let(inst)
	p.set(Quarantined, strings.TrimPrefix(err.Error(), "module "+p.id+": "))
}

// open opens one process, and returns what it hears.
func (p *Process) open(ctx context.Context, r running, lend Lend) ([]*kernelv1.Subscription, error) {
	ctx, cancel := context.WithTimeout(ctx, p.host.cfg.Timing.Open)
	defer cancel()
	id := r.spec.ID
	token, revoke := p.host.tokens.issue(ticket{module: id, ctx: access.With(p.life, access.AsModule(id)), own: true})
	request := proto.CloneOf(lend.Request)
	request.HostSocket, request.Token = p.host.socket(), token
	if t := p.host.cfg.Telemetry; t != nil {
		request.Spans, request.Figures = t.Wants()
	}
	if r.description.Pages {
		request.PagesSocket = r.inst.pages.socket
	}
	if !p.host.cfg.GRPCOnly {
		request.CallsSocket = directSocket(r.inst.folder)
	}
	response, err := r.inst.api.Open(ctx, request)
	if err == nil { // a program can say anything
		err = r.description.Manifest.Check(r.description.Manifest.Provides, p.subscriptionsOf(response.GetSubscriptions()))
	} else {
		err = errors.New(status.Convert(err).Message())
	}
	if err != nil {
		revoke()
		return nil, err
	}
	if request.CallsSocket != "" && response.GetCalls() {
		r.inst.direct.Store(&direct{socket: request.CallsSocket, now: p.host.cfg.Now})
	}
	r.inst.revoke, r.inst.policy = revoke, request.GetPolicy()
	return response.GetSubscriptions(), nil
}

// ready has calls go to a process that was opened.
func (p *Process) ready(ctx context.Context, inst *instance, heard []*kernelv1.Subscription) {
	p.mu.Lock()
	p.now.inst, p.now.subscriptions = inst, heard
	p.mu.Unlock()
	p.set(Ready, "")
	p.refresh(ctx, inst)
}

// refresh tells a process of roles that were changed since it was opened.
func (p *Process) refresh(ctx context.Context, inst *instance) {
	p.mu.Lock()
	policy := p.lend.Request.GetPolicy()
	p.mu.Unlock()
	if !bytes.Equal(policy, inst.policy) {
		_, _ = inst.api.SetPolicy(ctx, &kernelv1.SetPolicyRequest{Policy: policy})
	}
}

// let lets go of a process that has ended or shall end.
func (p *Process) let(inst *instance) {
	if inst == nil {
		return
	}
	p.left(inst)
	inst.kill(p.host.cfg.Timing.Kill)
	if inst.revoke != nil {
		inst.revoke()
	}
}

// Status is where the process stands.
func (p *Process) Status() Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stand()
}

// stand is the status with what is known of the process now; p.mu is held.
func (p *Process) stand() Status {
	s := p.status
	s.PID, s.Version, s.Running = 0, "", p.under
	if p.now.description != nil {
		s.Version = p.now.description.Version
	}
	if p.now.program != nil {
		s.Checksum = p.now.program.sum
	}
	s.Path, s.Attached = p.now.spec.Path, p.now.spec.Attach != ""
	if p.now.inst != nil {
		s.PID = p.now.inst.process.number()
	}
	return s
}

// Changed is closed when the status changes next.
func (p *Process) Changed() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.changed
}

// History are the states the process was in, the last first. It holds some hundred.
func (p *Process) History() []Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := make([]Status, len(p.history))
	for i, s := range p.history {
		list[len(list)-1-i] = s
	}
	return list
}

// remembered is how many states are kept.
const remembered = 200

func (p *Process) set(state State, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.draining && state != Stopped {
		state = Draining
	}
	p.status.State, p.status.Reason, p.status.Since = state, reason, p.host.cfg.Now()
	p.note()
}

// Remark writes a sentence for people beside the state, which stays: why something was not done to the module.
func (p *Process) Remark(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status.Reason = reason
	p.note()
}

// note remembers the status as it is now, and tells those who wait for another; p.mu is held.
func (p *Process) note() {
	if len(p.history) == remembered {
		p.history = append(p.history[:0], p.history[1:]...)
	}
	p.history = append(p.history, p.stand())
	close(p.changed)
	p.changed = make(chan struct{})
	if p.host.cfg.Changed != nil {
		p.host.cfg.Changed()
	}
}

// enter takes part in the process that runs now. A call that only reads waits for one; leave ends the part.
func (p *Process) enter(ctx context.Context, wait bool) (inst *instance, leave func(), err error) {
	for {
		p.mu.Lock()
		state, reason, changed := p.status.State, p.status.Reason, p.changed
		if state.callable() && p.now.inst != nil {
			inst := p.now.inst
			p.calls.Add(1)
			inst.calls.Add(1)
			p.under++
			p.mu.Unlock()
			return inst, func() { p.leave(inst) }, nil
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

func (p *Process) leave(inst *instance) {
	p.mu.Lock()
	p.under--
	p.mu.Unlock()
	inst.calls.Done()
	p.calls.Done()
}

func (p *Process) away(state State, reason string) error {
	text := fmt.Sprintf("module %s is %s", p.id, state)
	if state == Quarantined && reason != "" {
		text += ": " + reason
	}
	return status.Error(codes.Unavailable, text)
}

// left says that a process serves no more calls, be it found to be gone before the supervisor has noticed.
func (p *Process) left(inst *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now.inst == inst {
		p.now.inst = nil
	}
}

// Stop drains and ends the process: no new calls, those under way finish, what outlasts ctx is cut off. Twice is safe.
func (p *Process) Stop(ctx context.Context) error {
	p.mu.Lock()
	p.draining = true
	started, inst := p.started, p.now.inst
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
	if started {
		<-p.ended
	} else {
		p.let(inst)
		p.set(Stopped, "")
	}
	p.retiring.Wait()
	<-idle // ends once their connection has
	p.mu.Lock()
	program := p.now.program
	p.now.program = nil
	p.mu.Unlock()
	program.release()
	return err
}
