// Package store keeps the rows of a portal in Postgres, each module's in a schema of its own, and lets a call see
// only those that it may.
//
//	db, err := store.Open(ctx, store.Config{PortalID: "services", AdminDSN: dsn, Key: key})
//	s, err := db.Module(ctx, store.ModuleSpec{ID: "clientmanager", Migrations: fs, OwnsClients: true})
//	rows, err := store.Query(ctx, s, pgx.RowToStructByName[client], "select … from clientmanager.client where …")
//	err = s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error { … })
//
// # How rows are kept apart
//
// A [Store] takes from its context who acts and what the router decided (package access). It runs every statement
// under one of the module's three runtime roles, and with a signed setting that says who acts. Row security of the
// tables does the rest. A context in which nothing was decided is refused before the database is asked.
//
//	access.All      the role x_all, which sees every row
//	access.Granted  x_own: the clients granted to the user, for a contact the one acted for;
//	                x_many: the same, for staff with more than 10,000 clients
//
// Which clients a user sees is read from grants in the database, never from what a session claims. A grant is of a client
// ([Tx.GrantClients]) or of a portfolio, a set that clients come into and leave ([Tx.FillPortfolio], [Tx.GrantPortfolio]). The signature is
// an HMAC with a key that only the kernel's role can read; it holds for a minute, or as long as the call's deadline,
// at most an hour.
//
// Inside one process this stops mistakes, not malice: all modules share a login that may take any module's runtime
// roles, and code in the process can reach everything anyhow. A process of its own gets a login for its module alone
// ([DB.ModuleLogin]). No login but the host's, during migrations, is ever a table's owner.
//
// # Migrations
//
// A module's migrations are goose SQL files, run as the owner of its schema, under a lock. A file that changed after
// it was applied is an error. Each table is given to the runtime roles by one line:
//
//	select kernel.protect('clientmanager.client', 'id');       -- rows of the client that the column names
//	select kernel.protect_own('x.draft', 'user_id');           -- rows of the user that the column names
//	select kernel.protect_all('x.series');                     -- only who reaches all rows
//	select kernel.share('x.country');                          -- all read, who reaches all rows writes
//
// Who looks at what is made of a table's rows is told when they change, if a line says so; see package live:
//
//	select kernel.live('x.thing', 'acme.x.v1.Thing');
//
// A table that no line of the first four names cannot be reached at run time. Functions that are security definer must pin their
// search_path, views must be security_invoker; [DB.Module] refuses others by name.
//
// # Retention
//
// Answers kept by [Once] are deleted a week after they were given, by [DB.Sweep]; the audit log as long ago as the host says,
// by [DB.SweepAudit].
//
// # Files
//
//	config.go   Config
//	names.go    names of roles and databases, passwords of logins
//	open.go     Open, DB
//	admin.go    the database, roles and memberships; the lock
//	migrate.go  migrations and their checksums
//	module.go   DB.Module
//	check.go    what a module's schema must keep to; DB.Protected
//	principal.go  the signed setting
//	scope.go    the choice of role
//	store.go    Store, Query, QueryOne
//	tx.go       Tx, savepoints
//	audit.go    what transactions leave in the audit log, and its sweep
//	once.go     Once
//	clients.go  clients and grants
//	where.go    Where
//	page.go     page tokens and sizes
//	errors.go   errors as callers may see them
//	alive_*.go  whether an idle connection is still there
package store
