package scaffold

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
)

// marker is the comment in a portal's Go above which the lines of new modules go.
const marker = "// `cabinet new module` adds its line above this one."

// assemble adds a module to the list in the portal's Go.
func (p Place) assemble(w *writer, made *Made, name, importPath string) error {
	line := fmt.Sprintf("{Name: %s.ID, Module: %s.New(router)},", name, name)
	sources, err := filepath.Glob(filepath.Join(p.Root, "*.go"))
	if err != nil {
		return err
	}
	for _, file := range sources {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(marker)) {
			continue
		}
		changed, err := addLine(text, line, importPath)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		made.Changed = append(made.Changed, filepath.Base(file))
		return w.change(file, changed)
	}
	made.Todo = append(made.Todo, fmt.Sprintf("import %q and add it to the list of modules that the portal's Assemble returns: %s", importPath, line))
	return nil
}

// addLine puts a line above the marker, and an import at the end of the imports.
func addLine(text []byte, line, importPath string) ([]byte, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "", text, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	at := -1
	for _, d := range parsed.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT && g.Rparen.IsValid() {
			at = int(g.Rparen) - int(parsed.FileStart)
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("it has no import (…): import %q and add %s by hand", importPath, line)
	}
	separator := "\n"
	for _, spec := range parsed.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil && sameModule(path, importPath) {
			separator = "" // those of the portal's own stand together
		}
	}
	out := string(text[:at]) + separator + strconv.Quote(importPath) + "\n" + string(text[at:])
	out = string(bytes.Replace([]byte(out), []byte(marker), []byte(line+"\n"+marker), 1))
	return format.Source([]byte(out))
}

// sameModule tells whether two packages begin alike, as those of one repository do.
func sameModule(a, b string) bool {
	for i := range min(len(a), len(b)) {
		if a[i] == '/' && b[i] == '/' {
			return true
		}
		if a[i] != b[i] {
			return false
		}
	}
	return false
}
