package event

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// Config is what a [Dispatcher] needs. Only Pool has to be given.
type Config struct {
	// Pool's connections act as the owner of schema kernel. The dispatcher keeps one of them for itself and uses one more
	// for each worker for moments; handlers use the store's.
	Pool *pgxpool.Pool
	// Log gets failures and parked lanes. Default: slog.Default().
	Log *slog.Logger
	// Clock decides when lanes are due and leases over. Default: the database's, so that the clocks of nodes need not
	// agree. It must not be behind the database's.
	Clock func() time.Time
	// Due decides when jobs and schedules are due, for tests that move the time of the portal alone. Default: Clock.
	Due func() time.Time
	// Tracer has a span made of each event that is handled. Default: nil, none.
	Tracer trace.TracerProvider
	// Types makes messages from payloads. Default: protoregistry.GlobalTypes.
	Types protoregistry.MessageTypeResolver
	// Lease is for how long a lane belongs to a dispatcher that has gone silent. Default: 30 s. It is renewed at a third.
	Lease time.Duration
	// Workers is the number of lanes worked at the same time. Default: 4.
	Workers int
	// Poll is the longest time between two looks, whatever was or was not notified. Default: 1 s.
	Poll time.Duration
	// Linger is for how long after the last find the dispatcher looks every 10 ms before it asks to be notified, which costs
	// publishers. Default: 100 ms; negative: not at all.
	Linger time.Duration
	// Timeout ends a handler's context. Default: 1 min.
	Timeout time.Duration
	// Turn is how many events of a lane are handled before another lane gets a turn. Default: 100.
	Turn int
	// MaxAttempts is how often an event may fail, or its process be killed over it, before the lane is parked. Default: 10.
	MaxAttempts int
	// Backoff is the wait after the first failure, doubled with each, and shortened by up to half at random.
	// Default: 200 ms; at most MaxBackoff, whose default is 5 min.
	Backoff, MaxBackoff time.Duration
}

func (c Config) validate() (Config, error) {
	if c.Pool == nil {
		return c, errors.New("event dispatcher: give it a pool")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Due == nil {
		c.Due = c.Clock
	}
	if c.Types == nil {
		c.Types = protoregistry.GlobalTypes
	}
	for _, d := range []struct {
		name  string
		value *time.Duration
		or    time.Duration
	}{
		{"Lease", &c.Lease, 30 * time.Second}, {"Poll", &c.Poll, time.Second}, {"Timeout", &c.Timeout, time.Minute},
		{"Backoff", &c.Backoff, 200 * time.Millisecond}, {"MaxBackoff", &c.MaxBackoff, 5 * time.Minute},
	} {
		if *d.value == 0 {
			*d.value = d.or
		}
		if *d.value < 0 {
			return c, fmt.Errorf("event dispatcher: %s is %v: it cannot be negative", d.name, *d.value)
		}
	}
	if c.Linger == 0 {
		c.Linger = 100 * time.Millisecond
	}
	for _, n := range []struct {
		name  string
		value *int
		or    int
	}{{"Workers", &c.Workers, 4}, {"Turn", &c.Turn, 100}, {"MaxAttempts", &c.MaxAttempts, 10}} {
		if *n.value == 0 {
			*n.value = n.or
		}
		if *n.value < 0 {
			return c, fmt.Errorf("event dispatcher: %s is %d: it cannot be negative", n.name, *n.value)
		}
	}
	if most := int(c.Pool.Config().MaxConns); most < 2 {
		return c, fmt.Errorf("event dispatcher: the pool has %d connection: it needs one to listen and one to work", most)
	}
	return c, nil
}
