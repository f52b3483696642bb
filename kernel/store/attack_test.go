package store_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// signed returns the setting that the store makes for ctx.
func (w *world) signed(t *testing.T, ctx context.Context) string {
	t.Helper()
	v, err := store.QueryOne(ctx, w.shop, pgx.RowTo[string], "select current_setting('cabinet.principal')")
	require.NoError(t, err)
	return v
}

// inRole runs one query as a role with a principal of the attacker's choice, on a connection of the shop's own login.
func (w *world) inRole(t *testing.T, conn *pgx.Conn, role, principal, sql string) ([]string, error) {
	t.Helper()
	b := &pgx.Batch{}
	b.Queue("select set_config('role', $1, true), set_config('cabinet.principal', $2, true)", role, principal)
	b.Queue(sql)
	results := conn.SendBatch(t.Context(), b)
	defer results.Close()
	if _, err := results.Exec(); err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func requireState(t *testing.T, want string, err error) {
	t.Helper()
	var pg *pgconn.PgError
	require.ErrorAs(t, err, &pg)
	require.Equal(t, want, pg.Code, "%v", err)
}

func (w *world) login(t *testing.T, module string) *pgx.Conn {
	t.Helper()
	cfg, err := w.db.ModuleLogin(t.Context(), module)
	require.NoError(t, err)
	return connect(t, cfg)
}

func TestForgedPrincipals(t *testing.T) {
	w := newWorld(t)
	conn := w.login(t, "shop")
	const own, bills = "cab_test_shop_own", "select title from shop.bill order by title"
	good := w.signed(t, w.asContact(t))
	list, err := w.inRole(t, conn, own, good, bills)
	require.NoError(t, err)
	require.Equal(t, []string{"first"}, list, "the true one works here, so that the forged ones fail for the right reason")

	part := strings.Split(good, ".")
	forged := map[string]string{
		"another client":      part[0] + "." + strings.Replace(part[1], w.mine, w.other, 1) + "." + part[2],
		"another user":        part[0] + "." + strings.Replace(part[1], w.contact, w.manager, 1) + "." + part[2],
		"another kind":        part[0] + "." + strings.Replace(part[1], "contact", "staff", 1) + "." + part[2],
		"no signature":        part[0] + "." + part[1] + ".",
		"two parts":           part[0] + "." + part[1],
		"four parts":          good + "." + part[2],
		"upper case":          strings.ToUpper(good),
		"another version":     "v2." + part[1] + "." + part[2],
		"key of zeros":        sign(make([]byte, 32), part[1]),
		"key of the portal":   sign(storetest.Key, part[1]),
		"empty key":           sign(nil, part[1]),
		"garbage":             "garbage",
		"quotes":              "v1.' or true --.x",
		"a hash of the setup": part[0] + "." + part[1] + "." + hex.EncodeToString(sha256.New().Sum(nil)),
	}
	for name, principal := range forged {
		t.Run(name, func(t *testing.T) {
			_, err := w.inRole(t, conn, own, principal, bills)
			requireState(t, "CB001", err)
			_, err = w.inRole(t, conn, own, principal, "select client_id::text from access.my_clients")
			requireState(t, "CB001", err)
		})
	}
	list, err = w.inRole(t, conn, own, "", bills)
	require.NoError(t, err)
	require.Empty(t, list, "no principal, no rows")
}

func sign(key []byte, body string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("v1." + body))
	return "v1." + body + "." + hex.EncodeToString(h.Sum(nil))
}

func TestAnotherPortalsPrincipal(t *testing.T) {
	w := newWorld(t)
	cfg := storetest.Config(storetest.DSN(t))
	cfg.PortalID, cfg.Key = "neighbour", []byte("another portal's key, just as long as that")
	cfg.AdminDSN = storetest.Cluster(t) // makes cabinet_neighbour
	db, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	admin := w.admin(t)
	t.Cleanup(func() {
		db.Close()
		_, err := admin.Exec(context.Background(), "drop database cabinet_neighbour")
		require.NoError(t, err)
	})
	other := &world{db: db, shop: storetest.Module(t, db, shop()), contact: w.contact, mine: w.mine}
	_, err = w.inRole(t, w.login(t, "shop"), "cab_test_shop_own", other.signed(t, w.asContact(t)), "select title from shop.bill")
	requireState(t, "CB001", err)

	// Its logins cannot come into this portal's database either.
	in := db.Pool().Config().ConnConfig.Copy()
	in.Database = w.db.Pool().Config().ConnConfig.Database
	_, err = pgx.ConnectConfig(t.Context(), in)
	requireState(t, "42501", err)
}

func TestExpiredPrincipal(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	cfg := storetest.Config(w.db.Pool().Config().ConnString())
	cfg.Clock = func() time.Time { return now }
	db, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	late := &world{db: db, shop: storetest.Module(t, db, shop())}
	require.Equal(t, []string{"first"}, late.titles(t, w.asContact(t)))
	now = now.Add(-61 * time.Second)
	_, err = titles(w.asContact(t), late.shop)
	requireCode(t, codes.PermissionDenied, err)
	require.ErrorContains(t, err, "took longer")

	// A call with a longer deadline is signed for as long, and for an hour at most.
	long, cancel := context.WithTimeout(w.asContact(t), 10*time.Minute)
	defer cancel()
	require.Equal(t, []string{"first"}, late.titles(t, long))
	now = now.Add(-time.Hour)
	longest, cancel := context.WithTimeout(w.asContact(t), 100*time.Hour)
	defer cancel()
	_, err = titles(longest, late.shop)
	requireCode(t, codes.PermissionDenied, err)
}

func TestRolesKeepToTheirs(t *testing.T) {
	w := newWorld(t)
	storetest.Module(t, w.db, store.ModuleSpec{ID: "desk", Migrations: files("0001_x.sql", `-- +goose Up
create table desk.note (text text);
select kernel.protect_all('desk.note');
-- +goose StatementBegin
create function desk.spy() returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select 'seen' $$;
-- +goose StatementEnd
`)})
	own := w.login(t, "shop")
	host := connect(t, func() *pgx.ConnConfig {
		cfg := w.db.Pool().Config().ConnConfig.Copy() // the kernel's, who is no member of anything
		return cfg
	}())
	for _, c := range []struct {
		who  string
		conn *pgx.Conn
		sql  string
	}{
		{"a process", own, "set role cab_test_shop_owner"},
		{"a process", own, "set role cab_test_desk_all"},
		{"a process", own, "set role cab_test_desk_owner"},
		{"a process", own, "set role cab_test_kernel"},
		{"a process", own, "set session authorization cab_test_kernel"},
		{"a process", own, "select * from shop.bill"},
		{"a process", own, "select * from kernel.principal_key"},
		{"a process", own, "select access.clients()"},
		{"a process", own, "create temp table bill (id uuid)"},
		{"a process", own, "create table public.bill (id uuid)"},
		{"a process", own, "create schema mine"},
		{"the kernel", host, "set role cab_test_shop_owner"},
		{"the kernel", host, "select * from shop.bill"},
	} {
		_, err := c.conn.Exec(t.Context(), c.sql)
		require.Error(t, err, "%s: %s", c.who, c.sql)
		requireState(t, "42501", err)
	}
	for _, role := range []string{"own", "many", "all"} {
		for _, sql := range []string{
			"select * from desk.note", "select desk.spy()", "select * from kernel.principal_key", "select * from kernel.client_grant", "select * from kernel.client",
			"select kernel.principal()::text", "select kernel.caller()", "select kernel.signer()", "select * from kernel.once",
			"update kernel.module set id = 'shop'", "create table shop.mine (id uuid)", "alter table shop.bill disable row level security",
			"create policy open on shop.bill using (true)", "drop table shop.bill", "create function shop.f() returns int language sql as 'select 1'",
			"select kernel.protect('shop.bill', 'id')", "select * from shop.goose_migration",
			"copy (select 1) to program 'true'", "select pg_read_file('/etc/passwd')", "set session_replication_role = replica",
			"alter role cab_test_login superuser", "create extension if not exists file_fdw",
		} {
			_, err := w.inRole(t, own, "cab_test_shop_"+role, w.signed(t, w.asContact(t)), sql)
			require.Error(t, err, "as %s: %s", role, sql)
			var pg *pgconn.PgError
			require.ErrorAs(t, err, &pg)
			require.Equal(t, "42501", pg.Code, "as %s: %s: %v", role, sql, err)
		}
	}
	// No login but the kernel's and those of modules; owners cannot sign in once migrations are done.
	var logins []string
	rows, err := w.admin(t).Query(t.Context(), "select rolname from pg_roles where rolname like 'cab\\_test\\_%' and (rolcanlogin or rolsuper or rolbypassrls or rolcreaterole)")
	require.NoError(t, err)
	logins, err = pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Subset(t, []string{"cab_test_kernel", "cab_test_login", "cab_test_shop_login", "cab_test_desk_login"}, logins)
}

// In one process modules share a login: the role may be left within a transaction, and the rows of that are the login's: none.
func TestResetRole(t *testing.T) {
	w := newWorld(t)
	err := w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "reset role")
		require.NoError(t, err)
		_, err = titles(ctx, tx)
		return err
	})
	requireCode(t, codes.PermissionDenied, err)
	err = w.shop.Tx(w.asContact(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "set role cab_test_shop_owner")
		return err
	})
	requireCode(t, codes.PermissionDenied, err)
}

// What a call leaves behind on its connection, by mistake or not, is nothing to the next one.
func TestConnectionsForget(t *testing.T) {
	w := newWorld(t)
	cfg := storetest.Config(w.db.Pool().Config().ConnString())
	cfg.MaxConns = 1
	db, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	one := &world{db: db, shop: storetest.Module(t, db, shop())}
	pid := func(ctx context.Context) int {
		n, err := store.QueryOne(ctx, one.shop, pgx.RowTo[int], "select pg_backend_pid()")
		require.NoError(t, err)
		return n
	}
	first := pid(w.self(t))
	_, err = one.shop.Exec(w.self(t), "select set_config('role', 'cab_test_shop_all', false), set_config('cabinet.principal', $1, false)", w.signed(t, w.asManager(t)))
	require.NoError(t, err)
	require.Error(t, one.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, "select 1/0")
		return err
	}))
	require.Equal(t, []string{"first"}, one.titles(t, w.asContact(t)))
	_, err = titles(t.Context(), one.shop)
	require.ErrorIs(t, err, store.ErrNoPrincipal)
	require.Equal(t, first, pid(w.asContact(t)), "it was one connection all along")
}

// An object of a caller's own that is found before the real one would turn a definer function against its owner.
func TestDefinerFunctionsPinTheirPath(t *testing.T) {
	w := newWorld(t)
	admin := w.admin(t)
	for _, sql := range []string{
		"create schema evil", "grant usage on schema evil to public",
		"create function evil.sha256(bytea) returns bytea language sql as $$ select ''::bytea $$",
		"create function evil.encode(bytea, text) returns text language sql as $$ select 'x' $$",
		"create function evil.split_part(text, text, int) returns text language sql as $$ select 'x' $$",
		"create function evil.ne(text, text) returns boolean language sql as $$ select false $$",
		"create operator evil.<> (leftarg = text, rightarg = text, function = evil.ne)",
		"grant execute on all functions in schema evil to public",
	} {
		_, err := admin.Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
	conn := w.login(t, "shop")
	_, err := conn.Exec(t.Context(), "set search_path = evil, pg_catalog")
	require.NoError(t, err)
	f := fmt.Sprintf("v1.staff|%s||shop|%d.x", w.manager, time.Now().Add(time.Minute).Unix())
	_, err = w.inRole(t, conn, "cab_test_shop_own", f, "select title from shop.bill")
	requireState(t, "CB001", err)
	rows, err := admin.Query(t.Context(), `select f.oid::regprocedure::text from pg_proc f
		where f.pronamespace in ('kernel'::regnamespace, 'access'::regnamespace) and f.prosecdef
		and not ('search_path=pg_catalog, pg_temp' = any (coalesce(f.proconfig, '{}')))`)
	require.NoError(t, err)
	loose, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, loose)
}

func TestGrantsAreTheCallingModules(t *testing.T) {
	w := newWorld(t)
	// The setting is signed for one module and does not do for another's answers.
	storetest.Module(t, w.db, store.ModuleSpec{ID: "desk"})
	signed := w.signed(t, w.asContact(t))
	_, err := w.inRole(t, w.login(t, "desk"), "cab_test_desk_own", signed, "select state from kernel.once_claim('m', 'r', '\\x00')")
	requireState(t, "CB001", err)
	_, err = w.inRole(t, w.login(t, "shop"), "cab_test_shop_own", signed, "select state from kernel.once_claim('m', 'r', '\\x00')")
	require.NoError(t, err)
}
