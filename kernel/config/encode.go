package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/opencabinet/cabinet/kernel/secret"
)

var secretType = reflect.TypeFor[secret.Text]()

// Encode writes a module's settings as YAML that fills the same struct again: for the process that serves the module, and
// for nobody else, since secrets stand in it as they are. A YAML encoder alone would write what a [secret.Text] shows
// instead of itself. settings is a pointer to a struct, as module.Configurable gives it.
func Encode(settings any) ([]byte, error) {
	node, err := encode(reflect.ValueOf(settings), 0)
	if err != nil {
		return nil, err
	}
	return yaml.Marshal(node)
}

// encode is the other way of loader.value, by the same names.
func encode(v reflect.Value, depth int) (*yaml.Node, error) {
	node := &yaml.Node{}
	switch {
	case depth > maxDepth:
		return nil, fmt.Errorf("these settings contain themselves: they cannot be passed to the module's process")
	case !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil():
		return node, node.Encode(nil)
	case v.Type() == secretType:
		node.SetString(v.Interface().(secret.Text).Reveal())
		node.Style = yaml.DoubleQuotedStyle // the one style that every text survives
		return node, nil
	case v.Kind() == reflect.Pointer:
		return encode(v.Elem(), depth+1)
	case isScalar(v) || v.Type() == nodeType:
		return node, node.Encode(v.Interface())
	}
	switch v.Kind() {
	case reflect.Struct:
		node.Kind = yaml.MappingNode
		return node, encodeFields(node, v, depth)
	case reflect.Map:
		node.Kind = yaml.MappingNode
		for _, key := range slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }) {
			if err := encodePair(node, key, v.MapIndex(key), depth); err != nil {
				return nil, err
			}
		}
		return node, nil
	case reflect.Slice, reflect.Array:
		node.Kind = yaml.SequenceNode
		for i := range v.Len() {
			item, err := encode(v.Index(i), depth+1)
			if err != nil {
				return nil, err
			}
			node.Content = append(node.Content, item)
		}
		return node, nil
	default:
		return node, node.Encode(v.Interface())
	}
}

func encodeFields(node *yaml.Node, v reflect.Value, depth int) error {
	fields, known := map[string]reflect.Value{}, []string(nil)
	collectFields(v, fields, &known)
	for _, name := range known {
		if err := encodePair(node, reflect.ValueOf(name), fields[name], depth); err != nil {
			return err
		}
	}
	return nil
}

func encodePair(node *yaml.Node, key, value reflect.Value, depth int) error {
	name, err := encode(key, depth+1)
	if err != nil {
		return err
	}
	item, err := encode(value, depth+1)
	if err == nil {
		node.Content = append(node.Content, name, item)
	}
	return err
}
