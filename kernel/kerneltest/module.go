package kerneltest

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/internal/wire"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/store"
)

// EnvMode says where modules run that tests put on a router of their own with [Register]: "process" is in processes of
// their own, anything else within the test's. The tests are the same, and so must be what they see.
const EnvMode = "CABINET_MODE"

// AsProcess tells whether modules run in processes of their own; see [EnvMode].
func AsProcess() bool { return os.Getenv(EnvMode) == "process" }

// SkipAsProcess skips what can only be seen from within the module's own process, and says why.
func SkipAsProcess(t testing.TB, why string) {
	t.Helper()
	if AsProcess() {
		t.Skip("not as a process: " + why)
	}
}

// Lent is what a test lends a module, as a portal would. All of it is required but URL.
type Lent struct {
	// Router takes the module's services. Those that it calls are there, or come.
	Router *call.Router
	// DB is the portal's database, Rows the module's part of it.
	DB   *store.DB
	Rows *store.Store
	// Policy is the portal's roles and what they may do.
	Policy *access.Policy
	// Key is what the module's secrets are derived from: 32 bytes.
	Key   []byte
	Clock *Clock
	Zone  *time.Location
	// URL is where browsers would reach the portal.
	URL string
}

// Register puts a module, whose settings are set, on a router: by itself, or as [EnvMode] says in a process that is the
// test binary again, whose TestMain begins with kernel.Serve. It returns what the module hears. For tests of a module
// alone among stand-ins for others; [Start] opens a whole portal.
func Register(t testing.TB, m module.Module, lent Lent) []event.Subscription {
	t.Helper()
	if AsProcess() {
		return registerProcess(t, m, lent)
	}
	manifest := m.Manifest()
	secrets, err := secret.Of(lent.Key)
	require.NoError(t, err)
	r := &registrar{ServiceRegistrar: lent.Router.For(manifest.ID, manifest.Requires), host: &module.Host{
		ID: manifest.ID, Store: lent.Rows, Policy: lent.Policy, Log: testLog(t), Now: lent.Clock.Now, Zone: lent.Zone, URL: lent.URL,
		Key:       func(purpose string, bytes int) []byte { return module.DeriveKey(lent.Key, purpose, bytes) },
		Providers: func(_ context.Context, service string) ([]string, error) { return lent.Router.Providers(service), nil },
		Secrets:   secrets, Blobs: blobs(t, lent.Clock), Tracer: tracenoop.NewTracerProvider().Tracer(""), Meter: metricnoop.NewMeterProvider().Meter(""),
	}}
	m.Register(r)
	return r.subscriptions
}

// blobs are in a folder of the test's own.
func blobs(t testing.TB, clock *Clock) *blob.Store {
	t.Helper()
	place, err := blob.OpenFolder(t.TempDir())
	require.NoError(t, err)
	s := blob.New(place, clock.Now)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// registrar is where a module binds its services in the test's own process.
type registrar struct {
	grpc.ServiceRegistrar
	host          *module.Host
	subscriptions []event.Subscription
}

var _ module.Registrar = (*registrar)(nil)

func (r *registrar) Handle(s event.Subscription) { r.subscriptions = append(r.subscriptions, s) }
func (r *registrar) Host() *module.Host          { return r.host }

// registerProcess starts the module's process and lends it what a portal does.
func registerProcess(t testing.TB, m module.Module, lent Lent) []event.Subscription {
	t.Helper()
	ctx, id := t.Context(), m.Manifest().ID
	host, err := plugin.NewHost(plugin.HostConfig{Router: lent.Router, SignRows: lent.DB.SignRows, Log: testLog(t)})
	require.NoError(t, err)
	t.Cleanup(func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		require.NoError(t, host.Close(stopping))
	})
	program, err := os.Executable()
	require.NoError(t, err)
	process, err := host.Start(ctx, plugin.Spec{ID: id, Path: program, Env: []string{wire.EnvModule + "=" + id, lent.Clock.env(t)}})
	require.NoError(t, err)

	settings, err := plugin.SettingsOf(m)
	require.NoError(t, err)
	blobs, err := config.Encode(&config.Blobs{Folder: t.TempDir()})
	require.NoError(t, err)
	lend, err := plugin.NewLend(ctx, id, plugin.Lending{
		Blobs: blobs,
		DB:    lent.DB, Rows: lent.Rows, Policy: lent.Policy, Key: slices.Clone(lent.Key), Zone: lent.Zone, URL: lent.URL, Settings: settings,
	})
	require.NoError(t, err)
	require.NoError(t, process.Open(ctx, lend))
	require.NoError(t, process.Register(lent.Router))
	return process.Subscriptions()
}

// Deliver delivers the events that modules publish, their types by module, to subscriptions, until the test ends. Like
// [Register] it is for tests of a module alone; package event's migrations are applied. Jobs are due by the first of due,
// by the database's clock without one.
func Deliver(t testing.TB, db *store.DB, publishes map[string][]string, subscriptions []event.Subscription, due ...func() time.Time) *event.Dispatcher {
	t.Helper()
	ctx := t.Context()
	in := event.Installation{Roles: map[string]string{}, Types: map[protoreflect.FullName]string{}, Subscriptions: subscriptions, Zone: time.UTC}
	rows, err := db.Pool().Query(ctx, `select r, id from kernel.module, unnest(array[own_role, many_role, all_role]::text[]) r`)
	require.NoError(t, err)
	var role, id string
	_, err = pgx.ForEachRow(rows, []any{&role, &id}, func() error { in.Roles[role] = id; return nil })
	require.NoError(t, err)
	for id, types := range publishes {
		for _, name := range types {
			in.Types[protoreflect.FullName(name)] = id
		}
	}
	require.NoError(t, event.Install(ctx, db.Pool(), in))
	config := event.Config{Pool: db.Pool(), Log: slog.New(slog.DiscardHandler), Backoff: time.Millisecond, Poll: 20 * time.Millisecond}
	if len(due) > 0 {
		config.Due = due[0]
	}
	d, err := event.NewDispatcher(config, subscriptions...)
	require.NoError(t, err)
	require.NoError(t, d.Start(context.WithoutCancel(ctx)))
	t.Cleanup(func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		require.NoError(t, d.Stop(stopping))
	})
	return d
}

func testLog(t testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }
