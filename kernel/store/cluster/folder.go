//go:build unix

package cluster

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// elsewhere is where the data goes when the server's user cannot reach Config.Dir.
const elsewhere = "/var/lib/cabinet"

// folder is the layout of one cluster, held by this portal until close.
type folder struct {
	home    string // Dir/postgres
	base    string // where data is: home, or below elsewhere
	id      string // random name of the cluster, 16 lower-case letters and digits
	account account
	locks   []*os.File
}

func (f *folder) data() string     { return filepath.Join(f.base, "data") }
func (f *folder) password() string { return filepath.Join(f.home, "password") }

// name tells this cluster from every other, a copy of its folder included.
func (f *folder) name() string {
	sum := sha256.Sum256([]byte(f.id + "\x00" + f.data()))
	return hex.EncodeToString(sum[:8])
}

// openFolder makes and checks the layout below dir and locks it.
func openFolder(ctx context.Context, dir, elsewhere string, log *slog.Logger) (_ *folder, err error) {
	perm := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		perm = 0o711 // the server's user must pass through, and need not see what is there
	}
	if err := os.MkdirAll(dir, perm); err != nil {
		return nil, err
	}
	// One folder by two names is one folder, and postmaster.pid holds the real name.
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return nil, err
	}
	f := &folder{home: filepath.Join(dir, "postgres")}
	if err := ownHome(f.home, perm); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if err := f.lock(ctx, f.home); err != nil {
		return nil, err
	}
	if f.id, err = readOrMake(filepath.Join(f.home, "id"), func() string { return strings.ToLower(rand.Text()[:16]) }); err != nil {
		return nil, err
	}
	if len(f.id) != 16 || strings.Trim(f.id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return nil, &FolderError{filepath.Join(f.home, "id"), "does not hold 16 letters and digits: put it back from a backup"}
	}
	if err := f.place(ctx, elsewhere, log); err != nil {
		return nil, err
	}
	return f, nil
}

// lock takes the lock in dir.
func (f *folder) lock(ctx context.Context, dir string) error {
	l, err := lockPortal(ctx, filepath.Join(dir, "portal.lock"), dir)
	if err == nil {
		f.locks = append(f.locks, l)
	}
	return err
}

// close lets go of the locks.
func (f *folder) close() {
	for _, l := range f.locks {
		unlock(l)
	}
	f.locks = nil
}

// place decides where the data is and which user runs the server.
func (f *folder) place(ctx context.Context, elsewhere string, log *slog.Logger) (err error) {
	pointer := filepath.Join(f.home, "elsewhere")
	if b, err := os.ReadFile(pointer); err == nil {
		f.base = strings.TrimSpace(string(b))
		if info, err := os.Lstat(f.base); err != nil || !info.IsDir() {
			// Never begin anew: an empty portal must not take the place of a full one.
			return &FolderError{f.base, "is missing, where the data of this portal is kept: put it back" +
				" (or, to begin with no data, remove " + pointer + ")"}
		}
		log.InfoContext(ctx, "the database's data is kept outside of the data folder", "path", f.base)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	} else {
		f.base = f.home
	}
	if f.account, err = chooseAccount(f.data()); err != nil {
		return err
	}
	_, err = os.Lstat(f.data())
	isNew := errors.Is(err, fs.ErrNotExist)
	switch {
	case f.base != f.home:
		return f.lock(ctx, f.base)
	case f.account.reaches(ctx, f.home):
		return nil
	case !isNew:
		return &FolderError{f.home, fmt.Sprintf("cannot be reached by %s, who runs the server:"+
			" give every folder on the way to it the right to pass (chmod o+x), or start the portal as that user", f.account.name)}
	}
	base := filepath.Join(elsewhere, f.id)
	if err := os.MkdirAll(base, 0o711); err != nil {
		return err
	}
	if err := ownHome(base, 0o711); err != nil {
		return err
	}
	if !f.account.reaches(ctx, base) {
		return &FolderError{base, fmt.Sprintf("cannot be reached by %s, who runs the server, and neither can %s: chmod o+x", f.account.name, f.home)}
	}
	if err := f.lock(ctx, base); err != nil {
		return err
	}
	if err := writeFile(pointer, base+"\n"); err != nil {
		return err
	}
	f.base = base
	log.InfoContext(ctx, "the server's user cannot reach the data folder: the database's data is kept elsewhere",
		"path", base, "folder", f.home, "user", f.account.name)
	return nil
}

// ownHome makes the folder path, or checks that it is ours alone to write to. Root
// trusts no folder of another user: that user could put links in it.
func ownHome(path string, perm os.FileMode) error {
	if err := os.Mkdir(path, perm); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	switch {
	case !info.IsDir():
		return &FolderError{path, "is not a folder: remove it"}
	case owner != os.Geteuid():
		return &FolderError{path, "belongs to uid " + strconv.Itoa(owner) + ", and this portal runs as uid " +
			strconv.Itoa(os.Geteuid()) + ": start it as that user, or give the folder to this one"}
	case info.Mode().Perm()&0o022 != 0:
		return &FolderError{path, "may be written to by others: chmod go-w it"}
	}
	return nil
}

// readOrMake returns the text of the file path without the space around it. When there
// is none, it writes what text returns.
func readOrMake(path string, text func() string) (string, error) {
	b, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(b)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	t := text()
	return t, writeFile(path, t+"\n")
}

// writeFile writes a file of mode 0600, whole or not at all, and on disk when it returns.
func writeFile(path, text string) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(tmp.Name())
		}
	}()
	_, err = tmp.WriteString(text)
	if err := errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return err
	}
	if err := os.Rename(tmp.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir puts the names in a folder on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
