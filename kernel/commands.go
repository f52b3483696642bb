package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/internal/command"
)

// commands are what the command line can do with a portal.
type commands struct{ options Options }

var _ command.Portal = commands{}

// newCommands takes in what flags and the process's environment say.
func newCommands(options Options, flags command.Flags, errs io.Writer) commands {
	options = options.fromProcess()
	if flags.Config != "" {
		options.Config.Path = flags.Config
	}
	if options.Log == nil {
		level := slog.LevelWarn
		if flags.Verbose {
			level = slog.LevelDebug
		}
		options.Log = slog.New(slog.NewTextHandler(errs, &slog.HandlerOptions{Level: level}))
	}
	return commands{options}
}

// Open runs the portal until ctx ends.
func (c commands) Open(ctx context.Context, out io.Writer) error { return open(ctx, c.options, out) }

// Check looks at what can be looked at without a database.
func (c commands) Check(ctx context.Context) (_ *command.Checked, err error) {
	p, err := New(c.options)
	if err != nil {
		return nil, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
		defer cancel()
		err = errors.Join(err, p.Stop(stopping))
	}()
	err = p.check(ctx)
	out := &command.Checked{ID: p.config.ID, Name: p.config.Name}
	if p.parts() == nil {
		return out, err
	}
	for _, m := range p.parts().manifests {
		one := &kernelv1.Module{Id: m.ID, Place: p.place(m.ID), Path: p.config.Modules[m.ID].Path}
		if program := p.program(m.ID); program != nil {
			one.Version = program.Description().Version
		}
		out.Modules = append(out.Modules, one)
		out.Screens += len(m.Screens)
		out.Events += len(m.Publishes)
	}
	for _, id := range p.foreign {
		if p.config.Modules[id].Attach {
			out.Modules = append(out.Modules, &kernelv1.Module{Id: id, Place: kernelv1.ModulePlace_MODULE_PLACE_ATTACHED})
		}
	}
	out.Links, out.Methods = p.links(), len(p.router.Methods())
	return out, err
}

// place is where a module runs.
func (p *Portal) place(id string) kernelv1.ModulePlace {
	switch m := p.config.Modules[id]; {
	case m.Attach:
		return kernelv1.ModulePlace_MODULE_PLACE_ATTACHED
	case m.Path != "":
		return kernelv1.ModulePlace_MODULE_PLACE_PROGRAM
	case m.Run == config.RunProcess:
		return kernelv1.ModulePlace_MODULE_PLACE_PROCESS
	}
	return kernelv1.ModulePlace_MODULE_PLACE_PORTAL
}

// Config reads the configuration alone.
func (c commands) Config() (*config.Config, error) {
	read, err := c.options.reading(call.New(call.Options{Log: c.options.Log}))
	if err != nil {
		return nil, err
	}
	return config.Load(read)
}

// Schema describes the configuration.
func (c commands) Schema() ([]byte, error) {
	read, err := c.options.reading(call.New(call.Options{Log: c.options.Log}))
	if err != nil {
		return nil, err
	}
	return config.Schema(read.Module)
}

// reading assembles the modules around a router, and says how the configuration is read for them.
func (o Options) reading(router *call.Router) (config.Options, error) {
	if o.Assemble == nil {
		return config.Options{}, errNoAssemble
	}
	units, err := o.Assemble(router)
	if err != nil {
		return config.Options{}, fmt.Errorf("assemble the modules: %w", err)
	}
	return o.readFor(units), nil
}
