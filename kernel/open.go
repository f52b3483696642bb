package kernel

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"syscall"

	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/web"
	"github.com/opencabinet/cabinet/kernel/web/assets"
	"github.com/opencabinet/cabinet/kernel/web/screen"
)

//go:embed migrations/*.sql
var migrations embed.FS

// listenError says what to do about an address that cannot be had.
func listenError(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program: stop it, or choose another address with listen in portal.yaml or CABINET_LISTEN", address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be opened by this user: choose a port above 1023 with listen in portal.yaml or CABINET_LISTEN", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is not an address of this machine: choose another with listen in portal.yaml or CABINET_LISTEN", address)
	}
	return fmt.Errorf("listen on %s: %w", address, err)
}

// openStore opens master key and database, and makes in it what the kernel's packages need.
func (p *Portal) openStore(ctx context.Context) (err error) {
	o := p.options
	if p.secrets, err = secret.Open(secret.Config{Dir: p.config.Data, Env: o.Env, Log: o.Log}); err != nil {
		return err
	}
	dsn := p.config.Database.URL.Reveal()
	if dsn == "" {
		c, err := o.Cluster(ctx, p.config.Data)
		if err != nil {
			return err
		}
		p.privateCluster(c)
		dsn = c.DSN()
	}
	// Not with the portal's clock: the database compares signatures with its own, which is the real one.
	p.db, err = store.Open(ctx, store.Config{
		PortalID: p.config.ID, AdminDSN: dsn, Key: p.secrets.Derive("store", 32), Log: o.Log,
	})
	if err != nil {
		return err
	}
	p.onStop("connections of the database", func(context.Context) error { p.db.Close(); return nil })
	if err := p.db.Migrate(ctx, "event", module.Folder(event.Migrations, "migrations")); err != nil {
		return err
	}
	if err := p.db.Migrate(ctx, "live", module.Folder(live.Migrations, "migrations")); err != nil {
		return err
	}
	return p.db.Migrate(ctx, "portal", module.Folder(migrations, "migrations"))
}

// register gives each module its part of the database and has it bind what its manifest promised.
func (p *Portal) register(ctx context.Context) ([]event.Subscription, error) {
	var subscriptions []event.Subscription
	var errs []error
	parts := map[string]*store.Store{}
	for _, u := range p.parts().units {
		rows, err := p.db.Module(ctx, moduleSpec(u.Module.Manifest()))
		if err != nil {
			return nil, err
		}
		parts[u.Name] = rows
	}
	// Before a process is opened, which may begin to work.
	if err := p.db.Lend(ctx, p.parts().loans); err != nil {
		return nil, err
	}
	for _, u := range p.parts().units {
		m, rows := u.Module.Manifest(), parts[u.Name]
		if p.config.Modules[m.ID].Run == config.RunProcess {
			heard, err := p.registerOwn(ctx, u.Module, m, rows)
			if err != nil {
				return nil, err
			}
			p.heard.Store(m.ID, heard)
			subscriptions = append(subscriptions, heard...)
			continue
		}
		host, err := p.lendTo(m, rows)
		if err != nil {
			return nil, err
		}
		r := newRegistrar(m, p.router.For(m.ID, p.parts().requires[m.ID]), host)
		u.Module.Register(r)
		p.heard.Store(m.ID, r.subscriptions)
		subscriptions = append(subscriptions, r.subscriptions...)
		errs = append(errs, r.check())
	}
	errs = append(errs, p.router.Err(), p.checkReveals())
	return subscriptions, errors.Join(errs...)
}

// moduleSpec is a module's part of the database.
func moduleSpec(m module.Manifest) store.ModuleSpec {
	return store.ModuleSpec{ID: m.ID, Migrations: m.Migrations, Grants: m.GrantsClients, OwnsClients: m.OwnsClients}
}

// lendTo is what the kernel lends a module that runs in the portal's process.
func (p *Portal) lendTo(m module.Manifest, rows *store.Store) (*module.Host, error) {
	keys := p.moduleKeys(m.ID)
	secrets, err := secret.Of(keys...)
	if err != nil {
		return nil, err
	}
	return &module.Host{
		ID: m.ID, Store: rows, Policy: p.policy, Log: p.options.Log.With("module", m.ID),
		Now: p.options.Now, Zone: p.config.Location(), URL: p.url,
		Key:     func(purpose string, bytes int) []byte { return module.DeriveKey(keys[0], purpose, bytes) },
		Secrets: secrets, Blobs: p.blobs, Providers: p.providers,
		Tracer: p.tracerOf(m.ID), Meter: p.meterOf(m.ID),
	}, nil
}

// providers are the modules that provide a service.
func (p *Portal) providers(_ context.Context, service string) ([]string, error) {
	return p.router.Providers(service), nil
}

// checkReveals finds texts that nobody could ever see whole: their contract names a permission that no module declares.
func (p *Portal) checkReveals() error {
	declared := p.policy.Permissions()
	var errs []error
	for _, m := range p.router.Methods() {
		for _, name := range m.Reveals {
			if !slices.ContainsFunc(declared, func(d access.Permission) bool { return d.Name == name }) {
				errs = append(errs, fmt.Errorf("%s has texts that are masked without %s, which no module declares", m.Rules.Method, name))
			}
		}
	}
	return errors.Join(errs...)
}

// moduleKeys are what a module's secrets are derived from, wherever it runs: the present one, and those before it.
func (p *Portal) moduleKeys(id string) [][]byte { return p.secrets.Derivations("module/"+id, 32) }

// installEvents tells the database who publishes and who hears.
func (p *Portal) installEvents(ctx context.Context, subscriptions []event.Subscription) error {
	in := event.Installation{Roles: map[string]string{}, Types: map[protoreflect.FullName]string{}, Subscriptions: subscriptions}
	in.Zone, in.Now = p.config.Location(), p.options.due
	for _, u := range p.parts().units {
		m := u.Module.Manifest()
		for _, role := range p.db.RuntimeRoles(m.ID) {
			in.Roles[role] = m.ID
		}
		for _, t := range m.Publishes {
			in.Types[protoreflect.FullName(t)] = m.ID
		}
	}
	for _, role := range p.db.RuntimeRoles(auditID) {
		in.Roles[role] = auditID
	}
	in.Types[(*kernelv1.MassReading)(nil).ProtoReflect().Descriptor().FullName()] = auditID
	// Its grants are on the schema that modules' logins are granted too, by portals that start at the same time.
	return p.db.Alone(ctx, func(ctx context.Context) error { return event.Install(ctx, p.db.Pool(), in) })
}

// listeners are all who hear events: the modules, the timeline, and the kernel itself.
func (p *Portal) listeners(modules []event.Subscription, types eventTypes) ([]event.Subscription, error) {
	all, err := p.timelines(modules, types)
	if err != nil {
		return nil, err
	}
	return append(append(all, p.keepHouse()), p.movers()...), nil
}

// startEvents begins to deliver.
func (p *Portal) startEvents(subscriptions []event.Subscription, types eventTypes) error {
	d, err := event.NewDispatcher(event.Config{
		Pool: p.db.Pool(), Log: p.options.Log, Due: p.options.due, Types: types, Tracer: p.telemetry.Tracer(),
	}, subscriptions...)
	if err != nil {
		return err
	}
	if err := d.Start(p.life); err != nil {
		return err
	}
	first := p.dispatcher.Swap(d) == nil
	p.console.dispatcher.Store(d)
	if !first {
		return nil
	}
	p.onStop("events", func(ctx context.Context) error { return p.dispatcher.Load().Stop(ctx) })
	return p.measure() // what is read off the portal is all there now
}

// Events delivers what modules publish, once the portal has started.
func (p *Portal) Events() *event.Dispatcher { return p.dispatcher.Load() }

// openLive makes what tells browsers that something changed, of what the portal's contracts show.
func (p *Portal) openLive(ctx context.Context) error {
	topics, err := p.liveTopics(ctx)
	if err != nil {
		return err
	}
	p.topics = topics
	p.live = live.New(live.Config{
		Pool: p.db.Pool(), Topics: topics, Identify: web.Who(kernelv1.NewIdentityServiceClient(p.router)), Log: p.options.Log,
	})
	return nil
}

// liveTopics are what browsers may hear of now.
func (p *Portal) liveTopics(ctx context.Context) (*live.Topics, error) {
	var sources []live.Source
	for _, m := range p.router.Methods() {
		if m.ReadOnly {
			sources = append(sources, live.Source{Module: m.Module, Topic: string(screen.Shows(m.Descriptor.Output()).FullName()), Rules: m.Rules})
		}
	}
	topics := live.NewTopics(p.policy, sources)
	var modules []string
	for _, u := range p.parts().units {
		modules = append(modules, u.Name)
	}
	return topics, topics.Check(ctx, p.db.Pool(), modules)
}

// startLive begins to listen.
func (p *Portal) startLive() {
	p.live.Start(p.life)
	p.onStop("live updates", p.live.Stop)
}

// startModules starts those that have something to do, in the order they are listed.
func (p *Portal) startModules() error {
	for _, u := range p.parts().units {
		if p.config.Modules[u.Name].Run == config.RunProcess {
			continue // it was started there, and is stopped there
		}
		if m, ok := u.Module.(module.Starter); ok {
			if err := m.Start(p.life); err != nil {
				return fmt.Errorf("start module %s: %w", u.Name, err)
			}
		}
		if m, ok := u.Module.(module.Stopper); ok {
			p.onStop("module "+u.Name, m.Stop)
		}
	}
	return nil
}

// pages compiles the screens against the contracts and builds the web server.
func (p *Portal) pages() (*web.Server, error) {
	screens, err := screen.Compile(p.router, p.parts().manifests)
	if err != nil {
		return nil, err
	}
	brand, err := brandOf(p.config)
	if err != nil {
		return nil, err
	}
	look, err := assets.New(brand, assets.WithBase(p.config.Path))
	if err != nil {
		return nil, err
	}
	return web.New(web.Config{
		Name: p.config.Name, Base: p.config.Path, Origin: origin(p.url), Languages: languages(p.config), WeekBegins: p.config.FirstWeekday(),
		Help: web.Help{Hours: p.config.Help.Hours, Phone: p.config.Help.Phone, Email: p.config.Help.Email}, Router: p.router, Policy: p.policy, Screens: screens,
		Texts: p.texts, Assets: look, Key: p.secrets.Derive("web", 32), Now: p.options.Now, NewID: store.NewID, Log: p.options.Log,
		Own: p.ownPages(), Hooks: p.hooked(), Live: p.live, Tracer: p.telemetry.Tracer(), Meter: p.telemetry.Meter(),
	})
}

// ownPages are the handlers of modules that serve pages of their own, wherever they run.
func (p *Portal) ownPages() map[string]http.Handler {
	own := map[string]http.Handler{}
	if p.processes != nil {
		own = p.processes.Pages()
	}
	for _, u := range p.parts().units {
		m, ok := u.Module.(module.Pages)
		if !ok || p.config.Modules[u.Name].Run == config.RunProcess {
			continue
		}
		if routes := m.Routes(); routes != nil {
			own[u.Name] = routes
		}
	}
	return own
}

// hooked are the modules to which programs elsewhere post.
func (p *Portal) hooked() []string {
	var ids []string
	for _, m := range p.parts().manifests {
		if m.Hooks {
			ids = append(ids, m.ID)
		}
	}
	return ids
}

// languages are those offered, the portal's own first.
func languages(cfg *config.Config) []string {
	list := []string{cfg.Locale}
	for _, tag := range cfg.Locales {
		if tag != cfg.Locale {
			list = append(list, tag)
		}
	}
	return list
}

func brandOf(cfg *config.Config) (assets.Brand, error) {
	b := cfg.Brand
	brand := assets.Brand{
		Name: b.Name, Hue: b.Hue, Chroma: b.Chroma, Tint: b.Tint, Font: b.Font, FontHead: b.FontHead, HeadWeight: b.HeadWeight,
		Radius: b.Radius, Density: b.Density, Measure: b.Measure, RailDark: b.RailScheme == "dark",
	}
	if b.Logo == "" {
		return brand, nil
	}
	logo, err := os.ReadFile(b.Logo)
	if err != nil {
		return brand, fmt.Errorf("read the logo that brand.logo names: %w", err)
	}
	brand.Logo = logo
	return brand, nil
}

// firstHead gives the link by which the first head of a new portal comes in; empty when there is one.
func (p *Portal) firstHead(ctx context.Context) (string, error) {
	response, err := kernelv1.NewIdentityServiceClient(p.Kernel()).InviteFirstHead(ctx, &kernelv1.InviteFirstHeadRequest{})
	if err != nil || response.GetToken() == "" {
		return "", err
	}
	return p.url + "/invitation/" + response.GetToken(), nil
}

// origin is an address without its path.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + u.Host
}
