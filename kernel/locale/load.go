package locale

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FileError says what is wrong with a file of texts.
type FileError struct {
	// File is its path with the source's prefix in front: "files/locales/uk.yaml".
	File string
	// Line in the file, from 1; 0 when the whole file is at fault.
	Line int
	// Problem says what is wrong and what to write instead.
	Problem string
}

func (e *FileError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Problem
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Problem)
}

var (
	keyShape    = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+$`)
	prefixShape = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)
)

// load reads a source's files into the bundle.
func (w *words) load(source Source) []error {
	if !prefixShape.MatchString(source.Prefix) {
		return []error{&FileError{File: source.Prefix, Problem: "a source's prefix is the module's id, in lower case"}}
	}
	dir := source.Dir
	if dir == "" {
		dir = "locales"
	}
	at := func(name string) string { return path.Join(source.Prefix, dir, name) }
	if source.FS == nil {
		return []error{&FileError{File: at(""), Problem: "the source has no file system"}}
	}
	files, err := fs.ReadDir(source.FS, dir)
	if err != nil {
		return []error{&FileError{File: at(""), Problem: "cannot be read: " + err.Error()}}
	}
	var problems []error
	found := false
	for _, file := range files {
		lang, isYAML := strings.CutSuffix(file.Name(), ".yaml")
		if !isYAML || !slices.Contains(Languages(), lang) {
			problems = append(problems, &FileError{File: at(file.Name()),
				Problem: "this is no file of texts; they are " + strings.Join(Languages(), ".yaml, ") + ".yaml"})
			continue
		}
		found = true
		text, err := fs.ReadFile(source.FS, path.Join(dir, file.Name()))
		if err != nil {
			problems = append(problems, &FileError{File: at(file.Name()), Problem: "cannot be read: " + err.Error()})
			continue
		}
		problems = append(problems, w.parse(lang, source.Prefix, at(file.Name()), text)...)
	}
	if !found && len(problems) == 0 {
		problems = append(problems, &FileError{File: at(""), Problem: "there are no texts; write en.yaml, uk.yaml and ru.yaml"})
	}
	return problems
}

// parse reads one file. It works on nodes, because the parser would let the last of two equal keys win.
func (w *words) parse(lang, prefix, file string, text []byte) (problems []error) {
	fail := func(line int, format string, args ...any) {
		problems = append(problems, &FileError{File: file, Line: line, Problem: fmt.Sprintf(format, args...)})
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		fail(0, "this is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
		return problems
	}
	if doc.Kind == 0 {
		return nil // an empty file
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		fail(root.Line, "write a list of keys and texts")
		return problems
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], root.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || !keyShape.MatchString(key.Value):
			fail(key.Line, "%q is no key; write letters, digits, - and _, in parts joined by dots", key.Value)
			continue
		case !strings.HasPrefix(key.Value, prefix+"."):
			fail(key.Line, "the key %q must begin with %q", key.Value, prefix+".")
			continue
		}
		if old, twice := w.entries[lang][key.Value]; twice {
			fail(key.Line, "the key %q stands already at %s:%d; keep one of them", key.Value, old.file, old.line)
			continue
		}
		e, err := parseEntry(value)
		if err != nil {
			fail(value.Line, "%s: %s", key.Value, err)
			continue
		}
		e.file, e.line = file, key.Line
		w.entries[lang][key.Value] = e
	}
	return problems
}

// parseEntry reads a string, or a string for each plural form.
func parseEntry(node *yaml.Node) (entry, error) {
	e := entry{forms: map[string]string{}}
	switch node.Kind {
	case yaml.ScalarNode:
		if err := e.add("other", node); err != nil {
			return e, err
		}
	case yaml.MappingNode:
		e.plural = true
		for i := 0; i+1 < len(node.Content); i += 2 {
			form := node.Content[i].Value
			if !slices.Contains(allForms, form) {
				return e, fmt.Errorf("%q is no plural form; write %s, or keys that are flat (a.b.c)", form, strings.Join(allForms, ", "))
			}
			if _, twice := e.forms[form]; twice {
				return e, fmt.Errorf("the form %q stands twice", form)
			}
			if err := e.add(form, node.Content[i+1]); err != nil {
				return e, err
			}
		}
		if _, found := e.forms["other"]; !found {
			return e, errors.New("a plural needs the form other")
		}
	default:
		return e, errors.New("write a string, or a string for each plural form")
	}
	return e, nil
}

func (e *entry) add(form string, node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!str" {
		return errors.New("this is no string; put it in quotes")
	}
	if strings.TrimSpace(node.Value) == "" {
		return errors.New("the text is empty; write one or remove the key")
	}
	if _, err := parseText(node.Value); err != nil {
		return err
	}
	e.forms[form] = node.Value
	return nil
}
