package config

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// moduleEntry is one module's part of the file.
type moduleEntry struct {
	// Enabled tells whether the module takes part. Default: true.
	Enabled *bool `yaml:"enabled"`
	// Run is where it runs: "inprocess", or "process" for one of its own. Default: "inprocess", and "process" for a module that is
	// not part of the portal's own program.
	Run string `yaml:"run"`
	// Path of the program of a module that is not part of the portal's own. A relative path starts at portal.yaml's folder.
	Path string `yaml:"path"`
	// Checksum of that program, "sha256:" and the 64 digits that sha256sum shows: what runs is what has it. Default: any program
	// at Path.
	Checksum string `yaml:"checksum"`
	// Attach has the portal start no program, but wait for one that somebody started in a debugger. It takes the place of Path,
	// and asks for development. Default: false.
	Attach bool `yaml:"attach"`
	// Settings of the module, which it explains itself.
	Settings yaml.Node `yaml:"settings"`
}

// modules checks the modules section and fills the modules' own structs. Settings of a module that is switched off are checked too:
// switching it on again must not be what finds the mistake. One that has none, because it was never set up, is left alone.
func (l *loader) modules(entries map[string]moduleEntry, targets map[string]any) map[string]Module {
	out := map[string]Module{}
	known := slices.Sorted(maps.Keys(targets))
	for _, id := range known {
		out[id] = Module{Enabled: true, Run: RunInProcess}
	}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		key := "modules." + id
		target, found := targets[id]
		entry, module := entries[id], out[id]
		if !found && entry.Path == "" && !entry.Attach {
			l.fail(l.origins[key], "", "unknown module %q%s; a module that is not part of this program needs the path of its own", id, didYouMean(id, known))
			continue
		}
		if found && !l.ownProgram(id, key, entry) {
			continue
		}
		if !found {
			if !moduleID.MatchString(id) {
				l.fail(l.origins[key], "", "%q is no module's id; write lower-case letters and digits, a letter first", id)
				continue
			}
			module = Module{Enabled: true, Run: RunProcess, Checksum: strings.ToLower(entry.Checksum), Attach: entry.Attach, Settings: l.resolved(&entry.Settings, key+".settings")}
			if entry.Path != "" {
				module.Path = l.absolute(key+".path", entry.Path)
			}
		}
		if entry.Enabled != nil {
			module.Enabled = *entry.Enabled
		}
		if l.origins[key+".run"] != "" {
			module.Run = entry.Run
		}
		out[id] = module
		if !found {
			continue
		}
		if node := entry.Settings; node.Kind != 0 && node.Tag != "!!null" {
			l.settings(&node, target, key+".settings")
		}
	}
	for _, id := range known {
		key := "modules." + id + ".settings"
		if v, ok := targets[id].(Validator); ok && (out[id].Enabled || l.origins[key] != "") {
			l.ask(v, key)
		}
	}
	return out
}

// ownProgram refuses what is for modules of other programs, in a module of this one.
func (l *loader) ownProgram(id, key string, entry moduleEntry) bool {
	for _, other := range []struct {
		name string
		set  bool
		then string
	}{
		{"path", entry.Path != "", "write run: process to give it a process of its own"},
		{"checksum", entry.Checksum != "", "check the portal's own program where it is started"},
		{"attach", entry.Attach, "start the portal in the debugger"},
	} {
		if other.set {
			at := key + "." + other.name
			l.fail(l.origins[at], at, "module %s is part of this program; remove the %s, or %s", id, other.name, other.then)
			return false
		}
	}
	return true
}

func (l *loader) settings(node *yaml.Node, target any, key string) {
	out := reflect.ValueOf(target)
	if target == nil || out.Kind() == reflect.Pointer && out.IsNil() {
		l.fail(l.at(node), key, "this module has no settings; remove them")
		return
	}
	if out.Kind() != reflect.Pointer || out.Elem().Kind() != reflect.Struct {
		panic("config: Options.Module needs a pointer to a struct for " + key)
	}
	l.value(node, out.Elem(), key, 0)
}

// ask lets a module's struct check itself.
func (l *loader) ask(v Validator, key string) {
	if rv := reflect.ValueOf(v); rv.Kind() == reflect.Pointer && rv.IsNil() {
		return
	}
	err := v.Validate()
	if err == nil {
		return
	}
	origin := l.origins[key]
	if origin == "" {
		origin = originDefault
	}
	each := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		each = joined.Unwrap()
	}
	for _, err := range each {
		l.fail(origin, key, "%s", err)
	}
}

var moduleID = regexp.MustCompile(`^[a-z][a-z0-9]{0,39}$`)

// resolved is a foreign module's settings as text, its references replaced by what they stand for.
func (l *loader) resolved(node *yaml.Node, key string) []byte {
	if node.Kind == 0 || node.Tag == "!!null" {
		return nil
	}
	l.resolve(node, key, 0)
	text, err := yaml.Marshal(node)
	if err != nil {
		l.fail(l.at(node), key, "these settings cannot be passed on: %s", err)
	}
	return text
}

// resolve replaces references below a node by what they stand for.
func (l *loader) resolve(node *yaml.Node, key string, depth int) {
	if l.values++; depth > maxDepth || l.values > maxValues {
		l.values = maxValues + 1
		l.fail(l.at(node), key, "there is too much here to read; does an alias contain itself?")
		return
	}
	l.origins[key] = l.at(node)
	switch node.Kind {
	case yaml.AliasNode:
		l.fail(l.at(node), key, "an alias is not passed on to a module's own program; write the value itself")
	case yaml.ScalarNode:
		text, from, err := l.dereference(node.Value)
		switch {
		case err != nil:
			l.fail(l.at(node), key, "%s", err)
		case from != "" || text != node.Value:
			node.SetString(text)
		}
		if from != "" {
			l.origins[key] += " (" + from + ")"
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			l.resolve(node.Content[i+1], join(key, node.Content[i].Value), depth+1)
		}
	default:
		for i, child := range node.Content {
			l.resolve(child, indexed(key, i), depth+1)
		}
	}
}
