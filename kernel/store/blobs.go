package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
)

// blobColumns are the columns of type kernel.blob of whole tables, and whose tables they are. An array of that type, or one within a
// composite or another domain, would not be found: those are named too, as wrong.
const blobColumns = `
	select c.oid::regclass::text as "table", a.attname::text as "column", pg_get_userbyid(c.relowner)::text as owner,
	       a.atttypid = 'kernel.blob'::regtype as plain
	from pg_catalog.pg_class c
	join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
	join pg_catalog.pg_type t on t.oid = a.atttypid
	where c.relkind in ('r', 'p') and not c.relispartition
	  and 'kernel.blob'::regtype in (t.oid, t.typelem, t.typbasetype)
	order by 1, 2`

type blobColumn struct {
	Table, Column, Owner string
	Plain                bool
}

// SweepBlobs runs do unless another process of the portal does the same at this time; then it does nothing.
func (db *DB) SweepBlobs(ctx context.Context, do func(ctx context.Context) error) (err error) {
	conn, err := db.kernel.Acquire(ctx)
	if err != nil {
		return wrap("connect as the kernel", err)
	}
	defer conn.Release()
	const key = "hashtextextended('kernel.blobs', 0)"
	var mine bool
	if err := conn.QueryRow(ctx, "select pg_try_advisory_lock("+key+")").Scan(&mine); err != nil || !mine {
		return wrap("lock of the sweep of blobs", err)
	}
	defer func() {
		if _, unlockErr := conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock("+key+")"); unlockErr != nil {
			err = errors.Join(err, unlockErr, conn.Conn().Close(context.WithoutCancel(ctx))) // which gives it back
		}
	}()
	return do(ctx)
}

// BlobsNamed tells which of some hashes rows name, in the columns of type kernel.blob of every module, also of those that are switched
// off. An error means that it is not known of any.
func (db *DB) BlobsNamed(ctx context.Context, hashes []string) ([]string, error) {
	conn, err := pgx.ConnectConfig(ctx, db.admin)
	if err != nil {
		return nil, wrap("connect to database "+db.admin.Database, redacted(err))
	}
	defer conn.Close(context.WithoutCancel(ctx))
	rows, err := conn.Query(ctx, blobColumns)
	if err != nil {
		return nil, wrap("columns that name blobs", err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowToStructByName[blobColumn])
	if err != nil {
		return nil, wrap("columns that name blobs", err)
	}
	found := map[string]bool{}
	a := &adminConn{Conn: conn, db: db}
	for _, c := range columns {
		if !c.Plain {
			return nil, fmt.Errorf("store: column %s of %s holds hashes of blobs where a sweep does not see them: make it a plain kernel.blob, in a table of its own if there are several", c.Column, c.Table)
		}
		if err := a.do(ctx, "set role %s", quote(c.Owner)); err != nil {
			return nil, err
		}
		rows, err := conn.Query(ctx, fmt.Sprintf("select distinct %[1]s::text from %[2]s where %[1]s = any($1::text[])", quote(c.Column), c.Table), hashes)
		if err != nil {
			return nil, wrap("blobs that "+c.Table+" names", err)
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return nil, wrap("blobs that "+c.Table+" names", err)
		}
		for _, name := range names {
			found[name] = true
		}
		if err := a.do(ctx, "reset role"); err != nil {
			return nil, err
		}
	}
	return slices.Collect(maps.Keys(found)), nil
}
