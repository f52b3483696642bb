//go:build unix

package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// copyTemplate copies a cluster from cfg.Template to staging/data, makes it there first when
// it is missing, and returns its superuser's password.
func copyTemplate(ctx context.Context, cfg Config, p Programs, a account, staging string) (string, error) {
	dir, err := template(ctx, cfg, p, a)
	if err != nil {
		return "", fmt.Errorf("the template of clusters in %s: %w", cfg.Template, err)
	}
	password, err := readPassword(filepath.Join(dir, "password"))
	if err != nil || password == "" {
		return "", errors.Join(&FolderError{dir, "has no password in it: remove the folder"}, err)
	}
	return password, copyTree(ctx, filepath.Join(dir, "data"), filepath.Join(staging, "data"), a)
}

// template returns the folder that holds data and password, made when missing.
func template(ctx context.Context, cfg Config, p Programs, a account) (string, error) {
	perm := os.FileMode(0o700)
	if a.other {
		perm = 0o711
	}
	if err := os.MkdirAll(cfg.Template, perm); err != nil {
		return "", err
	}
	if err := ownHome(cfg.Template, perm); err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(slices.Concat(
		[]string{p.Version, p.BinDir, fmt.Sprint(a.uid)}, locales, initOptions(cfg.Fast)), "\x00")))
	dir := filepath.Join(cfg.Template, hex.EncodeToString(sum[:8]))
	lock, err := waitLock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer unlock(lock)
	if err := ownHome(dir, perm); err != nil {
		return "", err
	}
	if _, err := os.Lstat(filepath.Join(dir, "data")); err == nil {
		return dir, nil
	}
	if !a.reaches(ctx, dir) {
		return "", &FolderError{dir, "cannot be reached by " + a.name + ", who runs initdb: chmod o+x the folders on the way"}
	}
	password := newPassword()
	return dir, stage(dir, a, func(staging string) error {
		return initdb(ctx, p, a, staging, password, cfg.Fast)
	}, func() error {
		return writeFile(filepath.Join(dir, "password"), password+"\n")
	})
}

// copyTree copies a folder of folders and plain files and gives them to a.
func copyTree(ctx context.Context, from, to string, a account) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			if err := os.Mkdir(target, 0o700); err != nil {
				return err
			}
			return a.give(target)
		case d.Type().IsRegular():
			g.Go(func() error { return copyFile(path, target, a) })
			return nil
		}
		return &FolderError{path, "is neither a file nor a folder, and cannot be copied"}
	})
	return errors.Join(err, g.Wait())
}

// copyFile copies one file; where the file system can, without copying its bytes.
func copyFile(from, to string, a account) error {
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	if a.other {
		err = errors.Join(err, w.Chown(a.uid, a.gid))
	}
	return errors.Join(err, w.Close())
}
