// Package ledger is the books of a portal in double entry, as package finsystem's own part: what it promises is kept by the
// database (see migrations/0001_ledger.sql), whatever is written here.
//
//   - The entries of a posting sum to zero, in one currency. Nothing that was posted changes; a mistake is reversed.
//   - A client's balance equals the entries of its account, under a lock. The business's own accounts have no running balance, so
//     that everybody who posts to one does not wait for everybody else; it is summed when somebody looks.
//   - An account does not pass its credit limit, nor what is held of it; but what a bank takes back is taken back.
//   - A key is posted once. The same key with other content is refused.
//   - When something was posted is never chosen. It counts for a day that is chosen, and no such day lies in closed books.
//
// Amounts are minor units of a currency (package money), above zero where money comes to an account. See [Post].
//
//	accounts.go  Account, Open
//	post.go      Posting, Post
//	reverse.go   Reverse
//	holds.go     Hold, Capture, Release
//	books.go     limits, closing, what accounts come to; Verify
//	errors.go    refusals
package ledger
