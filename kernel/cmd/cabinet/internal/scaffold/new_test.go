package scaffold

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// tree are the files below a folder, with what is in them.
func tree(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			found[path] = ""
			return err
		}
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	}))
	return found
}

// What cannot be written whole leaves nothing, and what was there is as it was.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	source, err := FindSource("")
	require.NoError(t, err)
	folder := t.TempDir()
	made, err := NewPortal(t.Context(), folder, "acme", source)
	require.NoError(t, err)
	place, err := FindPlace(made.Folder)
	require.NoError(t, err)
	require.True(t, place.Portal)
	require.Equal(t, "acme", place.Module)

	t.Run("ended meanwhile", func(t *testing.T) {
		before := tree(t, folder)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := New(ctx, place, Plugin, "notes", "")
		require.Error(t, err)
		_, err = NewPortal(ctx, folder, "beta", source)
		require.Error(t, err)
		require.Equal(t, before, tree(t, folder))
	})
	t.Run("somebody's folder", func(t *testing.T) {
		theirs := filepath.Join(made.Folder, "modules", "visits", "notes.txt")
		require.NoError(t, os.MkdirAll(filepath.Dir(theirs), 0o700))
		require.NoError(t, os.WriteFile(theirs, []byte("mine"), 0o600))
		before := tree(t, folder)
		for _, kind := range []Kind{Module, Plugin} {
			_, err := New(t.Context(), place, kind, "visits", "")
			require.ErrorContains(t, err, "taken")
		}
		require.Equal(t, before, tree(t, folder))
	})
	t.Run("a portal.yaml that is not changed", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(made.Folder, "portal.yaml"), []byte("modules: {accountmanager: {}}\n"), 0o600))
		made, err := New(t.Context(), place, Plugin, "notes", "")
		require.NoError(t, err)
		require.Len(t, made.Todo, 1)
		require.Contains(t, made.Todo[0], "path: .build/notes")
		require.Empty(t, made.Changed)
	})
	t.Run("an entry that is there", func(t *testing.T) {
		require.NoError(t, os.WriteFile(filepath.Join(made.Folder, "portal.yaml"), []byte("modules:\n  tasks:\n    run: process\n"), 0o600))
		before := tree(t, folder)
		_, err := New(t.Context(), place, Plugin, "tasks", "")
		require.ErrorContains(t, err, `it has a module "tasks" already`)
		require.Equal(t, before, tree(t, folder))
	})
}

func TestWhereCabinetIs(t *testing.T) {
	t.Parallel()
	_, err := FindSource(t.TempDir())
	require.ErrorContains(t, err, "is no checkout of "+Framework)
	here, err := FindSource("../../../../..")
	require.NoError(t, err)
	require.Empty(t, here.Version)
	_, err = FindPlace(t.TempDir())
	require.ErrorContains(t, err, "cabinet new portal NAME")
	own, err := FindPlace(".")
	require.NoError(t, err)
	require.True(t, own.Own)
	require.Equal(t, here.Folder, own.Root)
	folder, contract := own.folders(Module, "notes")
	require.Equal(t, []string{"modules/notes", "contracts/notes/v1"}, []string{folder, contract})
}

// In the framework's own repository contracts of modules stand apart, and portals are composed by Wire.
func TestOwnRepository(t *testing.T) {
	t.Parallel()
	own, err := FindPlace(".")
	require.NoError(t, err)
	for kind, want := range map[Kind][]string{
		Module: {"contracts/stock/v1/parts.proto", "modules/stock/wire.go", "modules/stock/parts.go"},
		Plugin: {"plugins/stock/v1/parts.proto", "plugins/stock/wire.go", "plugins/stock/cmd/stock/main.go"},
	} {
		folder, contract := own.folders(kind, "stock")
		files, err := moduleFiles(own, kind, folder, contract, "stock", "part")
		require.NoError(t, err)
		require.Subset(t, paths(files), want)
		for _, f := range files {
			if f.path == want[0] {
				require.Contains(t, string(f.content), "package cabinet.stock.v1;")
			}
		}
		made := &Made{}
		require.NoError(t, own.takeIn(&writer{}, made, kind, "stock", ""))
		require.Len(t, made.Todo, 1)
		require.Empty(t, made.Changed)
	}
}

// A tool that was fetched in a version makes portals of that version.
func TestReleasedVersion(t *testing.T) {
	t.Parallel()
	mod, sum, err := goMod("acme", Source{Version: "v1.2.3"})
	require.NoError(t, err)
	require.Empty(t, sum)
	require.Contains(t, string(mod), "require "+Framework+" v1.2.3")
	require.NotContains(t, string(mod), "replace")
}
