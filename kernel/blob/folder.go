package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

// folder keeps blobs in a folder: there/ab/abcd…, what is put aside in aside/ab/abcd…, and what is being written in incoming.
// os.Root keeps every name inside it.
type folder struct{ root *os.Root }

const (
	there      = "there"
	aside      = "aside"
	incomingAt = "incoming"
)

var _ Place = (*folder)(nil)

// OpenFolder opens a local folder for blobs, and makes it if it is not there. Several processes of one machine may share it.
func OpenFolder(name string) (Place, error) {
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, fmt.Errorf("the folder of blobs: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("the folder of blobs: %w", err)
	}
	f := &folder{root}
	for _, at := range []string{there, aside, incomingAt} {
		if err := f.mkdir(at); err != nil {
			return nil, errors.Join(err, root.Close())
		}
	}
	return f, nil
}

// mkdir makes a folder, durably.
func (f *folder) mkdir(name string) error {
	err := f.root.Mkdir(name, 0o700)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, f.sync(path.Dir(name)))
}

// sync makes durable which files a folder has.
func (f *folder) sync(name string) error {
	d, err := f.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func at(in, hash string) string { return path.Join(in, hash[:2], hash) }

func (f *folder) Incoming() (*os.File, error) {
	return f.root.OpenFile(path.Join(incomingAt, uuid.NewString()), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}

func (f *folder) Drop(file *os.File) {
	_ = file.Close()
	_ = f.root.Remove(path.Join(incomingAt, filepath.Base(file.Name())))
}

func (f *folder) Put(_ context.Context, file *os.File, ref Ref, now time.Time) error {
	from := path.Join(incomingAt, filepath.Base(file.Name()))
	if err := errors.Join(f.root.Chtimes(from, now, now), file.Sync(), file.Close()); err != nil {
		return err
	}
	// Over what may be there: it becomes young again, and whole if it was damaged.
	return f.move(from, at(there, ref.Hash))
}

// move puts a file elsewhere, durably.
func (f *folder) move(from, to string) error {
	if err := f.mkdir(path.Dir(to)); err != nil {
		return err
	}
	if err := f.root.Rename(from, to); err != nil {
		return err
	}
	return errors.Join(f.sync(path.Dir(to)), f.sync(path.Dir(from)))
}

func (f *folder) Open(_ context.Context, hash string) (io.ReadSeekCloser, int64, error) {
	// What is aside may be put back between the first and the second look.
	for _, in := range []string{there, aside, there} {
		file, err := f.root.Open(at(in, hash))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		if err != nil {
			return nil, 0, errors.Join(err, file.Close())
		}
		return file, info.Size(), nil
	}
	return nil, 0, ErrNotFound
}

func (f *folder) List(ctx context.Context, isAside bool, each func(hash string, since time.Time) error) error {
	in := there
	if isAside {
		in = aside
	}
	return fs.WalkDir(f.root.FS(), in, func(_ string, d fs.DirEntry, err error) error {
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if d.IsDir() || !IsHash(d.Name()) {
			return nil
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return each(d.Name(), info.ModTime())
	})
}

// gone is an error that is not about a file's being gone.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (f *folder) PutAside(_ context.Context, hash string, now time.Time) error {
	// Young before it is moved: it must never lie aside and look old.
	if err := f.root.Chtimes(at(there, hash), now, now); err != nil {
		return gone(err)
	}
	return gone(f.move(at(there, hash), at(aside, hash)))
}

func (f *folder) PutBack(_ context.Context, hash string) error {
	return gone(f.move(at(aside, hash), at(there, hash)))
}

func (f *folder) Remove(_ context.Context, hash string) error {
	return gone(f.root.Remove(at(aside, hash)))
}

func (f *folder) Tidy(ctx context.Context, before time.Time) error {
	return fs.WalkDir(f.root.FS(), incomingAt, func(name string, d fs.DirEntry, err error) error {
		if err := errors.Join(gone(err), ctx.Err()); err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil || !info.ModTime().Before(before) {
			return gone(err)
		}
		return gone(f.root.Remove(name))
	})
}

func (f *folder) Close() error { return f.root.Close() }
