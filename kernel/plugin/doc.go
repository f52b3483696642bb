// Package plugin runs modules in processes of their own: it starts their programs, asks what they are, lends them what
// they need, carries calls there and back, and starts them again when they fall.
//
//	host, err := plugin.NewHost(plugin.HostConfig{Router: router, …})   // the socket that modules call back on
//	p, err := host.Start(ctx, plugin.Spec{ID: "booking", Path: "/srv/booking"})
//	p.Description()                                                     // manifest, contracts, migrations, texts
//	err = p.Open(ctx, plugin.Lend{…})                                   // from here on calls come in
//	p.Register(router)
//
// A process goes through these states, each with a reason that people can read:
//
//	Starting → Ready ⇄ Degraded → Draining → Stopped
//	Ready → Crashed → Backoff → Starting
//	Quarantined after five failures in ten minutes, or by [Process.Hold]; [Process.Resume] begins anew
//
// # Another program in its place
//
// A new program is started beside the one that runs, asked what it is, compared with what callers know, opened, and asked whether
// it is well. Only then do calls go to it, from one moment to the next; those under way end where they began. For a while the
// process before stays ready: when the new one fails by then, calls go back to it. What fails before that changes nothing.
//
//	c, err := p.Prepare(ctx, &spec)   // or nil: the same program anew
//	defer c.Discard()
//	err = c.Open(ctx, lend)
//	pause, err := c.Commit(ctx, nil)
//
// A program is read once, into memory that nothing can change: a checksum is one of the bytes that run, and a file that is
// written anew meanwhile is not met by a restart.
//
// # Calls while a process is away
//
// A call that is NO_SIDE_EFFECTS waits for the next process within its deadline, and is made again when its connection
// broke, so that readers do not see a restart. Any other answers Unavailable at once: whether it was done nobody knows,
// so only its caller can decide to repeat it. A quarantined process answers at once.
//
// Calls with one message each way go over frames on connections of their own where the program serves them, as Go
// programs do, and else over gRPC, as streams always do. Nobody can tell but by the clock: see FIGURES.md.
//
// # Rights
//
// With each call goes a token that names it at the host's socket until it ends; calls made with it are made by the
// call's own caller through the module, so they may what both may. A second token, for as long as the process lives, is for
// what the module does by itself. Rows are reached with a login of the module's own and a setting that the host signed
// for the call. The process sees nothing of the portal's environment.
//
//	state.go      State, Status
//	process.go    Process: a module's process, and who takes part in it
//	supervise.go  keeping it running; timing.go how patiently
//	swap.go       another program put into its place
//	program.go    the bytes that were checked, which are those that run
//	attach.go     a program that somebody started in a debugger
//	lend.go       what a module is opened with
//	launch.go     starting a program and asking what it is
//	runner.go     the process itself; leash_linux.go, leash_other.go how it ends with the portal
//	output.go     what it writes, and how much
//	compat.go     contracts compared
//	call.go       calls to it; direct.go those with one message each way, past gRPC
//	remote.go     its services, for the router
//	event.go      its events; pages.go its own pages
//	host.go       the socket for calls back; token.go whose they are
package plugin
