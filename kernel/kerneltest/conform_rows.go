package kerneltest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/opencabinet/cabinet/kernel/store"
)

// rows attacks each table of the module that holds rows of clients or users, with SQL of the module's own that forgot
// to ask whose they are, and with that of somebody who has taken over the module's login: as a contact of another
// client, as staff who were not granted this one, as nobody, and under signatures that are forged, altered and expired.
// The role that reaches all rows is not attacked: who can take it sees them, which is why only staff with such a role,
// and the module itself, run under it.
func (c *conformance) rows(t testing.TB) {
	p := c.portal(t)
	raid := &raid{c: c, t: t, p: p, admin: connect(t, p.DSN), store: c.store(t, p, p.Store())}
	mine, attacker := c.side(t, p, "mine", func(s *Side) actor {
		return actor{name: "a contact of another client", who: p.Contact(t, s.ClientID, c.someContactRole(p)).Principal(t)}
	})
	manager := p.Staff(t, "manager")
	p.Serve(t, manager, mine.ClientID)
	owner := c.owner(t, p)
	theirs, _ := c.side(t, p, "theirs", func(*Side) actor { return owner })
	raid.settle()

	tables, err := p.Store().Protected(t.Context(), c.Module)
	require.NoError(t, err)
	contact := raid.setting(attacker.who, raid.store)
	settings := map[string]string{
		"a contact of another client":     contact,
		"staff who do not serve it":       raid.setting(manager.Principal(t), raid.store),
		"nobody":                          "",
		"a forged principal":              "v1.staff|" + theirs.UserID + "||" + c.Module + "|99999999999." + strings.Repeat("0", 64),
		"a principal altered to another":  strings.Replace(contact, mine.ClientID, theirs.ClientID, 1),
		"a principal altered to staff":    strings.Replace(contact, ".contact|", ".staff|", 1),
		"a principal altered to live on":  later(contact),
		"an expired principal":            raid.expired(access.Principal{Kind: access.Contact, UserID: theirs.UserID, ActingFor: theirs.ClientID}),
		"an expired principal of the own": raid.expired(attacker.who),
	}
	for _, table := range tables {
		target := raid.target(table, mine, theirs, attacker.who.UserID, owner.who.UserID)
		if target == nil {
			continue
		}
		before := raid.content(target)
		for _, name := range slices.Sorted(maps.Keys(settings)) {
			raid.byRole(target, name, settings[name])
		}
		raid.withoutRole(target)
		raid.byStore(target, attacker)
		raid.byStore(target, actor{name: "staff who do not serve it", who: manager.Principal(t)})
		if raid.content(target) != before {
			c.found("%s: rows of another %s were changed by an attack", table.Table, table.Kind)
		}
	}
}

// owner is who makes the things of the other side: staff who reach all rows, if there is such a role.
func (c *conformance) owner(t testing.TB, p *Portal) actor {
	if _, known := p.Policy().Role("head"); known {
		return actor{name: "head", who: p.Head(t).Principal(t)}
	}
	return actor{name: "kernel", who: access.AsKernel()}
}

// raid is what the attacks share.
type raid struct {
	c     *conformance
	t     testing.TB
	p     *Portal
	admin *pgx.Conn
	store *store.Store
	login *pgx.Conn
}

// target is a table with a row of another client, or user, to be attacked.
type target struct {
	table store.Protection
	// theirs is the value of the table's column for what is attacked, mine for the attacker's own. Empty where the table
	// is nobody's.
	theirs, mine string
	// columns are those that can be written; row is what an attacker would write, as JSON.
	columns []string
	row     string
}

func (r *raid) target(table store.Protection, mine, theirs *Side, attacker, owner string) *target {
	g := &target{table: table}
	switch table.Kind {
	case "client":
		g.mine, g.theirs = mine.ClientID, theirs.ClientID
	case "user":
		g.mine = attacker
		for _, g.theirs = range []string{owner, theirs.UserID} {
			if r.count(g) > 0 {
				break
			}
		}
	case "shared":
		// Everybody reads it by intent, and who writes is what the store's own tests see to.
		var column string
		err := r.admin.QueryRow(r.t.Context(), `select coalesce(string_agg(attname, ', '), '') from pg_attribute
			where attrelid = $1::regclass and attname in ('client_id', 'user_id')`, table.Table).Scan(&column)
		require.NoError(r.t, err)
		if column != "" {
			r.c.found("%s: everybody reads it, and it has the column %s: if its rows are somebody's, protect them; if not, name the column otherwise", table.Table, column)
		}
		return nil
	}
	rows, err := r.admin.Query(r.t.Context(), `select quote_ident(attname) from pg_attribute
		where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' and attidentity <> 'a' order by attnum`, table.Table)
	require.NoError(r.t, err)
	g.columns, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(r.t, err)
	if r.count(g) == 0 {
		r.plant(g)
	}
	err = r.admin.QueryRow(r.t.Context(), "select to_jsonb(x)::text from "+table.Table+" x where "+g.where()+" limit 1").Scan(&g.row)
	if err != nil {
		r.c.found("%s: there is no row to attack (%v): have a method with a request_id make one, or let the column have defaults", table.Table, err)
		return nil
	}
	return g
}

// where finds the rows that are attacked; for a table that is nobody's, all.
func (g *target) where() string {
	if g.theirs == "" {
		return "true"
	}
	return fmt.Sprintf("x.%s = '%s'", g.table.Column, g.theirs)
}

func (r *raid) count(g *target) (n int) {
	require.NoError(r.t, r.admin.QueryRow(r.t.Context(), "select count(*) from "+g.table.Table+" x where "+g.where()).Scan(&n))
	return n
}

// plant puts a row where no contract does, of made-up values, as only the superuser can.
func (r *raid) plant(g *target) {
	ctx := r.t.Context()
	rows, err := r.admin.Query(ctx, `select quote_ident(a.attname), format_type(a.atttypid, null) from pg_attribute a
		where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped and a.attnotnull and not a.atthasdef and a.attidentity = ''`, g.table.Table)
	require.NoError(r.t, err)
	names, values := []string{}, []string{}
	made := map[string]string{
		"uuid": "gen_random_uuid()", "text": "'x'", "timestamp with time zone": "now()", "boolean": "false", "bytea": "sha256(random()::text::bytea)",
		"date": "now()", "jsonb": "'{}'", "text[]": "'{}'",
	}
	var name, kind string
	_, err = pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		value, known := made[kind]
		if !known {
			value = "1" // more than nothing, as amounts are
		}
		names, values = append(names, name), append(values, value)
		return nil
	})
	require.NoError(r.t, err)
	if g.theirs != "" {
		if i := slices.Index(names, g.table.Column); i >= 0 {
			values[i] = "'" + g.theirs + "'"
		} else {
			names, values = append(names, g.table.Column), append(values, "'"+g.theirs+"'")
		}
	}
	tx, err := r.admin.Begin(ctx)
	require.NoError(r.t, err)
	defer func() { _ = tx.Rollback(ctx) }()
	_, err = tx.Exec(ctx, "set local session_replication_role = replica") // no foreign keys
	require.NoError(r.t, err)
	if _, err = tx.Exec(ctx, fmt.Sprintf("insert into %s (%s) values (%s)", g.table.Table, strings.Join(names, ", "), strings.Join(values, ", "))); err == nil {
		require.NoError(r.t, tx.Commit(ctx))
	}
}

func (r *raid) content(g *target) (sum string) {
	err := r.admin.QueryRow(r.t.Context(), "select md5(coalesce(string_agg(row, '|' order by row), '')) from (select to_jsonb(x)::text as row from "+
		g.table.Table+" x where "+g.where()+") all_rows").Scan(&sum)
	require.NoError(r.t, err)
	return sum
}

// settle waits until what was made has been heard of, so that nobody but the part changes rows. What keeps failing is
// not waited for.
func (r *raid) settle() {
	require.Eventually(r.t, func() bool {
		var waiting bool
		err := r.admin.QueryRow(r.t.Context(), "select exists (select from kernel.lane where done < last and attempts = 0 and parked_at is null)").Scan(&waiting)
		return err == nil && !waiting
	}, patience, 5*time.Millisecond, "events are not handled")
}

// attack is a statement that must see nothing, or fail.
type attack struct{ what, sql string }

// attacks are what is tried on a table. Deleting comes last: where it works, nothing is left to be seen.
func (g *target) attacks() []attack {
	a := []attack{
		{"reading", "select 1 from " + g.table.Table + " x where " + g.where()},
		{"inserting", fmt.Sprintf("insert into %s (%s) select %s from jsonb_populate_record(null::%s, $json$%s$json$) returning 1",
			g.table.Table, strings.Join(g.columns, ", "), strings.Join(g.columns, ", "), g.table.Table, g.row)},
		{"updating", fmt.Sprintf("update %s x set %s = %s where %s", g.table.Table, g.columns[0], g.columns[0], g.where())},
	}
	if g.theirs != "" {
		a = append(a, attack{"giving own rows away:", fmt.Sprintf("update %s set %s = '%s'", g.table.Table, g.table.Column, g.theirs)})
	}
	return append(a, attack{"deleting", "delete from " + g.table.Table + " x where " + g.where()})
}

// verdict notes an attack that saw or changed a row. Only an error that says "you may not" counts as a defence, and
// that of a signature: another would hide what row security would have done.
func (r *raid) verdict(g *target, what, who string, touched int64, err error) {
	var pg *pgconn.PgError
	switch {
	case err == nil && touched == 0:
	case err == nil:
		r.c.found("%s: %s another %s's rows works for %s (%d): say select kernel.protect('%s', …) in the migration and nothing else",
			g.table.Table, what, cmp.Or(g.table.Kind, "part"), who, touched, g.table.Table)
	case errors.As(err, &pg) && (pg.Code == "42501" || strings.HasPrefix(pg.Code, "CB")):
	default:
		r.c.found("%s: %s another's rows as %s ended with an error that row security did not make: %v", g.table.Table, what, who, err)
	}
}

// byRole attacks as the module's login, with a role set by hand and a setting that says who acts.
func (r *raid) byRole(g *target, who, setting string) {
	if r.login == nil {
		r.login = connectAs(r.t, r.loginConfig())
	}
	roles := r.p.Store().RuntimeRoles(r.c.Module)
	for _, role := range roles[:len(roles)-1] {
		for _, a := range g.attacks() {
			touched, err := r.try(r.login, role, setting, a.sql)
			r.verdict(g, a.what, who+" with role "+role, touched, err)
		}
	}
}

// withoutRole attacks as the module's login alone.
func (r *raid) withoutRole(g *target) {
	for _, a := range g.attacks() {
		touched, err := r.try(r.login, "none", "", a.sql)
		r.verdict(g, a.what, "the login without a role", touched, err)
	}
}

// byStore attacks through the module's own store, as its code would by mistake.
func (r *raid) byStore(g *target, who actor) {
	ctx := access.WithDecision(access.With(r.t.Context(), who.who), access.Decision{Allowed: true, Reach: access.Granted})
	for _, a := range g.attacks() {
		tag, err := r.store.Exec(ctx, a.sql)
		var pg *pgconn.PgError
		if err != nil && !errors.As(err, &pg) && strings.Contains(err.Error(), "permission") {
			continue // the store's own words for 42501
		}
		r.verdict(g, a.what, who.name+" through the store", tag.RowsAffected(), err)
	}
}

// try runs one statement in a transaction that is rolled back, all in one go.
func (r *raid) try(conn *pgx.Conn, role, setting, sql string) (touched int64, err error) {
	quoted := func(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
	results, err := conn.PgConn().Exec(r.t.Context(), "begin; select set_config('role', "+quoted(role)+", true), set_config('cabinet.principal', "+
		quoted(setting)+", true); "+sql+"; rollback").ReadAll()
	if err != nil {
		_, rollbackErr := conn.Exec(r.t.Context(), "rollback")
		require.NoError(r.t, rollbackErr)
		return 0, err
	}
	return results[2].CommandTag.RowsAffected(), nil
}

func (r *raid) loginConfig() *pgx.ConnConfig {
	cfg, err := r.p.Store().ModuleLogin(r.t.Context(), r.c.Module)
	require.NoError(r.t, err)
	return cfg
}

// store opens the module's part of a database, as the host does.
func (c *conformance) store(t testing.TB, p *Portal, db *store.DB) *store.Store {
	t.Helper()
	return storeOf(t, p, db, c.Module)
}

func storeOf(t testing.TB, p *Portal, db *store.DB, id string) *store.Store {
	t.Helper()
	for _, m := range p.Manifests() {
		if m.ID == id {
			s, err := db.Module(t.Context(), store.ModuleSpec{ID: m.ID, Migrations: m.Migrations, Grants: m.GrantsClients, OwnsClients: m.OwnsClients})
			require.NoError(t, err)
			return s
		}
	}
	require.Fail(t, "no module "+id)
	return nil
}

// setting is what the store would sign for somebody.
func (r *raid) setting(who access.Principal, s *store.Store) (signed string) {
	ctx := access.WithDecision(access.With(r.t.Context(), who), access.Decision{Allowed: true, Reach: access.Granted})
	require.NoError(r.t, s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		var err error
		signed, err = store.QueryOne(ctx, tx, pgx.RowTo[string], "select current_setting('cabinet.principal')")
		return err
	}))
	return signed
}

// expired is a setting that was signed an hour ago.
func (r *raid) expired(who access.Principal) string {
	keys, err := secret.Open(secret.Config{Env: func(name string) (string, bool) { return MasterKey, name == secret.EnvKey }})
	require.NoError(r.t, err)
	past, err := store.Open(r.t.Context(), store.Config{
		PortalID: portalID, AdminDSN: r.p.DSN, Key: keys.Derive("store", 32), Clock: func() time.Time { return time.Now().Add(-time.Hour) },
	})
	require.NoError(r.t, err)
	defer past.Close()
	return r.setting(who, r.c.store(r.t, r.p, past))
}

// later moves a setting's expiry on and leaves its signature.
func later(setting string) string {
	at := strings.LastIndex(setting, "|")
	end := strings.LastIndex(setting, ".")
	return setting[:at+1] + "99999999999" + setting[end:]
}

func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	return connectAs(t, cfg)
}

func connectAs(t testing.TB, cfg *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}
