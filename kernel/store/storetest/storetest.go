// Package storetest gives tests databases of their own, on a throwaway cluster that their binary starts when the first
// asks for one.
//
//	func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }
//
//	func TestThings(t *testing.T) {
//		db := storetest.Open(t)
//		s := storetest.Module(t, db, store.ModuleSpec{ID: "things", Migrations: migrations})
//		ctx := storetest.As(t.Context(), access.Staff, userID, access.Granted)
package storetest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
)

// Key is what the databases of tests are opened with.
var Key = []byte("a key for tests, which is no secret")

const template = "storetest_template"

var (
	mu      sync.Mutex
	running *cluster.Cluster
	made    bool // the template
	ours    bool // Main is running, and will stop the cluster
	number  atomic.Int64
)

// Main runs a binary's tests, stops the cluster and looks for goroutines left behind. It returns the exit code.
func Main(m *testing.M) int {
	mu.Lock()
	ours = true
	mu.Unlock()
	code := m.Run()
	mu.Lock()
	defer mu.Unlock()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop the cluster:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	return code
}

// StopWithoutMain stops the cluster in a binary whose TestMain is not [Main]; with Main it does nothing. The next test
// that asks for a database starts another. For suites that run in packages of others.
func StopWithoutMain() error {
	mu.Lock()
	defer mu.Unlock()
	if ours {
		return nil
	}
	return stop()
}

func stop() error {
	if running == nil {
		return nil
	}
	err := running.Stop(context.Background())
	running, made = nil, false
	return err
}

// Cluster returns the DSN of the cluster's superuser, for a test about databases themselves.
func Cluster(t testing.TB) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	return start(t)
}

func start(t testing.TB) string {
	t.Helper()
	if running == nil {
		c, err := cluster.ForTests(context.WithoutCancel(t.Context()))
		require.NoError(t, err)
		running = c
	}
	return running.DSN()
}

// DSN makes a database with the kernel's schemas in it, for one test, and returns how the superuser connects to it.
func DSN(t testing.TB) string {
	t.Helper()
	mu.Lock()
	dsn := start(t)
	if !made {
		Run(t, dsn, "create database "+template+" template template0 encoding 'UTF8'")
		db, err := store.Open(t.Context(), Config(Named(t, dsn, template)))
		require.NoError(t, err)
		db.Close()
		made = true
	}
	mu.Unlock()
	return Create(t, dsn, template+" strategy file_copy")
}

// Create makes a database of a template, and what follows it in SQL, for one test on the cluster whose superuser connects
// with dsn. It returns how they connect to it.
func Create(t testing.TB, dsn, template string) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", number.Add(1))
	Run(t, dsn, "create database "+name+" template "+template)
	t.Cleanup(func() { Run(t, dsn, "drop database "+name+" with (force)") })
	return Named(t, dsn, name)
}

// Config is how Open opens a database.
func Config(dsn string) store.Config {
	return store.Config{PortalID: "test", AdminDSN: dsn, Key: Key, MaxConns: 8, KernelConns: 4}
}

// Open opens a database of the test's own, and closes it when the test ends.
func Open(t testing.TB) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), Config(DSN(t)))
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// Module opens a module's store.
func Module(t testing.TB, db *store.DB, spec store.ModuleSpec) *store.Store {
	t.Helper()
	s, err := db.Module(t.Context(), spec)
	require.NoError(t, err)
	return s
}

// As is the context of a call that the router let through: a user of a kind acts and reaches so far. For a contact, follow
// the user's id by that of the client acted for.
func As(ctx context.Context, kind access.Kind, userID string, reach access.Reach, actingFor ...string) context.Context {
	p := access.Principal{Kind: kind, UserID: userID}
	if len(actingFor) > 0 {
		p.ActingFor = actingFor[0]
	}
	return access.WithDecision(access.With(ctx, p), access.Decision{Allowed: true, Reach: reach})
}

// AsModule is the context of a module that acts by itself.
func AsModule(ctx context.Context, id string) context.Context {
	return access.WithDecision(access.With(ctx, access.AsModule(id)), access.Decision{Allowed: true, Reach: access.All})
}

// Named is dsn with another database.
func Named(t testing.TB, dsn, database string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + database
	return u.String()
}

// Run runs one statement as the superuser, in the database that dsn names.
func Run(t testing.TB, dsn, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, sql)
	require.NoError(t, err)
}
