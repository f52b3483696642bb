package plugin

import "syscall"

// attributes make the process the leader of its own group and have the system end it with the portal. The signal
// follows the thread that forked, not the process: see starter.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
