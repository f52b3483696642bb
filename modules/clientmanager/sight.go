package clientmanager

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
)

// sight is how many clients a caller sees, which decides how a list is best read. What is listed is the same.
type sight int

const (
	few  sight = iota // it is quickest to look at each
	many              // of a portal's: an index gives rows in order, and each is asked whether it is seen
	all               // every row there is
)

const (
	// fewClients is up to how many clients it is quickest to look at each of them.
	fewClients = 10_000
	// sightFor is how long it is remembered who sees how many.
	sightFor = time.Minute
	// sightsKept bounds the memory of that.
	sightsKept = 10_000
)

// counted is how far a list is counted.
func (s sight) counted() int32 {
	if s == few {
		return countedTo
	}
	return countedLong
}

// sights remembers for a while who sees many clients.
type sights struct {
	mu   sync.Mutex
	seen map[string]seen
}

type seen struct {
	sight sight
	until time.Time
}

// sight tells how many clients the caller sees.
func (m *Module) sight(ctx context.Context) (sight, error) {
	who := access.From(ctx)
	switch {
	case access.DecisionFrom(ctx).Reach == access.All:
		return all, nil
	case who.Kind != access.Staff:
		return few, nil
	}
	now := m.host.Now()
	m.sights.mu.Lock()
	known, ok := m.sights.seen[who.UserID]
	m.sights.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.sight, nil
	}
	grants, err := store.QueryOne(ctx, m.host.Store, pgx.RowTo[int],
		`select count(*)::int from (select from access.my_clients limit $1) g`, fewClients+1)
	if err != nil {
		return few, err
	}
	found := seen{sight: few, until: now.Add(sightFor)}
	if grants > fewClients {
		found.sight = many
	}
	m.sights.mu.Lock()
	defer m.sights.mu.Unlock()
	if m.sights.seen == nil || len(m.sights.seen) >= sightsKept {
		m.sights.seen = map[string]seen{}
	}
	m.sights.seen[who.UserID] = found
	return found.sight, nil
}
