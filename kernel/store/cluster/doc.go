// Package cluster runs the private Postgres cluster of a portal that was given
// no DATABASE_URL.
//
// [Start] finds the Postgres programs, makes the cluster when there is none,
// starts the server and returns once it answers. [Cluster.Stop] stops it.
//
//	c, err := cluster.Start(ctx, cluster.Config{Dir: "/srv/portal", Log: log})
//	if err != nil { … }
//	defer c.Stop(ctx)
//	pool, err := pgxpool.New(ctx, c.DSN())
//
// # Where things are
//
//	Dir/postgres/portal.lock  held (flock) by the portal that uses the cluster; holds its pid
//	Dir/postgres/id           random name of this cluster
//	Dir/postgres/password     the superuser's password, mode 0600
//	Dir/postgres/data         what initdb makes (PGDATA)
//	Dir/postgres/elsewhere    only when data is kept below /var/lib/cabinet/ID: its path
//
// Postgres refuses to run as root. A portal that runs as root therefore runs it
// as the user "postgres" (or "nobody" when there is no such user), and once data
// exists as the owner of that data. When this user cannot reach Dir, as below
// root's own 0700 HOME, the data goes to /var/lib/cabinet/ID; that is logged.
//
// # Who can get in
//
// The server listens on no port, only on a unix socket in a folder of mode 0700
// that belongs to the user the server runs as. The folder is not kept below
// /run/user, which goes away when that user logs out, but below /tmp (as root,
// /run). Everybody, the superuser too, signs in with a password (scram-sha-256):
// processes of the same user may have logins of their own and must not become
// superuser by connecting. This holds back mistakes and stolen logins. It does
// not hold back hostile code which runs as the portal's own user, because that
// can read the password file, the data itself and the portal's memory.
//
// # How the server stops with the portal
//
// The server must also stop when the portal is killed with SIGKILL, on Linux and
// macOS. Between the portal and the server stands a short shell script (watch.sh).
// It forks a watcher and then becomes the server by exec, so that the server is
// the portal's own child: the portal signals it and learns of its end directly.
// The watcher reads a pipe whose only write end is in the portal. When that
// pipe ends without a word, however the portal died, the watcher asks for a fast
// shutdown, and for an immediate one after half a minute. There is no moment in
// which the server runs unwatched, because the watcher is there first. Portal
// and server are in different sessions: Ctrl-C and a signal to the portal's process group do not
// reach the server, and the portal can close its connections first. Linux's
// PR_SET_PDEATHSIG is not used: it follows the thread that forked, not the
// process, and macOS has nothing like it.
//
// Should the watcher be killed too, the next Start finds the old server by its
// postmaster.pid and stops it before it starts a new one.
//
// # Files of this package
//
//	config.go     Config
//	errors.go     the typed errors
//	programs.go   FindPrograms
//	cluster.go    Start, Cluster
//	account.go    the user the server runs as
//	folder.go     the layout above
//	lock.go       one portal at a time
//	initdb.go     a new cluster, whole or not at all
//	template.go   a new cluster for tests, copied
//	password.go   the superuser's password, and a new one when it was lost
//	socket.go     the socket's folder, made safely
//	stale.go      what a killed portal left behind; process_*.go asks the system
//	server.go     the server process
//	leash.go      a program that ends with the portal; watch.sh is its watcher
//	output.go     what the server says
//	fortests.go   ForTests
//	unsupported.go  other systems than Linux and macOS: an error
package cluster
