package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// ErrExternalKey says that the master key comes from the environment, where the program cannot change it.
var ErrExternalKey = errors.New("the master key comes from the environment: make a new one with `openssl rand -base64 32`, " +
	"write it in front of the old one in " + EnvKey + " or its file, and start again")

// Rotate makes a new current key, keeps the old ones for opening, and returns the new key's id. It writes the key file
// before it uses the key, so a crash in between loses nothing. Rotations at once, in one process or several, all keep their keys.
//
// The error is ErrExternalKey when the key comes from the environment.
func (k *Keeper) Rotate() (id string, err error) {
	if len(k.given) > 0 {
		return "", ErrExternalKey
	}
	fresh := newMasterKey()
	err = withFolderLock(filepath.Dir(k.path), func() error {
		keys, err := readKeyFile(k.path)
		if err != nil {
			// Writing the keys in memory would bring back what somebody took away on purpose.
			return err
		}
		keys = append(ring{fresh}, keys...)
		if err := writeKeyFile(k.path, keys); err != nil {
			return err
		}
		k.ring.Store(&keys) // under the lock, so that a later rotation is not overwritten by an earlier one
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("rotate the master key: %w", err)
	}
	k.log.Warn("master key rotated; keep a copy of the key file", "file", k.path, "key", fresh.id.String())
	return fresh.id.String(), nil
}

// Reload reads the key file again, to learn of a rotation by another process. The keys in use stay when it fails.
func (k *Keeper) Reload() error {
	if k.path == "" {
		k.ring.Store(&k.given)
		return nil
	}
	read := func() error {
		file, err := readKeyFile(k.path)
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && len(k.given) > 0) {
			return fmt.Errorf("master key: %w", err)
		}
		keys := k.given.with(file)
		k.ring.Store(&keys)
		return nil
	}
	if len(k.given) > 0 {
		return read() // nobody rotates the file of a portal whose key is given
	}
	return withFolderLock(filepath.Dir(k.path), read)
}
