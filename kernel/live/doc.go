// Package live tells browsers that something changed, so that what their readers look at refreshes itself.
//
// Topics and versions travel, never data. A topic is a message of a contract, by its full name. A page knows the topics
// of what it shows from its contract methods, and asks again for itself when one of them is told: through the router, so
// that rights hold. What a module writes is one line for each table, in a migration:
//
//	select kernel.live('clientmanager.contacts', 'cabinet.clientmanager.v1.Contact');
//
// From then on the database notes, in the transaction of each change and whichever process makes it, whose rows it
// were. What is rolled back was never told.
//
// # Who hears what
//
// A reader hears of a topic what they may read of it: the reach of their roles for the methods that show the message
// decides, as it does for rows, and which clients are theirs is looked up in the database for each change.
//
//   - who reaches all rows hears of all of them
//   - a contact hears of the client acted for, as long as it is granted; staff of the clients granted to them
//   - rows of a user are heard of by that user
//   - a topic that no method shows them, not at all
//
// When something about a user changes, their streams are silent until it is asked who they are now: a session that has
// ended ends its streams, and other rights begin with "ask again".
//
// # How
//
// A node reads what was committed between two snapshots of the database, which loses nothing and needs no order of
// commits, and tells its streams. While there is something to tell it looks every 20 ms; when there is not, it says in a
// table that it is asleep and is notified. A version is such a snapshot, so that a browser that comes back, to whichever
// node, is told what it missed. What a browser has not taken yet is kept as a set of topics, of a bounded size: past
// that it is "ask again". So a slow reader holds up nobody and costs no memory.
//
// # Map
//
//	topics.go   Topics: what may be heard of, and by whom; checked against what migrations say
//	feed.go     what was committed, from the database
//	rest.go     a node's sleep
//	hub.go      Hub: the streams of a node
//	tell.go     who hears which note
//	stream.go   Stream: one reader's
//	serve.go    the same over HTTP, as server-sent events
//
// The browser's side is kernel/web/assets/script/live.js.
package live
