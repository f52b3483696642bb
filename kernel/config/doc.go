// Package config reads portal.yaml and the environment, strictly.
//
//	cfg, err := config.Load(config.Options{
//		Environ: os.Environ(),
//		Module:  map[string]any{"clientmanager": &clientManagerConfig, "files": nil},
//	})
//
// A value comes from the environment, else from the file, else from its default, and [Config.Origin] tells from which.
// An unknown key is an error that names the nearest known one; a bad value is an error that says what to write. All
// errors are reported at once, each an *Error with its file and line.
//
// The files of the package:
//
//	config.go    Config: every setting with its meaning, unit and default
//	load.go      Load, Options: file, then environment, then what follows from other values
//	limits.go    what single values may be, as data; validate.go what they may be beside others
//	effective.go Values: every setting as the portal goes by it, secrets left out
//	schema.go    Schema: the JSON Schema of the file, for editors; portal.schema.json is it, published
//	decode.go    YAML into structs, remembering lines, refusing what is unknown
//	scalar.go    single values and references: ${env:NAME}, ${file:/path}
//	modules.go   the modules section: each module's settings go into that module's own struct
//	encode.go    Encode: a module's settings for the process that serves it, secrets among them
//	suggest.go   Suggest: the nearest known name
//	error.go     Error
//
// # References
//
// A value may be a reference: ${env:NAME} is the value of an environment variable, ${file:/path} the content of a file
// without its last line break (a relative path starts at portal.yaml's folder). A reference is the whole value, never a
// part of it. A value that begins with "$${" begins with "${" and is no reference.
//
// # Why not a configuration library
//
// Those that merge sources into maps lose the lines on the way, and an error without its line is of little help in a
// file of two hundred. The YAML parser itself is go.yaml.in/yaml/v3.
package config
