// Package audit is how a module adds to the audit log: who did what to what, as whom, from where.
//
// Most modules say nothing. A transaction of the store in which some row was inserted, updated or deleted, for a method
// with side effects or a handler of events, leaves an entry in itself: what is rolled back left none, and nothing is done
// without one. Who, when, by which method, in which session, from where and through which modules is what the portal
// signed about the call; which thing and which client is read off the request, by its descriptors, or off the answer that
// store.Once keeps. Where that does not tell, or fields changed whose values matter:
//
//	audit.Changed(tx, before, after)  // what fields held; in updates
//	audit.About(tx, thing)            // one of many, or one that was made without store.Once
//	audit.Concerns(tx, clientID)      // whom it concerns
//	audit.Refused(tx, "wrong_password")
//	audit.Quiet(tx)                   // bookkeeping beside what the call is for
//
// What a transaction writes without a call and without an event, housekeeping, leaves none; what only reads, and what
// [store.Store.Exec] commits by itself, neither. A module that writes through SQL functions of its own alone says About.
// kerneltest.Conform finds methods that leave nothing.
//
// # What is kept, and for how long
//
// An entry holds ids, names of methods and of fields, and one word for a refusal: it outlives an erasure, as events do. What
// people are called is asked for when somebody reads. What fields held and from where somebody acted, which is personal,
// lies in a table of its own: kept for a shorter time (portal.yaml: audit.detail_days, 180; audit.days for entries, 730),
// and taken away where somebody is named when they are erased (store.DB.EraseAudit). All values of fields count as
// personal: which ones are, a contract does not say. Those that a contract calls secret or hidden are never written.
//
// # What the database holds to
//
// The tables are the kernel's. No role of a module, and no login, may insert, update, delete or truncate; the owner only
// through the functions of retention and erasure, which a trigger sees to. A module adds by kernel.audit, which verifies what
// the portal signed: an entry of its own module, for a call that it was given and that is under way, by whoever made it,
// now. A contact's entries concern the client that the contact acts for and no other. What a module does by itself it
// does as itself. In the portal's process that stops mistakes; a process of its own cannot do otherwise.
//
// A module in a process of its own can still do something and write no entry, or say of a thing of its own what is not so: the
// database cannot know what a row means.
//
// Partitions by month were looked at and left: the log is swept a few thousand rows at a time by an index, and the lists
// by actor, thing and client would look into each of 24 partitions.
package audit
