//go:build unix

package plugin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// program is a program as its file was when it was read. Whoever keeps one releases it.
type program struct {
	path string
	// sum is the SHA-256 of what runs, in hexadecimal digits; empty for a script and for the portal's own program.
	sum string
	// file is what is executed: the bytes that sum was made of, or the portal's own program; nil for one that is executed by
	// the path exec.
	file *os.File
	exec string
	uses atomic.Int32
	drop func() // when nobody uses it any more
}

// mostProgram is how large a program may be, in bytes.
const mostProgram = 1 << 30

// ChecksumError is that a program's file does not hold what portal.yaml says.
type ChecksumError struct{ Path, Want, Got string }

var _ error = (*ChecksumError)(nil)

// Error says what to do.
func (e *ChecksumError) Error() string {
	return fmt.Sprintf("%s has the checksum sha256:%s, and sha256:%s is asked for: put the right file there, or write its checksum down", e.Path, e.Got, e.Want)
}

// read reads a program, so that what is checked now is what runs later.
func (h *Host) read(spec Spec) (*program, error) {
	if spec.Attach != "" {
		return nil, nil
	}
	f, err := os.Open(spec.Path)
	if err != nil {
		return nil, fmt.Errorf("its program cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("its program cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no file: name the program itself", spec.Path)
	case info.Mode()&0o111 == 0:
		return nil, fmt.Errorf("%s may not be executed: chmod +x it", spec.Path)
	case info.Size() > mostProgram:
		return nil, fmt.Errorf("%s has more than 1 GiB: is it a program?", spec.Path)
	}
	if own, same := ownProgram(info); same && spec.Checksum == "" {
		own.path = spec.Path
		return own, nil
	}
	head := make([]byte, 2)
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, fmt.Errorf("%s is empty", spec.Path)
	}
	if bytes.Equal(head, []byte("#!")) {
		if spec.Checksum != "" {
			return nil, errors.New("a checksum is for a program that is one file; this is a script, which needs what lies around it: remove the checksum, or build one file of it")
		}
		return newProgram(&program{path: spec.Path, exec: spec.Path}), nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	sum := sha256.New()
	p, err := h.copyOf(spec.ID, io.TeeReader(io.LimitReader(f, mostProgram), sum))
	if err != nil {
		return nil, fmt.Errorf("its program cannot be read: %w", err)
	}
	p.path, p.sum = spec.Path, hex.EncodeToString(sum.Sum(nil))
	if spec.Checksum != "" && p.sum != spec.Checksum {
		p.release()
		return nil, &ChecksumError{Path: spec.Path, Want: spec.Checksum, Got: p.sum}
	}
	return p, nil
}

func newProgram(p *program) *program {
	p.uses.Store(1)
	return p
}

// run is the path to execute.
func (p *program) run() string {
	if p.file != nil {
		return fileExec
	}
	return p.exec
}

// keep is one more user.
func (p *program) keep() *program {
	if p != nil {
		p.uses.Add(1)
	}
	return p
}

// release is one less.
func (p *program) release() {
	if p == nil || p.uses.Add(-1) != 0 {
		return
	}
	if p.file != nil {
		_ = p.file.Close()
	}
	if p.drop != nil {
		p.drop()
	}
}
