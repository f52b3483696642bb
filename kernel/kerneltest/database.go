package kerneltest

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

var (
	templatesMu sync.Mutex
	templates   = map[string]bool{} // by cluster and name
)

// database makes a database in which the modules are installed, for one test, and returns how the superuser connects
// to it.
func database(t testing.TB, options Options) string {
	t.Helper()
	dsn, err := installed(t, options)
	require.NoError(t, err)
	return dsn
}

// installed is the same, with an error when the portal does not open.
func installed(t testing.TB, options Options) (string, error) {
	t.Helper()
	cluster := storetest.Cluster(t)
	template, err := templateFor(t, cluster, options)
	if err != nil {
		return "", err
	}
	return storetest.Create(t, cluster, template+" strategy file_copy"), nil
}

// empty makes a database in which nothing is.
func empty(t testing.TB) string {
	t.Helper()
	return storetest.Create(t, storetest.Cluster(t), "template0 encoding 'UTF8'")
}

// templateFor returns a database that a portal of the same modules was open on once.
func templateFor(t testing.TB, cluster string, options Options) (string, error) {
	t.Helper()
	name := "kerneltest_template_" + fingerprint(t, options)
	templatesMu.Lock()
	defer templatesMu.Unlock()
	if templates[cluster+name] {
		return name, nil
	}
	storetest.Run(t, cluster, "drop database if exists "+name+" with (force)") // of a test that failed half-way
	storetest.Run(t, cluster, "create database "+name+" template template0 encoding 'UTF8'")
	p, err := begin(t, options, storetest.Named(t, cluster, name))
	if err != nil {
		return "", err
	}
	p.stop(t)
	templates[cluster+name] = true
	return name, nil
}

// fingerprint tells sets of modules apart by their ids and migrations, and programs by where they are: what those bring
// is known once they run, and does not change while tests do.
func fingerprint(t testing.TB, options Options) string {
	t.Helper()
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(options.Programs)) {
		_, _ = fmt.Fprintf(h, "program %s %s\n", id, options.Programs[id])
	}
	for _, u := range units(t, options) {
		m := u.Module.Manifest()
		_, _ = fmt.Fprintf(h, "module %s\n", u.Name)
		if m.Migrations == nil {
			continue
		}
		files, err := fs.Glob(m.Migrations, "*.sql")
		require.NoError(t, err)
		for _, file := range files {
			text, err := fs.ReadFile(m.Migrations, file)
			require.NoError(t, err)
			_, _ = fmt.Fprintf(h, "%s %d\n", file, len(text))
			_, _ = h.Write(text)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
