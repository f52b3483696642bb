package kernel

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/serve"
	"github.com/opencabinet/cabinet/kernel/store"
)

// openProcesses opens the socket on which modules' processes call back, when some module has one of its own.
func (p *Portal) openProcesses() error {
	some := false
	for _, m := range p.config.Modules {
		some = some || m.Enabled && m.Run == config.RunProcess
	}
	if !some {
		return nil
	}
	host, err := plugin.NewHost(plugin.HostConfig{
		Router: p.router, SignRows: p.db.SignRows, Log: p.options.Log, Timing: p.options.Timing, Now: p.options.Now,
		GRPCOnly: p.options.GRPCOnly, Changed: p.modulesChanged,
		Telemetry: p.reports(),
	})
	if err != nil {
		return err
	}
	p.processes = host
	p.onStop("modules' processes", host.Close)
	return nil
}

// foreign is a module of a program of its own: what it says of itself, and nothing to call.
type foreign struct{ description *plugin.Description }

var _ module.Module = foreign{}

// Manifest is what the program sent.
func (f foreign) Manifest() module.Manifest { return f.description.Manifest }

// Register is done in the program.
func (f foreign) Register(module.Registrar) {}

// startForeign starts the programs that portal.yaml names, all at once, and asks what they are. One that cannot be had
// leaves the portal without its module, and the log says why.
func (p *Portal) startForeign(ctx context.Context) error {
	if len(p.foreign) == 0 {
		return nil
	}
	for _, id := range p.foreign {
		if m := p.config.Modules[id]; m.Attach {
			p.options.Log.WarnContext(ctx, "the portal waits for a module that somebody starts by hand", "module", id, "environment", wire.EnvAttach+"="+p.attachFolder())
		}
	}
	processes, errs := make([]*plugin.Process, len(p.foreign)), make([]error, len(p.foreign))
	var starting sync.WaitGroup
	for i, id := range p.foreign {
		starting.Go(func() {
			processes[i], errs[i] = p.processes.Start(ctx, p.specOf(id, p.config.Modules[id]))
		})
	}
	starting.Wait()
	for i, id := range p.foreign {
		process, err := processes[i], errs[i]
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			p.options.Log.ErrorContext(ctx, "a module is left out: its program cannot be used", "module", id, "error", err)
			p.missing.Store(id, missing{strings.TrimPrefix(err.Error(), "module "+id+": "), p.options.Now()})
			continue
		}
		p.units = append(p.units, module.Unit{Name: id, Module: foreign{process.Description()}})
	}
	return p.compose()
}

// specOf is how a module's own program is started.
func (p *Portal) specOf(id string, m config.Module) plugin.Spec {
	s := plugin.Spec{ID: id, Path: m.Path, Checksum: strings.TrimPrefix(m.Checksum, "sha256:"), Env: p.foreignEnv()}
	if m.Attach {
		s.Attach = p.attachFolder()
	}
	return s
}

// attachFolder is where modules that somebody starts in a debugger say where they serve.
func (p *Portal) attachFolder() string { return filepath.Join(p.config.Data, "attach") }

// missing is why the portal is without a module, and since when.
type missing struct {
	why   string
	since time.Time
}

// program is the process of a module's own program; nil for one that is not there, or runs otherwise.
func (p *Portal) program(id string) *plugin.Process {
	if !slices.Contains(p.foreign, id) {
		return nil
	}
	return p.process(id)
}

// process is that of a module, of whichever program; nil for one that has none.
func (p *Portal) process(id string) *plugin.Process {
	for _, process := range p.Processes() {
		if process.ID() == id {
			return process
		}
	}
	return nil
}

// foreignEnv is what a program of its own sees of the environment: where programs are, by which a script finds its
// interpreter.
func (p *Portal) foreignEnv() []string {
	return append([]string{"PATH=" + os.Getenv("PATH")}, p.options.ProgramEnv...)
}

// startProcess starts a module of this program in a process of its own: the portal's program again, which serves the
// one module and nothing else.
func (p *Portal) startProcess(ctx context.Context, id string) (*plugin.Process, error) {
	program, err := p.options.program()
	if err != nil {
		return nil, err
	}
	return p.processes.Start(ctx, plugin.Spec{ID: id, Path: program, Args: p.options.ProgramArgs, Env: append([]string{wire.EnvModule + "=" + id}, p.options.ProgramEnv...)})
}

// registerOwn takes in a module that runs in a process of its own; one of this program is started for that.
func (p *Portal) registerOwn(ctx context.Context, own module.Module, m module.Manifest, rows *store.Store) ([]event.Subscription, error) {
	if process := p.program(m.ID); process != nil {
		return p.registerProcess(ctx, process, m, rows, p.config.Modules[m.ID].Settings)
	}
	settings, err := plugin.SettingsOf(own)
	if err != nil {
		return nil, err
	}
	process, err := p.startProcess(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	return p.registerProcess(ctx, process, m, rows, settings)
}

// registerProcess lends a module's process what the module needs, and has the router carry calls to it.
func (p *Portal) registerProcess(ctx context.Context, process *plugin.Process, m module.Manifest, rows *store.Store, settings []byte) ([]event.Subscription, error) {
	lend, err := p.lend(ctx, m.ID, rows, settings)
	if err != nil {
		return nil, err
	}
	if err := process.Open(ctx, lend); err != nil {
		if p.program(m.ID) == nil || ctx.Err() != nil {
			return nil, err
		}
		p.options.Log.ErrorContext(ctx, "a module is quarantined: its program does not open", "module", m.ID, "error", err)
		process.Quarantine(err)
	}
	return process.Subscriptions(), process.Register(p.router)
}

// lend is what a module's process is opened with.
func (p *Portal) lend(ctx context.Context, id string, rows *store.Store, settings []byte) (plugin.Lend, error) {
	keys := p.moduleKeys(id)
	var blobs []byte
	if !slices.Contains(p.foreign, id) { // a program of its own could read what is every client's
		var err error
		if blobs, err = config.Encode(&p.config.Blobs); err != nil {
			return plugin.Lend{}, err
		}
	}
	return plugin.NewLend(ctx, id, plugin.Lending{
		DB: p.db, Rows: rows, Policy: p.policy, Key: keys[0], OlderKeys: keys[1:], Zone: p.config.Location(), URL: p.url, Settings: settings, Blobs: blobs,
	})
}

// program is what is started to serve a module: the portal's own.
func (o Options) program() (string, error) {
	if o.Program != "" {
		return o.Program, nil
	}
	return os.Executable()
}

// Serve serves one module to the portal that started this program again for it; Main calls it. It tells whether the
// program was started for that, and returns once the portal lets it go.
func Serve(assemble Assemble) bool {
	if !serve.Asked() {
		return false
	}
	id := os.Getenv(wire.EnvModule)
	serve.Run(sentBlobs, func(conn grpc.ClientConnInterface) (module.Module, error) {
		// Every constructor runs, as the modules were composed together; only one is served.
		units, err := assemble(call.New(call.Options{Upstream: conn}))
		if err != nil {
			return nil, err
		}
		for _, u := range units {
			if u.Name == id {
				return u.Module, nil
			}
		}
		return nil, fmt.Errorf("this program has no module %q", id)
	})
	return true
}

// Processes are the portal's modules that have processes of their own; none when there are no such.
func (p *Portal) Processes() []*plugin.Process {
	if p.processes == nil {
		return nil
	}
	return p.processes.Processes()
}
