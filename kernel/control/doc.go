// Package control lets programs beside a portal speak with it while it runs: the portal's own commands, and cabinet.
//
//	conn, err := control.Dial(ctx, cfg.Data)          // the portal that keeps its data there
//	if errors.Is(err, control.ErrNotRunning) { … }
//	modules, err := kernelv1.NewModuleServiceClient(conn).ListModules(ctx, &kernelv1.ListModulesRequest{})
//
// A portal opens a unix socket when it starts and writes into its data folder, in control.json, where that is. Who may
// read that file and connect is the portal's own user, who could do anything to the portal anyhow; so what comes in is
// called as the kernel. Calls with one message each way are carried, of every contract of the portal; streams are not.
//
//	place.go  control.json: where a portal that runs can be reached
//	serve.go  the portal's side
//	dial.go   the other side
package control
