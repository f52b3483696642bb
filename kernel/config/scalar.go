package config

import (
	"encoding"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// maxReferenced is the largest file that a ${file:…} reference reads, in bytes.
const maxReferenced = 1 << 20

var (
	durationType = reflect.TypeFor[time.Duration]()
	regexpLine   = regexp.MustCompile(`(?m)^\s*line \d+: `)
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// isScalar reports whether a field takes a single value.
func isScalar(out reflect.Value) bool {
	if reflect.PointerTo(out.Type()).Implements(textType) {
		return true
	}
	switch out.Kind() {
	case reflect.String, reflect.Bool, reflect.Float32, reflect.Float64,
		reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return true
	}
	return false
}

// scalar decodes a single value, or what it refers to. Messages never repeat the value: it may be a secret.
func (l *loader) scalar(node *yaml.Node, out reflect.Value, key string) {
	if node.Kind != yaml.ScalarNode {
		l.fail(l.at(node), key, "this is %s; write one value behind the key", kindName(node))
		return
	}
	if node.Tag == "!!null" {
		l.fail(l.at(node), key, "it has no value; write one or remove the line")
		return
	}
	text, from, err := l.dereference(node.Value)
	if err != nil {
		l.fail(l.at(node), key, "%s", err)
		return
	}
	if from != "" {
		l.origins[key] += " (" + from + ")"
	}
	if err := setScalar(out, text); err != nil {
		l.fail(l.at(node), key, "%s", err)
	}
}

// dereference returns the value, and where it came from when it is a reference.
func (l *loader) dereference(value string) (text, from string, err error) {
	if rest, found := strings.CutPrefix(value, "$${"); found {
		return "${" + rest, "", nil
	}
	inner, found := strings.CutPrefix(value, "${")
	if !found {
		return value, "", nil
	}
	inner, found = strings.CutSuffix(inner, "}")
	kind, name, _ := strings.Cut(inner, ":")
	if !found || name == "" || strings.Contains(name, "${") || kind != "env" && kind != "file" {
		return "", "", fmt.Errorf("a reference is ${env:NAME} or ${file:/path} and the whole value; for a value that begins with ${ write $${")
	}
	if kind == "env" {
		text, found := l.env[name]
		if !found {
			return "", "", fmt.Errorf("the environment variable %s is not set; set it or write another value", name)
		}
		return text, "env " + name, nil
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.dir, path)
	}
	text, err = readReferenced(path)
	return text, "file " + name, err
}

func readReferenced(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file it refers to cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", fmt.Errorf("it refers to %s, which is not a file", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxReferenced+1))
	if err != nil {
		return "", fmt.Errorf("the file it refers to cannot be read: %w", err)
	}
	if len(text) > maxReferenced {
		return "", fmt.Errorf("it refers to %s, which is larger than 1 MiB; is it the right file?", path)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), nil
}

// setScalar parses text as the field's type.
func setScalar(out reflect.Value, text string) error {
	if u, ok := out.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	plain := strings.ReplaceAll(text, "_", "")
	switch {
	case out.Type() == durationType:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("this is not a duration; write one such as 90s, 15m or 1h30m")
		}
		out.SetInt(int64(d))
	case out.Kind() == reflect.String:
		out.SetString(text)
	case out.Kind() == reflect.Bool:
		switch strings.ToLower(text) {
		case "true", "yes", "on":
			out.SetBool(true)
		case "false", "no", "off":
			out.SetBool(false)
		default:
			return fmt.Errorf("this is neither true nor false; write one of them")
		}
	case out.CanInt():
		n, err := strconv.ParseInt(plain, 10, out.Type().Bits())
		if err != nil {
			return fmt.Errorf("this is not a whole number that fits; write one such as 10")
		}
		out.SetInt(n)
	case out.CanUint():
		n, err := strconv.ParseUint(plain, 10, out.Type().Bits())
		if err != nil {
			return fmt.Errorf("this is not a whole number from 0 that fits; write one such as 10")
		}
		out.SetUint(n)
	default:
		f, err := strconv.ParseFloat(plain, out.Type().Bits())
		if err != nil || f-f != 0 { // neither infinite nor NaN
			return fmt.Errorf("this is not a number; write one such as 0.5")
		}
		out.SetFloat(f)
	}
	return nil
}

// plainYAML takes the parser's own line out of its message: ours stands in front.
func plainYAML(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: unmarshal errors:\n  ")
	return regexpLine.ReplaceAllString(text, "")
}
