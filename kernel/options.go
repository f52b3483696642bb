package kernel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/plugin"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
)

// Assemble makes a portal's modules around a router. It does no I/O. Wire writes it from the modules' sets.
type Assemble func(router *call.Router) ([]module.Unit, error)

// Options are what a portal is assembled with.
type Options struct {
	// Assemble lists the modules. Required.
	Assemble Assemble
	// Config says which portal.yaml is read; the modules' own settings are filled in by [New]. Default: portal.yaml in
	// the working folder, and no environment. [Main] gives the process's environment.
	Config config.Options
	// Seed fills a portal with a story; examples use it. It is called at every start, with [Seed.Fresh] set until it
	// has once returned without an error. Optional.
	Seed func(ctx context.Context, s *Seed) error
	// Cluster starts the private cluster when the configuration names no database. Default: [cluster.Start] in the data
	// folder. Tests give a throwaway one.
	Cluster func(ctx context.Context, dataFolder string) (*cluster.Cluster, error)
	// Program is started again for a module that runs in a process of its own, with ProgramArgs. Default: this program.
	// It must call [Main], or [Serve] first thing.
	Program     string
	ProgramArgs []string
	// ProgramEnv is what such a process sees of the environment beside what the protocol needs, as "NAME=value". Programs
	// that portal.yaml names see it too, and PATH. Default: nothing.
	ProgramEnv []string
	// Timing is how patiently modules' processes are supervised. Default: see plugin.Timing.
	Timing plugin.Timing
	// GRPCOnly has calls to modules' processes go over gRPC alone, where otherwise most take a way that is faster. Nobody
	// can tell but by the clock.
	GRPCOnly bool
	// Env looks up the environment variables of the master key, as os.LookupEnv does. Default: no environment.
	Env func(name string) (string, bool)
	// Spans is told of every span of the portal and of its modules' processes, beside the collector that portal.yaml names.
	// Optional.
	Spans sdktrace.SpanProcessor
	// Figures makes one more reader of what is measured; it must ask modules for theirs. Optional.
	Figures func(modules sdkmetric.Producer) (sdkmetric.Reader, error)
	// Log receives what happens. Default: nothing is logged.
	Log *slog.Logger
	// Now is the clock. Default: time.Now, and for jobs and schedules the database's.
	Now func() time.Time
	due func() time.Time // Now as it was given
}

// Seed is what [Options.Seed] works with. What it makes it makes through the portal's contracts, so that a story can
// hold nothing that people could not have done.
type Seed struct {
	// Fresh tells that the story was not told to the end yet. It may have been begun: give requests ids that are the
	// same each time, and they are done once.
	Fresh bool
	// Conn calls any method as the kernel.
	Conn grpc.ClientConnInterface
	// As returns a connection that calls as the user of a session.
	As func(ctx context.Context, sessionToken string) (grpc.ClientConnInterface, error)
	// Config is the portal's, URL where browsers reach it.
	Config *config.Config
	URL    string
	// Key derives a secret of the portal's own, for passwords that are the same at every start.
	Key func(purpose string, bytes int) []byte

	said []string
}

// Say has [Main] print a line once the portal is open.
func (s *Seed) Say(format string, args ...any) { s.said = append(s.said, fmt.Sprintf(format, args...)) }

var errNoAssemble = errors.New("kernel: Options.Assemble is missing: list the portal's modules")

func (o Options) validate() (Options, error) {
	if o.Assemble == nil {
		return o, errNoAssemble
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.due = o.Now
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	if o.Cluster == nil {
		log := o.Log
		o.Cluster = func(ctx context.Context, dir string) (*cluster.Cluster, error) {
			return cluster.Start(ctx, cluster.Config{Dir: dir, Log: log})
		}
	}
	return o, nil
}

// readFor is what is read of portal.yaml for some modules: it fills their settings.
func (o Options) readFor(units []module.Unit) config.Options {
	read := o.Config
	read.Module = map[string]any{}
	for _, u := range units {
		read.Module[u.Name] = nil
		if m, ok := u.Module.(module.Configurable); ok {
			read.Module[u.Name] = m.Settings()
		}
	}
	return read
}

// fromProcess takes what belongs to the process: its environment.
func (o Options) fromProcess() Options {
	o.Config.Environ, o.Env = os.Environ(), os.LookupEnv
	return o
}
