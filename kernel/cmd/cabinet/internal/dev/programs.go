package dev

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/opencabinet/cabinet/kernel/config"
)

// Repository is a portal's folder and the programs that are built in it.
type Repository struct {
	// Root is the folder of its go.mod, and Portal that of portal.yaml and of the portal's program: most often the same.
	Root, Portal string
}

// Program is one of a repository's programs.
type Program struct {
	// Name is the plugin's, or empty for the portal's own.
	Name string
	// Source is the folder of its main package, Path where it is built.
	Source, Path string
}

// FindRepository looks for the portal that a folder lies in, up to root.
func FindRepository(root, folder string) (Repository, error) {
	for at := folder; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, config.DefaultPath)); err == nil {
			return Repository{Root: root, Portal: at}, nil
		}
		if at == root || at == filepath.Dir(at) {
			return Repository{}, fmt.Errorf("%s has no %s: go into a portal's folder, or make one with cabinet new portal NAME", folder, config.DefaultPath)
		}
	}
}

// Main is the portal's own program.
func (r Repository) Main() Program {
	return Program{Source: r.Portal, Path: filepath.Join(r.Root, ".build", "portal")}
}

// Plugins are the programs of the plugins that the repository has the sources of.
func (r Repository) Plugins() ([]Program, error) {
	folders, err := filepath.Glob(filepath.Join(r.Root, "plugins", "*", "cmd", "*"))
	if err != nil {
		return nil, err
	}
	var plugins []Program
	for _, folder := range folders {
		if sources, err := filepath.Glob(filepath.Join(folder, "*.go")); err != nil || len(sources) == 0 {
			continue
		}
		name := filepath.Base(folder)
		plugins = append(plugins, Program{Name: name, Source: folder, Path: filepath.Join(r.Root, ".build", name)})
	}
	return plugins, nil
}

// BuildError is what the compiler said.
type BuildError struct{ Said string }

func (e *BuildError) Error() string { return e.Said }

// Build compiles a program, and tells whether it differs from the one that was there. On an error that one stays. The one
// before is kept beside it until the next is built.
func (r Repository) Build(ctx context.Context, p Program) (changed bool, err error) {
	next := filepath.Join(r.Root, ".build", "next", filepath.Base(p.Path))
	var said bytes.Buffer
	command := exec.CommandContext(ctx, "go", "build", "-o", next, p.Source)
	command.Dir, command.Stdout, command.Stderr = r.Root, &said, &said
	if err := command.Run(); err != nil {
		if said.Len() == 0 {
			return false, err
		}
		return false, &BuildError{strings.TrimSpace(said.String())}
	}
	same, err := equal(next, p.Path)
	if err != nil || same {
		return false, err
	}
	if err := copyFile(p.Path, p.before()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	// A copy, moved there: the compiler finds its own file next time, and nobody sees half of a program.
	if err := copyFile(next, p.Path+".new"); err != nil {
		return false, err
	}
	return true, os.Rename(p.Path+".new", p.Path)
}

// before is where the program is kept that was there until the last one was built.
func (p Program) before() string { return p.Path + ".before" }

// Restore puts the program back that was there before the last one was built.
func (p Program) Restore() error { return os.Rename(p.before(), p.Path) }

func equal(a, b string) (bool, error) {
	left, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	right, err := os.ReadFile(b)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return bytes.Equal(left, right), err
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o755) //nolint:gosec // a program
}
