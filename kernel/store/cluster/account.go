//go:build unix

package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"
)

// account is the user that the server runs as.
type account struct {
	name     string
	uid, gid int
	other    bool // not the user the portal runs as: the portal is root
}

// chooseAccount returns the user to run the server as: the portal's own, or, as root,
// the owner of the data when there is data, else "postgres", else "nobody".
func chooseAccount(data string) (account, error) {
	if os.Geteuid() != 0 {
		return account{name: "uid " + strconv.Itoa(os.Geteuid()), uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	if info, err := os.Lstat(data); err == nil {
		st := info.Sys().(*syscall.Stat_t)
		if st.Uid == 0 {
			return account{}, &FolderError{data, "belongs to root, and Postgres does not run as root: give it to another user (chown -R postgres)"}
		}
		return account{name: "uid " + strconv.Itoa(int(st.Uid)), uid: int(st.Uid), gid: int(st.Gid), other: true}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		// Through int64: some systems number nobody -2.
		uid, err := strconv.ParseInt(u.Uid, 10, 64)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseInt(u.Gid, 10, 64)
		if err != nil || uid == 0 {
			continue
		}
		return account{name: name, uid: int(uint32(uid)), gid: int(uint32(gid)), other: true}, nil
	}
	return account{}, fmt.Errorf("postgres does not run as root, and there is no user postgres or nobody to run it as:" +
		" make one (useradd --system postgres), or start the portal as a user")
}

// attr makes a process run as a, in a session of its own: what is sent to
// the portal's process group or typed at its terminal does not reach it.
func (a account) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.other {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	return attr
}

// give hands a new file or folder over to a.
func (a account) give(path string) error {
	if !a.other {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// reaches reports whether a can pass into dir. It is tried rather than computed, so
// that access lists and mounts count too.
func (a account) reaches(ctx context.Context, dir string) bool {
	if !a.other {
		return true
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", `cd "$1"`, "sh", dir)
	cmd.Dir = "/"
	cmd.Env = environment()
	cmd.SysProcAttr = a.attr()
	return cmd.Run() == nil
}

// ownDir makes the folder path, mode perm, for a, in a place that others may
// write to as well. A folder already there is used only if it is really a
// folder, a's own (or the portal's, which hands it over) and closed to others.
func (a account) ownDir(path string, perm os.FileMode) error {
	if err := os.Mkdir(path, perm); err != nil && !os.IsExist(err) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	st := info.Sys().(*syscall.Stat_t)
	owner := int(st.Uid)
	switch {
	case !info.IsDir():
		return &FolderError{path, "is not a folder: remove it"}
	case owner != a.uid && owner != os.Geteuid():
		return &FolderError{path, fmt.Sprintf("belongs to uid %d, not to %s: remove it", owner, a.name)}
	case info.Mode().Perm()&^perm != 0:
		return &FolderError{path, fmt.Sprintf("has mode %04o and must have %04o: chmod or remove it", info.Mode().Perm(), perm)}
	}
	if owner != a.uid {
		return a.give(path)
	}
	return nil
}
