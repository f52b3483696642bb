package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DB is the host's side of the database: it makes roles and schemas, and gives each module its [Store].
type DB struct {
	cfg    Config
	names  names
	signer *signer
	// admin connects to the portal's database, maintenance to the one that the lock is taken in.
	admin, maintenance *pgx.ConnConfig
	// major is the server's version: 15, 16…
	major int

	kernel *pgxpool.Pool
	pool   *pgxpool.Pool
	reach  *reaches

	mu      sync.Mutex
	modules map[string]*Store
}

// Open connects, and makes what is missing: the portal's database, the kernel's roles, its schemas and functions. Any
// number of processes may do so at once. The caller ends with Close.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	cfg, err := cfg.validate()
	if err != nil {
		return nil, err
	}
	db := &DB{
		cfg: cfg, names: names{portal: cfg.PortalID, key: cfg.Key}, signer: newSigner(cfg.Key, cfg.Clock),
		modules: map[string]*Store{},
	}
	if err := db.parse(); err != nil {
		return nil, err
	}
	if err := db.locked(ctx, func(conn *pgx.Conn) error { return db.prepare(ctx, conn) }); err != nil {
		return nil, err
	}
	if db.kernel, err = db.connect(ctx, db.names.kernel(), cfg.KernelConns); err != nil {
		return nil, err
	}
	if db.pool, err = db.connect(ctx, db.names.login(), cfg.MaxConns); err != nil {
		db.kernel.Close()
		return nil, err
	}
	db.reach = newReaches(db.kernel, cfg.Clock)
	return db, nil
}

// as is how a login connects to the portal's database.
func (db *DB) as(role string) *pgx.ConnConfig {
	c := db.admin.Copy()
	c.User, c.Password = role, db.names.password(role)
	return c
}

func (db *DB) connect(ctx context.Context, role string, conns int32) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(db.cfg.AdminDSN)
	if err != nil {
		return nil, wrap("AdminDSN", redacted(err))
	}
	cfg.ConnConfig = db.as(role)
	// Compiling a plan takes longer than nearly any of ours runs.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	cfg.MaxConns = conns
	cfg.MinIdleConns = 1
	cfg.PingTimeout = 5 * time.Second
	cfg.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) {
		return alive(conn.PgConn().Conn()), nil
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, wrap("connect", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, wrap("connect as "+role, err)
	}
	return pool, nil
}

// Pool returns connections of the kernel's own role, which owns the schemas kernel and access and reaches no module's.
// For the kernel's packages; Close ends it.
func (db *DB) Pool() *pgxpool.Pool { return db.kernel }

// Close ends all connections, once what uses them has returned them. Closing twice is safe.
func (db *DB) Close() {
	db.pool.Close()
	db.kernel.Close()
}

// Sweep deletes what is past its retention: answers of Once older than a week. It says how many it deleted.
func (db *DB) Sweep(ctx context.Context) (int64, error) {
	tag, err := db.kernel.Exec(ctx, "delete from kernel.once where at < now() - interval '7 days'")
	return tag.RowsAffected(), ErrorStatus(err)
}

// Migrate applies migrations of a package of the kernel to the schema kernel, as the kernel's role. The name, one word,
// tells the packages apart. A function that modules shall execute is given to them in its migration:
// select kernel.allow_modules('kernel.f(text)').
func (db *DB) Migrate(ctx context.Context, name string, m Migrations) error {
	if !word.MatchString(name) || name == "store" {
		return fmt.Errorf("store: %q cannot name migrations of the kernel: give the package's name, one word", name)
	}
	return db.locked(ctx, func(*pgx.Conn) error {
		return db.migrateKernel(ctx, name, m)
	})
}
