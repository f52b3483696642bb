package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"go/format"
	"io/fs"
	"path"
	"slices"
	"strings"
	"text/template"
)

//go:embed all:skeleton
var skeleton embed.FS

// words are what a skeleton's texts are filled with.
type words struct {
	Name, Title     string // of the portal, module or plugin
	Thing, Things   string // "note", "notes"
	T, Ts, THING    string // "Note", "Notes", "NOTE"
	Import          string // of the module's package
	ContractImport  string
	ContractPackage string // what the contract's Go package is called
	Proto           string // the contract's protobuf package
	Plugin          bool
}

// Modules are those of the module's test, sorted, as the golden file of its rights lists them.
func (w words) Modules() []string {
	names := []string{"accountmanager", "clientmanager", "stranger", w.Name}
	slices.Sort(names)
	return names
}

// Methods are those of the module's service, sorted, with the last word of their permission.
func (w words) Methods() []struct{ Name, Verb string } {
	return []struct{ Name, Verb string }{
		{"Create" + w.T, "update"}, {"Get" + w.T, "read"}, {"List" + w.Ts, "read"}, {"Update" + w.T, "update"},
	}
}

var functions = template.FuncMap{"pad": func(width int, text string) string { return fmt.Sprintf("%-*s", width, text) }}

// rendered is a file of a skeleton, by its path below the folder that it is for.
type rendered struct {
	path    string
	content []byte
}

// render fills the texts of a folder of the skeleton.
func render(folder string, w words) ([]rendered, error) {
	var out []rendered
	root := path.Join("skeleton", folder)
	err := fs.WalkDir(skeleton, root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := skeleton.ReadFile(name)
		if err != nil {
			return err
		}
		t, err := template.New(name).Delims("<<", ">>").Funcs(functions).Option("missingkey=error").Parse(string(text))
		if err != nil {
			return err
		}
		var filled bytes.Buffer
		if err := t.Execute(&filled, w); err != nil {
			return err
		}
		file := rendered{w.path(strings.TrimPrefix(name, root+"/")), filled.Bytes()}
		if path.Ext(file.path) == ".go" {
			if file.content, err = format.Source(file.content); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		out = append(out, file)
		return nil
	})
	return out, err
}

// path is what a file of the skeleton is called once it is filled.
func (w words) path(name string) string {
	name = strings.TrimSuffix(name, ".tmpl")
	if name == "gitignore" {
		return ".gitignore"
	}
	return strings.NewReplacer("THINGS", w.Things, "NAME", w.Name).Replace(name)
}
