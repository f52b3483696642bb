package event

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"
)

// MaxKey is the longest key, in bytes.
const MaxKey = 200

// MaxPayload is the largest event, in bytes as protobuf.
const MaxPayload = 64 << 10

// Tx is a transaction of a module, at read committed, with one of the module's runtime roles set.
type Tx interface {
	// Exec runs a statement in the transaction.
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	// BeforeCommit has fn run when the transaction is about to commit, in the order of registration. An error rolls it back.
	BeforeCommit(fn func(ctx context.Context) error)
	// Local returns what is kept under key for as long as the transaction lives, made by first when there is nothing yet.
	Local(key any, first func() any) any
}

// bufferKey is what a transaction's events are kept under.
type bufferKey struct{}

type pending struct {
	id, kind, key string
	payload       []byte
}

type buffer struct{ events []pending }

// Mark lets a savepoint of the store take back what was published in it.
func (b *buffer) Mark() (revert func()) {
	n := len(b.events)
	return func() { b.events = b.events[:n] }
}

// Publish publishes msg when tx commits, and not at all when it does not. Events with the same key reach each subscriber
// in the order of the transactions' commits, and of the calls within one. The key is the id of what the event is about, not
// empty, at most [MaxKey] bytes; use the same one for all that must be in order.
//
// msg is copied. Errors: a *FieldError for a message that carries what events must not; others say what is wrong
// with the key or the message. That the module may not publish this type the database says at commit, as
// insufficient_privilege (SQLSTATE 42501).
func Publish(_ context.Context, tx Tx, key string, msg proto.Message) error {
	if msg == nil || !msg.ProtoReflect().IsValid() {
		return errors.New("publish: the event is nil")
	}
	desc := msg.ProtoReflect().Descriptor()
	name := string(desc.FullName())
	switch {
	case key == "":
		return fmt.Errorf("publish %s: the key is empty: give the id of what the event is about", name)
	case len(key) > MaxKey:
		return fmt.Errorf("publish %s: the key has %d bytes: at most %d are allowed", name, len(key), MaxKey)
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return fmt.Errorf("publish %s: the key %q is no text", name, key)
	}
	if err := Check(desc); err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(msg)
	if err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	if len(payload) > MaxPayload {
		return fmt.Errorf("publish %s: the event has %d bytes: at most %d are allowed", name, len(payload), MaxPayload)
	}
	if payload == nil {
		payload = []byte{}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
	}
	b := tx.Local(bufferKey{}, func() any { return new(buffer) }).(*buffer)
	if len(b.events) == 0 {
		tx.BeforeCommit(func(ctx context.Context) error { return b.flush(ctx, tx) })
	}
	b.events = append(b.events, pending{id.String(), name, key, payload})
	return nil
}

// flush writes the buffered events in one statement.
func (b *buffer) flush(ctx context.Context, tx Tx) error {
	events := b.events
	b.events = nil
	sort.SliceStable(events, func(i, j int) bool { return events[i].key < events[j].key })
	ids, types, keys := make([]string, len(events)), make([]string, len(events)), make([]string, len(events))
	payloads := make([][]byte, len(events))
	for i, e := range events {
		ids[i], types[i], keys[i], payloads[i] = e.id, e.kind, e.key, e.payload
	}
	_, err := tx.Exec(ctx, `select kernel.publish($1, $2, $3, $4)`, ids, types, keys, payloads)
	if err != nil {
		return fmt.Errorf("publish %d events: %w", len(events), err)
	}
	return nil
}
