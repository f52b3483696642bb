package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// MinMajor is the oldest major version of Postgres that is used.
const MinMajor = 15

// Programs is a set of Postgres programs of one version.
type Programs struct {
	// BinDir is their folder.
	BinDir string
	// Major is the major version, such as 15.
	Major int
	// Version is the version in full, such as "15.14 (Debian 15.14-0+deb12u1)".
	Version string
}

// path returns the path of one of the programs.
func (p Programs) path(name string) string { return filepath.Join(p.BinDir, name) }

// programGlobs are the folders that packages put the programs in. Debian and
// Ubuntu, the Postgres project's RPMs, Homebrew on both kinds of Mac.
var programGlobs = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/libexec/postgresql*",
	"/usr/local/pgsql/bin",
}

// FindPrograms finds initdb and postgres. With a binDir it looks there alone;
// otherwise in PATH and then where packages put them, the highest version first.
//
// When major is not 0, only that major version will do. The errors are a
// *NoProgramsError when there is nothing usable and a *MajorError (its Data
// empty) when there are only other versions than major.
func FindPrograms(ctx context.Context, binDir string, major int) (Programs, error) {
	looked := programDirs(binDir)
	var found []Programs
	missing := &NoProgramsError{Looked: looked, Install: installCommand(installers, 0)}
	for _, dir := range looked {
		p, err := identify(ctx, dir)
		switch {
		case ctx.Err() != nil:
			return Programs{}, context.Cause(ctx)
		case errors.Is(err, os.ErrNotExist):
		case err != nil && binDir != "":
			return Programs{}, err
		case err != nil: // broken leftovers in one place must not hide the good ones in another
		case p.Major < MinMajor && p.Major != major:
			missing.TooOld = append(missing.TooOld, p.Version)
		case major == 0 || p.Major == major:
			return p, nil
		default:
			found = append(found, p)
		}
	}
	if major == 0 {
		return Programs{}, missing
	}
	e := &MajorError{Need: major, Install: installCommand(installers, major)}
	for _, p := range found {
		if !slices.Contains(e.Have, p.Major) {
			e.Have = append(e.Have, p.Major)
		}
	}
	return Programs{}, e
}

// programDirs lists the folders to look in, each once.
func programDirs(binDir string) []string {
	if binDir != "" {
		return []string{binDir}
	}
	var dirs []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		// A relative entry would run whatever lies in the folder the
		// portal happens to be started in.
		if filepath.IsAbs(dir) {
			if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
				dirs = append(dirs, filepath.Clean(dir))
			}
		}
	}
	var packaged []string
	for _, glob := range programGlobs {
		matches, _ := filepath.Glob(glob) // errs only on a bad pattern
		packaged = append(packaged, matches...)
	}
	slices.SortStableFunc(packaged, func(a, b string) int { return majorInPath(b) - majorInPath(a) })
	var once []string
	for _, dir := range append(dirs, packaged...) {
		if !slices.Contains(once, dir) {
			once = append(once, dir)
		}
	}
	return once
}

var digits = regexp.MustCompile(`\d+`)

// majorInPath guesses the major version from the name of a folder, to sort by.
func majorInPath(dir string) int {
	all := digits.FindAllString(dir, -1)
	if len(all) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(all[len(all)-1]) // too long a number is no version
	return n
}

var versionLine = regexp.MustCompile(`^postgres \(PostgreSQL\) ((\d+).*)`)

// identify learns the version of the programs in dir. The error is an
// os.ErrNotExist when they are not all there.
func identify(ctx context.Context, dir string) (Programs, error) {
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return Programs{}, err
		}
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version")
	cmd.Env = environment()
	out, err := cmd.Output()
	if err != nil {
		return Programs{}, fmt.Errorf("cannot learn the version of %s: %w", cmd.Path, err)
	}
	m := versionLine.FindStringSubmatch(strings.TrimSpace(string(out)))
	if m == nil {
		return Programs{}, fmt.Errorf("cannot learn the version of %s from %q", cmd.Path, out)
	}
	major, err := strconv.Atoi(m[2])
	return Programs{BinDir: dir, Major: major, Version: m[1]}, err
}

// environment is what the programs see of the portal's environment: nothing
// that could hold a secret or change how the server behaves.
func environment() []string {
	env := []string{"PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "HOME=/", "LC_ALL=C", "TZ=UTC"}
	for _, name := range []string{"LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// installer is a package manager: the file that shows it is there, and the
// commands for any version and for one version (%d).
type installer struct {
	os, program, any, one string
}

// installers are tried in turn. On Debian and Ubuntu the package would also make
// and start a cluster of its own, unless told not to beforehand.
var installers = []installer{
	{"linux", "/usr/bin/apt-get",
		"sudo sh -c 'mkdir -p /etc/postgresql-common/createcluster.d && echo create_main_cluster=false >/etc/postgresql-common/createcluster.d/cabinet.conf && apt-get install -y postgresql'",
		"sudo sh -c 'mkdir -p /etc/postgresql-common/createcluster.d && echo create_main_cluster=false >/etc/postgresql-common/createcluster.d/cabinet.conf && apt-get install -y postgresql-%d'"},
	{"linux", "/usr/bin/dnf", "sudo dnf install -y postgresql-server", "sudo dnf install -y postgresql%d-server"},
	{"linux", "/sbin/apk", "sudo apk add postgresql", "sudo apk add postgresql%d"},
	{"linux", "/usr/bin/zypper", "sudo zypper install -y postgresql-server", "sudo zypper install -y postgresql%d-server"},
	{"linux", "/usr/bin/pacman", "sudo pacman -S --noconfirm postgresql", ""},
	{"darwin", "/opt/homebrew/bin/brew", "brew install postgresql@18", "brew install postgresql@%d"},
	{"darwin", "/usr/local/bin/brew", "brew install postgresql@18", "brew install postgresql@%d"},
	{"darwin", "", "brew install postgresql@18 (brew itself: https://brew.sh)", "brew install postgresql@%d"},
}

// installCommand returns the command that installs Postgres of a major version (0:
// any) here, or "".
func installCommand(from []installer, major int) string {
	for _, i := range from {
		if i.os != runtime.GOOS {
			continue
		}
		if _, err := os.Stat(i.program); i.program != "" && err != nil {
			continue
		}
		command := i.any
		if major != 0 {
			command = i.one
			if strings.Contains(command, "%d") {
				command = fmt.Sprintf(command, major)
			}
		}
		if os.Geteuid() == 0 {
			command = strings.TrimPrefix(command, "sudo ")
		}
		return command
	}
	return ""
}
