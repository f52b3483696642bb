//go:build unix

package plugin

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// sweepAfter is how old a folder of sockets is before it is looked at: one that is being made has nobody listening yet.
const sweepAfter = time.Minute

// sweep removes the folders of sockets that killed portals left behind: those in which nobody listens any more.
func sweep(parent string, now time.Time) {
	folders, err := filepath.Glob(filepath.Join(parent, "cab-*"))
	if err != nil {
		return
	}
	for _, dir := range folders {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || now.Sub(info.ModTime()) < sweepAfter {
			continue
		}
		conn, err := net.Dial("unix", filepath.Join(dir, hostSocket)) //nolint:noctx // it answers at once
		if err == nil {
			_ = conn.Close()
			continue
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			_ = os.RemoveAll(dir) // of another user's, nothing comes of it
		}
	}
}
