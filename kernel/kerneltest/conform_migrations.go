package kerneltest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// migrations opens the portal on an empty database, and again on one with rows in it: the second time nothing changes,
// neither tables nor rows, and both databases have the same tables.
func (c *conformance) migrations(t testing.TB) {
	dsn := empty(t)
	first, err := begin(t, c.Options, dsn)
	if err != nil {
		c.found("on an empty database the portal does not open: %v", err)
		return
	}
	first.stop(t)
	p := c.portal(t)
	r := &raid{c: c, t: t, p: p, admin: connect(t, p.DSN)}
	c.side(t, p, "full", nil)
	r.settle()
	shape, rows := c.shape(t, r.admin), c.everything(r)
	if fresh := c.shape(t, connect(t, dsn)); fresh != shape {
		c.found("two new databases differ: migrations must not depend on what they find:\n%s", differ(fresh, shape))
	}
	p = p.Restart(t)
	r.p = p
	if again := c.shape(t, r.admin); again != shape {
		c.found("opening the portal again changed the module's schema:\n%s", differ(shape, again))
	}
	if c.everything(r) != rows {
		c.found("opening the portal again changed rows of the module")
	}
}

// shape is what the module's schema holds, in text: tables, columns, indexes, constraints, policies, functions, rights.
func (c *conformance) shape(t testing.TB, conn *pgx.Conn) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), `
		with s as (select oid from pg_namespace where nspname = $1)
		select 'table ' || relname || ' ' || relkind::text || ' ' || relrowsecurity::text || relforcerowsecurity::text || ' ' || coalesce(relacl::text, '') as line
		from pg_class, s where relnamespace = s.oid
		union all
		select 'column ' || attrelid::regclass::text || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull::text
		from pg_attribute join pg_class c on c.oid = attrelid, s where relnamespace = s.oid and attnum > 0 and relkind in ('r', 'p', 'v')
		union all
		select 'index ' || pg_get_indexdef(indexrelid) from pg_index join pg_class c on c.oid = indrelid, s where relnamespace = s.oid
		union all
		select 'constraint ' || conrelid::regclass::text || ' ' || conname || ' ' || pg_get_constraintdef(k.oid) from pg_constraint k, s where connamespace = s.oid
		union all
		select 'policy ' || polrelid::regclass::text || ' ' || polname || ' ' || coalesce(pg_get_expr(polqual, polrelid), '') || ' ' || polroles::text
		from pg_policy join pg_class c on c.oid = polrelid, s where relnamespace = s.oid
		union all
		select 'function ' || md5(pg_get_functiondef(f.oid)) || ' ' || f.oid::regprocedure::text || ' ' || coalesce(proacl::text, '')
		from pg_proc f, s where pronamespace = s.oid and prokind = 'f'
		union all
		select 'migration ' || version::text || ' ' || encode(sha256, 'hex') from kernel.migration where module = $1
		order by 1`, c.Module)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}

// differ is the lines of two texts that are in one of them alone.
func differ(was, is string) string {
	var out []string
	for _, side := range []struct{ mark, text, other string }{{"-", was, is}, {"+", is, was}} {
		there := map[string]bool{}
		for _, line := range strings.Split(side.other, "\n") {
			there[line] = true
		}
		for _, line := range strings.Split(side.text, "\n") {
			if !there[line] && len(out) < 20 {
				out = append(out, fmt.Sprintf("%s %s", side.mark, line))
			}
		}
	}
	return strings.Join(out, "\n")
}
