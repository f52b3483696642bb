package config

import (
	_ "embed"
	"encoding/json"
	"math"
	"reflect"
	"strings"
)

// portalSchema describes portal.yaml for modules that it does not know. The test of this file writes it.
//
//go:embed portal.schema.json
var portalSchema []byte

// Schema is the JSON Schema (draft 2020-12) of portal.yaml, for editors: what Load refuses for what stands in one place, it
// refuses too. What Load finds by comparing several places, or by looking at the machine, it does not. With module it knows
// the settings of a program's own modules, as [Options.Module] has them before Load fills them; without it is
// portal.schema.json, which lets modules' settings be anything.
func Schema(module map[string]any) ([]byte, error) {
	if module == nil {
		return portalSchema, nil
	}
	var doc map[string]any
	if err := json.Unmarshal(portalSchema, &doc); err != nil {
		return nil, err
	}
	entry := func() map[string]any { return doc["$defs"].(map[string]any)["module"].(map[string]any) } //nolint:forcetypeassert // as the test of this file wrote it
	var s schemas
	own := map[string]any{}
	for id, settings := range module {
		described := entry()["properties"].(map[string]any) //nolint:forcetypeassert // the same
		properties := map[string]any{"enabled": described["enabled"], "run": described["run"]}
		if v := reflect.ValueOf(settings); v.IsValid() && !v.IsNil() {
			properties["settings"] = s.of(v.Elem().Type(), v.Elem(), "", nil)
		} else {
			properties["settings"] = map[string]any{"type": "null", "description": "This module has no settings."}
		}
		own[id] = section(properties)
	}
	const reference = "#/$defs/reference"
	oneOf := func(values ...any) map[string]any {
		return map[string]any{"anyOf": []any{map[string]any{"enum": values}, map[string]any{"$ref": reference}}}
	}
	foreign := map[string]any{
		"$ref": "#/$defs/module", "properties": map[string]any{"run": oneOf(RunProcess)},
		"anyOf": []any{
			map[string]any{"required": []string{"path"}, "properties": map[string]any{"attach": oneOf(false, "no", "off")}},
			map[string]any{"required": []string{"attach"}, "properties": map[string]any{"attach": oneOf(true, "yes", "on"), "path": false, "checksum": false}},
		},
	}
	modules := doc["properties"].(map[string]any)["modules"].(map[string]any) //nolint:forcetypeassert // the same
	modules["properties"], modules["additionalProperties"] = own, foreign
	return schemaText(doc)
}

func schemaText(doc map[string]any) ([]byte, error) {
	var out strings.Builder
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(doc); err != nil {
		return nil, err
	}
	return []byte(out.String()), nil
}

// publishedSchema is portal.schema.json. docs are the comments of fields by "Type.Field".
func publishedSchema(docs map[string]string) ([]byte, error) {
	s := schemas{docs: docs}
	doc := document{Config: defaults()}
	root := s.of(reflect.TypeOf(doc), reflect.ValueOf(doc), "", nil)
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "portal.yaml"
	root["description"] = "The configuration of a portal. Any value may be a reference: ${env:NAME} or ${file:/path}."
	module := s.of(reflect.TypeFor[moduleEntry](), reflect.Value{}, "modules.*", nil)
	root["$defs"] = map[string]any{
		"module":    module,
		"reference": map[string]any{"type": "string", "pattern": `^\$\{(env|file):[^{}]+\}$`, "description": "The value of an environment variable, or what is in a file."},
		"text":      map[string]any{"type": []string{"string", "number", "boolean"}, "pattern": `^([^$]|\$[^{]|\$$|$)`},
	}
	modules := root["properties"].(map[string]any)["modules"].(map[string]any) //nolint:forcetypeassert // document has modules
	modules["additionalProperties"] = map[string]any{"$ref": "#/$defs/module"}
	modules["description"] = "What the portal does with its modules, by id, and those of programs of their own."
	return schemaText(root)
}

// schemas makes the schemas of Go types.
type schemas struct{ docs map[string]string }

// of is the schema of what decodes into a type. value holds the defaults, where there are any; key is where it stands, with *
// for any name, and empty for what limits say nothing of; inside are the types around it.
func (s *schemas) of(t reflect.Type, value reflect.Value, key string, inside []reflect.Type) map[string]any {
	for _, outer := range inside {
		if outer == t {
			return map[string]any{} // it contains itself: what is deeper, Load checks
		}
	}
	switch {
	case t == nodeType || t.Kind() == reflect.Interface:
		return map[string]any{}
	case isScalar(reflect.New(t).Elem()):
		return scalarSchema(t, value, key)
	}
	inside = append(inside[:len(inside):len(inside)], t)
	switch t.Kind() {
	case reflect.Pointer:
		if value.IsValid() && !value.IsNil() {
			value = value.Elem()
		} else {
			value = reflect.Value{}
		}
		return s.of(t.Elem(), value, key, inside)
	case reflect.Struct:
		return section(s.properties(t, value, key, inside))
	case reflect.Map:
		out := map[string]any{"type": []string{"object", "null"}, "additionalProperties": s.of(t.Elem(), reflect.Value{}, join(key, "*"), inside)}
		if pattern := names[key]; pattern != "" {
			out["propertyNames"] = map[string]any{"pattern": pattern}
		}
		if strings.HasSuffix(key, ".title") {
			out["propertyNames"] = map[string]any{"enum": locales}
		}
		return out
	case reflect.Slice:
		out := map[string]any{"type": []string{"array", "null"}, "items": s.of(t.Elem(), reflect.Value{}, key+"[]", inside)}
		if key == "locales" {
			out["uniqueItems"], out["minItems"] = true, 1
		}
		return out
	}
	return map[string]any{} // which the parser decodes in its own way
}

func section(properties map[string]any) map[string]any {
	return map[string]any{"type": []string{"object", "null"}, "properties": properties, "additionalProperties": false}
}

// properties are those of a struct's fields, each with what its comment says.
func (s *schemas) properties(t reflect.Type, value reflect.Value, key string, inside []reflect.Type) map[string]any {
	out := map[string]any{}
	if !value.IsValid() {
		value = reflect.Zero(t)
	}
	for _, field := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" || !field.IsExported() || strings.Contains(options, "inline") || len(field.Index) > 1 && !inlined(t, field.Index) {
			continue
		}
		if name == "" {
			name = strings.ToLower(field.Name)
		}
		described := s.of(field.Type, value.FieldByIndex(field.Index), join(key, name), inside)
		if doc := s.docs[owner(t, field.Index).Name()+"."+field.Name]; doc != "" {
			described["description"] = doc
		}
		out[name] = described
	}
	return out
}

// inlined tells whether every struct on the way to a field counts as part of the outermost.
func inlined(t reflect.Type, index []int) bool {
	for _, i := range index[:len(index)-1] {
		if !strings.Contains(t.Field(i).Tag.Get("yaml"), ",inline") {
			return false
		}
		t = t.Field(i).Type
	}
	return true
}

// owner is the struct that a field stands in.
func owner(t reflect.Type, index []int) reflect.Type {
	for _, i := range index[:len(index)-1] {
		t = t.Field(i).Type
	}
	return t
}

// scalarSchema is that of a single value, or of a reference in its place.
func scalarSchema(t reflect.Type, value reflect.Value, key string) map[string]any {
	reference := map[string]any{"$ref": "#/$defs/reference"}
	out := map[string]any{"anyOf": []any{scalarType(t, key), reference}}
	if t == secretType || !value.IsValid() || value.IsZero() && t.Kind() == reflect.String {
		return out
	}
	out["default"] = plain(value)
	return out
}

func scalarType(t reflect.Type, key string) map[string]any {
	kind := reflect.New(t).Elem()
	switch {
	case t == durationType:
		return map[string]any{"type": "string", "pattern": `^[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))*$`}
	case t.Kind() == reflect.Bool:
		return map[string]any{"enum": []any{true, false, "yes", "no", "on", "off"}}
	case kind.CanInt():
		return number("integer", key, -math.Exp2(float64(t.Bits()-1)), math.Exp2(float64(t.Bits()-1)))
	case kind.CanUint():
		return number("integer", key, 0, math.Exp2(float64(t.Bits())))
	case kind.CanFloat():
		return number("number", key, math.Inf(-1), math.Inf(1))
	}
	known, found := texts[key]
	if !found {
		return map[string]any{"$ref": "#/$defs/text"}
	}
	if known.one != nil {
		return map[string]any{"enum": known.one}
	}
	out := map[string]any{"type": "string", "pattern": known.pattern}
	if known.most > 0 {
		out["maxLength"] = known.most
	}
	return out
}

// number is a number within the limits of its key, or of its type: from least, and less than end.
func number(kind, key string, least, end float64) map[string]any {
	out := map[string]any{"type": kind}
	if l, found := limits[key]; found {
		out["minimum"], out["maximum"] = l.least, l.most
		if l.none {
			return map[string]any{"anyOf": []any{out, map[string]any{"const": 0}}}
		}
		return out
	}
	if !math.IsInf(least, 0) && end < math.Exp2(32)+1 { // the range of larger ones tells a reader nothing
		out["minimum"], out["maximum"] = least, end-1
	}
	return out
}
