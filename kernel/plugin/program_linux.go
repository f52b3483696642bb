package plugin

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// fileExec is the path under which a process finds descriptor 4, see process.Start.
const fileExec = "/proc/self/fd/4"

// copyOf keeps a program's bytes in memory, where nothing can change them any more: they are sealed.
func (h *Host) copyOf(name string, from io.Reader) (_ *program, err error) {
	// A child that is forked meanwhile would have it open for writing, and nobody could execute it.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if err != nil { // a kernel before 6.3 does not know MFD_EXEC
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, fmt.Errorf("memory for it: %w", err)
	}
	f := os.NewFile(uintptr(fd), name)
	defer func() {
		if err != nil {
			_ = f.Close()
		}
	}()
	if _, err := io.Copy(f, from); err != nil {
		return nil, err
	}
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE); err != nil {
		return nil, fmt.Errorf("seal it: %w", err)
	}
	// What is executed must not be open for writing anywhere.
	sealed, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, err
	}
	return newProgram(&program{file: sealed}), f.Close()
}

// ownProgram is the portal's own program, as it runs, when that is the file: it stays what it is when the file is
// replaced.
func ownProgram(info fs.FileInfo) (*program, bool) {
	own, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, false
	}
	if mine, err := own.Stat(); err != nil || !os.SameFile(mine, info) {
		_ = own.Close()
		return nil, false
	}
	return newProgram(&program{file: own}), true
}
