// Package trail shows the audit log: cabinet.kernel.v1.AuditService and its pages. Entries are written elsewhere: by
// package store, in the transactions that do what they tell of, and for calls that were refused by [Refusals].
//
//	manifest.go  permissions and screens
//	service.go   the methods
//	list.go      which rows a caller asks for, and how they are best read
//	names.go     what people and things are called now
//	words.go     sentences, fields and values in a reader's language
//	refusals.go  calls that were refused, a few for each person
//
// Who reads what row security decides: the tables are read with the roles of a module that has no rows of its own, in
// the scope of the caller.
package trail
