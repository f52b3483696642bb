// Package pglisten hears what Postgres notifies of.
package pglisten

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Each calls heard once the channel is listened on, since what was notified before is not told, and then for each
// notification, until ctx ends, the connection breaks or heard fails: it always returns an error. The connection is the
// listener's own, and leaves its place in the pool to others.
func Each(ctx context.Context, pool *pgxpool.Pool, channel string, heard func(ctx context.Context) error) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	own := conn.Hijack() // a connection that listens does not go back to the pool
	defer closeQuietly(ctx, own)
	if _, err := own.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return err
	}
	for {
		if err := heard(ctx); err != nil {
			return err
		}
		if _, err := own.WaitForNotification(ctx); err != nil {
			return err
		}
	}
}

func closeQuietly(ctx context.Context, conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = conn.Close(ctx) // nothing was under way
}
