//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin/runner"
)

// process is a running program, as go-plugin wants it. It is the leader of its own process group, so that what it
// started ends with it, and holds one end of a pipe by which it learns that the portal is gone.
type process struct {
	cmd     *exec.Cmd
	program *program
	start   func(func() error) error // runs it on the thread that may not end
	leash   *os.File
	// stdout is go-plugin's to read: the handshake's line. stderr is ours; go-plugin gets one that says nothing and ends
	// with the process.
	stdout, stderr *os.File
	follow         func(io.Reader) // reads stderr to its end
	followed       chan struct{}   // closed when it has
	silent         *io.PipeReader
	silentEnd      *io.PipeWriter
	exited         chan struct{}
	err            error // read after exited

	mu       sync.Mutex
	killed   bool // also before it was started
	pid      int  // once it was started
	attached bool // somebody else started it
}

var _ runner.Runner = (*process)(nil)

// newProcess prepares a program, which sees nothing of the environment until its cmd.Env is set.
func newProcess(program *program, args []string, start func(func() error) error, follow func(io.Reader)) *process {
	cmd := exec.Command(program.run(), args...) //nolint:noctx // it outlives the context that it is started in
	cmd.Args[0] = program.path
	cmd.Env, cmd.SysProcAttr = []string{}, attributes() // a nil Env would be all of it
	p := &process{cmd: cmd, program: program, start: start, follow: follow, exited: make(chan struct{}), followed: make(chan struct{})}
	p.silent, p.silentEnd = io.Pipe()
	return p
}

// Start starts the program.
func (p *process) Start(context.Context) error {
	leashEnd, leash, err := os.Pipe()
	if err != nil {
		return err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, leashEnd.Close(), leash.Close())
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return errors.Join(err, leashEnd.Close(), leash.Close(), outRead.Close(), outWrite.Close())
	}
	p.leash, p.stdout, p.stderr = leash, outRead, errRead
	p.cmd.Stdout, p.cmd.Stderr = outWrite, errWrite
	p.cmd.ExtraFiles = []*os.File{leashEnd} // descriptor 3
	if p.program.file != nil {
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, p.program.file) // descriptor 4, which is what is executed
	}
	err = p.start(p.run)
	for _, f := range []*os.File{leashEnd, outWrite, errWrite} {
		_ = f.Close() // the process has its own
	}
	if err != nil {
		close(p.exited)
		close(p.followed)
		return errors.Join(fmt.Errorf("start %s: %w", p.program.path, err), leash.Close(), outRead.Close(), errRead.Close(), p.silentEnd.Close())
	}
	go p.wait()
	// From its first line on: what a program that cannot start writes is why, and one that nobody reads gets stuck.
	go func() {
		defer close(p.followed)
		p.follow(errRead)
	}()
	return nil
}

// run forks, unless the process was killed before it was there.
func (p *process) run() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return errors.New("it was stopped before it was started")
	}
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.pid = p.cmd.Process.Pid
	return nil
}

func (p *process) wait() {
	p.err = p.cmd.Wait()
	// What it left behind would keep its pipes open.
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	_ = p.leash.Close()
	_ = p.silentEnd.Close()
	close(p.exited)
}

// Wait waits for the end of the process.
func (p *process) Wait(context.Context) error {
	<-p.exited
	return p.err
}

// Kill ends the process and all that it started.
func (p *process) Kill(context.Context) error {
	p.mu.Lock()
	p.killed = true
	pid := p.pid
	p.mu.Unlock()
	if pid == 0 || p.attached {
		return nil
	}
	select {
	case <-p.exited:
		return nil
	default:
	}
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// Stdout is what go-plugin reads the handshake from.
func (p *process) Stdout() io.ReadCloser { return p.stdout }

// Stderr says nothing: what the process writes there is read by the host itself.
func (p *process) Stderr() io.ReadCloser { return p.silent }

// Name is the program's path.
func (p *process) Name() string { return p.program.path }

// ID is the process's number.
func (p *process) ID() string {
	if n := p.number(); n != 0 {
		return strconv.Itoa(n)
	}
	return ""
}

func (p *process) number() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pid
}

// Diagnose says what is known of a program that did not answer.
func (p *process) Diagnose(context.Context) string {
	// A program that ends closes its output a moment before it is known to have ended.
	timer := time.NewTimer(diagnoseWithin)
	defer timer.Stop()
	select {
	case <-p.exited:
		return "the program ended: " + ended(p.err)
	case <-timer.C:
		return "the program wrote something else than the line by which a plugin answers"
	}
}

// diagnoseWithin is how long the end of a program that said nothing is waited for.
const diagnoseWithin = 500 * time.Millisecond

// letGo closes the outputs, once what it wrote last was read: that is often why it ended. What something that it left
// behind writes is not waited for.
func (p *process) letGo() {
	if p.stdout == nil {
		return
	}
	timer := time.NewTimer(readWithin)
	defer timer.Stop()
	select {
	case <-p.followed:
	case <-timer.C:
	}
	_ = p.stdout.Close()
	_ = p.stderr.Close()
	<-p.followed
}

// readWithin is how long the last of its output may take.
const readWithin = time.Second

// PluginToHost and HostToPlugin are the same: both are on this machine.
func (p *process) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin is the way round.
func (p *process) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// ended says how a process ended.
func ended(err error) string {
	if err == nil {
		return "by itself, with code 0"
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			return "by signal " + status.Signal().String()
		}
		return fmt.Sprintf("by itself, with code %d", exit.ExitCode())
	}
	return err.Error()
}
