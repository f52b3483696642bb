//go:build unix

package cluster

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// versions makes folders of programs that do nothing but say their version.
func versions(t *testing.T, dir string, all ...string) {
	t.Helper()
	for _, v := range all {
		bin := filepath.Join(dir, v, "bin")
		require.NoError(t, os.MkdirAll(bin, 0o755))
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + v + ".3 (Some 1.2)'\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, "postgres"), []byte(script), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(bin, "initdb"), []byte(script), 0o755))
	}
}

// only makes FindPrograms look below dir and in PATH alone.
func only(t *testing.T, dir, path string) {
	t.Helper()
	before := programGlobs
	t.Cleanup(func() { programGlobs = before })
	programGlobs = []string{filepath.Join(dir, "*", "bin")}
	t.Setenv("PATH", path)
}

func TestFindPrograms(t *testing.T) {
	dir := filepath.Join(openTemp(t), "pg")
	versions(t, dir, "15", "9", "18", "17")
	only(t, dir, "/usr/bin:/bin")

	p, err := FindPrograms(t.Context(), "", 0)
	require.NoError(t, err)
	require.Equal(t, Programs{BinDir: filepath.Join(dir, "18", "bin"), Major: 18, Version: "18.3 (Some 1.2)"}, p)

	p, err = FindPrograms(t.Context(), "", 15)
	require.NoError(t, err)
	require.Equal(t, 15, p.Major)

	_, err = FindPrograms(t.Context(), "", 16)
	var wrong *MajorError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, []int{18, 17, 15}, wrong.Have)

	t.Setenv("PATH", "pg/15/bin:"+filepath.Join(dir, "17", "bin"))
	p, err = FindPrograms(t.Context(), "", 0)
	require.NoError(t, err)
	require.Equal(t, 17, p.Major, "PATH comes first, but for relative entries")

	p, err = FindPrograms(t.Context(), filepath.Join(dir, "15", "bin"), 0)
	require.NoError(t, err)
	require.Equal(t, 15, p.Major)

	// Half of the programs are none.
	require.NoError(t, os.Remove(filepath.Join(dir, "18", "bin", "initdb")))
	t.Setenv("PATH", "")
	p, err = FindPrograms(t.Context(), "", 0)
	require.NoError(t, err)
	require.Equal(t, 17, p.Major)
}

func TestNoPrograms(t *testing.T) {
	dir := openTemp(t)
	only(t, dir, "")
	_, err := Start(t.Context(), Config{Dir: filepath.Join(dir, "portal")})
	var none *NoProgramsError
	require.ErrorAs(t, err, &none)
	require.ErrorContains(t, err, "DATABASE_URL")

	_, err = FindPrograms(t.Context(), dir, 0)
	require.ErrorAs(t, err, &none)
	require.Equal(t, []string{dir}, none.Looked)

	versions(t, dir, "12")
	_, err = FindPrograms(t.Context(), "", 0)
	require.ErrorAs(t, err, &none)
	require.Equal(t, []string{"12.3 (Some 1.2)"}, none.TooOld)
	require.ErrorContains(t, err, "15 or newer")
}

func TestInstallCommand(t *testing.T) {
	here := func(program string) []installer {
		return []installer{
			{"another system", "", "wrong", "wrong %d"},
			{runtime.GOOS, "/nowhere/to be found", "wrong", "wrong %d"},
			{runtime.GOOS, program, "sudo get postgresql", "sudo get postgresql-%d"},
		}
	}
	sudo := "sudo "
	if os.Geteuid() == 0 {
		sudo = ""
	}
	require.Equal(t, sudo+"get postgresql", installCommand(here("/bin/sh"), 0))
	require.Equal(t, sudo+"get postgresql-16", installCommand(here("/bin/sh"), 16))
	require.Empty(t, installCommand(here("/nowhere"), 0))
	for _, i := range installers {
		if strings.HasSuffix(i.program, "apt-get") {
			require.Contains(t, i.any, "create_main_cluster=false")
			require.Contains(t, i.one, "create_main_cluster=false")
		}
	}
}

func TestInitdbFails(t *testing.T) {
	dir := openTemp(t)
	versions(t, dir, "15")
	script := "#!/bin/sh\nfor i in 1 2 3; do echo line $i; done\necho 'initdb: error: no luck' >&2\nexit 1\n"
	bin := filepath.Join(dir, "15", "bin")
	require.NoError(t, os.WriteFile(filepath.Join(bin, "initdb"), []byte(script), 0o755))
	cfg := Config{Dir: filepath.Join(dir, "portal"), BinDir: bin}
	_, err := start(t.Context(), cfg, options{elsewhere: dir})
	var failed *InitError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, "line 1\nline 2\nline 3\ninitdb: error: no luck", failed.Output)
	require.ErrorContains(t, err, "no luck")
	require.NoDirExists(t, filepath.Join(cfg.Dir, "postgres", "data"))
}

// The disk fills up while the cluster is made.
func TestDiskFull(t *testing.T) {
	asRoot(t)
	dir := openTemp(t)
	disk := filepath.Join(dir, "disk")
	require.NoError(t, os.Mkdir(disk, 0o755))
	if err := mountSmall(disk, "8m"); err != nil {
		t.Skip("cannot mount a small disk here: ", err)
	}
	defer func() { require.NoError(t, syscall.Unmount(disk, 0)) }()
	require.NoError(t, os.Chmod(disk, 0o755))
	cfg := Config{Dir: filepath.Join(disk, "portal")}
	_, err := start(t.Context(), cfg, options{elsewhere: dir})
	var failed *InitError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, "No space left on device")
	entries, err := os.ReadDir(filepath.Join(cfg.Dir, "postgres"))
	require.NoError(t, err)
	for _, e := range entries {
		require.False(t, e.IsDir(), "%s was left", e.Name())
	}
}
