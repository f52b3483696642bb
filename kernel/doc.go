// Package kernel assembles a portal from modules, starts it and stops it.
//
//	func main() { kernel.Main(assemble) }
//
//	// assemble lists the portal's modules; Wire writes it from their sets.
//	func assemble(router *call.Router) ([]module.Unit, error)
//
// Map of the package:
//
//	options.go   what a portal is assembled with
//	portal.go    Portal: New, Start, Stop, and what order things happen in
//	compose.go   manifests checked against each other
//	open.go      master key, cluster, database
//	manifest.go  what the kernel itself provides, and its pages
//	roles.go     roles as people change them; roles_node.go how every node hears of it
//	audit.go     the audit log: provided, and told of refused calls
//	explain.go   a contract of the kernel's own: why may, or may not, this user do this
//	modules.go   another: the modules as they run; modules_links.go what ties them, modules_screens.go its pages, modules_live.go
//	             how browsers hear of changes
//	reload.go    another program put into a module's place, with all that it says of itself
//	console.go   another: events on their way, parked ones, schedules; console_screens.go: its pages
//	keep.go      what the kernel does every night
//	main.go      Main: signals, an open portal, the first head's link
//	commands.go  what else the command line can do; internal/command has the commands themselves, and knows nothing of this
//	             package
//	check.go     what is looked at without a database and without serving
//	control.go   the socket by which commands speak with a portal that runs; package control has both sides
package kernel
