package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Protection is what keeps the rows of a table apart, as the database has it.
type Protection struct {
	// Table with its schema: "clientmanager.client".
	Table string
	// Kind is "client" or "user", rows of whom Column names; "all", "shared"; or "" for a table out of reach.
	Kind, Column string
}

// SchemaError says what of a module's schema is not as it must be.
type SchemaError struct{ Module, Name, Problem string }

func (e *SchemaError) Error() string {
	return fmt.Sprintf("module %s: %s %s", e.Module, e.Name, e.Problem)
}

// Protected returns the tables of a module and what protects each, by name.
func (db *DB) Protected(ctx context.Context, module string) ([]Protection, error) {
	rows, err := db.kernel.Query(ctx, `
		select c.oid::regclass::text,
		       coalesce(split_part(min(obj_description(p.oid, 'pg_policy')), ' ', 1), ''),
		       coalesce(split_part(min(obj_description(p.oid, 'pg_policy')), ' ', 2), '')
		from pg_catalog.pg_class c
		join pg_catalog.pg_namespace n on n.oid = c.relnamespace
		left join pg_catalog.pg_policy p on p.polrelid = c.oid and p.polname = 'cabinet_all'
		where n.nspname = $1 and c.relkind in ('r', 'p') and c.relname <> 'goose_migration'
		group by c.oid order by 1`, module)
	if err != nil {
		return nil, ErrorStatus(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Protection])
	return list, ErrorStatus(err)
}

// checks each select the name of what is at fault, in schema $1 with the runtime roles $2.
var checks = []struct{ problem, sql string }{
	{"has a column client_id but no row security: add select kernel.protect('%s', 'client_id') to its migration", `
		select c.oid::regclass::text from pg_catalog.pg_class c
		join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'client_id' and a.atttypid = 'uuid'::regtype and not a.attisdropped
		where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and cardinality($2::text[]) > 0
		  and not exists (select 1 from pg_catalog.pg_policy p where p.polrelid = c.oid and p.polname = 'cabinet_all')`},
	{"can be reached without row security: use kernel.protect, protect_own, protect_all or share instead of grant", `
		select c.oid::regclass::text from pg_catalog.pg_class c
		where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)
		  and exists (select 1 from unnest($2::text[]) r where has_table_privilege(r, c.oid, 'select, insert, update, delete, truncate')
		              or has_any_column_privilege(r, c.oid, 'select, insert, update'))`},
	{"has policies beside those of the kernel, and any of them would open rows: use one of kernel.protect, protect_own, protect_all and share, once", `
		select c.oid::regclass::text from pg_catalog.pg_class c join pg_catalog.pg_policy p on p.polrelid = c.oid
		where c.relnamespace = $1::regnamespace and cardinality($2::text[]) > 0
		  and (p.polname not in ('cabinet_owner', 'cabinet_own', 'cabinet_many', 'cabinet_all') or cardinality(p.polroles) <> 1)`},
	{"can be truncated by a role that runs with the portal, whoever's rows it holds: take the grant away", `
		select c.oid::regclass::text from pg_catalog.pg_class c
		where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')
		  and exists (select 1 from unnest($2::text[]) r where has_table_privilege(r, c.oid, 'truncate, trigger, references'))`},
	{"is a view that runs with its owner's rights and would show all rows: create it with (security_invoker = true)", `
		select c.oid::regclass::text from pg_catalog.pg_class c
		where c.relnamespace = $1::regnamespace and c.relkind in ('v', 'm')
		  and exists (select 1 from unnest($2::text[]) r where has_table_privilege(r, c.oid, 'select, insert, update, delete'))
		  and not (c.relkind = 'v' and coalesce(c.reloptions, '{}') && array['security_invoker=true', 'security_invoker=on', 'security_invoker=1', 'security_invoker=yes'])`},
	{"is security definer but does not pin its search_path: add set search_path = pg_catalog, pg_temp", `
		select f.oid::regprocedure::text from pg_catalog.pg_proc f
		where f.pronamespace = $1::regnamespace and f.prosecdef and cardinality($2::text[]) > 0
		  and not exists (select 1 from unnest(f.proconfig) s where s like 'search\_path=%')`},
}

// check reads from the catalogue whether the schema keeps rows apart.
func (db *DB) check(ctx context.Context, module string, r roles) error {
	for _, c := range checks {
		rows, err := db.kernel.Query(ctx, c.sql+" order by 1 limit 1", quote(module), []string{r.own, r.many, r.all})
		if err != nil {
			return wrap("check of module "+module, err)
		}
		name, err := pgx.CollectOneRow(rows, pgx.RowTo[string])
		if err == nil {
			return &SchemaError{Module: module, Name: name, Problem: strings.ReplaceAll(c.problem, "%s", name)}
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return wrap("check of module "+module, err)
		}
	}
	return nil
}
