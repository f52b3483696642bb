package secret

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
)

// The environment variables that Open reads.
const (
	EnvKey     = "CABINET_MASTER_KEY"
	EnvKeyFile = "CABINET_MASTER_KEY_FILE"
)

// Config says where the master key may be found.
type Config struct {
	// Dir is the portal's data folder. It is made, for its owner alone, when it does not exist. Required unless the
	// environment gives a key.
	Dir string

	// Env looks an environment variable up, as os.LookupEnv does. Default: no environment.
	Env func(name string) (string, bool)

	// Log hears which source was used and which key was made, by its id. Default: nobody.
	Log *slog.Logger
}

// Open finds the master key, or makes one at first start, and returns its keeper. Processes that do this at once end
// with one key.
//
// A key in the environment goes before the key file, but a key file that exists still opens what it sealed, so that a
// portal can move its key out of its data folder.
//
// The error is a *FileError when the key file cannot be trusted or read, and says what to do.
func Open(config Config) (*Keeper, error) {
	if config.Env == nil {
		config.Env = func(string) (string, bool) { return "", false }
	}
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	given, source, err := fromEnvironment(config)
	if err != nil {
		return nil, err
	}
	k := &Keeper{log: config.Log, given: given}
	if config.Dir != "" {
		k.path = filepath.Join(config.Dir, fileName)
	}
	if len(given) > 0 {
		if err := k.Reload(); err != nil {
			return nil, err
		}
		config.Log.Info("master key found", "source", source, "key", k.keys()[0].id.String())
		return k, nil
	}
	if k.path == "" {
		return nil, fmt.Errorf("no master key: set %s, or give a data folder for a key file", EnvKey)
	}
	if err := os.MkdirAll(config.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the master key: %w", err)
	}
	keys, err := readKeyFile(k.path)
	created := false
	if errors.Is(err, fs.ErrNotExist) {
		keys, created, err = createKeyFile(k.path)
	}
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	k.ring.Store(&keys)
	if created {
		config.Log.Warn("master key made; keep a copy of it apart from the database's", "file", k.path, "key", keys[0].id.String())
	} else {
		config.Log.Info("master key found", "source", k.path, "key", keys[0].id.String())
	}
	return k, nil
}

// Of returns a keeper of keys that somebody else looks after, each 32 bytes: the first seals, all of them open. So a module
// keeps secrets with keys that follow from the portal's, in its own process too. It learns of new keys when it is made anew.
func Of(keys ...[]byte) (*Keeper, error) {
	k := &Keeper{log: slog.New(slog.DiscardHandler)}
	for _, key := range keys {
		if len(key) != keySize {
			return nil, fmt.Errorf("a key is %d bytes, not %d", keySize, len(key))
		}
		k.given = k.given.with(ring{nameKey([keySize]byte(key))})
	}
	if len(k.given) == 0 {
		return nil, errors.New("a keeper needs one key at least")
	}
	return k, k.Reload()
}

// fromEnvironment returns the keys that the environment gives and where from, or none. A variable that is set and
// empty is an error: it is nearly always a secret that failed to arrive, and a fresh key would open nothing.
func fromEnvironment(config Config) (ring, string, error) {
	value, isKey := config.Env(EnvKey)
	path, isFile := config.Env(EnvKeyFile)
	switch {
	case isKey && isFile:
		return nil, "", fmt.Errorf("both %s and %s are set; set one of them", EnvKey, EnvKeyFile)
	case isKey:
		keys, err := parseRing(value)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", EnvKey, err)
		}
		return keys, EnvKey, nil
	case isFile:
		// Secrets that a container platform mounts are links with mode 0444, so neither is refused here: whoever
		// set the variable chose the file.
		f, err := os.Open(path)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", EnvKeyFile, err)
		}
		defer func() { _ = f.Close() }()
		info, err := f.Stat()
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", EnvKeyFile, err)
		}
		if !info.Mode().IsRegular() {
			return nil, "", &FileError{Path: path, Problem: "is not a file; " + EnvKeyFile + " names a file that holds the key"}
		}
		if info.Mode().Perm()&0o007 != 0 {
			config.Log.Warn("every user of this machine can read the master key", "file", path, "mode", info.Mode().Perm().String())
		}
		keys, err := readRing(f, path)
		return keys, path, err
	}
	return nil, "", nil
}
