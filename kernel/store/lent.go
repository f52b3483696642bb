package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opencabinet/cabinet/kernel/access"
)

// Rows are a scope of rows as the host hands it to a module's process with a call: the database role to take and the
// signed setting that says who acts. The zero Rows reach none.
type Rows struct {
	Role, Setting string
	// Change is what the portal signed about a call that may change something, for the audit log.
	Change string
}

// Rows returns the scope of the call under way, for a process that serves it in the module's place. A call that
// reaches no rows gives none.
func (s *Store) Rows(ctx context.Context) (Rows, error) {
	change, err := s.scoper.change(ctx)
	if err != nil || access.DecisionFrom(ctx).Reach == access.None {
		return Rows{Change: change}, err
	}
	role, setting, err := s.scoper.scope(ctx)
	return Rows{role, setting, change}, err
}

// PageKey is what the module's page tokens are signed with, for a process that serves it.
func (s *Store) PageKey() []byte { return s.Pages.key }

type rowsKey struct{}

// WithRows gives a context the rows that came with its call.
func WithRows(ctx context.Context, r Rows) context.Context {
	return context.WithValue(ctx, rowsKey{}, &r)
}

// ValueOf is for a context that holds the rows itself: what its Value answers when key asks for them, nil for any other.
func ValueOf(key any, r *Rows) any {
	if _, ok := key.(rowsKey); ok {
		return r
	}
	return nil
}

// Lent is what a module's own process was given to reach its rows.
type Lent struct {
	// Module is its id. Required.
	Module string
	// DSN connects as the module's own login. Required.
	DSN string
	// PageKey signs page tokens, the same as the host's. Required.
	PageKey []byte
	// Role is taken for what the module does by itself. Required.
	Role string
	// GrantedRole is taken in its place for what the module looks at in somebody's name and their reach is narrower there than
	// in the call under way: clients granted to them. Without it such a look is refused.
	GrantedRole string
	// Sign asks the host for the setting that says that the module acts by itself, and until when it holds. Required.
	Sign func(ctx context.Context) (setting string, until time.Time, err error)
	// MaxConns is how many connections the process keeps. Default: 4.
	MaxConns int32
	// Clock tells when a setting has to be asked for again. Default: time.Now.
	Clock func() time.Time
}

// OpenLent opens a module's rows in the module's own process. The caller ends with close. It connects when it is first
// used.
func OpenLent(ctx context.Context, l Lent) (s *Store, close func(), err error) {
	cfg, err := pgxpool.ParseConfig(l.DSN)
	if err != nil {
		return nil, nil, wrap("the module's database", redacted(err))
	}
	if l.Role == "" || l.Sign == nil || len(l.PageKey) == 0 || !word.MatchString(l.Module) {
		return nil, nil, fmt.Errorf("store: what was lent to module %q is not complete", l.Module)
	}
	if l.MaxConns == 0 {
		l.MaxConns = 4
	}
	if l.Clock == nil {
		l.Clock = time.Now
	}
	cfg.MaxConns = l.MaxConns
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, nil, wrap("the module's database", redacted(err))
	}
	return &Store{pool: pool, scoper: &lentScope{Lent: l}, module: l.Module, Pages: Pages{l.PageKey}}, pool.Close, nil
}

// lentScope scopes by what the host sent with a call, and asks it for what the module does by itself.
type lentScope struct {
	Lent

	mu      sync.Mutex
	setting string
	until   time.Time
}

var _ scoper = (*lentScope)(nil)

// margin is how long before its end a setting is asked for again, so that a statement under way does not outlive it.
const margin = 20 * time.Second

func (s *lentScope) scope(ctx context.Context) (role, setting string, err error) {
	decision := access.DecisionFrom(ctx)
	if !decision.Allowed || decision.Reach == access.None {
		return "", "", ErrNoPrincipal
	}
	if who := access.From(ctx); who.Kind == access.Module && who.Name == s.Module {
		setting, err := s.own(ctx)
		return s.Role, setting, err
	}
	rows, _ := ctx.Value(rowsKey{}).(*Rows)
	if rows == nil || rows.Role == "" {
		return "", "", ErrNoPrincipal
	}
	if decision.Reach == access.Granted && rows.Role == s.Role {
		// The module narrowed what the host decided: the setting names the person, the role lets them see only what is theirs.
		if s.GrantedRole == "" {
			return "", "", ErrNoPrincipal
		}
		return s.GrantedRole, rows.Setting, nil
	}
	return rows.Role, rows.Setting, nil
}

func (s *lentScope) own(ctx context.Context) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Clock().Before(s.until.Add(-margin)) {
		return s.setting, nil
	}
	setting, until, err := s.Sign(ctx)
	if err != nil {
		return "", err
	}
	s.setting, s.until = setting, until
	return setting, nil
}
