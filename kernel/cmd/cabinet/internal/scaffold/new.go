package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/protos"
	"github.com/opencabinet/cabinet/kernel/config"
)

// Made is what was written.
type Made struct {
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Folder string `json:"folder"`
	// Files are those that are new, Changed those that were there, by their paths in Folder.
	Files   []string `json:"files"`
	Changed []string `json:"changed,omitempty"`
	// Todo is what is left to be done by hand.
	Todo []string `json:"todo,omitempty"`
}

// NewPortal writes a portal into a folder of its name, which must not be there, below the given one. It writes all of it
// or nothing.
func NewPortal(ctx context.Context, below, name string, source Source) (made *Made, err error) {
	if err := CheckName("portal", name); err != nil {
		return nil, err
	}
	root, err := filepath.Abs(filepath.Join(below, name))
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(root); err == nil {
		return nil, fmt.Errorf("%s is there already: choose another name, or another folder", root)
	}
	files, err := render("portal", words{Name: name, Title: titled(name)})
	if err != nil {
		return nil, err
	}
	mod, sum, err := goMod(name, source)
	if err != nil {
		return nil, err
	}
	files = append(files, rendered{"go.mod", mod}, rendered{"go.sum", sum})
	w := &writer{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.undo())
		}
	}()
	for _, f := range files {
		if err := w.create(filepath.Join(root, filepath.FromSlash(f.path)), f.content); err != nil {
			return nil, err
		}
	}
	if err := tidy(ctx, root); err != nil {
		return nil, err
	}
	return &Made{Kind: "portal", Name: name, Folder: root, Files: paths(files)}, nil
}

// Kind is what a module is written as.
type Kind string

// The kinds.
const (
	// Module runs in the portal's process.
	Module Kind = "module"
	// Plugin runs in a process of its own.
	Plugin Kind = "plugin"
)

// New writes a module or a plugin into a repository. thing is what one of its things is called; empty for a guess. It
// writes all of it or nothing.
func New(ctx context.Context, p Place, kind Kind, name, thing string) (made *Made, err error) {
	if err := CheckName(string(kind), name); err != nil {
		return nil, err
	}
	if thing == "" {
		thing = Singular(name)
	}
	if err := CheckThing(thing); err != nil {
		return nil, fmt.Errorf("%w; give another one with --thing", err)
	}
	if err := p.free(name); err != nil {
		return nil, err
	}
	folder, contract := p.folders(kind, name)
	files, err := moduleFiles(p, kind, folder, contract, name, thing)
	if err != nil {
		return nil, err
	}
	w := &writer{}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.undo())
		}
	}()
	for _, f := range files {
		if err := w.create(filepath.Join(p.Root, filepath.FromSlash(f.path)), f.content); err != nil {
			return nil, err
		}
	}
	generated, err := generate(ctx, p, contract, Plural(thing))
	if err != nil {
		return nil, err
	}
	for _, o := range generated {
		if err := w.create(filepath.Join(p.Root, filepath.FromSlash(o.Path)), o.Content); err != nil {
			return nil, err
		}
		files = append(files, rendered{path: o.Path})
	}
	made = &Made{Kind: string(kind), Name: name, Folder: p.Root, Files: paths(files)}
	return made, p.takeIn(w, made, kind, name, path.Join(p.Module, folder))
}

// free refuses a name that some module of the repository has.
func (p Place) free(name string) error {
	for _, folder := range []string{"modules", "plugins", "contracts"} {
		if at := filepath.Join(p.Root, folder, name); exists(at) {
			return fmt.Errorf("%q is taken: %s is there already", name, at)
		}
	}
	return nil
}

// folders are where a module and its contract stand, in the repository. The framework keeps the contracts of its modules
// apart.
func (p Place) folders(kind Kind, name string) (folder, contract string) {
	folder = path.Join(string(kind)+"s", name)
	contract = path.Join(folder, "v1")
	if p.Own && kind == Module {
		contract = path.Join("contracts", name, "v1")
	}
	return folder, contract
}

func moduleFiles(p Place, kind Kind, folder, contract, name, thing string) ([]rendered, error) {
	things := Plural(thing)
	w := words{
		Name: name, Title: titled(name), Thing: thing, Things: things, T: titled(thing), Ts: titled(things), THING: upper(thing),
		Import: path.Join(p.Module, folder), ContractImport: path.Join(p.Module, contract), ContractPackage: name + "v1",
		Proto: p.prefix() + "." + name + ".v1", Plugin: kind == Plugin,
	}
	var files []rendered
	for _, part := range []struct {
		skeleton, to string
		wanted       bool
	}{
		{"module", folder, true}, {"contract", contract, true}, {"plugin", path.Join(folder, "cmd", name), kind == Plugin},
		{"own", folder, p.Own}, // whose portals are composed by Wire
	} {
		if !part.wanted {
			continue
		}
		some, err := render(part.skeleton, w)
		if err != nil {
			return nil, err
		}
		for _, f := range some {
			files = append(files, rendered{path.Join(part.to, f.path), f.content})
		}
	}
	return files, nil
}

// generate makes the Go of the new contract.
func generate(ctx context.Context, p Place, contract, things string) ([]protos.Output, error) {
	framework, err := FrameworkOf(ctx, p)
	if err != nil {
		return nil, err
	}
	return protos.Generate(ctx, protos.Options{
		Root: p.Root, Framework: framework, Files: []string{path.Join(contract, "events.proto"), path.Join(contract, things+".proto")},
	})
}

// takeIn names the module in the portal, or says what is to be added by hand.
func (p Place) takeIn(w *writer, made *Made, kind Kind, name, importPath string) error {
	switch {
	case p.Portal:
	case kind == Plugin:
		made.Todo = append(made.Todo, "add it to portal.yaml of a portal, with the path of its program:\nmodules:\n"+entry(name, "  "))
		return nil
	case p.Own:
		made.Todo = append(made.Todo, fmt.Sprintf("add %s.Set to a portal's wire.Build and %[1]s.Unit to its units, then run make generate", name))
		return nil
	default:
		made.Todo = append(made.Todo, fmt.Sprintf("add it to the list of modules of a portal's program: {Name: %s.ID, Module: %[1]s.New(router)}", name))
		return nil
	}
	if kind == Plugin {
		return p.enter(w, made, name)
	}
	return p.assemble(w, made, name, importPath)
}

// enter adds a plugin to portal.yaml.
func (p Place) enter(w *writer, made *Made, name string) error {
	file := filepath.Join(p.Root, config.DefaultPath)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	changed, err := addEntry(text, name)
	if errors.Is(err, errByHand) {
		made.Todo = append(made.Todo, fmt.Sprintf("add it to %s, which is written in a way that is not changed here:\nmodules:\n%s", config.DefaultPath, entry(name, "  ")))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	made.Changed = append(made.Changed, config.DefaultPath)
	return w.change(file, changed)
}

func paths(files []rendered) []string {
	var out []string
	for _, f := range files {
		out = append(out, f.path)
	}
	slices.Sort(out)
	return out
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
