package live

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// glance is how often a node looks that wants to sleep while somebody is writing.
const glance = 50 * time.Millisecond

// rest sleeps until something was committed, or for a while. It returns the snapshot up to which everything was told.
//
// It cannot oversleep. Who writes looks, after the note was written, whether a node is asleep. Once this node's row is
// committed, whoever did not see it has begun to write, and so has a transaction id, which the snapshot taken next knows
// as under way. The node waits for all of those.
func (h *Hub) rest(ctx context.Context, conn *pgx.Conn, at snapshot) (snapshot, error) {
	if err := h.lieDown(ctx, conn); err != nil {
		return at, err
	}
	notes, next, err := read(ctx, conn, at)
	_, until := next.bounds()
	for err == nil && len(notes) == 0 {
		at = next
		h.still(at)
		if low, _ := at.bounds(); low >= until {
			break
		}
		if err := pause(ctx, glance); err != nil {
			return at, err
		}
		notes, next, err = read(ctx, conn, at)
	}
	if err != nil || len(notes) > 0 { // they are read again by who tells them
		return at, err
	}
	waiting, cancel := context.WithTimeout(ctx, h.cfg.Rest)
	defer cancel()
	err = conn.PgConn().WaitForNotification(waiting)
	switch {
	case ctx.Err() != nil:
		return at, context.Cause(ctx)
	case pgconn.Timeout(err): // stays down; that the connection still lives shows the next read
		return at, nil
	}
	return at, err
}

// lieDown has writers notify from now on. The row outlives a node that is killed by a minute, and writers notify in vain.
func (h *Hub) lieDown(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	_, err := conn.Exec(ctx, `
		insert into kernel.live_asleep (node, until) values ($1, clock_timestamp() + $2)
		on conflict (node) do update set until = excluded.until`, h.node, h.cfg.Rest+time.Minute)
	h.down = true
	return err
}

// getUp has writers save themselves the trouble.
func (h *Hub) getUp(ctx context.Context, conn *pgx.Conn) error {
	if !h.down {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	_, err := conn.Exec(ctx, `delete from kernel.live_asleep where node = $1`, h.node)
	h.down = err != nil
	return err
}
