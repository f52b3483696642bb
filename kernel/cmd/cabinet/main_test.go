package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/scaffold"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cabinet does a command line in a folder.
func cabinet(t *testing.T, folder string, args ...string) (code int, out, errs string) {
	t.Helper()
	var said, wrong bytes.Buffer
	code = run(t.Context(), folder, args, &said, &wrong)
	return code, said.String(), wrong.String()
}

// What was mistyped is answered with what was probably meant.
func TestTypos(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"command":    {[]string{"chekc"}, `there is no command "cabinet chekc"; did you mean check?`},
		"below":      {[]string{"new", "plugn", "notes"}, `there is no command "cabinet new plugn"; did you mean plugin?`},
		"far":        {[]string{"new", "zzzzzz"}, `known are portal, module, plugin`},
		"flag":       {[]string{"new", "portal", "acme", "--cabnet", "."}, `there is no flag --cabnet; did you mean --cabinet?`},
		"lacking":    {[]string{"new", "portal"}, `expected "<name>"`},
		"no command": {nil, `expected one of`},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := cabinet(t, folder, c.args...)
			require.Equal(t, 2, code)
			require.Empty(t, out)
			require.Contains(t, errs, c.want)
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	code, out, errs := cabinet(t, t.TempDir(), "--help")
	require.Equal(t, 0, code, errs)
	for _, command := range []string{"new portal", "new module", "new plugin", "generate", "dev", "run", "check", "doctor", "config", "schema", "completion", "version"} {
		require.Contains(t, out, "\n  "+command)
	}
	code, out, _ = cabinet(t, t.TempDir(), "version", "--json")
	require.Equal(t, 0, code)
	var said struct{ Version, Go, Source string }
	require.NoError(t, json.Unmarshal([]byte(out), &said))
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	require.Equal(t, root, said.Source, "the checkout that this test is of")
}

// A portal with a plugin and a module: what is written is said, is checked by the portal's own command, and its exit code
// comes through.
func TestNewAndCheck(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	code, out, errs := cabinet(t, folder, "new", "portal", "gamma", "--json")
	require.Equal(t, 0, code, errs)
	var made scaffold.Made
	require.NoError(t, json.Unmarshal([]byte(out), &made))
	require.Equal(t, filepath.Join(folder, "gamma"), made.Folder)
	require.Contains(t, made.Files, "portal.yaml")
	portal := made.Folder
	for _, args := range [][]string{{"new", "plugin", "warranties", "--json"}, {"new", "module", "stock", "--thing", "part", "--json"}} {
		code, out, errs = cabinet(t, portal, args...)
		require.Equal(t, 0, code, errs)
		made = scaffold.Made{}
		require.NoError(t, json.Unmarshal([]byte(out), &made))
		require.Empty(t, made.Todo)
		require.Len(t, made.Changed, 1)
		for _, file := range made.Files {
			require.FileExists(t, filepath.Join(portal, file))
		}
	}
	require.FileExists(t, filepath.Join(portal, "plugins/warranties/v1/warranties_grpc.pb.go"))
	require.FileExists(t, filepath.Join(portal, "modules/stock/parts_sql.go"))

	code, out, errs = cabinet(t, portal, "check", "--json")
	require.Equal(t, 0, code, "%s%s", out, errs)
	var report struct {
		OK      bool
		Modules []struct{ ID, Place string }
	}
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	require.True(t, report.OK)
	require.Contains(t, report.Modules, struct{ ID, Place string }{"warranties", "program"})
	require.Contains(t, report.Modules, struct{ ID, Place string }{"stock", "portal"})

	// A name that is taken is refused, and nothing is touched.
	code, _, errs = cabinet(t, filepath.Join(portal, "plugins"), "new", "plugin", "stock")
	require.Equal(t, 1, code)
	require.Contains(t, errs, `"stock" is taken`)
	code, _, errs = cabinet(t, folder, "new", "portal", "gamma")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "is there already")
	code, _, errs = cabinet(t, folder, "new", "plugin", "notes")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "is in no portal")

	file := filepath.Join(portal, "portal.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append([]byte("nmae: Gamma\n"), text...), 0o600))
	code, out, errs = cabinet(t, portal, "check")
	require.Equal(t, 1, code)
	require.Contains(t, out+errs, "did you mean")
}
