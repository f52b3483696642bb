package kernel

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
)

// errOwnProcess is what cannot be done to a module of the portal's own process.
var errOwnProcess = errors.New("it runs in the portal's own process: start the portal again, or give it a process of its own in portal.yaml")

// RestartModule starts a module's program again beside the process that runs, and puts it in its place. It returns for how
// long no call could be begun.
func (p *Portal) RestartModule(ctx context.Context, id string) (time.Duration, error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	process := p.process(id)
	if process == nil {
		return 0, errOwnProcess
	}
	c, err := process.Prepare(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer c.Discard()
	lend, ok := process.Lent()
	if !ok {
		return 0, errors.New("it was never opened: put a program that can be into its place")
	}
	if err := c.Open(ctx, lend); err != nil {
		return 0, err
	}
	return c.Commit(ctx, nil)
}

// SwapModule puts what is in a program's file now into the place of what runs, with all that it says of itself: contracts
// that grew, pages, texts, permissions, migrations, settings. portal.yaml is read again for what it says of the module. When
// anything is wrong with the new program the portal goes on as it was; its migrations alone stay. It returns for how long
// no call could be begun.
func (p *Portal) SwapModule(ctx context.Context, id string) (pause time.Duration, err error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	if !slices.Contains(p.foreign, id) {
		if p.process(id) == nil {
			return 0, errOwnProcess
		}
		return 0, errors.New("it is part of the portal's own program: start the portal again for a new one, or restart the module's process")
	}
	said, err := p.reread(id)
	if err != nil {
		return 0, err
	}
	spec := p.specOf(id, said)
	process := p.program(id)
	if process == nil {
		return 0, p.takeIn(ctx, spec, said)
	}
	before := process.Description()
	c, err := process.Prepare(ctx, &spec)
	if err != nil {
		return 0, err
	}
	defer c.Discard()
	units := p.with(id, c.Description())
	rows, err := p.db.Module(ctx, moduleSpec(c.Description().Manifest))
	if err != nil {
		return 0, err
	}
	if err := p.lendMore(ctx, units); err != nil {
		return 0, err
	}
	defer func() {
		if err != nil { // what the module of before borrows is what it goes on with
			err = errors.Join(err, p.db.Lend(ctx, p.parts().loans))
		}
	}()
	lend, err := p.lend(ctx, id, rows, said.Settings)
	if err != nil {
		return 0, err
	}
	if err := c.Open(ctx, lend); err != nil {
		return 0, err
	}
	if same(before, c.Description()) && slices.EqualFunc(p.hears(id), c.Subscriptions(), alike) {
		return c.Commit(ctx, nil)
	}
	undo, err := p.goBy(ctx, units, id, process, c.Description())
	if err != nil {
		return 0, err
	}
	heard := p.hears(id)
	pause, err = c.Commit(ctx, func() { p.takeBack(id, process, heard) })
	if err != nil {
		return 0, errors.Join(err, undo(ctx))
	}
	p.heard.Store(id, c.Subscriptions())
	return pause, errors.Join(p.db.Lend(ctx, p.parts().loans), p.hear(ctx))
}

// reread reads portal.yaml again for what it says of one module.
func (p *Portal) reread(id string) (config.Module, error) {
	// The modules are made once more, to have settings to fill: those that run keep theirs.
	read, err := p.options.reading(call.New(call.Options{Log: p.options.Log}))
	if err != nil {
		return config.Module{}, err
	}
	cfg, err := config.Load(read)
	if err != nil {
		return config.Module{}, err
	}
	said, known := cfg.Modules[id]
	if !known || !said.Enabled || said.Path == "" && !said.Attach {
		return config.Module{}, fmt.Errorf("portal.yaml does not name a program for module %s any more: start the portal again to be without it", id)
	}
	return said, nil
}

// with are the portal's units, one of which another program says what it is.
func (p *Portal) with(id string, d *plugin.Description) []module.Unit {
	units := slices.Clone(p.units)
	for i, u := range units {
		if u.Name == id {
			units[i].Module = foreign{d}
			return units
		}
	}
	return append(units, module.Unit{Name: id, Module: foreign{d}})
}

// same tells whether two programs say the same of a module, but for their version.
func same(a, b *plugin.Description) bool { return a.Digest == b.Digest }

// alike tells whether two subscriptions are for the same, whoever handles them.
func alike(a, b event.Subscription) bool {
	return a.Subscriber == b.Subscriber && slices.Equal(a.Types, b.Types) && reflect.DeepEqual(a.Schedule, b.Schedule) && a.Timeout == b.Timeout
}

// goBy has the portal go by other modules: who may call what, contracts, texts, pages. undo goes back. When it is an error
// nothing has changed.
func (p *Portal) goBy(ctx context.Context, units []module.Unit, id string, process *plugin.Process, d *plugin.Description) (undo func(ctx context.Context) error, err error) {
	next, err := composed(units, p.config)
	if err != nil {
		return nil, err
	}
	was, before := p.units, process.Description()
	undo = func(ctx context.Context) error {
		back, err := composed(was, p.config)
		if err != nil {
			return err
		}
		return p.adoptAll(ctx, was, back, id, process, before)
	}
	if err := p.adoptAll(ctx, units, next, id, process, d); err != nil {
		return nil, errors.Join(err, undo(ctx))
	}
	return undo, nil
}

// adoptAll puts one composition in the place of another.
func (p *Portal) adoptAll(ctx context.Context, units []module.Unit, c *composition, id string, process *plugin.Process, d *plugin.Description) error {
	var services []call.Remote
	if slices.ContainsFunc(units, func(u module.Unit) bool { return u.Name == id }) {
		var err error
		if services, err = process.Services(d); err != nil {
			return err
		}
	}
	if err := p.router.ReplaceRemote(id, services); err != nil {
		return err
	}
	if err := p.roles.adopt(ctx, c.policy); err != nil {
		return err
	}
	p.units = units
	p.texts.Adopt(c.texts)
	p.install(c)
	if err := p.checkReveals(); err != nil {
		return err
	}
	pages, err := p.pages()
	if err != nil {
		return err
	}
	topics, err := p.liveTopics(ctx)
	if err != nil {
		return err
	}
	p.topics.Adopt(topics)
	p.exports.Open(pages.Screens)
	if old := p.handler.Swap(pages); old != nil {
		old.Drain() // browsers that listen come back to the new one
	}
	return nil
}

// takeBack has the portal go by the program before, whose process took over again. It is called by the supervisor, which
// waits for nothing.
func (p *Portal) takeBack(id string, process *plugin.Process, heard []event.Subscription) {
	p.following.Go(func() {
		p.changing.Lock()
		defer p.changing.Unlock()
		if p.life.Err() != nil {
			return
		}
		units := p.with(id, process.Description())
		_, err := p.goBy(p.life, units, id, process, process.Description())
		if err == nil {
			err = p.db.Lend(p.life, p.parts().loans)
		}
		if err != nil {
			p.options.Log.ErrorContext(p.life, "the portal does not go by the program before: start it again", "module", id, "error", err)
			return
		}
		p.heard.Store(id, heard)
		if err := p.hear(p.life); err != nil {
			p.options.Log.ErrorContext(p.life, "events are not delivered as the program before hears them: start the portal again", "module", id, "error", err)
		}
	})
}

// hears is what a module hears.
func (p *Portal) hears(id string) []event.Subscription {
	found, _ := p.heard.Load(id)
	heard, _ := found.([]event.Subscription)
	return heard
}

// hear has events delivered to those who listen now.
func (p *Portal) hear(ctx context.Context) error {
	types := p.eventTypes()
	var modules []event.Subscription
	for _, u := range p.parts().units {
		modules = append(modules, p.hears(u.Name)...)
	}
	all, err := p.listeners(modules, types)
	if err != nil {
		return err
	}
	if err := p.installEvents(ctx, all); err != nil {
		return err
	}
	if err := p.dispatcher.Load().Stop(ctx); err != nil {
		return err
	}
	return p.startEvents(all, types)
}

// takeIn starts a program that could not be used when the portal was opened, and takes its module in.
func (p *Portal) takeIn(ctx context.Context, spec plugin.Spec, said config.Module) (err error) {
	process, err := p.processes.Start(ctx, spec)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.processes.Drop(ctx, process))
		}
	}()
	m := process.Description().Manifest
	rows, err := p.db.Module(ctx, moduleSpec(m))
	if err != nil {
		return err
	}
	if err := p.lendMore(ctx, p.with(spec.ID, process.Description())); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.db.Lend(ctx, p.parts().loans))
		}
	}()
	lend, err := p.lend(ctx, spec.ID, rows, said.Settings)
	if err != nil {
		return err
	}
	if err := process.Open(ctx, lend); err != nil {
		return err
	}
	undo, err := p.goBy(ctx, p.with(spec.ID, process.Description()), spec.ID, process, process.Description())
	if err != nil {
		return err
	}
	p.heard.Store(spec.ID, process.Subscriptions())
	if err := p.hear(ctx); err != nil {
		p.heard.Delete(spec.ID)
		return errors.Join(err, undo(ctx))
	}
	p.missing.Delete(spec.ID)
	return nil
}
