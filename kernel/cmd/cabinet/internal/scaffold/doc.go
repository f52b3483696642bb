// Package scaffold writes new portals, modules and plugins.
//
//	names.go     what things may be called
//	place.go     the folder in which something new is to stand
//	source.go    where the framework is, and of which version
//	new.go       New: writes it all, or nothing
//	render.go    the skeletons' texts
//	undo.go      what was written, to be taken back
//	gomod.go     a portal's go.mod
//	assemble.go  the line of a module in the portal's Go
//	entry.go     the entry of a plugin in portal.yaml
//	skeleton/    the texts themselves
package scaffold
