package kernel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store"
)

// moduleService is the head's view of the portal's modules on this node.
type moduleService struct {
	kernelv1.UnimplementedModuleServiceServer
	portal *Portal
}

var _ kernelv1.ModuleServiceServer = (*moduleService)(nil)

var moduleStates = map[plugin.State]kernelv1.ModuleState{
	plugin.Ready: kernelv1.ModuleState_MODULE_STATE_READY, plugin.Starting: kernelv1.ModuleState_MODULE_STATE_STARTING,
	plugin.Degraded: kernelv1.ModuleState_MODULE_STATE_DEGRADED, plugin.Crashed: kernelv1.ModuleState_MODULE_STATE_CRASHED,
	plugin.Backoff: kernelv1.ModuleState_MODULE_STATE_BACKOFF, plugin.Quarantined: kernelv1.ModuleState_MODULE_STATE_QUARANTINED,
	plugin.Draining: kernelv1.ModuleState_MODULE_STATE_DRAINING, plugin.Stopped: kernelv1.ModuleState_MODULE_STATE_STOPPED,
}

// ListModules lists them all, the kernel first.
func (s *moduleService) ListModules(ctx context.Context, r *kernelv1.ListModulesRequest) (*kernelv1.ListModulesResponse, error) {
	all, err := s.modules(ctx)
	if err != nil {
		return nil, err
	}
	if wanted := r.GetStates(); len(wanted) > 0 {
		all = slices.DeleteFunc(all, func(m *kernelv1.Module) bool { return !slices.Contains(wanted, m.GetState()) })
	}
	return &kernelv1.ListModulesResponse{Modules: all}, nil
}

// GetModule returns one.
func (s *moduleService) GetModule(ctx context.Context, r *kernelv1.GetModuleRequest) (*kernelv1.GetModuleResponse, error) {
	m, err := s.module(ctx, r.GetId())
	return &kernelv1.GetModuleResponse{Module: m}, err
}

func (s *moduleService) module(ctx context.Context, id string) (*kernelv1.Module, error) {
	all, err := s.modules(ctx)
	if err != nil {
		return nil, err
	}
	var known []string
	for _, m := range all {
		if m.GetId() == id {
			return m, nil
		}
		known = append(known, m.GetId())
	}
	hint := ""
	if near := config.Suggest(id, known); near != "" {
		hint = fmt.Sprintf("; did you mean %s?", near)
	}
	return nil, status.Errorf(codes.NotFound, "the portal has no module %q%s", id, hint)
}

// modules are all modules as they stand.
func (s *moduleService) modules(ctx context.Context) ([]*kernelv1.Module, error) {
	p := s.portal
	lags := map[string]event.Lag{}
	if d := p.dispatcher.Load(); d != nil {
		var err error
		if lags, err = d.Lags(ctx); err != nil {
			return nil, store.ErrorStatus(err)
		}
	}
	var all []*kernelv1.Module
	add := func(m *kernelv1.Module) {
		stats, lag := p.router.Stats(m.GetId()), lags[m.GetId()]
		m.CallsPerMinute, m.ErrorsPerMinute = count(stats.Calls), count(stats.Failed)
		m.MedianMs, m.SlowMs, m.CallsRunning = milliseconds(stats.Median), milliseconds(stats.Slow), count(stats.Running)
		if m.EventsWaiting = count(lag.Waiting); lag.Waiting > 0 {
			m.LagSeconds = count(int(max(0, p.options.Now().Sub(lag.Oldest).Seconds())))
		}
		all = append(all, m)
	}
	own := func(id string) *kernelv1.Module {
		return &kernelv1.Module{
			Id: id, Place: kernelv1.ModulePlace_MODULE_PLACE_PORTAL, State: kernelv1.ModuleState_MODULE_STATE_READY, SinceTime: timestamppb.New(p.opened),
		}
	}
	portal := own(kernelID)
	portal.Pid, portal.MemoryMib = count(os.Getpid()), mebibytes(os.Getpid())
	add(portal)
	for _, u := range p.parts().units {
		if process := p.process(u.Name); process != nil {
			add(s.ofProcess(process))
		} else {
			add(own(u.Name))
		}
	}
	p.missing.Range(func(id, why any) bool {
		lost, _ := why.(missing)
		name, _ := id.(string)
		m := own(name)
		m.Place, m.State, m.Reason, m.SinceTime = kernelv1.ModulePlace_MODULE_PLACE_PROGRAM, kernelv1.ModuleState_MODULE_STATE_MISSING, lost.why, timestamppb.New(lost.since)
		m.Path = p.config.Modules[name].Path
		add(m)
		return true
	})
	return all, nil
}

func (s *moduleService) ofProcess(process *plugin.Process) *kernelv1.Module {
	now := process.Status()
	m := &kernelv1.Module{
		Id: process.ID(), Place: kernelv1.ModulePlace_MODULE_PLACE_PROCESS, State: moduleStates[now.State], Reason: now.Reason,
		SinceTime: timestamppb.New(now.Since), Version: now.Version, Pid: count(now.PID), Restarts: count(now.Restarts), Swaps: count(now.Swaps),
		LastFailure: now.LastFailure, CallsRunning: count(now.Running),
	}
	if s.portal.program(process.ID()) != nil {
		m.Place, m.Path = kernelv1.ModulePlace_MODULE_PLACE_PROGRAM, now.Path
		m.Checksum = now.Checksum[:min(len(now.Checksum), 12)]
	}
	if now.Attached {
		m.Place = kernelv1.ModulePlace_MODULE_PLACE_ATTACHED
	}
	m.MemoryMib = mebibytes(now.PID)
	return m
}

// mebibytes is what a process keeps in memory; 0 where that is not known.
func mebibytes(pid int) int32 {
	bytes, _ := plugin.Memory(pid)
	return count(int((bytes + 1<<19) >> 20)) //nolint:gosec // a process has less
}

// ListModuleLinks says what ties modules together.
func (s *moduleService) ListModuleLinks(_ context.Context, r *kernelv1.ListModuleLinksRequest) (*kernelv1.ListModuleLinksResponse, error) {
	response := &kernelv1.ListModuleLinksResponse{}
	for _, link := range s.portal.links() {
		if r.GetModuleId() == "" || link.GetModuleId() == r.GetModuleId() {
			response.Links = append(response.Links, link)
		}
	}
	return response, nil
}

// ListModuleChanges says what happened to modules' processes, the last first.
func (s *moduleService) ListModuleChanges(_ context.Context, r *kernelv1.ListModuleChangesRequest) (*kernelv1.ListModuleChangesResponse, error) {
	response := &kernelv1.ListModuleChangesResponse{}
	for _, process := range s.portal.Processes() {
		if r.GetModuleId() != "" && process.ID() != r.GetModuleId() {
			continue
		}
		for _, was := range process.History() {
			response.Changes = append(response.Changes, &kernelv1.ModuleChange{
				ModuleId: process.ID(), Time: timestamppb.New(was.Since), State: moduleStates[was.State], Reason: was.Reason, Pid: count(was.PID), Version: was.Version,
			})
		}
	}
	slices.SortStableFunc(response.GetChanges(), func(a, b *kernelv1.ModuleChange) int {
		return b.GetTime().AsTime().Compare(a.GetTime().AsTime())
	})
	return response, nil
}

// RestartModule starts a module's process again without a gap.
func (s *moduleService) RestartModule(ctx context.Context, r *kernelv1.RestartModuleRequest) (*kernelv1.RestartModuleResponse, error) {
	m, err := s.operate(ctx, r.GetId(), "restarted", func() error {
		_, err := s.portal.RestartModule(ctx, r.GetId())
		return err
	})
	return &kernelv1.RestartModuleResponse{Module: m}, err
}

// SwapModule puts a new program into the place of the one that runs.
func (s *moduleService) SwapModule(ctx context.Context, r *kernelv1.SwapModuleRequest) (*kernelv1.SwapModuleResponse, error) {
	var pause time.Duration
	m, err := s.operate(ctx, r.GetId(), "swapped", func() (err error) {
		pause, err = s.portal.SwapModule(ctx, r.GetId())
		return err
	})
	return &kernelv1.SwapModuleResponse{Module: m, PauseMs: milliseconds(pause)}, err
}

// QuarantineModule ends a module's process until somebody resumes it.
func (s *moduleService) QuarantineModule(ctx context.Context, r *kernelv1.QuarantineModuleRequest) (*kernelv1.QuarantineModuleResponse, error) {
	m, err := s.operate(ctx, r.GetId(), "quarantined", func() error {
		process := s.portal.process(r.GetId())
		if process == nil {
			return errOwnProcess
		}
		who := "somebody"
		if name := access.From(ctx).Name; name != "" {
			who = name
		}
		return process.Hold(ctx, who+" put it into quarantine")
	})
	return &kernelv1.QuarantineModuleResponse{Module: m}, err
}

// ResumeModule starts a quarantined module again.
func (s *moduleService) ResumeModule(ctx context.Context, r *kernelv1.ResumeModuleRequest) (*kernelv1.ResumeModuleResponse, error) {
	m, err := s.operate(ctx, r.GetId(), "resumed", func() error {
		process := s.portal.process(r.GetId())
		switch {
		case process == nil:
			return errOwnProcess
		case process.Status().State != plugin.Quarantined:
			return errors.New("it is not in quarantine")
		}
		process.Resume()
		return nil
	})
	return &kernelv1.ResumeModuleResponse{Module: m}, err
}

// operate does something to a module's process, and writes down that it was done.
func (s *moduleService) operate(ctx context.Context, id, what string, do func() error) (*kernelv1.Module, error) {
	if _, err := s.module(ctx, id); err != nil {
		return nil, err
	}
	if err := do(); err != nil {
		if ctx.Err() != nil {
			return nil, status.FromContextError(ctx.Err()).Err()
		}
		why := strings.TrimPrefix(err.Error(), "module "+id+": ")
		if process := s.portal.process(id); process != nil && process.Status().State != plugin.Quarantined {
			process.Remark("it was not " + what + ": " + why)
		}
		return nil, module.Refusal(codes.FailedPrecondition, "id", "kernel.refusal.module_"+what, why)
	}
	if err := s.portal.auditDone(ctx, what, id); err != nil {
		return nil, err
	}
	return s.module(ctx, id)
}

func count(n int) int32 { return int32(min(n, 1<<31-1)) } //nolint:gosec // bounded

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
