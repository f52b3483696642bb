package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
)

// Audited is what a transaction adds to its entry in the audit log. Modules say it through package audit.
//
// A transaction in which some statement inserted, updated or deleted a row leaves an entry, in itself, when it runs for a
// call of a method with side effects or for a handler of events. Who, when, by which method and from where is what the
// portal signed about the call. A statement by itself ([Store.Exec]) leaves none: what matters is done in a transaction.
type Audited struct {
	// Subjects are what it was about; the first is the call's own.
	Subjects []Subject
	// Quiet transactions leave no entry: what they write is not what the call was for.
	Quiet bool

	handler string
	wrote   bool
	// places are where subjects stand, by id.
	places map[string]int
}

// About returns the subject of a thing: the one that is there, the call's own where that names nothing yet, or another.
func (a *Audited) About(thing Subject) *Subject {
	at, known := a.places[thing.ResourceID]
	switch {
	case known:
		return &a.Subjects[at]
	case len(a.Subjects) > 0 && a.Subjects[0].ResourceID == "":
		s := a.First()
		s.Resource, s.ResourceID = thing.Resource, thing.ResourceID
		if s.ClientID == "" {
			s.ClientID = thing.ClientID
		}
	default:
		at = len(a.Subjects)
		a.Subjects = append(a.Subjects, thing)
	}
	if a.places == nil {
		a.places = map[string]int{}
	}
	a.places[thing.ResourceID] = at
	return &a.Subjects[at]
}

// First is the call's own subject.
func (a *Audited) First() *Subject {
	if len(a.Subjects) == 0 {
		a.Subjects = append(a.Subjects, Subject{})
	}
	return &a.Subjects[0]
}

// Subject is one thing that a call was about.
type Subject struct {
	// Resource is the full name of its message, ResourceID which one; empty where the request says so.
	Resource   string `json:"resource,omitempty"`
	ResourceID string `json:"resource_id,omitempty"`
	// ClientID is whom it concerns; empty for nobody, or whom the request names.
	ClientID string `json:"client_id,omitempty"`
	// Outcome is "refused", or empty for done; Reason why, in one word.
	Outcome string `json:"outcome,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// ActorID and ActorKind are who signed in: believed of the module that the kernel asks for it.
	ActorID   string      `json:"actor_id,omitempty"`
	ActorKind access.Kind `json:"actor_kind,omitempty"`
	// Changes are what fields held. They are kept apart, for a shorter time.
	Changes []FieldChange `json:"changes,omitempty"`
}

// FieldChange is what a field held before and after.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Staff is set for what a contract closes to contacts.
	Staff bool `json:"staff,omitempty"`
}

// Audit is what the transaction adds to its entry. Savepoints take back what was said in them.
func (tx *Tx) Audit() *Audited { return &tx.audited }

// Handler names the handler of events that the transaction runs for. Package event calls it.
func (tx *Tx) Handler(name string) { tx.audited.handler = name }

// mark remembers what was said until now.
func (a *Audited) mark() (revert func()) {
	was := *a
	was.Subjects, was.places = slices.Clone(a.Subjects), maps.Clone(a.places)
	return func() { *a = was }
}

// tagged notes whether a statement changed rows.
func (a *Audited) tagged(tag pgconn.CommandTag) {
	if tag.RowsAffected() > 0 && (tag.Insert() || tag.Update() || tag.Delete()) {
		a.wrote = true
	}
}

// writeAudit writes the transaction's entry, as the last thing before it commits.
func (tx *Tx) writeAudit(ctx context.Context) error {
	a := &tx.audited
	if a.Quiet || !a.wrote && len(a.Subjects) == 0 {
		return nil
	}
	change, err := tx.store.scoper.change(ctx)
	if err != nil || change == "" && a.handler == "" {
		return err // something that a module does by itself, or while it is read from: no deed of anybody's
	}
	a.First()
	text, err := json.Marshal(a.Subjects)
	if err != nil {
		return fmt.Errorf("store: audit: %w", err)
	}
	_, err = tx.Exec(ctx, "select kernel.audit($1, $2, $3)", change, a.handler, string(text))
	return err
}

// FlushAudit writes what was said until now, in the transaction of a handler of events: each of its entries stands for
// itself. That of a call is written once, at its end.
func (tx *Tx) FlushAudit(ctx context.Context) error {
	if tx.audited.handler == "" {
		return errors.New("store: only a handler of events writes its entries in parts")
	}
	if err := tx.writeAudit(ctx); err != nil {
		return err
	}
	tx.audited.Subjects, tx.audited.places, tx.audited.wrote = nil, nil, false
	return nil
}

// change returns what the portal signs about the call under way; empty when it changes nothing.
func (s *hostScope) change(ctx context.Context) (string, error) {
	c := access.ChangeFrom(ctx)
	if c == nil || c.Module != s.module {
		return "", nil
	}
	return s.db.signer.signChange(ctx, c)
}

// change returns what came with the call.
func (s *lentScope) change(ctx context.Context) (string, error) {
	if rows, ok := ctx.Value(rowsKey{}).(*Rows); ok {
		return rows.Change, nil
	}
	return "", nil
}

// signChange writes a call for the database: "c1.MAC.JSON", the MAC over "c1.JSON", in hex. It holds as long as the
// principal that is signed for the same call.
func (s *signer) signChange(ctx context.Context, c *access.Change) (string, error) {
	type signed struct {
		ID         string   `json:"id"`
		Until      int64    `json:"until"`
		Kind       string   `json:"kind"`
		User       string   `json:"user,omitempty"`
		ActedBy    string   `json:"acted_by,omitempty"`
		ActingFor  string   `json:"acting_for,omitempty"`
		Session    string   `json:"session,omitempty"`
		Via        []string `json:"via"`
		Address    string   `json:"address"`
		Device     string   `json:"device,omitempty"`
		Module     string   `json:"module"`
		Method     string   `json:"method"`
		Resource   string   `json:"resource,omitempty"`
		ResourceID string   `json:"resource_id,omitempty"`
		Client     string   `json:"client,omitempty"`
	}
	for _, id := range []string{c.Who.UserID, c.Who.ActedBy, c.Who.ActingFor, c.Who.SessionID, c.ResourceID, c.ClientID} {
		if id != "" && !IsID(id) {
			return "", errors.New("store: a call names what is no UUID")
		}
	}
	if !IsID(c.ID) {
		return "", errors.New("store: a call has no id")
	}
	via := c.Who.Via
	if len(via) > 0 { // without the provider itself
		via = via[:len(via)-1]
	}
	if via == nil {
		via = []string{}
	}
	if c.Who.Kind == access.Module && len(via) == 0 {
		via = []string{c.Who.Name}
	}
	body, err := json.Marshal(signed{
		ID: c.ID, Until: s.until(ctx).Unix(), Kind: string(c.Who.Kind), User: c.Who.UserID, ActedBy: c.Who.ActedBy, ActingFor: c.Who.ActingFor,
		Session: c.Who.SessionID, Via: via, Address: c.Who.Place.Address, Device: c.Who.Place.Device, Module: c.Module, Method: c.Method,
		Resource: c.Resource, ResourceID: c.ResourceID, Client: c.ClientID,
	})
	if err != nil {
		return "", fmt.Errorf("store: sign a call: %w", err)
	}
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("c1."))
	h.Write(body)
	return "c1." + hex.EncodeToString(h.Sum(nil)) + "." + string(body), nil
}

// AuditRefused writes that a call was refused.
func (db *DB) AuditRefused(ctx context.Context, c *access.Change, reason string) error {
	said, err := db.signer.signChange(ctx, c)
	if err != nil {
		return err
	}
	_, err = db.kernel.Exec(ctx, "select kernel.audit_refused($1, $2)", said, reason)
	return ErrorStatus(err)
}

// AuditOwn writes, in a transaction of the kernel's own, what the kernel did for the call under way.
func (db *DB) AuditOwn(ctx context.Context, tx pgx.Tx, changes ...FieldChange) error {
	return db.auditBy(ctx, tx, "select kernel.audit_own($1, $2)", changes)
}

// AuditMore adds to the entry of the call under way, in a transaction of the kernel's own, what only its end tells.
func (db *DB) AuditMore(ctx context.Context, tx pgx.Tx, changes ...FieldChange) error {
	return db.auditBy(ctx, tx, "select kernel.audit_more($1, $2)", changes)
}

// auditBy has a function of the database write for the call under way; without one nothing is written.
func (db *DB) auditBy(ctx context.Context, tx pgx.Tx, sql string, changes []FieldChange) error {
	c := access.ChangeFrom(ctx)
	if c == nil {
		return nil
	}
	said, err := db.signer.signChange(ctx, c)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, sql, said, changes)
	return txError(err)
}

// OpenAudit returns a store in which the audit log can be read, of a module that has no rows of its own: each caller sees
// the entries of the clients that they see.
func (db *DB) OpenAudit(ctx context.Context, module string) (*Store, error) {
	s, err := db.Module(ctx, ModuleSpec{ID: module})
	if err != nil {
		return nil, err
	}
	if _, err := db.kernel.Exec(ctx, "select kernel.audit_open($1)", module); err != nil {
		return nil, wrap("the audit log", err)
	}
	return s, nil
}

// SweepAudit deletes entries of the audit log, and what they hold of fields and places, from before the given times. It
// returns how many rows went.
func (db *DB) SweepAudit(ctx context.Context, entries, details time.Time) (gone int64, err error) {
	const most = 5000
	for {
		var n int64
		if err := db.kernel.QueryRow(ctx, "select kernel.audit_sweep($1, $2, $3)", entries, details, most).Scan(&n); err != nil {
			return gone, ErrorStatus(err)
		}
		gone += n
		if n == 0 {
			return gone, nil
		}
	}
}

// EraseAudit deletes what the audit log holds of fields and places wherever a user, a client or another thing is named.
// That something was done stays.
func (db *DB) EraseAudit(ctx context.Context, id string) (gone int64, err error) {
	err = db.kernel.QueryRow(ctx, "select kernel.audit_erase($1)", id).Scan(&gone)
	return gone, ErrorStatus(err)
}

// answered reads off a create's answer what was made: itself, or a message in it, with an id of its own.
func (a *Audited) answered(answer proto.Message) {
	if len(a.Subjects) > 0 {
		return // the module has said it
	}
	m := answer.ProtoReflect()
	if s := SubjectOf(m); s.ResourceID != "" {
		a.Subjects = []Subject{s}
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if f.Message() == nil || f.IsList() || f.IsMap() {
			return true
		}
		s := SubjectOf(v.Message())
		if s.ResourceID == "" {
			return true
		}
		a.Subjects = []Subject{s}
		return false
	})
}

// SubjectOf is the subject that a message describes: its kind, its id, and the client it names.
func SubjectOf(m protoreflect.Message) Subject {
	s := Subject{Resource: string(m.Descriptor().FullName())}
	for i := range m.Descriptor().Fields().Len() {
		f := m.Descriptor().Fields().Get(i)
		if f.Kind() != protoreflect.StringKind || f.IsList() {
			continue
		}
		meaning, id := access.MeaningOf(f), m.Get(f).String()
		if !IsID(id) {
			continue
		}
		if meaning.GetKind() == kernelv1.Kind_KIND_ID {
			s.ResourceID = id
		}
		if meaning.GetClientId() {
			s.ClientID = id
		}
	}
	return s
}
