package store_test

import (
	"context"
	"os"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// shop is a module with a table of each kind.
func shop() store.ModuleSpec {
	return store.ModuleSpec{ID: "shop", Grants: true, OwnsClients: true, Migrations: files("0001_shop.sql", `-- +goose Up
create table shop.bill (
  id        uuid primary key,
  client_id uuid not null references kernel.client (id),
  title     text not null unique check (title <> ''),
  amount    numeric not null default 0
);
create index on shop.bill (client_id);
create table shop.draft (id uuid primary key, user_id uuid not null, text text not null);
create table shop.series (name text primary key, last bigint not null);
create table shop.country (code text primary key);
create table shop.hidden (id uuid primary key);
create view shop.big with (security_invoker = true) as select * from shop.bill where amount > 100;
select kernel.protect('shop.bill', 'client_id');
select kernel.protect_own('shop.draft', 'user_id');
select kernel.protect_all('shop.series');
select kernel.share('shop.country');
select kernel.share('shop.big');
`)}
}

func files(pairs ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

// world is a shop with two clients, a bill each, a contact of the first and a manager who has both.
type world struct {
	db               *store.DB
	shop             *store.Store
	mine, other      string // clients
	contact, manager string // users
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return worldIn(t, storetest.Open(t))
}

func worldIn(t testing.TB, db *store.DB) *world {
	t.Helper()
	w := &world{
		db: db, shop: storetest.Module(t, db, shop()),
		mine: store.NewID(), other: store.NewID(), contact: store.NewID(), manager: store.NewID(),
	}
	self := storetest.AsModule(t.Context(), "shop")
	require.NoError(t, w.shop.Tx(self, func(ctx context.Context, tx *store.Tx) error {
		require.NoError(t, tx.AddClient(ctx, w.mine))
		require.NoError(t, tx.AddClient(ctx, w.other))
		require.NoError(t, tx.GrantClients(ctx, w.contact, w.mine))
		require.NoError(t, tx.GrantClients(ctx, w.manager, w.mine, w.other))
		for title, client := range map[string]string{"first": w.mine, "second": w.other} {
			_, err := tx.Exec(ctx, "insert into shop.bill (id, client_id, title) values ($1, $2, $3)", store.NewID(), client, title)
			require.NoError(t, err)
		}
		return nil
	}))
	return w
}

func (w *world) asContact(t testing.TB) context.Context {
	return storetest.As(t.Context(), access.Contact, w.contact, access.Granted, w.mine)
}

func (w *world) asManager(t testing.TB) context.Context {
	return storetest.As(t.Context(), access.Staff, w.manager, access.Granted)
}

func (w *world) self(t testing.TB) context.Context { return storetest.AsModule(t.Context(), "shop") }

// titles are those of the bills seen.
func (w *world) titles(t testing.TB, ctx context.Context) []string {
	t.Helper()
	list, err := titles(ctx, w.shop)
	require.NoError(t, err)
	return list
}

func titles(ctx context.Context, q store.Querier) ([]string, error) {
	return store.Query(ctx, q, pgx.RowTo[string], "select title from shop.bill order by title")
}

// admin is a connection of the superuser to the same database.
func (w *world) admin(t testing.TB) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(storetest.Cluster(t))
	require.NoError(t, err)
	cfg.Database = w.db.Pool().Config().ConnConfig.Database
	return connect(t, cfg)
}

func connect(t testing.TB, cfg *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// requireCode asks for an error that a caller would see with this code and a text without SQL.
func requireCode(t testing.TB, want codes.Code, err error) {
	t.Helper()
	require.Error(t, err)
	s, ok := status.FromError(err)
	require.True(t, ok, "%v is no status", err)
	require.Equal(t, want.String(), s.Code().String(), "%v", err)
	for _, leak := range []string{"SQLSTATE", "shop.", "cab_", "select ", "relation"} {
		require.NotContains(t, s.Message(), leak)
	}
}

func text(rows pgx.CollectableRow) (string, error) {
	var v pgtype.Text
	err := rows.Scan(&v)
	return v.String, err
}
