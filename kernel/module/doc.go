// Package module says what a module is. Authors of modules and plugins import it, and what it imports; nothing of it
// links the web server or anything else of the host.
//
// A module goes through its life in this order:
//
//  1. Its constructor receives typed clients of the contracts it calls. It keeps them and does nothing else: no
//     reading, no goroutine, no call. The others may not exist yet.
//  2. [Module.Manifest] says what it is: id, contracts provided and required, permissions, roles, screens, events,
//     migrations and texts. It is asked for more than once, and answers the same.
//  3. The kernel checks that manifests fit together, decodes the module's part of portal.yaml into what
//     [Configurable] gives it, and applies its migrations.
//  4. [Module.Register] binds what the manifest promised: services, event handlers, schedules. Still no call.
//  5. [Starter.Start], when it has one, once every module is registered. From here on calls come in.
//  6. [Stopper.Stop], when it has one, in reverse order, after the last call has left. Stopping is safe without a
//     start, and twice.
//
// # What one transaction changes in two modules
//
// A module calls no other while it holds a transaction. Where something of another's must be true with the module's own rows
// or not at all, such as the number that an invoice takes as it is issued, the other lends a SQL function:
//
//	Lends: []string{"numbergenerator.take_v1(text, uuid, date, text, uuid) returns text"},   // who has the rows
//	Borrows: []string{numbergeneratorv1.Take},                                               // who calls it
//
// The contract keeps the signature as a constant, which both name. The borrower calls it as any SQL, "select
// numbergenerator.take_v1($1, …)", in its [store.Store.Tx]. The kernel checks that what is borrowed is lent, and lets the
// borrower's roles and login execute that function and nothing else of the lender's schema, wherever either runs; when a
// manifest no longer borrows it, that is taken back.
//
// A lent function is security definer with search_path pinned to pg_catalog, pg_temp, and runs as the owner of the lender's
// schema, so it takes care itself of what it shows and changes. "access.borrower()" is the module whose transaction it is, and
// refuses when nobody acts in it; access.user_id(), access.staff_id() and access.clients() are who acts. It calls nothing of
// the borrower's. What changes in its signature is another function with another version, lent beside the first. Locks that it
// takes hold until the borrower's transaction ends: it says which, and borrowers call it last.
//
// A screen is data too: see [Screen], and [CalendarParts] for calendars.
package module
