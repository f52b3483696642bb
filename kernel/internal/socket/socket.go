// Package socket makes unix sockets that nobody but the portal's own user reaches: in short folders of their own, since
// the path of a socket has 103 bytes at most, closed to others, and with the other side's user looked at where the system
// tells it.
//
//	socket.go                      folders, and whether somebody listens
//	peer_linux.go, peer_other.go   who is at the other end
package socket

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Folder makes a folder for sockets, mode 0700, whose name begins with prefix and a hyphen. First it removes those of that
// prefix that killed portals left behind. Its maker removes it.
func Folder(prefix string) (string, error) {
	sweep(shortDir(), prefix, time.Now())
	dir, err := os.MkdirTemp(shortDir(), prefix+"-")
	if err != nil {
		return "", fmt.Errorf("make a folder for sockets: %w", err)
	}
	return dir, nil
}

// shortDir is where sockets may lie: as root /run, which others cannot fill.
func shortDir() string {
	if os.Geteuid() == 0 {
		if info, err := os.Stat("/run"); err == nil && info.IsDir() {
			return "/run"
		}
	}
	return "/tmp"
}

// Gone tells whether an attempt to connect failed because nobody listens: the socket is not there, or its portal was killed.
func Gone(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// sweepAfter is how old a folder of sockets is before it is looked at: one that is being made has nobody listening yet.
const sweepAfter = time.Minute

// sweep removes folders in which there are sockets, and nobody listens at any.
func sweep(parent, prefix string, now time.Time) {
	folders, err := filepath.Glob(filepath.Join(parent, prefix+"-*"))
	if err != nil {
		return
	}
	for _, dir := range folders {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || now.Sub(info.ModTime()) < sweepAfter {
			continue
		}
		if abandoned(dir) {
			_ = os.RemoveAll(dir) // of another user's, nothing comes of it
		}
	}
}

func abandoned(dir string) bool {
	sockets, err := filepath.Glob(filepath.Join(dir, "*.sock"))
	if err != nil || len(sockets) == 0 {
		return false
	}
	for _, path := range sockets {
		conn, err := net.Dial("unix", path) //nolint:noctx // it answers at once
		if err == nil {
			_ = conn.Close()
			return false
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return false
		}
	}
	return true
}
