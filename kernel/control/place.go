package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// File is the name of the file in a portal's data folder that says where a portal that runs can be reached.
const File = "control.json"

// Place is what that file says.
type Place struct {
	// Socket is the path of the portal's socket.
	Socket string `json:"socket"`
	// PID is the number of the portal's process.
	PID int `json:"pid"`
	// ID is the portal's, and URL where browsers reach it.
	ID  string `json:"id"`
	URL string `json:"url"`
	// Started is when it was opened.
	Started time.Time `json:"started"`
}

// write puts the file into a data folder, whole or not at all: a reader never sees half of it.
func (p Place) write(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "."+File+"-") // for its owner alone
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(folder, File))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// remove takes the file away, unless another portal has written its own meanwhile.
func (p Place) remove(folder string) error {
	now, err := readPlace(folder)
	if errors.Is(err, ErrNotRunning) || err == nil && now.Socket != p.Socket {
		return nil
	}
	if err := os.Remove(filepath.Join(folder, File)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// maxFile is the largest control.json that is read, in bytes.
const maxFile = 64 << 10

func readPlace(folder string) (Place, error) {
	path := filepath.Join(folder, File)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Place{}, fmt.Errorf("%w with its data in %s", ErrNotRunning, folder)
	case err != nil:
		return Place{}, fmt.Errorf("find the portal that runs: %w", err)
	case !info.Mode().IsRegular() || info.Size() > maxFile:
		return Place{}, fmt.Errorf("find the portal that runs: %s is no file that a portal wrote: remove it", path)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrPermission) {
		return Place{}, fmt.Errorf("find the portal that runs: %w: it belongs to another user, whose command this is to give", err)
	}
	if err != nil {
		return Place{}, fmt.Errorf("find the portal that runs: %w", err)
	}
	var p Place
	if err := json.Unmarshal(text, &p); err != nil || p.Socket == "" {
		return Place{}, fmt.Errorf("find the portal that runs: %s is no file that a portal wrote: remove it", path)
	}
	return p, nil
}
