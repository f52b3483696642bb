//go:build unix && !linux

package plugin

import "syscall"

// attributes make the process the leader of its own group. That it ends with the portal it sees to itself, by the pipe
// it was given.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
