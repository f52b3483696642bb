package module

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/blob"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Module is a part of a portal that provides contracts. See the package's comment for its life.
type Module interface {
	Manifest() Manifest
	Register(Registrar)
}

// Unit is a module and its name, as a portal lists it.
type Unit struct {
	// Name is the module's id, and its key in portal.yaml.
	Name   string
	Module Module
}

// Registrar is where a module binds what its manifest promised.
type Registrar interface {
	grpc.ServiceRegistrar
	// Handle hears events, those of the clock among them: see event.On and event.OnSchedule. The handler runs as the module.
	Handle(event.Subscription)
	// Host is what the kernel lends the module; it may be kept.
	Host() *Host
}

// Host is what the kernel lends a module.
type Host struct {
	// ID is the module's.
	ID string
	// Store reaches the module's own schema, within what the caller in the context may see.
	Store *store.Store
	// Policy is the portal's roles and what each may do.
	Policy *access.Policy
	Log    *slog.Logger
	// Now is the clock. Zone is the portal's time zone, in which dates are derived.
	Now  func() time.Time
	Zone *time.Location
	// URL is where browsers reach the portal, its path included, without a slash at its end: "https://my.example.com/cabinet".
	URL string
	// Key derives a secret of the module's own from the portal's master key; purpose tells several apart.
	Key func(purpose string, bytes int) []byte
	// Secrets seals what the module stores for years: it still opens after the master key was rotated, and Key's secrets
	// are then others.
	Secrets *secret.Keeper
	// Blobs keeps bytes that are too big for rows; a row names them in a column of type kernel.blob. A module in a program of its
	// own has none, and is told so with blob.ErrNone.
	Blobs *blob.Store
	// Providers are the modules that provide a service now, by its full name, in alphabetical order: of one that many may
	// provide, those between which call.To chooses.
	Providers func(ctx context.Context, service string) ([]string, error)
	// Tracer makes spans of the module's own work, within the call that is in the context, and Meter makes figures of it, to
	// which the portal adds whose they are. Neither costs anything where nobody looks: see kernel/telemetry. Names are the
	// author's words, and never anything personal.
	Tracer trace.Tracer
	Meter  metric.Meter
}

// Self returns a context in which the module acts by itself: for its own rows, all of them, and for calls it makes
// in nobody's name. The caller's rights are gone, so check them before.
func (h *Host) Self(ctx context.Context) context.Context {
	ctx = access.With(ctx, access.AsModule(h.ID))
	return access.WithDecision(ctx, access.Decision{Allowed: true, Reach: access.All})
}

// Publish says in the transaction that something happened. key orders events: those of one key arrive in order.
func (h *Host) Publish(ctx context.Context, tx *store.Tx, key string, message proto.Message) error {
	return event.Publish(ctx, tx, key, message)
}

// Flush writes now, in the transaction, what was published and said to the audit log until now, for a job that does so
// very often that it would fill memory. Keys must come in ascending order from flush to flush, as those of new things do, or
// two such jobs hold each other up. Only a handler of events may: a call has one entry in the audit log, at its end.
func (h *Host) Flush(ctx context.Context, tx *store.Tx) error {
	if err := event.Flush(ctx, tx); err != nil {
		return err
	}
	return tx.FlushAudit(ctx)
}

// PublishAt says in the transaction that something is due at a time, which it then is published at. Jobs of one key arrive
// in the order of their times.
func (h *Host) PublishAt(ctx context.Context, tx *store.Tx, at time.Time, key string, message proto.Message) error {
	return event.PublishAt(ctx, tx, at, key, message)
}

// Cancel takes back, in the transaction, the jobs of message's type with a key that are not published yet.
func (h *Host) Cancel(ctx context.Context, tx *store.Tx, key string, message proto.Message) error {
	return event.Cancel(ctx, tx, key, message)
}

// DeriveKey derives a module's secret for a purpose from the key that the kernel keeps for it: the same in the portal's
// process and in the module's own.
func DeriveKey(key []byte, purpose string, bytes int) []byte {
	out, err := hkdf.Key(sha256.New, key, nil, "cabinet module: "+purpose, bytes)
	if err != nil {
		panic(err) // bytes is a constant of the module's, and too large
	}
	return out
}
