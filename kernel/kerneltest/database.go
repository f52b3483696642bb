package kerneltest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

var (
	templatesMu sync.Mutex
	templates   = map[string]bool{} // by cluster and name
	databases   atomic.Int64
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
	return create(t, cluster, template+" strategy file_copy"), nil
}

// empty makes a database in which nothing is.
func empty(t testing.TB) string {
	t.Helper()
	return create(t, storetest.Cluster(t), "template0 encoding 'UTF8'")
}

func create(t testing.TB, cluster, template string) string {
	t.Helper()
	name := fmt.Sprintf("kerneltest_%d", databases.Add(1))
	run(t, cluster, "create database "+name+" template "+template)
	t.Cleanup(func() { run(t, cluster, "drop database "+name+" with (force)") })
	return named(t, cluster, name)
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
	run(t, cluster, "drop database if exists "+name+" with (force)") // of a test that failed half-way
	run(t, cluster, "create database "+name+" template template0 encoding 'UTF8'")
	p, err := begin(t, options, named(t, cluster, name))
	if err != nil {
		return "", err
	}
	p.stop(t)
	templates[cluster+name] = true
	return name, nil
}

// fingerprint tells sets of modules apart by their ids and migrations.
func fingerprint(t testing.TB, options Options) string {
	t.Helper()
	h := sha256.New()
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
			_, _ = io.WriteString(h, string(text))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func named(t testing.TB, dsn, database string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	require.NoError(t, err)
	u.Path = "/" + database
	return u.String()
}

// run runs one statement as the superuser.
func run(t testing.TB, dsn, sql string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, dsn)
	require.NoError(t, err)
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, sql)
	require.NoError(t, err)
}
