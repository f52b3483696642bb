// Package dev runs a portal while it is worked on: what is saved is built, and what was built takes the place of what runs.
//
//	programs.go  the programs of a repository, and building them
//	watch.go     what was saved
//	process.go   the portal's process
//	swap.go      a plugin's new program put into the place of the old one
//	loop.go      Run: all of it together
package dev
