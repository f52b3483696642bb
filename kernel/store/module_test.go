package store_test

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestModuleRefusesOpenSchemas(t *testing.T) {
	db := storetest.Open(t)
	for name, c := range map[string]struct{ sql, fault string }{
		"unprotected": {"create table %.bill (id uuid, client_id uuid);", "bill has a column client_id but no row security"},
		"granted":     {"create table %.bill (id uuid); grant select on %.bill to public;", "bill can be reached without row security"},
		"disabled": {"create table %.bill (id uuid, client_id uuid); select kernel.protect('%.bill', 'client_id'); alter table %.bill no force row level security;",
			"bill can be reached without row security"},
		"opened": {"create table %.bill (id uuid, client_id uuid); select kernel.protect('%.bill', 'client_id'); create policy mine on %.bill using (true);",
			"bill has policies beside"},
		"truncate": {"create table %.bill (id uuid); select kernel.protect_all('%.bill'); grant truncate on %.bill to public;", "bill can be truncated"},
		"view": {"create table %.bill (id uuid, client_id uuid); select kernel.protect('%.bill', 'client_id'); create view %.v as select * from %.bill; select kernel.share('%.v');",
			"v is a view that runs with its owner's rights"},
		"materialised": {"create materialized view %.v as select 1 as x; grant select on %.v to public;", "v is a view"},
		"definer":      {"create function %.f() returns int language sql security definer as 'select 1';", "f() is security definer but does not pin"},
	} {
		t.Run(name, func(t *testing.T) {
			sql := ""
			for _, r := range c.sql {
				if r == '%' {
					sql += name
				} else {
					sql += string(r)
				}
			}
			_, err := db.Module(t.Context(), store.ModuleSpec{ID: name, Migrations: files("0001_x.sql", "-- +goose Up\n"+sql)})
			var schema *store.SchemaError
			require.ErrorAs(t, err, &schema)
			require.ErrorContains(t, err, name+"."+c.fault)
		})
	}
}

func TestMigrationsAreTheOwners(t *testing.T) {
	db := storetest.Open(t)
	for id, sql := range map[string]string{
		"reset":  "reset role; create role evil superuser;",
		"kernel": "select 1;",
		"reads":  "select * from kernel.principal_key;",
		"public": "select 1;",
		"other":  "create table kernel.mine (id int);",
		"auth":   "set session authorization postgres;",
	} {
		_, err := db.Module(t.Context(), store.ModuleSpec{ID: id, Migrations: files("0001_x.sql", "-- +goose Up\n"+sql)})
		require.Error(t, err, id)
	}
	_, err := db.Module(t.Context(), store.ModuleSpec{ID: "broken", Migrations: files("0001_ok.sql", "-- +goose Up\nselect 1;", "0002_bad.sql", "-- +goose Up\nselect nothing;")})
	var migration *store.MigrationError
	require.ErrorAs(t, err, &migration)
	require.Equal(t, "0002_bad.sql", migration.File)
	storetest.Module(t, db, store.ModuleSpec{ID: "broken", Migrations: files("0001_ok.sql", "-- +goose Up\nselect 1;", "0002_bad.sql", "-- +goose Up\nselect 2;")})
}

func TestMigrationsDoNotChange(t *testing.T) {
	db := storetest.Open(t)
	spec := shop()
	storetest.Module(t, db, spec)
	storetest.Module(t, db, spec) // twice is once

	changed := func(change func(fstest.MapFS)) error {
		again := shop()
		change(again.Migrations.(fstest.MapFS))
		_, err := db.Module(t.Context(), again)
		return err
	}
	var migration *store.MigrationError
	err := changed(func(m fstest.MapFS) { m["0001_shop.sql"].Data = append(m["0001_shop.sql"].Data, "-- late\n"...) })
	require.ErrorIs(t, err, store.ErrMigrationChanged)
	require.ErrorAs(t, err, &migration)
	require.Equal(t, "0001_shop.sql", migration.File)

	err = changed(func(m fstest.MapFS) { delete(m, "0001_shop.sql") })
	require.ErrorIs(t, err, store.ErrMigrationGone)
	require.ErrorContains(t, err, "0001_shop.sql")

	require.NoError(t, changed(func(m fstest.MapFS) {
		m["0001_shop.sql"].Data = bytes.ReplaceAll(m["0001_shop.sql"].Data, []byte("\n"), []byte("\r\n"))
	}), "line ends are a checkout's business")
	require.NoError(t, changed(func(m fstest.MapFS) {
		m["0002_more.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nalter table shop.bill add note text;")}
	}))
}

func TestModuleByManyAtOnce(t *testing.T) {
	dsn := storetest.DSN(t)
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() {
			db, err := store.Open(t.Context(), storetest.Config(dsn)) // as another process would
			if err == nil {
				_, err = db.Module(t.Context(), shop())
				if err == nil {
					_, err = db.ModuleLogin(t.Context(), "shop")
				}
				db.Close()
			}
			errs[i] = err
		})
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func TestOpenMakesTheDatabase(t *testing.T) {
	cfg := storetest.Config(storetest.Cluster(t))
	cfg.PortalID = "a-new-one"
	for range 2 {
		db, err := store.Open(t.Context(), cfg)
		require.NoError(t, err)
		require.Equal(t, "cabinet_a-new-one", db.Pool().Config().ConnConfig.Database)
		storetest.Module(t, db, shop())
		db.Close()
		db.Close()
	}
	conn, err := pgx.Connect(t.Context(), cfg.AdminDSN)
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), `drop database "cabinet_a-new-one"`)
	require.NoError(t, err)
}

var hosts atomic.Int64 // roles are the cluster's, and stay when the test runs again

// Where the database is somebody else's server, the portal has no superuser.
func TestOpenWithoutSuperuser(t *testing.T) {
	n := hosts.Add(1)
	hoster, portal := fmt.Sprint("hoster", n), fmt.Sprint("hosted", n)
	admin, err := pgx.Connect(t.Context(), storetest.Cluster(t))
	require.NoError(t, err)
	defer admin.Close(context.Background())
	_, err = admin.Exec(t.Context(), "create role "+hoster+" login createrole createdb password 'x'")
	require.NoError(t, err)
	cfg := storetest.Config(withUser(t, storetest.Cluster(t), hoster, "x"))
	cfg.PortalID = portal
	db, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	s := storetest.Module(t, db, shop())
	w := &world{db: db, shop: s}
	require.Empty(t, w.titles(t, w.self(t)))
	storetest.Module(t, db, lender())
	require.NoError(t, db.Lend(t.Context(), []store.Loan{loan(t, takeOne, "shop")}))
	_, err = take(w.self(t), s, "select lender.take_v1('a')")
	require.NoError(t, err)
	db.Close()

	_, err = admin.Exec(t.Context(), "alter role "+hoster+" nocreaterole nocreatedb")
	require.NoError(t, err)
	cfg.PortalID = "hostless"
	_, err = store.Open(t.Context(), cfg)
	require.ErrorContains(t, err, "give it CREATEROLE")
	_, err = admin.Exec(t.Context(), "drop database cabinet_"+portal)
	require.NoError(t, err)
}

func TestOpenRefuses(t *testing.T) {
	good := storetest.Config(storetest.Cluster(t))
	for want, change := range map[string]func(*store.Config){
		"PortalID":                           func(c *store.Config) { c.PortalID = "Not a Name" },
		"AdminDSN":                           func(c *store.Config) { c.AdminDSN = "" },
		"cannot be read as a connection":     func(c *store.Config) { c.AdminDSN = "postgres://u:geheim@h:port/x" },
		"Key has 5 bytes":                    func(c *store.Config) { c.Key = []byte("short") },
		"MaxConns":                           func(c *store.Config) { c.MaxConns = -1 },
		`there is no database "nowhere"`:     func(c *store.Config) { c.AdminDSN = withDatabase(t, c.AdminDSN, "nowhere") },
		"belongs to cab_test_kernel, not to": func(c *store.Config) { c.AdminDSN, c.PortalID = storetest.DSN(t), "thief" },
	} {
		cfg := good
		change(&cfg)
		_, err := store.Open(t.Context(), cfg)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "geheim")
	}
}

func withDatabase(t *testing.T, dsn, name string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func withUser(t *testing.T, dsn, name, password string) string {
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(name, password)
	return u.String()
}
