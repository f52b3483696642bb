package live

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// note is what the database says of a change.
type note struct {
	module string
	topics []string
	fence  string
	ids    []string
}

// The fences of notes.
const (
	ofClients = "client"
	ofUsers   = "user"
	ofAll     = "all"
	ofShared  = "shared"
)

// snapshot is what could be seen in the database at a time, as Postgres writes it: "xmin:xmax:under,way". Of the numbers
// of transactions, xmin is the oldest that was under way and xmax the first that had not begun.
type snapshot string

// maxVersion is how long a version may be to travel: it grows with the transactions under way.
const maxVersion = 2048

// valid tells whether a snapshot that came from a browser is one.
func (s snapshot) valid() bool {
	parts := strings.Split(string(s), ":")
	if len(s) > maxVersion || len(parts) != 3 {
		return false
	}
	numbers := append(parts[:1:1], strings.Split(parts[2], ",")...)
	if parts[2] == "" {
		numbers = parts[:1]
	}
	last := int64(0)
	for i, text := range append(numbers, parts[1]) {
		n, err := strconv.ParseInt(text, 10, 64)
		// xmin may be the first under way, and is xmax when none is.
		if err != nil || n <= 0 || n < last || n == last && i > 1 {
			return false
		}
		last = n
	}
	return true
}

// bounds are xmin and xmax.
func (s snapshot) bounds() (low, high int64) {
	first, rest, _ := strings.Cut(string(s), ":")
	second, _, _ := strings.Cut(rest, ":")
	low, _ = strconv.ParseInt(first, 10, 64) // what Postgres wrote is a number
	high, _ = strconv.ParseInt(second, 10, 64)
	return low, high
}

// querier is a connection or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// queryFor is how long a statement of the feed may take before its connection counts as lost.
const queryFor = 10 * time.Second

// read returns what was committed since a snapshot, and the snapshot that it was read in.
func read(ctx context.Context, db querier, since snapshot) (notes []note, at snapshot, err error) {
	ctx, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	rows, err := db.Query(ctx, `
		select pg_current_snapshot()::text, n.module, n.topics, n.fence, n.ids::text[]
		from (select 1) once left join kernel.live_note n
			on n.xid >= pg_snapshot_xmin($1::text::pg_snapshot) and not pg_visible_in_snapshot(n.xid, $1::text::pg_snapshot)`, string(since))
	if err != nil {
		return nil, "", err
	}
	defer rows.Close()
	for rows.Next() {
		var n note
		var module, fence *string // null in the one row that comes when there is nothing
		if err := rows.Scan((*string)(&at), &module, &n.topics, &fence, &n.ids); err != nil {
			return nil, "", err
		}
		if module != nil {
			n.module, n.fence = *module, *fence
			notes = append(notes, n)
		}
	}
	return notes, at, rows.Err()
}

// follow tells what is committed, until the connection is lost or ctx ends. It has one of its own, which listens.
// It says once it does.
func (h *Hub) follow(ctx context.Context, follows func()) error {
	cfg := h.cfg.Pool.Config().ConnConfig.Copy()
	cfg.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {} // that one came is all
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = h.getUp(ctx, conn) // or the row is over by itself
		_ = conn.Close(ctx)
	}()
	var at snapshot
	if err := conn.QueryRow(ctx, `select pg_current_snapshot()::text`).Scan((*string)(&at)); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `listen cabinet_live`); err != nil {
		return err
	}
	h.begin(at)
	follows()
	var stirred time.Time // when something was last told
	for {
		notes, next, err := read(ctx, conn, at)
		if err == nil {
			err = h.tell(ctx, notes, next)
		}
		if err != nil {
			return err
		}
		at = next
		if err := h.sweep(ctx, conn, at); err != nil {
			return err
		}
		if len(notes) > 0 {
			stirred = time.Now()
			if err := h.getUp(ctx, conn); err != nil {
				return err
			}
		}
		if time.Since(stirred) < h.cfg.Linger {
			if err := pause(ctx, h.cfg.Gather); err != nil {
				return err
			}
			continue
		}
		if at, err = h.rest(ctx, conn, at); err != nil {
			return err
		}
	}
}

// listen follows, and begins anew when the connection was lost. It says once the first try was made.
func (h *Hub) listen(ctx context.Context, tried func()) {
	for {
		err := h.follow(ctx, tried)
		tried()
		if ctx.Err() != nil {
			return
		}
		h.cfg.Log.WarnContext(ctx, "live updates wait: their connection to the database was lost", "error", err)
		if pause(ctx, h.cfg.Again) != nil {
			return
		}
	}
}

// age is a snapshot and when it was current.
type age struct {
	at   snapshot
	when time.Time
}

// sweep deletes notes that no version still needs, and remembers the ages of snapshots for it.
func (h *Hub) sweep(ctx context.Context, conn *pgx.Conn, at snapshot) error {
	now := time.Now()
	h.mu.Lock()
	if n := len(h.ages); n == 0 || now.Sub(h.ages[n-1].when) >= h.cfg.Keep/8 {
		h.ages = append(h.ages, age{at, now})
	}
	old := snapshot("")
	for len(h.ages) > 1 && now.Sub(h.ages[0].when) > h.cfg.Keep {
		old, h.ages = h.ages[0].at, h.ages[1:]
	}
	h.mu.Unlock()
	if old == "" {
		return nil
	}
	low, _ := old.bounds()
	ctx, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	_, err := conn.Exec(ctx, `delete from kernel.live_note where xid < $1::text::xid8`, strconv.FormatInt(low, 10))
	return err
}

// missed returns what was committed since a version, unless it may have been swept in part.
func (h *Hub) missed(ctx context.Context, since snapshot) (notes []note, ok bool, err error) {
	if !since.valid() {
		return nil, false, nil
	}
	// Other nodes sweep too, when their own snapshots are old enough: half of that age is young for all of them.
	h.mu.Lock()
	oldest := int64(-1)
	for _, a := range h.ages {
		if time.Since(a.when) <= h.cfg.Keep/2 {
			oldest, _ = a.at.bounds()
			break
		}
	}
	if oldest < 0 && len(h.ages) > 0 {
		oldest, _ = h.ages[len(h.ages)-1].at.bounds()
	}
	h.mu.Unlock()
	if low, _ := since.bounds(); oldest < 0 || low < oldest {
		return nil, false, nil
	}
	notes, at, err := read(ctx, h.cfg.Pool, since)
	if err != nil {
		return nil, false, fmt.Errorf("live: read what was missed: %w", err)
	}
	_, high := since.bounds()
	_, now := at.bounds()
	return notes, high <= now, nil // a version of the future is of another database
}

// pause waits, and returns early with ctx's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
