//go:build unix && !linux

package cluster

import (
	"context"
	"os/exec"
	"strconv"
	"strings"
)

// lookUp asks ps, as there is no /proc.
func lookUp(ctx context.Context, pid int) process {
	cmd := exec.CommandContext(ctx, "/bin/ps", "-ww", "-o", "stat=,command=", "-p", strconv.Itoa(pid))
	cmd.Env = environment()
	out, err := cmd.Output()
	state, command, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if err != nil || state == "" || strings.HasPrefix(state, "Z") {
		return process{}
	}
	return process{alive: true, command: strings.TrimSpace(command)}
}
