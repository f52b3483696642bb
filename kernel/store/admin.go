package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// parse reads the DSN and settles which database is the portal's.
func (db *DB) parse() error {
	admin, err := pgx.ParseConfig(db.cfg.AdminDSN)
	if err != nil {
		return wrap("AdminDSN", redacted(err))
	}
	db.maintenance = admin.Copy()
	db.maintenance.Database = "postgres"
	if admin.Database == "" || admin.Database == "postgres" {
		admin.Database = db.names.database()
	}
	db.admin = admin
	return nil
}

// redacted drops the DSN, which may hold a password, from an error of the parser.
func redacted(err error) error {
	var parse *pgconn.ParseConfigError
	if errors.As(err, &parse) {
		return errors.New("cannot be read as a connection string or URL of Postgres: write postgres://user:password@host/database")
	}
	return err
}

// locked runs do under the portal's lock, on a connection to the maintenance database: roles belong to the whole
// cluster. Where there is no database "postgres" to connect to, the lock is taken in the portal's.
func (db *DB) locked(ctx context.Context, do func(*pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, db.maintenance)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "3D000" || pg.Code == "42501" || pg.Code == "28000") {
		conn, err = pgx.ConnectConfig(ctx, db.admin)
	}
	if err != nil {
		return wrap("connect to Postgres", redacted(err))
	}
	defer conn.Close(context.WithoutCancel(ctx)) // which gives the lock back
	key := int64(binary.BigEndian.Uint64(derive([]byte("cabinet"), "lock", db.cfg.PortalID)))
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", key); err != nil {
		return wrap("wait for the portal's lock", err)
	}
	number, err := strconv.Atoi(leadingDigits.FindString(conn.PgConn().ParameterStatus("server_version")))
	if err != nil {
		return wrap("version of the server", err)
	}
	if number < 15 {
		return fmt.Errorf("store: the server is Postgres %d: version 15 or later is needed", number)
	}
	db.major = number
	return do(conn)
}

var leadingDigits = regexp.MustCompile(`^\d+`)

// prepare makes database, kernel roles and kernel schemas.
func (db *DB) prepare(ctx context.Context, conn *pgx.Conn) error {
	kernel, login, group := db.names.kernel(), db.names.login(), db.names.group()
	a := &adminConn{Conn: conn, db: db}
	err := errors.Join(
		a.role(ctx, group, "nologin", false),
		a.role(ctx, kernel, "login noinherit", true),
		a.role(ctx, login, "login noinherit", true),
	)
	if err != nil {
		return err
	}
	if err := a.database(ctx); err != nil {
		return err
	}
	own, err := pgx.ConnectConfig(ctx, db.admin)
	if err != nil {
		return wrap("connect to database "+db.admin.Database, err)
	}
	defer own.Close(context.WithoutCancel(ctx))
	a = &adminConn{Conn: own, db: db}
	if err := a.schema(ctx, "kernel", kernel); err != nil {
		return err
	}
	// The kernel makes the schema access itself.
	if err := a.do(ctx, "grant create on database %s to %s", quote(db.admin.Database), quote(kernel)); err != nil {
		return err
	}
	if err := db.migrateKernel(ctx, "store", kernelMigrations); err != nil {
		return err
	}
	k, err := pgx.ConnectConfig(ctx, db.as(kernel))
	if err != nil {
		return wrap("connect as the kernel", err)
	}
	defer k.Close(context.WithoutCancel(ctx))
	inner, outer := db.signer.pads()
	_, err = k.Exec(ctx, `insert into kernel.principal_key (inner_pad, outer_pad) values ($1, $2)
		on conflict (only_one) do update set inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
		where principal_key.inner_pad <> excluded.inner_pad`, inner, outer)
	return wrap("key of principals", err)
}

// Alone runs do while no other process of the portal changes roles or grants: Postgres refuses two who grant on one thing
// at once.
func (db *DB) Alone(ctx context.Context, do func(ctx context.Context) error) error {
	return db.locked(ctx, func(*pgx.Conn) error { return do(ctx) })
}

// adminConn is a connection that may make roles.
type adminConn struct {
	*pgx.Conn
	db *DB
}

// do runs one statement of names and literals that are quoted already.
func (a *adminConn) do(ctx context.Context, format string, args ...any) error {
	_, err := a.Exec(ctx, fmt.Sprintf(format, args...), pgx.QueryExecModeSimpleProtocol)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		return fmt.Errorf("store: the user of the database may not do what a portal needs (%s): give it CREATEROLE and the database, or CREATEDB", pg.Message)
	}
	return wrap("prepare the database", err)
}

// role makes a role, or brings it back to its attributes.
func (a *adminConn) role(ctx context.Context, name, attributes string, password bool) error {
	var exists bool
	if err := a.QueryRow(ctx, "select exists (select 1 from pg_catalog.pg_roles where rolname = $1)", name).Scan(&exists); err != nil {
		return wrap("roles", err)
	}
	if password {
		verifier, err := a.db.names.verifier(name)
		if err != nil {
			return err
		}
		attributes += " password " + literal(verifier)
	}
	if exists {
		if password { // which may be another now
			return a.do(ctx, "alter role %s %s", quote(name), attributes)
		}
		return nil
	}
	return a.do(ctx, "create role %s %s", quote(name), attributes)
}

// member puts a role into another. A login only may become it (SET ROLE); others have its rights.
func (a *adminConn) member(ctx context.Context, role, in string, set bool) error {
	if a.db.major < 16 {
		return a.do(ctx, "grant %s to %s", quote(in), quote(role))
	}
	options := "with inherit true, set false"
	if set {
		options = "with inherit false, set true"
	}
	return a.do(ctx, "grant %s to %s %s", quote(in), quote(role), options)
}

// database makes the portal's database unless it is there, and closes it to everybody else.
func (a *adminConn) database(ctx context.Context) error {
	name := a.db.admin.Database
	var exists bool
	if err := a.QueryRow(ctx, "select exists (select 1 from pg_catalog.pg_database where datname = $1)", name).Scan(&exists); err != nil {
		return wrap("databases", err)
	}
	if !exists {
		if name != a.db.names.database() {
			return fmt.Errorf("store: there is no database %q: create it, or name none and %s is made", name, a.db.names.database())
		}
		if err := a.do(ctx, "create database %s template template0 encoding 'UTF8'", quote(name)); err != nil {
			return err
		}
		a.db.cfg.Log.InfoContext(ctx, "made the portal's database", "database", name)
	}
	return errors.Join(
		a.do(ctx, "revoke all on database %s from public", quote(name)),
		a.do(ctx, "grant connect on database %s to %s, %s", quote(name), quote(a.db.names.kernel()), quote(a.db.names.login())),
	)
}

// schema makes a schema that belongs to owner.
func (a *adminConn) schema(ctx context.Context, name, owner string) error {
	var is string
	err := a.QueryRow(ctx, "select pg_get_userbyid(nspowner) from pg_catalog.pg_namespace where nspname = $1", name).Scan(&is)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		if err := a.becomes(ctx, owner); err != nil {
			return err
		}
		return a.do(ctx, "create schema %s authorization %s", quote(name), quote(owner))
	case err != nil:
		return wrap("schemas", err)
	case is != owner:
		return fmt.Errorf("store: schema %q of database %q belongs to %s, not to this portal: use a database of its own", name, a.db.admin.Database, is)
	}
	return nil
}

// becomes lets an admin who is no superuser give things to a role.
func (a *adminConn) becomes(ctx context.Context, role string) error {
	var super bool
	if err := a.QueryRow(ctx, "select rolsuper from pg_catalog.pg_roles where rolname = current_user").Scan(&super); err != nil || super {
		return wrap("rights of the admin", err)
	}
	if a.db.major < 16 {
		return a.do(ctx, "grant %s to current_user", quote(role))
	}
	return a.do(ctx, "grant %s to current_user with set true, inherit false", quote(role))
}
