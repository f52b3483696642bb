package kerneltest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.yaml.in/yaml/v3"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// Main runs a binary's tests, stops the cluster and looks for goroutines left behind. It returns the exit code.
func Main(m *testing.M) int { return storetest.Main(m) }

// Options say what a test's portal is.
type Options struct {
	// Assemble lists the modules, as a portal's program does. Required.
	Assemble kernel.Assemble
	// Config is the text of a portal.yaml. Its id, address, data folder and database are the test's own, whatever it
	// says. Default: empty.
	Config string
	// Now is the clock of pages and modules. Default: that of Clock, or time.Now.
	Now func() time.Time
	// Clock is one that the test moves; modules' processes follow it. Default: none.
	Clock *Clock
	// Processes are ids of modules that run in processes of their own, served by the test binary itself: its TestMain
	// begins with
	//
	//	if kernel.Serve(assemble) { return }
	//
	// Their clocks follow Clock; with Now instead they stand at it as it is when they start. Default: none.
	Processes []string
	// Programs are modules of programs of their own, by id, as portal.yaml names them: modules.ID.path. They are no part of
	// Assemble, and their clocks are as those of Processes. A portal that would leave one out does not open. Default: none.
	Programs map[string]string
	// Timing is of their supervision. Default: as in a real portal.
	Timing plugin.Timing
	// GRPCOnly has calls to them go over gRPC.
	GRPCOnly bool
	// Spans is told of every span. Default: nobody is, and none is made.
	Spans sdktrace.SpanProcessor
	// Log receives what happens. Default: what is worth a warning goes to the test's own output.
	Log *slog.Logger

	// blobs is the folder of blobs, beside the database: all portals on it have the same.
	blobs string
	// roles are added to those of Config.
	roles map[string]any
}

// Portal is a portal that is open for one test.
type Portal struct {
	*kernel.Portal
	// DSN connects to its database as the superuser, who sees every row: to look, or to break things.
	DSN string

	options Options
	number  atomic.Int64 // of the people made
}

// Start opens a portal, and stops it when the test ends.
func Start(t testing.TB, options Options) *Portal {
	t.Helper()
	dsn := database(t, options)
	options.blobs = t.TempDir()
	p := open(t, options, dsn)
	t.Cleanup(func() { p.stop(t) })
	return p
}

// Restart stops the portal and opens it again on the same database.
func (p *Portal) Restart(t testing.TB) *Portal {
	t.Helper()
	p.stop(t)
	again := open(t, p.options, p.DSN)
	t.Cleanup(func() { again.stop(t) })
	again.number.Store(p.number.Load())
	return again
}

// Halt stops the portal and leaves its database, for another program to open.
func (p *Portal) Halt(t testing.TB) {
	t.Helper()
	p.stop(t)
}

// Reopen opens a portal that was halted again, on the same database.
func (p *Portal) Reopen(t testing.TB) *Portal { return p.Restart(t) }

// Beside opens a second portal on the same database, as another node.
func (p *Portal) Beside(t testing.TB) *Portal {
	t.Helper()
	other := open(t, p.options, p.DSN)
	t.Cleanup(func() { other.stop(t) })
	other.number.Store(p.number.Load() + 1000) // people of both are different ones
	return other
}

func open(t testing.TB, options Options, dsn string) *Portal {
	t.Helper()
	p, err := begin(t, options, dsn)
	require.NoError(t, err)
	return p
}

func begin(t testing.TB, options Options, dsn string) (*Portal, error) {
	t.Helper()
	p, err := kernel.New(kernelOptions(t, options, dsn))
	if err == nil {
		err = p.Start(t.Context())
	}
	if err != nil {
		return nil, err
	}
	begun := &Portal{Portal: p, DSN: dsn, options: options}
	if err := begun.programs(); err != nil {
		begun.stop(t)
		return nil, err
	}
	return begun, nil
}

// programs tells whether all of the test's programs serve. A portal opens without one that does not, which a test would
// take for something else.
func (p *Portal) programs() error {
	for _, id := range slices.Sorted(maps.Keys(p.options.Programs)) {
		at := slices.IndexFunc(p.Processes(), func(process *plugin.Process) bool { return process.ID() == id })
		if at < 0 {
			return fmt.Errorf("kerneltest: %s cannot be used as the program of module %s: the portal's log says why", p.options.Programs[id], id)
		}
		if stands := p.Processes()[at].Status(); stands.State != plugin.Ready {
			return fmt.Errorf("kerneltest: the program of module %s is %s: %s", id, stands.State, stands.Reason)
		}
	}
	return nil
}

func (p *Portal) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
}

// portalID is the same for all databases of a binary: roles belong to the whole cluster, and are made once.
const portalID = "kerneltest"

// MasterKey is no secret. It is the same for all, since the roles' passwords follow from it.
const MasterKey = "6b65726e656c746573743a206e6f207365637265742c206f6e6c792074657374"

// kernelOptions are those of a portal on a database.
func kernelOptions(t testing.TB, options Options, dsn string) kernel.Options {
	t.Helper()
	if options.Log == nil {
		options.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	}
	folder := t.TempDir()
	file := filepath.Join(folder, config.DefaultPath)
	require.NoError(t, os.WriteFile(file, configText(t, options), 0o600))
	var env []string
	switch {
	case options.Clock != nil:
		if options.Now == nil {
			options.Now = options.Clock.Now
		}
		env = append(env, options.Clock.env(t))
	case options.Now != nil:
		env = append(env, NewClock(options.Now()).env(t))
	}
	return kernel.Options{
		Assemble: options.Assemble, Log: options.Log, Now: options.Now, ProgramEnv: env, GRPCOnly: options.GRPCOnly, Timing: options.Timing, Spans: options.Spans,
		Config: config.Options{Path: file, Environ: []string{
			"CABINET_ID=" + portalID, "CABINET_LISTEN=127.0.0.1:0", "CABINET_DATA=" + folder, "DATABASE_URL=" + dsn,
		}},
		Env: func(name string) (string, bool) { return MasterKey, name == "CABINET_MASTER_KEY" },
	}
}

// configText is the test's portal.yaml, with passwords hashed as cheaply as can be where it says nothing about it:
// at its real price, hashing would be most of a test's time.
func configText(t testing.TB, options Options) []byte {
	t.Helper()
	document := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(options.Config), &document))
	if given := below(document, "blobs"); len(given) == 0 && options.blobs != "" {
		given["folder"] = options.blobs
	}
	for id, role := range options.roles {
		below(document, "roles")[id] = role
	}
	for _, id := range options.Processes {
		below(below(document, "modules"), id)["run"] = config.RunProcess
	}
	for id, path := range options.Programs {
		absolute, err := filepath.Abs(path)
		require.NoError(t, err)
		below(below(document, "modules"), id)["path"] = absolute
	}
	for _, u := range units(t, options) {
		if u.Name != "accountmanager" {
			continue
		}
		settings := below(below(below(document, "modules"), u.Name), "settings")
		if settings["hashing"] == nil {
			settings["hashing"] = map[string]any{"memory_kib": 8, "iterations": 1}
		}
	}
	text, err := yaml.Marshal(document)
	require.NoError(t, err)
	return bytes.TrimPrefix(text, []byte("{}\n")) // an empty document, as an empty file has
}

// below is a map within a map, made where there is none.
func below(m map[string]any, key string) map[string]any {
	found, ok := m[key].(map[string]any)
	if !ok {
		found = map[string]any{}
		m[key] = found
	}
	return found
}

// units are the portal's modules, made only to be looked at.
func units(t testing.TB, options Options) []module.Unit {
	t.Helper()
	require.NotNil(t, options.Assemble, "kerneltest: Options.Assemble is missing: list the portal's modules")
	list, err := options.Assemble(call.New(call.Options{}))
	require.NoError(t, err)
	return list
}
