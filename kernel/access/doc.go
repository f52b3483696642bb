// Package access says who is acting and what they may do.
//
// A [Principal] is who acts now: a contact of a client, a member of staff, a module, or the kernel itself.
// [Rules] are read from a contract's options: the scope and the permission of each method.
// A [Policy] joins the permissions that modules declare with the roles of the portal, and answers two questions:
// may this principal call this method, and whose rows does it reach. [Policy.Explain] answers them in words.
//
//	principal.go  who acts
//	rules.go      what a method asks for, read from its descriptor
//	policy.go     roles and permissions
//	decide.go     the decision, and its explanation
//	context.go    how principal and decision travel
//	change.go     the call that changes something, as the audit log will know it
//	own.go        who asked for something does not decide on it
//	device.go     what a browser runs on, in two words
//	tx.go         the mark of a context that holds a transaction
package access
