package config

import (
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v3"
)

// moduleEntry is one module's part of the file.
type moduleEntry struct {
	Enabled  *bool     `yaml:"enabled"`
	Run      string    `yaml:"run"`
	Settings yaml.Node `yaml:"settings"`
}

// modules checks the modules section and fills the modules' own structs. Settings of a module that is switched off are checked too:
// switching it on again must not be what finds the mistake.
func (l *loader) modules(entries map[string]moduleEntry, targets map[string]any) map[string]Module {
	out := map[string]Module{}
	known := slices.Sorted(maps.Keys(targets))
	for _, id := range known {
		out[id] = Module{Enabled: true, Run: RunInProcess}
	}
	for _, id := range slices.Sorted(maps.Keys(entries)) {
		key := "modules." + id
		target, found := targets[id]
		if !found {
			l.fail(l.origins[key], "", "unknown module %q%s", id, didYouMean(id, known))
			continue
		}
		entry, module := entries[id], out[id]
		if entry.Enabled != nil {
			module.Enabled = *entry.Enabled
		}
		if l.origins[key+".run"] != "" {
			module.Run = entry.Run
		}
		out[id] = module
		if node := entry.Settings; node.Kind != 0 && node.Tag != "!!null" {
			l.settings(&node, target, key+".settings")
		}
	}
	for _, id := range known {
		if v, ok := targets[id].(Validator); ok {
			l.ask(v, "modules."+id+".settings")
		}
	}
	return out
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
