package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// writer writes files that were not there, and remembers what to take back.
type writer struct {
	made    []string // folders and files, in order
	changed map[string][]byte
}

// create writes a file where none is.
func (w *writer) create(path string, content []byte) error {
	if err := w.folder(filepath.Dir(path)); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is left as it is", path)
	}
	if err != nil {
		return err
	}
	w.made = append(w.made, path)
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}

// folder makes a folder, and those above it that lack.
func (w *writer) folder(path string) error {
	if info, err := os.Stat(path); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is there already and is no folder", path)
		}
		return nil
	}
	if err := w.folder(filepath.Dir(path)); err != nil {
		return err
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	w.made = append(w.made, path)
	return nil
}

// change writes over a file of the portal's own.
func (w *writer) change(path string, content []byte) error {
	present, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if w.changed == nil {
		w.changed = map[string][]byte{}
	}
	if _, known := w.changed[path]; !known {
		w.changed[path] = present
	}
	return os.WriteFile(path, content, 0o644)
}

// undo takes back what was written. What somebody else put beside it meanwhile stays.
func (w *writer) undo() error {
	var errs []error
	for path, before := range w.changed {
		errs = append(errs, os.WriteFile(path, before, 0o644))
	}
	for _, path := range slices.Backward(w.made) {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
