package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// fileName is the key file in the data folder.
const fileName = "master.key"

// maxFile is the largest key file read, in bytes: some hundreds of keys.
const maxFile = 64 << 10

// readKeyFile reads the portal's own key file. It refuses what somebody else could have read or put there: a link, a
// thing that is no file, a mode that lets others read. The error is fs.ErrNotExist when there is none.
func readKeyFile(path string) (ring, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) || errors.Is(err, syscall.EMLINK) {
		return nil, &FileError{Path: path, Problem: "is a symbolic link; put the key file itself there, or name it with " + EnvKeyFile}
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &FileError{Path: path, Problem: "is not a file; remove it, or name the key file with " + EnvKeyFile}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &FileError{Path: path, Problem: fmt.Sprintf("can be reached by others (mode %04o); run: chmod 600 %s", mode, quote(path))}
	}
	return readRing(f, path)
}

func readRing(r io.Reader, path string) (ring, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the master key: %w", err)
	}
	if len(text) > maxFile {
		return nil, &FileError{Path: path, Problem: "is too large for a key file; see that it is the right one"}
	}
	keys, err := parseRing(string(text))
	if err != nil {
		return nil, &FileError{Path: path, Problem: "cannot be used: " + err.Error() + "; restore it from a copy, a new key does not open what the old one sealed"}
	}
	return keys, nil
}

// writeKeyFile replaces the key file in one step: whoever reads meanwhile sees the old file or the new one whole. The
// caller holds the folder's lock.
func writeKeyFile(path string, keys ring) (err error) {
	dir := filepath.Dir(path)
	// A process that was killed while it wrote left its copy of the keys; with the lock held, nobody else is writing.
	stale, _ := filepath.Glob(globEscape(path) + ".new-*")
	for _, name := range stale {
		_ = os.Remove(name)
	}
	f, err := os.CreateTemp(dir, fileName+".new-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if _, err = f.WriteString(keys.fileText()); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// createKeyFile returns the keys of the file, and makes the file when there is none. However many processes do this at
// once, all of them return the same key.
func createKeyFile(path string) (keys ring, created bool, err error) {
	err = withFolderLock(filepath.Dir(path), func() error {
		keys, err = readKeyFile(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		created = true
		keys = ring{newMasterKey()}
		return writeKeyFile(path, keys)
	})
	return keys, created, err
}

// withFolderLock runs do while no other process, and no other goroutine, holds the lock of the folder. The system
// releases the lock of a process that is killed.
func withFolderLock(dir string, do func() error) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", dir, err)
	}
	return do()
}

// globEscape makes a path match itself alone.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

// quote writes a path so that it can be pasted behind a command.
func quote(path string) string {
	for _, r := range path {
		if r == ' ' || r == '\'' || r == '"' || r == '$' || r == '\\' || r == '`' {
			return fmt.Sprintf("%q", path)
		}
	}
	return path
}
