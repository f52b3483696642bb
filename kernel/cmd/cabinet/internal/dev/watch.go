package dev

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/protos"
)

// quiet is how long nothing must be saved before what was saved is taken in: editors write a file in several steps, and
// several files at once.
const quiet = 150 * time.Millisecond

// Watcher tells of saved files below a folder.
type Watcher struct {
	root  string
	files *fsnotify.Watcher
	// after is time.After, for tests to hold in hand.
	after func(time.Duration) <-chan time.Time
}

// Watch begins to watch a folder and those in it, but for those that are not the repository's sources.
func Watch(root string) (*Watcher, error) {
	files, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{root: root, files: files, after: time.After}
	if _, err := w.add(root); err != nil {
		_ = files.Close()
		return nil, err
	}
	return w, nil
}

// Close ends watching.
func (w *Watcher) Close() error { return w.files.Close() }

// Next waits until something was saved and then nothing for a moment. It returns the paths in the folder, sorted.
func (w *Watcher) Next(ctx context.Context) ([]string, error) {
	saved := map[string]bool{}
	var calm <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-w.files.Errors:
			return nil, err
		case event, open := <-w.files.Events:
			if !open {
				return nil, fs.ErrClosed
			}
			some, err := w.seen(event)
			if err != nil {
				return nil, err
			}
			for _, path := range some {
				saved[path] = true
			}
			if len(saved) > 0 {
				calm = w.after(quiet)
			}
		case <-calm:
			paths := make([]string, 0, len(saved))
			for path := range saved {
				paths = append(paths, path)
			}
			slices.Sort(paths)
			return paths, nil
		}
	}
}

// seen are the sources that an event is about. A folder that is new is watched from now on, and what is in it already is
// as if it had been saved.
func (w *Watcher) seen(event fsnotify.Event) ([]string, error) {
	if event.Op == fsnotify.Chmod {
		return nil, nil
	}
	if info, err := os.Stat(event.Name); err == nil && info.IsDir() {
		if event.Has(fsnotify.Create) && !protos.Foreign(event.Name) {
			return w.add(event.Name)
		}
		return nil, nil
	}
	if path, ok := w.source(event.Name); ok {
		return []string{path}, nil
	}
	return nil, nil
}

// add watches a folder and those in it, and returns the sources there.
func (w *Watcher) add(folder string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && path != folder:
			return nil //nolint:nilerr // it is gone again
		case err != nil:
			return err
		case !entry.IsDir():
			if source, ok := w.source(path); ok {
				found = append(found, source)
			}
			return nil
		case path != w.root && protos.Foreign(path):
			return filepath.SkipDir
		}
		return w.files.Add(path)
	})
	return found, err
}

// source is the path of a file in the repository, when programs are made of it. Tests and generated Go are not looked at:
// the ones are in no program, the others follow from what is.
func (w *Watcher) source(path string) (string, bool) {
	relative, err := filepath.Rel(w.root, path)
	if err != nil {
		return "", false
	}
	name := filepath.Base(relative)
	switch {
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "~"), strings.HasSuffix(name, "_test.go"), strings.HasSuffix(name, ".pb.go"):
		return "", false
	}
	switch filepath.Ext(name) {
	case ".go", ".proto", ".sql", ".yaml", ".mod", ".sum", ".html", ".css", ".js", ".svg", ".png":
		return filepath.ToSlash(relative), true
	}
	return "", false
}
