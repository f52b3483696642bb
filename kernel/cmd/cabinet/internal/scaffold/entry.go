package scaffold

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// errByHand: portal.yaml is written in a way into which no lines can be put.
var errByHand = errors.New("it cannot be changed here")

// entry is a plugin's part of portal.yaml. Programs are built into .build, which is not committed.
func entry(name, indent string) string {
	return fmt.Sprintf("%s%s:\n%s%spath: .build/%s\n", indent, name, indent, indent, name)
}

// addEntry puts a plugin's entry into the text of a portal.yaml, as the first of its modules, and leaves every other line
// as it is, comments too.
func addEntry(text []byte, name string) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, err
	}
	key, modules, err := modulesOf(&document)
	if err != nil {
		return nil, err
	}
	var out string
	switch {
	case key == nil:
		out = strings.TrimRight(string(text), "\n") + "\n\nmodules:\n" + entry(name, "  ")
		if len(bytes.TrimSpace(text)) == 0 {
			out = "modules:\n" + entry(name, "  ")
		}
	case modules.Kind == yaml.MappingNode && modules.Style&yaml.FlowStyle == 0 && len(modules.Content) > 0:
		for i := 0; i < len(modules.Content); i += 2 {
			if modules.Content[i].Value == name {
				return nil, fmt.Errorf("it has a module %q already", name)
			}
		}
		out = after(text, key.Line, entry(name, strings.Repeat(" ", modules.Content[0].Column-1)))
	case modules.Kind == yaml.ScalarNode && modules.Tag == "!!null" && modules.Value == "":
		out = after(text, key.Line, entry(name, "  "))
	default:
		return nil, errByHand
	}
	return []byte(out), sameButFor(text, []byte(out), name)
}

// modulesOf finds the key of the modules and what stands there; no key when there is none.
func modulesOf(document *yaml.Node) (key, value *yaml.Node, err error) {
	if document.Kind == 0 || len(document.Content) == 0 || document.Content[0].Tag == "!!null" {
		return nil, nil, nil
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 || root.Column != 1 {
		return nil, nil, errByHand
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == "modules" {
			return root.Content[i], root.Content[i+1], nil
		}
	}
	return nil, nil, nil
}

// after puts lines after a line, which is counted from 1.
func after(text []byte, line int, lines string) string {
	all := strings.SplitAfter(string(text), "\n")
	if !strings.HasSuffix(all[line-1], "\n") {
		all[line-1] += "\n"
	}
	return strings.Join(all[:line], "") + lines + strings.Join(all[line:], "")
}

// sameButFor makes sure that a change added the entry and nothing else.
func sameButFor(before, changed []byte, name string) error {
	var was, is map[string]any
	if yaml.Unmarshal(before, &was) != nil || yaml.Unmarshal(changed, &is) != nil {
		return errByHand
	}
	modules, _ := is["modules"].(map[string]any)
	if added, ok := modules[name].(map[string]any); !ok || added["path"] != ".build/"+name {
		return errByHand
	}
	delete(modules, name)
	if len(modules) == 0 {
		delete(is, "modules")
		if was["modules"] == nil {
			delete(was, "modules")
		}
	}
	if len(is)+len(was) > 0 && !reflect.DeepEqual(was, is) {
		return errByHand
	}
	return nil
}
