//go:build unix

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// ForTests starts a throwaway cluster of its own for a test binary, in about 0.2 s: it
// is copied from one that is initialised once for each user and version of Postgres
// and kept in the user's cache folder (root: /var/tmp). It is fast and loses its data: fsync is off,
// and 200 connections are allowed. Stop removes it. When the test binary
// is killed, the server is stopped all the same, and what is left of
// its folder is removed by the next ForTests.
func ForTests(ctx context.Context) (*Cluster, error) {
	cache, err := testCache()
	if err != nil {
		return nil, err
	}
	dir, err := testFolder(ctx, cache)
	if err != nil {
		return nil, err
	}
	c, err := start(ctx, Config{Dir: dir, Fast: true, Template: cache},
		options{elsewhere: elsewhere, socket: filepath.Join(dir, "s"), throwaway: true})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// testCache makes the folder that initialised clusters are kept in.
func testCache() (string, error) {
	dir := "/var/tmp/cabinet-templates-" + strconv.Itoa(os.Geteuid())
	if os.Geteuid() == 0 {
		return dir, ownHome(dir, 0o711) // root's cache folder is closed to the server's user
	}
	if cache, err := os.UserCacheDir(); err == nil {
		own := filepath.Join(cache, "cabinet-templates")
		if os.MkdirAll(own, 0o700) == nil && ownHome(own, 0o700) == nil {
			return own, nil
		}
	}
	return dir, ownHome(dir, 0o700)
}

// testFolder makes a folder for a throwaway cluster, and removes those whose
// test binary is gone. It is below /tmp as its path must be short.
func testFolder(ctx context.Context, cache string) (string, error) {
	// Without this lock a new folder could be swept away before it is in use.
	lock, err := waitLock(ctx, filepath.Join(cache, "sweep.lock"))
	if err != nil {
		return "", err
	}
	defer unlock(lock)
	prefix := "cabinet-test-" + strconv.Itoa(os.Geteuid()) + "-"
	olds, err := filepath.Glob(filepath.Join("/tmp", prefix+"*"))
	if err != nil {
		return "", err
	}
	for _, old := range olds {
		sweep(ctx, old)
	}
	dir, err := os.MkdirTemp("/tmp", prefix)
	if err != nil {
		return "", err
	}
	if os.Geteuid() == 0 {
		err = os.Chmod(dir, 0o711)
	}
	return dir, errors.Join(err, writeFile(filepath.Join(dir, "owner"), fmt.Sprintln(os.Getpid())))
}

// sweep removes an old folder unless it is in use. What cannot be removed is left for the next time.
func sweep(ctx context.Context, dir string) {
	if ownHome(dir, 0o711) != nil {
		return
	}
	lock, err := os.OpenFile(filepath.Join(dir, "postgres", "portal.lock"), os.O_RDWR, 0)
	if err != nil {
		// Killed before it could start, or not started yet.
		if os.IsNotExist(err) && !ownerRuns(ctx, dir) {
			_ = os.RemoveAll(dir)
		}
		return
	}
	defer lock.Close()
	if free, err := tryLock(lock); err != nil || !free {
		return
	}
	_ = os.RemoveAll(dir)
}

// ownerRuns reports whether the process that made a test folder is there. A new process
// of that number only delays the sweep.
func ownerRuns(ctx context.Context, dir string) bool {
	f, err := os.Open(filepath.Join(dir, "owner"))
	if err != nil {
		return true
	}
	defer f.Close()
	pid := readPID(f)
	return pid > 0 && lookUp(ctx, pid).alive
}
