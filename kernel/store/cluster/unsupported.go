//go:build !unix

package cluster

import (
	"context"
	"errors"
	"fmt"
)

// Cluster is a running private cluster. There are none on this system.
type Cluster struct{}

// Start returns an errors.ErrUnsupported: on this system a portal needs a DATABASE_URL.
func Start(context.Context, Config) (*Cluster, error) {
	return nil, fmt.Errorf("a private Postgres cluster is run on Linux and macOS only: set DATABASE_URL: %w", errors.ErrUnsupported)
}

// ForTests returns the same error as Start.
func ForTests(ctx context.Context) (*Cluster, error) { return Start(ctx, Config{}) }

// DSN returns "".
func (c *Cluster) DSN() string { return "" }

// Data returns "".
func (c *Cluster) Data() string { return "" }

// Done returns nil, which never ends.
func (c *Cluster) Done() <-chan struct{} { return nil }

// Err returns nil.
func (c *Cluster) Err() error { return nil }

// Stop does nothing.
func (c *Cluster) Stop(context.Context) error { return nil }
