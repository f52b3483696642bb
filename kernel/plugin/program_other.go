//go:build unix && !linux

package plugin

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// fileExec is of no use here: programs are executed by their path.
const fileExec = ""

// copyOf keeps a program's bytes in a file in a folder of its own, which only this user can reach.
func (h *Host) copyOf(name string, from io.Reader) (_ *program, err error) {
	dir, err := os.MkdirTemp("", "program-")
	if err != nil {
		return nil, err
	}
	drop := func() { _ = os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			drop()
		}
	}()
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500)
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(f, from); err != nil {
		_ = f.Close()
		return nil, err
	}
	return newProgram(&program{exec: path, drop: drop}), f.Close()
}

// ownProgram finds the portal's own program: it is executed where it lies.
func ownProgram(info fs.FileInfo) (*program, bool) {
	path, err := os.Executable()
	if err != nil {
		return nil, false
	}
	if mine, err := os.Stat(path); err != nil || !os.SameFile(mine, info) {
		return nil, false
	}
	return newProgram(&program{exec: path}), true
}
