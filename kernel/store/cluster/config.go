package cluster

import (
	"errors"
	"log/slog"
	"path/filepath"
)

// Config says where a cluster lives and how it runs.
type Config struct {
	// Dir is the data folder of the portal; the cluster lives in Dir/postgres.
	// It is made when missing: mode 0700, or as root 0711, so that the user
	// the server runs as can pass through it. When that user cannot reach
	// Dir, the cluster's data goes below /var/lib/cabinet instead. Required.
	Dir string

	// BinDir is the folder of the programs initdb and postgres. Default: see
	// FindPrograms.
	BinDir string

	// Fast trades every safety of the data for speed: no fsync, minimal WAL.
	// For tests only: a power cut destroys such a cluster. Default: false.
	Fast bool

	// Template is a folder in which initialised clusters are kept, one for each
	// version of Postgres and set of options. A new cluster is then copied from
	// there, and initdb runs only the first time. Its clusters share one
	// superuser password, so it is for tests only. Default: none, run initdb.
	Template string

	// Log receives what happens, and what the server says: its warnings as
	// warnings, its chatter at debug level. Default: nothing is logged.
	Log *slog.Logger
}

// validate checks c and fills in what may be left out.
func (c Config) validate() (Config, error) {
	if c.Dir == "" {
		return c, errors.New("cluster: Config.Dir is empty: name the data folder of the portal")
	}
	for _, dir := range []*string{&c.Dir, &c.BinDir, &c.Template} {
		if *dir == "" {
			continue
		}
		abs, err := filepath.Abs(*dir)
		if err != nil {
			return c, err
		}
		*dir = abs
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}
