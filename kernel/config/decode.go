package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An alias that contains itself would be decoded for ever, and one that contains itself twice sooner fill the memory.
const (
	maxDepth  = 64
	maxValues = 100_000
)

var nodeType = reflect.TypeFor[yaml.Node]()

// decode fills the struct that out points to, from a node. Values that the node does not mention stay as they are.
func (l *loader) decode(node *yaml.Node, out any) {
	l.value(node, reflect.ValueOf(out).Elem(), "", 0)
}

// value decodes one node. What is wrong is noted, and the rest goes on.
func (l *loader) value(node *yaml.Node, out reflect.Value, key string, depth int) {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if l.values > maxValues {
		return // noted already
	}
	if l.values++; depth > maxDepth || l.values > maxValues {
		l.values = maxValues + 1
		if len(key) > 100 {
			key = key[:100] + "…"
		}
		l.fail(l.at(node), key, "there is too much here to read; does an alias contain itself?")
		return
	}
	if key != "" {
		l.origins[key] = l.at(node)
	}
	if out.Type() == nodeType {
		out.Set(reflect.ValueOf(*node))
		return
	}
	if isScalar(out) {
		l.scalar(node, out, key)
		return
	}
	if node.Tag == "!!null" {
		return // a section whose lines are all commented out
	}
	switch out.Kind() {
	case reflect.Pointer:
		if out.IsNil() {
			out.Set(reflect.New(out.Type().Elem()))
		}
		l.value(node, out.Elem(), key, depth+1)
	case reflect.Struct:
		if l.is(node, yaml.MappingNode, key, "keys and values, each on a line of its own below it") {
			l.structure(node, out, key, depth)
		}
	case reflect.Map:
		if l.is(node, yaml.MappingNode, key, "keys and values, each on a line of its own below it") {
			l.mapping(node, out, key, depth)
		}
	case reflect.Slice:
		if l.is(node, yaml.SequenceNode, key, "a list, such as [a, b]") {
			list := reflect.MakeSlice(out.Type(), len(node.Content), len(node.Content))
			for i, item := range node.Content {
				l.value(item, list.Index(i), indexed(key, i), depth+1)
			}
			out.Set(list)
		}
	default:
		// any, arrays: the parser's own way, where nothing can be unknown.
		if err := node.Decode(out.Addr().Interface()); err != nil {
			l.fail(l.at(node), key, "%s", plainYAML(err))
		}
	}
}

func (l *loader) is(node *yaml.Node, kind yaml.Kind, key, want string) bool {
	if node.Kind == kind {
		return true
	}
	l.fail(l.at(node), key, "this is %s; write %s", kindName(node), want)
	return false
}

func kindName(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a section of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	return "a single value"
}

// structure decodes a mapping into the fields of a struct; a key that no field has is a problem.
func (l *loader) structure(node *yaml.Node, out reflect.Value, key string, depth int) {
	fields := map[string]reflect.Value{}
	var known []string
	collectFields(out, fields, &known)
	l.pairs(node, key, func(name, value *yaml.Node) {
		field, found := fields[name.Value]
		if !found {
			l.unknown(name, "key", key, known)
			return
		}
		l.value(value, field, join(key, name.Value), depth+1)
	})
}

func (l *loader) mapping(node *yaml.Node, out reflect.Value, key string, depth int) {
	if out.Type().Key().Kind() != reflect.String {
		if err := node.Decode(out.Addr().Interface()); err != nil {
			l.fail(l.at(node), key, "%s", plainYAML(err))
		}
		return
	}
	if out.IsNil() {
		out.Set(reflect.MakeMap(out.Type()))
	}
	l.pairs(node, key, func(name, value *yaml.Node) {
		at := reflect.ValueOf(name.Value).Convert(out.Type().Key())
		item := reflect.New(out.Type().Elem()).Elem()
		if old := out.MapIndex(at); old.IsValid() {
			item.Set(old) // a default that the file changes in part
		}
		l.value(value, item, join(key, name.Value), depth+1)
		out.SetMapIndex(at, item)
	})
}

// pairs visits the keys of a mapping and refuses those that stand twice: the parser would let the last one win.
func (l *loader) pairs(node *yaml.Node, key string, visit func(name, value *yaml.Node)) {
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, value := node.Content[i], node.Content[i+1]
		switch {
		case name.Kind != yaml.ScalarNode:
			l.fail(l.at(name), key, "a key here is %s; a key is one word", kindName(name))
		case name.Tag == "!!merge":
			l.fail(l.at(name), key, "merging with << is not supported; write the keys out")
		case first[name.Value] != 0:
			l.fail(l.at(name), "", "%q is already set on line %d; keep one of them", join(key, name.Value), first[name.Value])
		default:
			first[name.Value] = name.Line
			visit(name, value)
			// A section begins where its name stands, a line above what is in it.
			if at := join(key, name.Value); value.Kind == yaml.MappingNode && l.origins[at] != "" {
				l.origins[at] = l.at(name)
			}
		}
	}
}

// unknown notes a name that nothing has; what is "key" or "module".
func (l *loader) unknown(name *yaml.Node, what, section string, known []string) {
	in := ""
	if section != "" {
		in = " in " + section
	}
	known = slices.Sorted(slices.Values(known))
	l.fail(l.at(name), "", "unknown %s %q%s%s", what, name.Value, in, didYouMean(name.Value, known))
}

// collectFields finds a struct's fields by their names in the file: the yaml tag, else the name in lower case, as the
// parser does it. Fields of an embedded struct tagged inline count as the struct's own.
func collectFields(out reflect.Value, fields map[string]reflect.Value, known *[]string) {
	for i := range out.NumField() {
		field := out.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case slices.Contains(strings.Split(options, ","), "inline") && field.Type.Kind() == reflect.Struct:
			collectFields(out.Field(i), fields, known)
		default:
			if name == "" {
				name = strings.ToLower(field.Name)
			}
			fields[name] = out.Field(i)
			*known = append(*known, name)
		}
	}
}

// indexed is the key of an item of a list.
func indexed(key string, i int) string { return key + "[" + strconv.Itoa(i) + "]" }

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}
