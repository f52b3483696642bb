package kernel

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit/trail"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/export"
	"github.com/opencabinet/cabinet/kernel/live"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/reading"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
	"github.com/opencabinet/cabinet/kernel/telemetry"
	"github.com/opencabinet/cabinet/kernel/web"
)

// Portal is one assembled application. Its life: [New], [Portal.Start], [Portal.Wait], [Portal.Stop].
type Portal struct {
	options  Options
	config   *config.Config
	router   *call.Router
	units    []module.Unit
	foreign  []string // modules of programs of their own, by id
	composed atomic.Pointer[composition]
	policy   *access.Policy
	texts    *locale.Bundle

	// changing is held while another program of a module is put into its place.
	changing  sync.Mutex
	missing   sync.Map // foreign modules that the portal is without: id → why
	following sync.WaitGroup
	heard     sync.Map // what modules hear: id → []event.Subscription

	// What Start makes, and stops hold: the functions that unmake it, last first.
	secrets    *secret.Keeper
	blobs      *blob.Store
	db         *store.DB
	processes  *plugin.Host // nil when every module runs in this process
	dispatcher atomic.Pointer[event.Dispatcher]
	handler    atomic.Pointer[web.Server]
	roles      *roleService
	topics     *live.Topics
	refusals   atomic.Pointer[trail.Refusals] // nil until the database is open
	live       *live.Hub
	console    eventService
	exports    *export.Service
	readings   atomic.Pointer[reading.Counter] // nil until the database is open, and where nothing is counted
	trail      *store.Store                    // the audit log's
	telemetry  *telemetry.Telemetry
	url        string
	address    string
	opened     time.Time     // when it was begun to be
	stirred    chan struct{} // holds one: something about a module's process changed
	said       []string      // by the seed, for Main to print
	failed     chan error
	// life is the context of what runs as long as the portal does.
	life    context.Context
	endLife context.CancelFunc

	mu      sync.Mutex
	started bool
	stopped bool
	stops   []stop
}

// stop unmakes one thing that Start made.
type stop struct {
	what string
	do   func(ctx context.Context) error
}

// safely turns a panic into an error: what comes after still has to be stopped.
func (s stop) safely(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("it panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return s.do(ctx)
}

// New reads the configuration and checks that the modules fit together. It starts nothing. The error names everything
// that is wrong.
func New(options Options) (*Portal, error) {
	options, err := options.validate()
	if err != nil {
		return nil, err
	}
	p := &Portal{options: options, failed: make(chan error, 1), stirred: make(chan struct{}, 1)}
	p.console.portal = p
	p.router = call.New(call.Options{Log: options.Log, Clock: options.due, Refused: p.refused, Read: p.read})
	units, err := options.Assemble(p.router)
	if err != nil {
		return nil, fmt.Errorf("assemble the modules: %w", err)
	}
	if p.config, err = config.Load(options.readFor(units)); err != nil {
		return nil, err
	}
	p.units = units
	for _, id := range slices.Sorted(maps.Keys(p.config.Modules)) {
		if m := p.config.Modules[id]; (m.Path != "" || m.Attach) && m.Enabled {
			p.foreign = append(p.foreign, id)
		}
	}
	if len(p.foreign) > 0 {
		return p, nil // what they are is known once their programs run
	}
	if err := p.compose(); err != nil {
		return nil, err
	}
	return p, nil
}

// compose checks that the modules fit together, and derives what follows from all of them.
func (p *Portal) compose() error {
	c, err := composed(p.units, p.config)
	if err != nil {
		return err
	}
	p.policy, p.texts = c.policy, c.texts
	p.install(c)
	return nil
}

// install has the portal go by a composition, whose policy and texts are in force.
func (p *Portal) install(c *composition) {
	c.lists = p.lists(c)
	p.composed.Store(c)
	p.router.Install(p.policy, c.requires)
}

// parts are the modules of the portal as they are now.
func (p *Portal) parts() *composition { return p.composed.Load() }

// Start opens the portal: master key, database, modules, events, pages. When it fails, what it had started is stopped
// again. ctx bounds the start alone, not the portal's life.
func (p *Portal) Start(ctx context.Context) error {
	p.mu.Lock()
	if p.started || p.stopped {
		p.mu.Unlock()
		return errors.New("kernel: the portal was started or stopped before: make a new one")
	}
	p.started = true
	// Its own context, because ctx ends when the start does.
	p.life, p.endLife = context.WithCancel(context.WithoutCancel(ctx))
	p.mu.Unlock()

	err := p.start(ctx)
	if err == nil && p.wasStopped() {
		err = errors.New("kernel: the portal was stopped while it started")
	}
	if err != nil {
		return errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
	}
	return nil
}

func (p *Portal) wasStopped() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped
}

func (p *Portal) start(ctx context.Context) error {
	began := time.Now()
	p.opened = p.options.Now()
	// First, since it is quick to find out and usual to fail: another portal may be running.
	listener, err := p.listen(ctx)
	if err != nil {
		return err
	}
	if err := p.openTelemetry(ctx); err != nil {
		return err
	}
	if err := p.openStore(ctx); err != nil {
		return err
	}
	if err := p.openBlobs(ctx); err != nil {
		return err
	}
	if err := p.openProcesses(); err != nil {
		return err
	}
	if err := p.startForeign(ctx); err != nil {
		return err
	}
	kernelv1.RegisterAccessServiceServer(p.router, &accessService{
		router: p.router, policy: p.policy, identity: kernelv1.NewIdentityServiceClient(p.router), db: p.db,
	})
	if err := p.openRoles(ctx); err != nil {
		return err
	}
	if err := p.openAudit(ctx); err != nil {
		return err
	}
	if err := p.openViews(ctx); err != nil {
		return err
	}
	p.openExports()
	kernelv1.RegisterEventServiceServer(p.router, &p.console)
	kernelv1.RegisterModuleServiceServer(p.router, &moduleService{portal: p})
	subscriptions, err := p.register(ctx)
	if err != nil {
		return err
	}
	if err := p.openLive(ctx); err != nil {
		return err
	}
	pages, err := p.pages()
	if err != nil {
		return err
	}
	types := p.eventTypes()
	if subscriptions, err = p.listeners(subscriptions, types); err != nil {
		return err
	}
	if err := p.installEvents(ctx, subscriptions); err != nil {
		return err
	}
	if err := p.startModules(); err != nil {
		return err
	}
	if err := p.catchUpMoves(ctx); err != nil {
		return err
	}
	if err := p.startEvents(subscriptions, types); err != nil {
		return err
	}
	if err := p.seed(ctx); err != nil {
		return err
	}
	p.exports.Open(pages.Screens)
	p.startLive()
	p.startReadings()
	p.followModules()
	p.openControl(ctx)
	p.serve(listener, pages)
	p.options.Log.InfoContext(ctx, "portal is open", "url", p.url, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// onStop remembers how to unmake something; the last made goes first.
func (p *Portal) onStop(what string, do func(ctx context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops = append(p.stops, stop{what, do})
}

// Stop closes the portal: no new requests, those under way finish, then modules, events and the database stop. What
// outlasts ctx is cut off. Stopping before starting, or twice, is safe.
func (p *Portal) Stop(ctx context.Context) error {
	p.mu.Lock()
	stops, endLife := p.stops, p.endLife
	p.stops, p.stopped = nil, true
	p.mu.Unlock()
	var errs []error
	for i := len(stops) - 1; i >= 0; i-- {
		if err := stops[i].safely(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", stops[i].what, err))
		}
	}
	if endLife != nil {
		endLife()
	}
	return errors.Join(errs...)
}

// Wait returns when ctx ends, with nil, or when something without which there is no portal has ended by itself, with
// what it was. Stop follows in both cases.
func (p *Portal) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-p.failed:
		return err
	}
}

// fail tells Wait; the first failure is the one that counts.
func (p *Portal) fail(err error) {
	select {
	case p.failed <- err:
	default:
	}
}

// listen takes the portal's address, and settles where browsers reach it.
func (p *Portal) listen(ctx context.Context) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", p.config.Listen)
	if err != nil {
		return nil, listenError(p.config.Listen, err)
	}
	p.onStop("listening", func(context.Context) error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	})
	p.url, p.address = p.config.URL, listener.Addr().String()
	if address, ok := listener.Addr().(*net.TCPAddr); ok && p.config.Origin("url") == "default" {
		host, _, _ := net.SplitHostPort(p.config.Listen)
		p.url = fmt.Sprintf("http://%s%s", net.JoinHostPort(config.BrowserHost(host), fmt.Sprint(address.Port)), p.config.Path)
	}
	return listener, nil
}

func (p *Portal) serve(listener net.Listener, pages *web.Server) {
	p.handler.Store(pages)
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.handler.Load().ServeHTTP(w, r) }),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(p.options.Log.Handler(), slog.LevelWarn),
	}
	server.RegisterOnShutdown(func() { p.handler.Load().Drain() })
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			p.fail(fmt.Errorf("serving pages ended: %w", err))
		}
	}()
	p.onStop("serving pages", func(ctx context.Context) error {
		err := server.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		<-ended
		return err
	})
}

// URL is where browsers reach the portal, without a slash at its end.
func (p *Portal) URL() string { return p.url }

// Address is where the portal listens, host and port, once it has started: where a proxy before it turns to.
func (p *Portal) Address() string { return p.address }

// Config is the portal's configuration.
func (p *Portal) Config() *config.Config { return p.config }

// Router carries calls. A context in which nobody acts may call what is public.
func (p *Portal) Router() *call.Router { return p.router }

// Policy is the portal's roles and what each may do.
func (p *Portal) Policy() *access.Policy { return p.policy }

// Texts are the portal's words in its languages.
func (p *Portal) Texts() *locale.Bundle { return p.texts }

// Store is the portal's database, once it has started.
func (p *Portal) Store() *store.DB { return p.db }

// Manifests are what the portal's modules say of themselves, the kernel's first.
func (p *Portal) Manifests() []module.Manifest { return p.parts().manifests }

// Live tells browsers what changed, once the portal has started.
func (p *Portal) Live() *live.Hub { return p.live }

// Kernel returns a connection that calls any method as the kernel. It is for programs around a portal: seeds, tests,
// commands.
func (p *Portal) Kernel() grpc.ClientConnInterface { return p.router.As(access.AsKernel()) }

// As returns a connection that calls as the user of a session, as the pages do.
func (p *Portal) As(ctx context.Context, sessionToken string) (grpc.ClientConnInterface, error) {
	response, err := kernelv1.NewIdentityServiceClient(p.Kernel()).Identify(ctx, &kernelv1.IdentifyRequest{SessionToken: sessionToken})
	if err != nil {
		return nil, err
	}
	return p.router.As(web.PrincipalOf(response.GetIdentity())), nil
}

// privateCluster watches a cluster of the portal's own: without it there is nothing to serve.
func (p *Portal) privateCluster(c *cluster.Cluster) {
	p.onStop("the database", c.Stop)
	go func() {
		select {
		case <-c.Done():
			if p.wasStopped() {
				return // by us
			}
			p.fail(fmt.Errorf("the portal's database stopped: %w", cmp.Or(c.Err(), errors.New("it was told to, by somebody else"))))
		case <-p.life.Done():
		}
	}()
}
