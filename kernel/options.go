package kernel

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
)

// Assemble makes a portal's modules around a router. It does no I/O.
type Assemble func(router *call.Router) ([]module.Unit, error)

// Options are what a portal is assembled with.
type Options struct {
	// Assemble lists the modules. Required.
	Assemble Assemble
	// Load reads the configuration, given each module's settings by id. Required; Main gives config.Load.
	Load func(settings map[string]any) (*config.Config, error)
	// Cluster starts the private cluster when the configuration names no database. Default: cluster.Start in the data
	// folder. Tests give a throwaway one.
	Cluster func(ctx context.Context, dataFolder string) (*cluster.Cluster, error)
	// Seed fills a portal that has just been made, acting as the kernel. Optional; examples tell their story with it.
	Seed func(ctx context.Context, s Seed) error
	// Log receives what happens. Default: nothing is logged.
	Log *slog.Logger
	// Now is the clock. Default: time.Now.
	Now func() time.Time
}

// Seed is what Options.Seed works with.
type Seed struct {
	// Conn calls any method as the kernel.
	Conn grpc.ClientConnInterface
	// Config is the portal's own.
	Config *config.Config
}

func (o Options) validate() (Options, error) {
	if o.Assemble == nil || o.Load == nil {
		return o, errors.New("kernel: Options needs Assemble and Load")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Cluster == nil {
		log := o.Log
		o.Cluster = func(ctx context.Context, dir string) (*cluster.Cluster, error) {
			return cluster.Start(ctx, cluster.Config{Dir: dir, Log: log})
		}
	}
	return o, nil
}
