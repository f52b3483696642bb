package cluster

import (
	"bytes"
	"context"
	"os"
	"strconv"
)

// lookUp reads /proc, where a process's state and command line are open to everybody.
func lookUp(_ context.Context, pid int) process {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return process{}
	}
	// "pid (name) state …", and the name may hold anything.
	_, after, _ := bytes.Cut(stat[bytes.LastIndexByte(stat, ')'):], []byte(" "))
	if len(after) == 0 || after[0] == 'Z' || after[0] == 'X' {
		return process{} // where pid 1 does not reap, the dead stay
	}
	command, _ := os.ReadFile(dir + "/cmdline") // one that has just ended has none
	return process{alive: true, command: string(command)}
}
