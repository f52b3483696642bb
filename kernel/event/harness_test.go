package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/opencabinet/cabinet/kernel/store/cluster"
)

// Two modules meet in these tests: bank publishes Int64Value, shop publishes StringValue and hears both.
const (
	int64Type  = protoreflect.FullName("google.protobuf.Int64Value")
	stringType = protoreflect.FullName("google.protobuf.StringValue")
)

var (
	testDSN string // the superuser's, of the test cluster
	nextDB  atomic.Int64
)

// suite is the test binary with a cluster around it.
type suite struct{ m *testing.M }

func (s suite) Run() int {
	ctx := context.Background()
	c, err := cluster.ForTests(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer c.Stop(ctx)
	testDSN = c.DSN()
	if err := prepare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return s.m.Run()
}

func TestMain(m *testing.M) {
	if point := os.Getenv("EVENT_TEST_CHILD"); point != "" {
		child(context.Background(), point)
		return
	}
	goleak.VerifyTestMain(suite{m})
}

func dsnOf(database, user string) string {
	u, err := url.Parse(testDSN)
	if err != nil {
		panic(err)
	}
	u.Path = "/" + database
	if user != "" {
		u.User = url.UserPassword(user, "x")
	}
	return u.String()
}

// prepare makes the roles, and a template database with the migrations.
func prepare(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, testDSN)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	for _, q := range []string{
		`create role bank_all nologin`, `create role shop_all nologin`, `create role stray_all nologin`,
		`create role portal login noinherit password 'x'`, `grant bank_all, shop_all, stray_all to portal`,
		`create database events`,
	} {
		if _, err := conn.Exec(ctx, q); err != nil {
			return err
		}
	}
	db, err := sql.Open("pgx", dsnOf("events", ""))
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, `create schema kernel`); err != nil {
		return err
	}
	files, err := fs.Sub(Migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, files)
	if err != nil {
		return err
	}
	for range 2 { // up, down and up again
		if _, err := p.Up(ctx); err != nil {
			return err
		}
		if _, err := p.DownTo(ctx, 0); err != nil {
			return err
		}
	}
	if _, err := p.Up(ctx); err != nil {
		return err
	}
	_, err = db.ExecContext(ctx, `
		create schema work; grant usage on schema work to bank_all, shop_all;
		create table work.counter (key text primary key, n bigint not null);
		create table work.effect (place bigint generated always as identity, subscriber text, key text, n bigint, event text);
		grant all on all tables in schema work to bank_all, shop_all`)
	return err
}

// world is a database of one test.
type world struct {
	tb         testing.TB
	name       string
	owner      *pgxpool.Pool
	bank, shop testStore
}

func newWorld(tb testing.TB, subs ...Subscription) *world {
	ctx := tb.Context()
	w := &world{tb: tb, name: fmt.Sprintf("t%d", nextDB.Add(1))}
	conn, err := pgx.Connect(ctx, testDSN)
	require.NoError(tb, err)
	_, err = conn.Exec(ctx, `create database `+w.name+` template events strategy file_copy`)
	require.NoError(tb, err)
	require.NoError(tb, conn.Close(ctx))
	w.owner = pool(tb, dsnOf(w.name, ""), 30)
	portal := pool(tb, dsnOf(w.name, "portal"), 30)
	w.bank, w.shop = testStore{portal, "bank_all"}, testStore{portal, "shop_all"}
	w.install(subs...)
	return w
}

func pool(tb testing.TB, dsn string, conns int32) *pgxpool.Pool {
	cfg, err := pgxpool.ParseConfig(dsn)
	require.NoError(tb, err)
	cfg.MaxConns = conns
	p, err := pgxpool.NewWithConfig(tb.Context(), cfg)
	require.NoError(tb, err)
	tb.Cleanup(p.Close)
	return p
}

func installation(subs ...Subscription) Installation {
	return Installation{
		Roles:         map[string]string{"bank_all": "bank", "shop_all": "shop"},
		Types:         map[protoreflect.FullName]string{int64Type: "bank", stringType: "shop"},
		Subscriptions: subs,
	}
}

func (w *world) install(subs ...Subscription) {
	require.NoError(w.tb, Install(w.tb.Context(), w.owner, installation(subs...)))
}

// start starts a dispatcher that is stopped with the test.
func (w *world) start(cfg Config, subs ...Subscription) *Dispatcher {
	w.tb.Helper()
	cfg.Pool = w.owner
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	d, err := NewDispatcher(cfg, subs...)
	require.NoError(w.tb, err)
	ctx := context.WithoutCancel(w.tb.Context())
	require.NoError(w.tb, d.Start(ctx))
	w.tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		require.NoError(w.tb, d.Stop(ctx))
	})
	return d
}

func (w *world) drained(d *Dispatcher) {
	w.tb.Helper()
	ctx, cancel := context.WithTimeout(w.tb.Context(), 60*time.Second)
	defer cancel()
	require.NoError(w.tb, d.WaitDrained(ctx))
}

func (w *world) publish(key string, n int64) {
	w.tb.Helper()
	require.NoError(w.tb, w.bank.publish(w.tb.Context(), key, n))
}

// effects lists what was applied for a key, in the order it was.
func (w *world) effects(key string) []int64 {
	w.tb.Helper()
	rows, err := w.owner.Query(w.tb.Context(), `select n from work.effect where key = $1 order by place`, key)
	require.NoError(w.tb, err)
	ns, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(w.tb, err)
	return ns
}

func (w *world) count(query string, args ...any) (n int) {
	w.tb.Helper()
	require.NoError(w.tb, w.owner.QueryRow(w.tb.Context(), query, args...).Scan(&n))
	return n
}

// testStore runs transactions as a module, the way the portal's store does.
type testStore struct {
	pool *pgxpool.Pool
	role string
}

type testTx struct {
	pgx.Tx
	hooks []func(context.Context) error
	local map[any]any
}

var (
	_ Tx                  = (*testTx)(nil)
	_ Transactor[*testTx] = testStore{}
)

func (t *testTx) BeforeCommit(fn func(context.Context) error) { t.hooks = append(t.hooks, fn) }

func (t *testTx) Local(key any, first func() any) any {
	if _, ok := t.local[key]; !ok {
		t.local[key] = first()
	}
	return t.local[key]
}

func (s testStore) Tx(ctx context.Context, fn func(context.Context, *testTx) error) error {
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if s.role != "" {
			if _, err := tx.Exec(ctx, `select set_config('role', $1, true)`, s.role); err != nil {
				return err
			}
		}
		t := &testTx{Tx: tx, local: map[any]any{}}
		if err := fn(ctx, t); err != nil {
			return err
		}
		for _, hook := range t.hooks {
			if err := hook(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s testStore) publish(ctx context.Context, key string, n int64) error {
	return s.Tx(ctx, func(ctx context.Context, tx *testTx) error {
		return Publish(ctx, tx, key, wrapperspb.Int64(n))
	})
}

// note writes an effect.
func note(ctx context.Context, tx *testTx, e Event, n int64) error {
	_, err := tx.Exec(ctx, `insert into work.effect (subscriber, key, n, event) values ('', $1, $2, $3)`, e.Key, n, e.ID)
	return err
}

// clock is the database's time, roughly, plus what the test adds.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(time.Second + c.ahead)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// recv waits for a signal of a handler.
func recv[T any](tb testing.TB, ch <-chan T) T {
	tb.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(10 * time.Second):
		require.FailNow(tb, "no signal in 10 s")
		panic("unreachable")
	}
}

func code(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return strings.TrimSpace(fmt.Sprint(err))
}
