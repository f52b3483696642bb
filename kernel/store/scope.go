package store

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/opencabinet/cabinet/kernel/access"
)

const (
	// manyClients is from how many on a list of ids in an array is slower than a look-up for each row.
	manyClients = 10_000
	// countFor is how long a count holds. Both roles show the same rows, only their speed differs.
	countFor = 5 * time.Second
	// countsKept bounds the memory of the counts.
	countsKept = 10_000
)

// reaches remembers for a few seconds which members of staff have many clients.
type reaches struct {
	pool  *pgxpool.Pool
	clock func() time.Time

	mu   sync.Mutex
	seen map[string]counted
}

type counted struct {
	many  bool
	until time.Time
}

func newReaches(pool *pgxpool.Pool, clock func() time.Time) *reaches {
	return &reaches{pool: pool, clock: clock, seen: map[string]counted{}}
}

// many tells whether a user has more clients than an array is good for. It counts no further than that.
func (r *reaches) many(ctx context.Context, user string) (bool, error) {
	now := r.clock()
	r.mu.Lock()
	c, ok := r.seen[user]
	r.mu.Unlock()
	if ok && now.Before(c.until) {
		return c.many, nil
	}
	var n int
	err := r.pool.QueryRow(ctx, `select count(*) from (
		select 1 from kernel.client_grant where user_id = $1
		union all
		select 1 from kernel.portfolio_user u join kernel.portfolio_client using (portfolio_id) where u.user_id = $1
		limit $2) few`, user, manyClients+1).Scan(&n)
	if err != nil {
		return false, ErrorStatus(err)
	}
	r.mu.Lock()
	if len(r.seen) >= countsKept {
		clear(r.seen)
	}
	r.seen[user] = counted{many: n > manyClients, until: now.Add(countFor)}
	r.mu.Unlock()
	return n > manyClients, nil
}

// hostScope is how the host's own process scopes a module's statements: it chooses and signs by itself.
type hostScope struct {
	db     *DB
	module string
	roles  roles
}

var _ scoper = (*hostScope)(nil)

// scope returns the role to take and the setting to make for what the router decided about ctx.
func (s *hostScope) scope(ctx context.Context) (role, setting string, err error) {
	who, decision := access.From(ctx), access.DecisionFrom(ctx)
	if !decision.Allowed {
		return "", "", ErrNoPrincipal
	}
	switch decision.Reach {
	case access.All:
		role = s.roles.all
	case access.Granted:
		role = s.roles.own
		if who.Kind == access.Staff {
			if !IsID(who.UserID) {
				return "", "", ErrNoPrincipal
			}
			many, err := s.db.reach.many(ctx, who.UserID)
			if err != nil {
				return "", "", err
			}
			if many {
				role = s.roles.many
			}
		}
	default:
		return "", "", ErrNoPrincipal
	}
	setting, err = s.db.signer.sign(ctx, who, s.module)
	return role, setting, err
}
