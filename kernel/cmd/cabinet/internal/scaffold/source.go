package scaffold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"

	"golang.org/x/mod/modfile"
)

// EnvSource names the folder of a checkout of the framework.
const EnvSource = "CABINET_SOURCE"

// Source is where a new portal gets the framework from: a checkout, or a version for the Go module proxy.
type Source struct {
	// Folder of the checkout; empty for a released version.
	Folder string
	// Version is the released one.
	Version string
}

// FindSource tells which framework this program belongs to. A folder that is named goes first, then the environment's,
// then what the program was built from.
func FindSource(named string) (Source, error) {
	if named != "" {
		return checkout(named)
	}
	if folder := os.Getenv(EnvSource); folder != "" {
		return checkout(folder)
	}
	if version := released(); version != "" {
		return Source{Version: version}, nil
	}
	if _, file, _, ok := runtime.Caller(0); ok && filepath.IsAbs(file) {
		// The folder of this file, and five above it.
		if source, err := checkout(filepath.Join(filepath.Dir(file), "../../../../..")); err == nil {
			return source, nil
		}
	}
	return Source{}, errors.New("it is not known where Cabinet's sources are: name their folder with --cabinet, or in " + EnvSource)
}

func checkout(folder string) (Source, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return Source{}, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "go.mod"))
	if err != nil || modfile.ModulePath(text) != Framework {
		return Source{}, fmt.Errorf("%s is no checkout of %s", folder, Framework)
	}
	return Source{Folder: folder}, nil
}

// released is the version that the Go toolchain fetched this program in; empty when it was built from a checkout.
func released() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	if info.Main.Path == Framework && info.Main.Sum != "" {
		return info.Main.Version
	}
	for _, m := range info.Deps { // built by go tool, in a portal
		if m.Path == Framework && m.Replace == nil {
			return m.Version
		}
	}
	return ""
}

// FrameworkOf is the folder of the framework's sources that a repository is built with.
func FrameworkOf(ctx context.Context, p Place) (string, error) {
	if p.Own {
		return p.Root, nil
	}
	var errs bytes.Buffer
	command := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", Framework)
	command.Dir, command.Stderr = p.Root, &errs
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("find the framework that %s is built with: %w\n%s", p.Root, err, strings.TrimSpace(errs.String()))
	}
	folder := strings.TrimSpace(string(out))
	if folder == "" {
		return "", fmt.Errorf("the framework that %s is built with was not fetched yet: run go mod download there", p.Root)
	}
	return folder, nil
}
