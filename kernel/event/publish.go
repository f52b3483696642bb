package event

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
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

// pending is an event to be written, or with off the taking back of those of its kind and key that were planned before.
type pending struct {
	id, kind, key string
	payload       []byte
	due           time.Time // zero: at once
	off           bool
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
	return publish(tx, key, msg, time.Time{})
}

// PublishAt publishes msg once at has come, within a second, when tx commits. A time that has passed is as good as now. Jobs
// with the same key are published in the order of their times; those of one time in the order in which they were
// planned. [Event.Due] is at. Until then the job can be taken back with [Cancel]; what it is about may have changed when
// it comes, so a handler looks first.
//
// Errors are those of [Publish].
func PublishAt(_ context.Context, tx Tx, at time.Time, key string, msg proto.Message) error {
	if at.IsZero() {
		return errors.New("publish: a job has no time: use Publish for what is due at once")
	}
	return publish(tx, key, msg, at)
}

// Cancel takes the module's jobs of msg's type with a key back when tx commits: those planned before, in earlier
// transactions or in this one. What was published by then, its time having come, is not taken back. Nothing to take
// back is no error. To put a job off, cancel it and plan it again.
func Cancel(_ context.Context, tx Tx, key string, msg proto.Message) error {
	if msg == nil {
		return errors.New("cancel: the event is nil: give an empty one, to say the type")
	}
	name := string(msg.ProtoReflect().Descriptor().FullName())
	if err := checkKey(key); err != nil {
		return fmt.Errorf("cancel %s: %w", name, err)
	}
	bufferOf(tx).add(tx, pending{kind: name, key: key, off: true})
	return nil
}

// Flush writes what was published in tx until now, which otherwise waits in memory for the commit. Lanes are locked by it
// until then: keys must come in ascending order from flush to flush.
func Flush(ctx context.Context, tx Tx) error { return bufferOf(tx).flush(ctx, tx) }

func publish(tx Tx, key string, msg proto.Message, due time.Time) error {
	if msg == nil || !msg.ProtoReflect().IsValid() {
		return errors.New("publish: the event is nil")
	}
	desc := msg.ProtoReflect().Descriptor()
	name := string(desc.FullName())
	if err := checkKey(key); err != nil {
		return fmt.Errorf("publish %s: %w", name, err)
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
	bufferOf(tx).add(tx, pending{id: id.String(), kind: name, key: key, payload: payload, due: due})
	return nil
}

func checkKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty: give the id of what the event is about")
	case len(key) > MaxKey:
		return fmt.Errorf("the key has %d bytes: at most %d are allowed", len(key), MaxKey)
	case !utf8.ValidString(key) || strings.ContainsRune(key, 0):
		return fmt.Errorf("the key %q is no text", key)
	}
	return nil
}

func bufferOf(tx Tx) *buffer {
	return tx.Local(bufferKey{}, func() any { return new(buffer) }).(*buffer)
}

func (b *buffer) add(tx Tx, p pending) {
	if len(b.events) == 0 {
		tx.BeforeCommit(func(ctx context.Context) error { return b.flush(ctx, tx) })
	}
	b.events = append(b.events, p)
}

// columns are events as the database's functions take them.
type columns struct {
	ids, types, keys []string
	payloads         [][]byte
	dues             []time.Time
}

func (c *columns) add(e pending) {
	c.ids, c.types, c.keys, c.payloads = append(c.ids, e.id), append(c.types, e.kind), append(c.keys, e.key), append(c.payloads, e.payload)
	c.dues = append(c.dues, e.due)
}

// flush writes the buffered events, in one statement, and before them jobs in another.
func (b *buffer) flush(ctx context.Context, tx Tx) error {
	events := b.events
	b.events = nil
	sort.SliceStable(events, func(i, j int) bool { return events[i].key < events[j].key })
	var now, later, off columns
	for i, e := range events {
		switch {
		case e.off:
			off.add(e)
		case e.due.IsZero():
			now.add(e)
		case !takenBack(e, events[i+1:]):
			later.add(e)
		}
	}
	if len(later.ids)+len(off.ids) > 0 {
		_, err := tx.Exec(ctx, `select kernel.plan($1, $2, $3, $4, $5, $6, $7)`,
			later.ids, later.types, later.keys, later.payloads, later.dues, off.types, off.keys)
		if err != nil {
			return fmt.Errorf("plan %d jobs: %w", len(later.ids), err)
		}
	}
	if len(now.ids) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, `select kernel.publish($1, $2, $3, $4)`, now.ids, now.types, now.keys, now.payloads); err != nil {
		return fmt.Errorf("publish %d events: %w", len(now.ids), err)
	}
	return nil
}

// takenBack tells whether a job is taken back by what came after it in the same transaction, all sorted by key.
func takenBack(job pending, after []pending) bool {
	for _, e := range after {
		if e.key != job.key {
			return false
		}
		if e.off && e.kind == job.kind {
			return true
		}
	}
	return false
}
