package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/access"
)

// MoveClient moves the rows that a module has of a merged client to the client that it was merged into, in one transaction and
// as the module itself: those of each table that kernel.protect names. Where a table has one row for each client, the
// survivor's stays. handler is whom the audit log names. Moving what is moved is no error; a client that goes on is.
//
// A rule of the module's own that rows of two clients together break, such as a number that is unique for each, is its error
// [Constraint]: such a module says in its manifest that it moves its rows itself.
func (db *DB) MoveClient(ctx context.Context, module, merged, handler string) error {
	db.mu.Lock()
	s := db.modules[module]
	db.mu.Unlock()
	if s == nil {
		return fmt.Errorf("store: module %q is not open", module)
	}
	tables, err := db.clientTables(ctx, module)
	if err != nil {
		return err
	}
	ctx = access.WithDecision(access.With(ctx, access.AsModule(module)), access.Decision{Allowed: true, Reach: access.All})
	return s.Tx(ctx, func(ctx context.Context, tx *Tx) error {
		into, err := Survivor(ctx, tx, merged)
		if err != nil {
			return err
		}
		if into == "" {
			return &Error{Code: codes.FailedPrecondition, Text: "the client goes on: nothing of it is moved"}
		}
		tx.Handler(handler)
		tx.Audit().First().ClientID = into
		if len(tables) > 0 {
			if _, err := tx.Exec(ctx, moveSQL(tables), merged, into); err != nil {
				return err
			}
		}
		_, err = tx.Exec(ctx, "select kernel.moved($1)", merged)
		return err
	})
}

// clientTable is a table that holds rows of clients. One says that it has one row for each.
type clientTable struct {
	Name, Column string
	One          bool
}

// clientTables are those of a module, by name.
func (db *DB) clientTables(ctx context.Context, module string) ([]clientTable, error) {
	rows, err := db.kernel.Query(ctx, `
		select c.oid::regclass::text, a.attname::text, exists (
			select from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisunique and i.indnkeyatts = 1 and i.indkey[0] = a.attnum and i.indpred is null)
		from pg_catalog.pg_policy p
		join pg_catalog.pg_class c on c.oid = p.polrelid
		join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = split_part(obj_description(p.oid, 'pg_policy'), ' ', 2)
		where c.relnamespace = $1::regnamespace and p.polname = 'cabinet_all' and obj_description(p.oid, 'pg_policy') like 'client %'
		order by 1`, quote(module))
	if err != nil {
		return nil, ErrorStatus(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[clientTable])
	return list, ErrorStatus(err)
}

// moveSQL moves the rows of all tables in one statement: foreign keys among them are looked at when it ends, whatever the order.
func moveSQL(tables []clientTable) string {
	var steps []string
	for _, t := range tables {
		column := quote(t.Column)
		only := ""
		if t.One {
			has := fmt.Sprintf("exists (select from %s has where has.%s = $2::uuid)", t.Name, column)
			steps = append(steps, fmt.Sprintf("gone%d as (delete from %s where %s = $1::uuid and %s)", len(steps), t.Name, column, has))
			only = " and not " + has
		}
		steps = append(steps, fmt.Sprintf("moved%d as (update %s set %s = $2::uuid where %[3]s = $1::uuid%s)", len(steps), t.Name, column, only))
	}
	return "with " + strings.Join(steps, ", ") + " select"
}

// Unmoved returns the merged clients of which modules have not noted that their rows were moved: module and client, oldest first.
func (db *DB) Unmoved(ctx context.Context, modules []string) ([][2]string, error) {
	rows, err := db.kernel.Query(ctx, `
		select m, c.id::text from kernel.client c, unnest($1::text[]) m
		where c.merged_into is not null and not exists (select from kernel.client_moved d where d.merged_id = c.id and d.module = m)
		order by c.merged_at, c.id, m`, modules)
	if err != nil {
		return nil, ErrorStatus(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (pair [2]string, err error) {
		return pair, row.Scan(&pair[0], &pair[1])
	})
	return list, ErrorStatus(err)
}
