package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// Value is one setting as the portal goes by it.
type Value struct {
	// Path leads to it in the file. A name in it may have dots, as permissions have.
	Path []string
	// Value is a text, a bool, a number, a list of these, an empty map for a section with nothing in it, or nil for one that is
	// not there. It is nil for a secret.
	Value any
	// Origin is as [Config.Origin] tells it.
	Origin string
	// Secret tells that the value is not for eyes, and Set that there is one: a secret.Text, what a reference stands for, and
	// the settings of a module of another program, of which only that program knows what they hold.
	Secret, Set bool
}

// Key is the path in one word: "modules.files.settings.limit".
func (v Value) Key() string {
	key := ""
	for _, name := range v.Path {
		if strings.HasPrefix(name, "[") {
			key += name
		} else {
			key = join(key, name)
		}
	}
	return key
}

// File is the file that was read, as it was named, or what stood for it.
func (c *Config) File() string { return c.file }

// Values are all settings, those of modules among them, whether somebody set them or not, in the order of the file's
// documentation. No secret is among them.
func (c *Config) Values() []Value {
	e := &effective{cfg: c}
	e.structure(reflect.ValueOf(c).Elem(), nil)
	for _, id := range slices.Sorted(maps.Keys(c.Modules)) {
		e.module(id, c.Modules[id])
	}
	return e.values
}

// effective collects values.
type effective struct {
	cfg    *Config
	values []Value
}

func (e *effective) add(path []string, value any, hidden, set bool) {
	v := Value{Path: slices.Clone(path), Secret: hidden, Set: set}
	v.Origin = e.cfg.Origin(v.Key())
	if !hidden {
		v.Value = value
	}
	e.values = append(e.values, v)
}

// referred tells whether a setting was written as a reference: who does so wants the value out of sight.
func (e *effective) referred(path []string) bool {
	return strings.HasSuffix(e.cfg.Origin(Value{Path: path}.Key()), ")")
}

func (e *effective) module(id string, m Module) {
	path := []string{"modules", id}
	below := func(name string) []string { return append(slices.Clone(path), name) }
	e.add(below("enabled"), m.Enabled, e.referred(below("enabled")), true)
	e.add(below("run"), m.Run, e.referred(below("run")), true)
	settings, own := e.cfg.settings[id]
	if own {
		if v := reflect.ValueOf(settings); v.IsValid() && !v.IsNil() {
			e.value(v.Elem(), below("settings"))
		}
		return
	}
	e.add(below("path"), m.Path, e.referred(below("path")), m.Path != "")
	e.add(below("checksum"), m.Checksum, e.referred(below("checksum")), m.Checksum != "")
	e.add(below("attach"), m.Attach, e.referred(below("attach")), true)
	var node yaml.Node
	if yaml.Unmarshal(m.Settings, &node) == nil && len(node.Content) > 0 {
		e.hidden(node.Content[0], below("settings"))
	}
}

// hidden lists which settings there are.
func (e *effective) hidden(node *yaml.Node, path []string) {
	switch {
	case node.Kind == yaml.MappingNode && len(node.Content) > 0:
		for i := 0; i+1 < len(node.Content); i += 2 {
			e.hidden(node.Content[i+1], append(slices.Clone(path), node.Content[i].Value))
		}
	case node.Kind == yaml.SequenceNode && len(node.Content) > 0:
		for i, item := range node.Content {
			e.hidden(item, append(slices.Clone(path), indexed("", i)))
		}
	default:
		e.add(path, nil, true, true)
	}
}

// value adds what is in one field.
func (e *effective) value(v reflect.Value, path []string) {
	switch {
	case v.Type() == secretType:
		text, _ := v.Interface().(secret.Text)
		e.add(path, nil, true, !text.IsZero())
	case v.Type() == nodeType || v.Kind() == reflect.Interface:
		e.add(path, plain(v), false, true)
	case isScalar(v):
		e.add(path, plain(v), e.referred(path), true)
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			e.add(path, nil, false, false)
		} else {
			e.value(v.Elem(), path)
		}
	case v.Kind() == reflect.Struct:
		e.structure(v, path)
	case v.Kind() == reflect.Map:
		e.mapping(v, path)
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		e.list(v, path)
	default:
		e.add(path, plain(v), false, true)
	}
}

func (e *effective) structure(v reflect.Value, path []string) {
	fields, known := map[string]reflect.Value{}, []string(nil)
	collectFields(v, fields, &known)
	for _, name := range known {
		e.value(fields[name], append(slices.Clone(path), name))
	}
}

func (e *effective) mapping(v reflect.Value, path []string) {
	if v.Len() == 0 {
		e.add(path, map[string]any{}, false, true)
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, key := range keys {
		e.value(v.MapIndex(key), append(slices.Clone(path), fmt.Sprint(key)))
	}
}

// list adds a list of single values as one, unless some of them are not for eyes, and any other item by item.
func (e *effective) list(v reflect.Value, path []string) {
	together, all := true, []any{}
	for i := range v.Len() {
		item := v.Index(i)
		if !isScalar(item) || item.Type() == secretType || e.referred(append(slices.Clone(path), indexed("", i))) {
			together = false
			break
		}
		all = append(all, plain(item))
	}
	if together {
		e.add(path, all, false, true)
		return
	}
	for i := range v.Len() {
		e.value(v.Index(i), append(slices.Clone(path), indexed("", i)))
	}
}

// plain is a value as it may be written into the file.
func plain(v reflect.Value) any {
	switch value := v.Interface().(type) {
	case time.Duration:
		return value.String()
	case encoding.TextMarshaler:
		if text, err := value.MarshalText(); err == nil {
			return string(text)
		}
	case yaml.Node:
		var out any
		if value.Decode(&out) == nil {
			return out
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Interface:
		if v.IsNil() {
			return nil
		}
	}
	return v.Interface()
}
