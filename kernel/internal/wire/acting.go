package wire

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Acting is what a provider may know of a call: who acts, what was decided, and which rows are theirs.
type Acting struct {
	Principal access.Principal
	Decision  access.Decision
	Rows      store.Rows
}

// Marshal writes it down, the same in the same way, but for the change, which is another with each call.
func (a *Acting) Marshal() ([]byte, error) {
	p, d := &a.Principal, &a.Decision
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(&kernelv1.Acting{
		Kind: string(p.Kind), UserId: p.UserID, SessionId: p.SessionID, Name: p.Name, Roles: p.Roles, ActingFor: p.ActingFor, Via: p.Via,
		Reach: string(d.Reach), Method: d.Method, Permission: d.Permission, Role: d.Role, RowsRole: a.Rows.Role, RowsSetting: a.Rows.Setting,
		ActedBy: p.ActedBy, MayWrite: p.MayWrite, Address: p.Place.Address, Device: p.Place.Device,
		ProofUnixMicros: micros(p.Proved),
	})
	if err != nil {
		return nil, fmt.Errorf("who acts cannot be written: %w", err)
	}
	return text, nil
}

// micros and moment write a time as a number and back; zero is never.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}

// Attach adds to md, which it changes, who acts as written by Marshal, and the token by which calls made on the way are
// known to be part of this one, what was signed about a change, and the span; either may be empty.
func Attach(md metadata.MD, acting []byte, token, change, traceparent string) {
	md[actingKey], md[TokenKey] = []string{string(acting)}, []string{token}
	if change != "" {
		md[changeKey] = []string{change}
	}
	if traceparent != "" {
		md[TraceKey] = []string{traceparent}
	}
}

// read is the other direction. What is being served was allowed.
func read(text []byte) (*Acting, error) {
	var m kernelv1.Acting
	if err := proto.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("who acts cannot be read: %w", err)
	}
	return &Acting{
		Principal: access.Principal{
			Kind: access.Kind(m.GetKind()), UserID: m.GetUserId(), SessionID: m.GetSessionId(), Name: m.GetName(),
			Roles: m.GetRoles(), ActingFor: m.GetActingFor(), Via: m.GetVia(), ActedBy: m.GetActedBy(), MayWrite: m.GetMayWrite(),
			Place:  access.Place{Address: m.GetAddress(), Device: m.GetDevice()},
			Proved: moment(m.GetProofUnixMicros()),
		},
		Decision: access.Decision{
			Allowed: true, Reach: access.Reach(m.GetReach()), Method: m.GetMethod(), Permission: m.GetPermission(), Role: m.GetRole(),
		},
		Rows: store.Rows{Role: m.GetRowsRole(), Setting: m.GetRowsSetting()},
	}, nil
}

// Reader reads who acts. The same is read once: a page makes many calls, and a reader opens many pages.
type Reader struct {
	mu    sync.RWMutex
	known map[string]*Acting
}

// kept is how many a Reader remembers, some 100 to 200 KiB.
const kept = 256

// Context makes the provider's context of one that a call came with over gRPC: the same values as in the portal's
// process. What metadata the caller sent stays; what transport and kernel added goes.
func (r *Reader) Context(ctx context.Context) (context.Context, error) {
	md, _ := metadata.FromIncomingContext(ctx) // a copy
	values, tokens, change, traceparent := md[actingKey], md[TokenKey], strings.Join(md[changeKey], ""), strings.Join(md[TraceKey], "")
	if len(values) != 1 || len(tokens) != 1 {
		return nil, errors.New("the call does not say who acts")
	}
	for key := range md {
		if Transport(key) || key == actingKey || key == TokenKey || key == changeKey || key == TraceKey {
			delete(md, key)
		}
	}
	return r.With(WithTraceparent(ctx, traceparent), []byte(values[0]), tokens[0], change, md)
}

// With makes the provider's context of a direct call, of one that is within the call's span: acting is as Marshal wrote it.
func (r *Reader) With(ctx context.Context, acting []byte, token, change string, md metadata.MD) (context.Context, error) {
	a, err := r.acting(acting)
	if err != nil {
		return nil, err
	}
	if md == nil {
		md = metadata.MD{}
	}
	rows := a.Rows
	rows.Change = change
	return &served{Context: metadata.NewIncomingContext(ctx, md), acting: a, rows: rows, token: token}, nil
}

func (r *Reader) acting(text []byte) (*Acting, error) {
	r.mu.RLock()
	a, ok := r.known[string(text)]
	r.mu.RUnlock()
	if ok {
		return a, nil
	}
	a, err := read(text)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= kept || r.known == nil {
		r.known = make(map[string]*Acting, kept)
	}
	r.known[string(text)] = a
	return a, nil
}

// served is the context of a call. It is one value, not five, because there is one for each call.
type served struct {
	context.Context
	acting *Acting
	rows   store.Rows
	token  string
}

// Value answers with pointers into what many calls share; no reader hands them on.
func (s *served) Value(key any) any {
	if v := access.ValueOf(key, &s.acting.Principal, &s.acting.Decision); v != nil {
		return v
	}
	if v := store.ValueOf(key, &s.rows); v != nil {
		return v
	}
	if _, ok := key.(tokenKey); ok {
		return s.token
	}
	return s.Context.Value(key)
}
