package dev

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is built takes the place of what was there, if it differs; what cannot be built changes nothing.
func TestBuild(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write(t, root, "go.mod", "module acme\n\ngo 1.26\n")
	write(t, root, "portal.yaml", "name: Acme\n")
	write(t, root, "plugins/notes/cmd/notes/main.go", "package main\n\nfunc main() { print(\"one\") }\n")
	write(t, root, "plugins/empty/cmd/empty/notes.txt", "")
	r, err := FindRepository(root, filepath.Join(root, "plugins", "notes"))
	require.NoError(t, err)
	require.Equal(t, Repository{Root: root, Portal: root}, r)
	plugins, err := r.Plugins()
	require.NoError(t, err)
	require.Len(t, plugins, 1)
	p := plugins[0]
	require.Equal(t, "notes", p.Name)
	says := func() string {
		out, err := exec.CommandContext(t.Context(), p.Path).CombinedOutput()
		require.NoError(t, err)
		return string(out)
	}

	changed, err := r.Build(t.Context(), p)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "one", says())
	changed, err = r.Build(t.Context(), p)
	require.NoError(t, err)
	require.False(t, changed)

	write(t, root, "plugins/notes/cmd/notes/main.go", "package main\n\nfunc main() { prnt(\"two\") }\n")
	_, err = r.Build(t.Context(), p)
	var wrong *BuildError
	require.ErrorAs(t, err, &wrong)
	require.Contains(t, wrong.Said, "plugins/notes/cmd/notes/main.go:3:15: undefined: prnt")
	require.Equal(t, "one", says())

	write(t, root, "plugins/notes/cmd/notes/main.go", "package main\n\nfunc main() { print(\"two\") }\n")
	changed, err = r.Build(t.Context(), p)
	require.NoError(t, err)
	require.True(t, changed)
	require.Equal(t, "two", says())
	require.NoError(t, p.Restore())
	require.Equal(t, "one", says())
	changed, err = r.Build(t.Context(), p)
	require.NoError(t, err)
	require.True(t, changed, "what was put back is built again")

	_, err = FindRepository(root, t.TempDir())
	require.ErrorContains(t, err, "has no portal.yaml")
	require.NoError(t, os.Remove(filepath.Join(root, "portal.yaml")))
	_, err = FindRepository(root, root)
	require.ErrorContains(t, err, "cabinet new portal NAME")
}
