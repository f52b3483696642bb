package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
)

// ModuleSpec is what the store needs to know of a module; all of it is in its manifest.
type ModuleSpec struct {
	// ID names the module and its schema: 1 to 40 lower-case letters and digits, a letter first. Required.
	ID string
	// Migrations are its goose SQL files. Nil for a module that keeps nothing.
	Migrations Migrations
	// Grants lets it say which user sees which client, OwnsClients make clients.
	Grants, OwnsClients bool
}

var reserved = regexp.MustCompile(`^(kernel|access|public|login|modules|pg.*)$`)

// Module makes a module's roles and schema unless they are there, applies its migrations, checks its tables and
// returns its store. Any number of processes may do so at once. Errors name the file or the table at fault.
func (db *DB) Module(ctx context.Context, spec ModuleSpec) (*Store, error) {
	if !word.MatchString(spec.ID) || reserved.MatchString(spec.ID) {
		return nil, fmt.Errorf("store: module %q: give 1 to 40 lower-case letters and digits, a letter first, and no name of the kernel", spec.ID)
	}
	r := db.names.module(spec.ID)
	err := db.locked(ctx, func(conn *pgx.Conn) error {
		if err := db.moduleRoles(ctx, conn, r); err != nil {
			return err
		}
		if err := db.moduleSchema(ctx, spec, r); err != nil {
			return err
		}
		err := db.moduleMigrate(ctx, spec, r)
		// Whatever happened, nobody can sign in as the owner any more.
		a := &adminConn{Conn: conn, db: db}
		return errors.Join(err, a.do(context.WithoutCancel(ctx), "alter role %s nologin password null", quote(r.owner)))
	})
	if err != nil {
		return nil, err
	}
	if err := db.check(ctx, spec.ID, r); err != nil {
		return nil, err
	}
	s := &Store{pool: db.pool, scoper: &hostScope{db, spec.ID, r}, module: spec.ID, Pages: Pages{derive(db.cfg.Key, "page", spec.ID)}}
	db.mu.Lock()
	db.modules[spec.ID] = s
	db.mu.Unlock()
	return s, nil
}

// moduleRoles makes the roles and who is in which.
func (db *DB) moduleRoles(ctx context.Context, conn *pgx.Conn, r roles) error {
	a := &adminConn{Conn: conn, db: db}
	for _, name := range []string{r.owner, r.own, r.many, r.all} {
		if err := a.role(ctx, name, "nologin", false); err != nil {
			return err
		}
	}
	for _, name := range []string{r.owner, r.own, r.many, r.all} {
		if err := a.member(ctx, name, db.names.group(), false); err != nil {
			return err
		}
	}
	for _, name := range []string{r.own, r.many, r.all} {
		if err := a.member(ctx, db.names.login(), name, true); err != nil {
			return err
		}
	}
	return nil
}

// moduleSchema makes the schema, and says in the kernel's tables whose the roles are.
func (db *DB) moduleSchema(ctx context.Context, spec ModuleSpec, r roles) error {
	conn, err := pgx.ConnectConfig(ctx, db.admin)
	if err != nil {
		return wrap("connect to database "+db.admin.Database, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	a := &adminConn{Conn: conn, db: db}
	if err := a.do(ctx, "grant connect on database %s to %s", quote(db.admin.Database), quote(r.owner)); err != nil {
		return err
	}
	if err := a.schema(ctx, spec.ID, r.owner); err != nil {
		return err
	}
	k, err := pgx.ConnectConfig(ctx, db.as(db.names.kernel()))
	if err != nil {
		return wrap("connect as the kernel", err)
	}
	defer k.Close(context.WithoutCancel(ctx))
	if _, err := k.Exec(ctx, `insert into kernel.module (id, owner_role, own_role, many_role, all_role) values ($1, $2, $3, $4, $5)
		on conflict (id) do nothing`, spec.ID, r.owner, r.own, r.many, r.all); err != nil {
		return wrap("module "+spec.ID, err)
	}
	may := &adminConn{Conn: k, db: db}
	for function, yes := range map[string]bool{
		"kernel.add_client(uuid)": spec.OwnsClients, "kernel.merge_clients(uuid, uuid)": spec.OwnsClients,
		"kernel.grant_clients(uuid, uuid[])": spec.Grants, "kernel.revoke_clients(uuid, uuid[])": spec.Grants,
		"kernel.granted_clients(uuid, uuid[])": spec.Grants,
		"kernel.fill_portfolio(uuid, uuid[])":  spec.Grants, "kernel.empty_portfolio(uuid, uuid[])": spec.Grants,
		"kernel.grant_portfolio(uuid, uuid)": spec.Grants, "kernel.revoke_portfolio(uuid, uuid)": spec.Grants,
	} {
		format := "revoke execute on function %s from %s, %s, %s"
		if yes {
			format = "grant execute on function %s to %s, %s, %s"
		}
		if err := may.do(ctx, format, function, quote(r.own), quote(r.many), quote(r.all)); err != nil {
			return err
		}
	}
	return nil
}

// moduleMigrate runs the migrations, signed in as the owner: a migration that resets its role is still the owner, not
// the admin. The owner can sign in for as long as this takes.
func (db *DB) moduleMigrate(ctx context.Context, spec ModuleSpec, r roles) error {
	admin, err := pgx.ConnectConfig(ctx, db.admin)
	if err != nil {
		return wrap("connect to database "+db.admin.Database, err)
	}
	defer admin.Close(context.WithoutCancel(ctx))
	a := &adminConn{Conn: admin, db: db}
	if err := a.role(ctx, r.owner, "login", true); err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, db.as(r.owner))
	if err != nil {
		return wrap("connect as "+r.owner, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	o := &adminConn{Conn: conn, db: db}
	schema, run := quote(spec.ID), quote(r.own)+", "+quote(r.many)+", "+quote(r.all)
	if err := errors.Join(
		o.do(ctx, "alter default privileges revoke execute on functions from public"),
		o.do(ctx, "grant usage on schema %s to %s, %s", schema, run, quote(db.names.login())),
	); err != nil {
		return err
	}
	if err := db.migrate(ctx, spec.ID, spec.ID+".goose_migration", db.as(r.owner), spec.Migrations); err != nil {
		return err
	}
	return errors.Join(
		o.do(ctx, "select kernel.guard_clients()"),
		o.do(ctx, "grant usage on all sequences in schema %s to %s", schema, run),
		// Not all functions: what makes a range belongs to the database's superuser, and each start would log that.
		o.do(ctx, `do $$
			declare f regprocedure;
			begin
				for f in select oid from pg_catalog.pg_proc where pronamespace = %s::regnamespace and proowner = current_user::regrole loop
					execute format('revoke execute on routine %%s from public', f);
					execute format('grant execute on routine %%s to %s', f);
				end loop;
			end $$`, literal(schema), run),
	)
}

// ModuleLogin makes a login that may take this module's runtime roles and no others, for a process of its own, and
// returns how it connects.
func (db *DB) ModuleLogin(ctx context.Context, id string) (*pgx.ConnConfig, error) {
	db.mu.Lock()
	s := db.modules[id]
	db.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("store: module %q is not open", id)
	}
	r := db.names.module(id)
	err := db.locked(ctx, func(conn *pgx.Conn) error {
		a := &adminConn{Conn: conn, db: db}
		if err := a.role(ctx, r.login, "login noinherit", true); err != nil {
			return err
		}
		for _, name := range []string{r.own, r.many, r.all} {
			if err := a.member(ctx, r.login, name, true); err != nil {
				return err
			}
		}
		if err := a.do(ctx, "grant connect on database %s to %s", quote(db.admin.Database), quote(r.login)); err != nil {
			return err
		}
		return db.loginSchemas(ctx, id, r)
	})
	if err != nil {
		return nil, err
	}
	return db.as(r.login), nil
}

// ModuleDSN is how a module's own process connects: as a login that may take this module's runtime roles and no others.
func (db *DB) ModuleDSN(ctx context.Context, id string) (string, error) {
	login, err := db.ModuleLogin(ctx, id)
	if err != nil {
		return "", err
	}
	// What the admin's DSN says of TLS and the like holds here too.
	if strings.HasPrefix(db.cfg.AdminDSN, "postgres://") || strings.HasPrefix(db.cfg.AdminDSN, "postgresql://") {
		u, err := url.Parse(db.cfg.AdminDSN)
		if err != nil {
			return "", wrap("AdminDSN", redacted(err))
		}
		u.User, u.Path = url.UserPassword(login.User, login.Password), "/"+login.Database
		return u.String(), nil
	}
	return fmt.Sprintf("%s user='%s' password='%s' dbname='%s'", db.cfg.AdminDSN, login.User, login.Password, login.Database), nil
}

// loginSchemas lets a module's login name the schemas that its SQL names: that is looked at before the role is set.
func (db *DB) loginSchemas(ctx context.Context, id string, r roles) error {
	k, err := pgx.ConnectConfig(ctx, db.as(db.names.kernel()))
	if err != nil {
		return wrap("connect as the kernel", err)
	}
	defer k.Close(context.WithoutCancel(ctx))
	kernel := &adminConn{Conn: k, db: db}
	if err := kernel.do(ctx, "grant usage on schema kernel, access to %s", quote(r.login)); err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, db.admin)
	if err != nil {
		return wrap("connect to database "+db.admin.Database, err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	owner := &adminConn{Conn: conn, db: db}
	if err := owner.do(ctx, "set role %s", quote(r.owner)); err != nil {
		return err
	}
	if err := owner.do(ctx, "grant usage on schema %s to %s", quote(id), quote(r.login)); err != nil {
		return err
	}
	return db.lendLogin(ctx, r)
}
