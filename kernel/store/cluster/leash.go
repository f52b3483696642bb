//go:build unix

package cluster

import (
	"context"
	_ "embed" // watch.sh
	"os"
	"os/exec"
	"sync"
)

//go:embed watch.sh
var watchScript string

// watch says what becomes of a program when the portal is gone.
type watch struct {
	signal  string // INT, QUIT; KILL: its whole process group
	pidfile string // the server's postmaster.pid, or ""
	remove  string // a folder to remove afterwards, or ""
}

// leash is the portal's end of the pipe that the watcher reads.
type leash struct {
	read, write *os.File
	once        sync.Once
}

// leashed returns a command that runs the program as a and ends it when the portal
// is gone. The leash must outlive it; release it once the program has ended.
func leashed(ctx context.Context, a account, w watch, program string, args ...string) (*exec.Cmd, *leash, error) {
	r, wr, err := os.Pipe() // closed on exec: no other child of the portal holds it open
	if err != nil {
		return nil, nil, err
	}
	script := append([]string{"-c", watchScript, "cabinet-watch", w.signal, w.pidfile, w.remove, program}, args...)
	cmd := exec.CommandContext(ctx, "/bin/sh", script...)
	cmd.Dir = "/" // one that the account can enter
	cmd.Env = environment()
	cmd.SysProcAttr = a.attr()
	cmd.ExtraFiles = []*os.File{r} // descriptor 3
	return cmd, &leash{read: r, write: wr}, nil
}

// release tells the watcher that the program has ended.
func (l *leash) release() {
	l.once.Do(func() {
		_, _ = l.write.WriteString("\n") // a watcher that is gone need not be told
		l.Close()
	})
}

// Close lets go of the pipe. Without a release before, the program is ended.
func (l *leash) Close() error {
	l.read.Close()
	return l.write.Close()
}
