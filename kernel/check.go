package kernel

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/secret"
)

// check looks at all of a portal that can be looked at without a database and without serving: besides what [New] checks,
// that modules bind what they promise, that contracts, screens, tiles, events and looks hold, and that programs of modules'
// own start and say what they are. They are ended again. A portal that was checked is not started: make a new one.
func (p *Portal) check(ctx context.Context) error {
	p.mu.Lock()
	p.started = true
	p.mu.Unlock()
	key := make([]byte, 32) // of nothing that lasts
	_, _ = rand.Read(key)
	var err error
	if p.secrets, err = secret.Of(key); err != nil {
		return err
	}
	p.url = p.config.URL
	if err := p.checkForeign(ctx); err != nil {
		return err
	}
	p.hollowKernel()
	heard, err := p.checkModules()
	if err != nil {
		return err // screens of what is not there would be wrong a second time
	}
	_, screens := p.pages()
	types := p.eventTypes()
	_, timelines := p.timelines(heard, types)
	return errors.Join(screens, timelines, p.checkEvents(types))
}

// checkForeign starts the programs that portal.yaml names, asks what they are, and ends them. Those that somebody starts
// by hand are left out: they serve the portal that runs.
func (p *Portal) checkForeign(ctx context.Context) error {
	if len(p.foreign) == 0 {
		return nil
	}
	host, err := plugin.NewHost(plugin.HostConfig{
		Router: p.router, SignRows: noRows, Log: p.options.Log, Timing: p.options.Timing, Now: p.options.Now, GRPCOnly: p.options.GRPCOnly,
	})
	if err != nil {
		return err
	}
	p.processes = host
	p.onStop("modules' processes", host.Close)
	processes, errs := make([]*plugin.Process, len(p.foreign)), make([]error, len(p.foreign))
	var starting sync.WaitGroup
	for i, id := range p.foreign {
		if m := p.config.Modules[id]; !m.Attach {
			starting.Go(func() { processes[i], errs[i] = host.Start(ctx, p.specOf(id, m)) })
		}
	}
	starting.Wait()
	for i, process := range processes {
		if process == nil {
			continue
		}
		p.units = append(p.units, module.Unit{Name: p.foreign[i], Module: foreign{process.Description()}})
	}
	if err := errors.Join(errs...); err != nil {
		return err // what they provide would be missed a second time
	}
	return p.compose()
}

// noRows signs nothing: there is no database to sign for.
func noRows(context.Context, string) (string, time.Time, error) {
	return "", time.Time{}, errors.New("there is no database while a portal is checked")
}

// checkModules has each module bind what its manifest promised, as it does when a portal starts, and no further.
func (p *Portal) checkModules() ([]event.Subscription, error) {
	var heard []event.Subscription
	var errs []error
	for _, u := range p.parts().units {
		m := u.Module.Manifest()
		if process := p.program(m.ID); process != nil {
			errs = append(errs, process.Register(p.router))
			continue
		}
		if _, err := plugin.SettingsOf(u.Module); err != nil {
			errs = append(errs, fmt.Errorf("module %s: %w", m.ID, err))
		}
		r, err := p.bind(u, m)
		if err == nil {
			err = r.check()
			heard = append(heard, r.subscriptions...)
			p.heard.Store(m.ID, r.subscriptions)
		}
		errs = append(errs, err)
	}
	return heard, errors.Join(append(errs, p.router.Err(), p.checkReveals())...)
}

// bind has a module bind what its manifest promised. There is no database behind its store.
func (p *Portal) bind(u module.Unit, m module.Manifest) (_ *registrar, err error) {
	defer func() {
		if said := recover(); said != nil {
			err = fmt.Errorf("module %s does more than bind services and handlers when it is registered, and panicked: %v", m.ID, said)
		}
	}()
	host, err := p.lendTo(m, nil)
	if err != nil {
		return nil, err
	}
	r := newRegistrar(m, p.router.For(m.ID, p.parts().requires[m.ID]), host)
	u.Module.Register(r)
	return r, nil
}

// checkEvents looks at what modules publish.
func (p *Portal) checkEvents(types eventTypes) error {
	var errs []error
	for _, m := range p.parts().manifests {
		for _, name := range m.Publishes {
			t, err := types.FindMessageByName(protoreflect.FullName(name))
			if err != nil {
				errs = append(errs, fmt.Errorf("module %s publishes %s, which is no message of its contracts", m.ID, name))
				continue
			}
			if err := event.Check(t.Descriptor()); err != nil {
				errs = append(errs, fmt.Errorf("module %s: %w", m.ID, err))
			}
		}
	}
	return errors.Join(errs...)
}

// hollowKernel registers the kernel's own contracts, for screens to be checked against. Nothing answers.
func (p *Portal) hollowKernel() {
	for _, name := range p.parts().manifests[0].Provides {
		if p.router.Provides(name) {
			continue
		}
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			panic(err) // the kernel links what it provides
		}
		service, _ := found.(protoreflect.ServiceDescriptor)
		desc := &grpc.ServiceDesc{ServiceName: name}
		for i := range service.Methods().Len() {
			m := service.Methods().Get(i)
			if m.IsStreamingClient() || m.IsStreamingServer() {
				desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: string(m.Name()), Handler: func(any, grpc.ServerStream) error { return errChecked }})
				continue
			}
			desc.Methods = append(desc.Methods, grpc.MethodDesc{
				MethodName: string(m.Name()),
				Handler: func(any, context.Context, func(any) error, grpc.UnaryServerInterceptor) (any, error) {
					return nil, errChecked
				},
			})
		}
		p.router.RegisterRemote(kernelID, service, desc)
	}
}

var errChecked = status.Error(codes.Unavailable, "this portal is being checked, and does not run")
