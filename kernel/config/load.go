package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	_ "time/tzdata" // a machine without zone files knows the zones too

	"github.com/opencabinet/cabinet/kernel/secret"
	"go.yaml.in/yaml/v3"
)

// DefaultPath is the file that Load reads when none is named.
const DefaultPath = "portal.yaml"

const originDefault = "default"

// Options says what Load reads.
type Options struct {
	// Path of the file. Default: DefaultPath in the working folder, where a missing file is fine; a named one must exist.
	Path string

	// BuiltIn is the text of a portal.yaml that is used when no Path is given and the working folder has none; relative
	// paths in it start at the working folder. Examples carry theirs so. Default: none.
	BuiltIn []byte

	// Environ is the environment as os.Environ returns it. A variable that is set and empty counts as not set. Default:
	// empty.
	Environ []string

	// Module holds, for each module of the portal, a pointer to that module's own config struct with its defaults, which
	// Load fills from modules.<id>.settings; nil for a module without settings. Keys are the yaml tags of the fields. A struct
	// with a method Validate() error is asked after it was filled. Default: no modules.
	Module map[string]any
}

// Validator is what a module's config struct may implement to check itself once it is filled.
type Validator interface {
	// Validate returns what is wrong and what to write instead; several problems joined with errors.Join.
	Validate() error
}

// document is the file as it is written.
type document struct {
	Config  `yaml:",inline"`
	Modules map[string]moduleEntry `yaml:"modules"`
}

// loader collects what one Load finds.
type loader struct {
	file     string // as named, for messages
	dir      string // references and relative paths start here
	env      map[string]string
	origins  map[string]string
	values   int // decoded so far
	problems []error
}

// Load reads the configuration. The error joins an *Error for each thing that is wrong; the config is nil then.
func Load(options Options) (*Config, error) {
	l := &loader{file: options.Path, env: map[string]string{}, origins: map[string]string{}}
	for _, pair := range options.Environ {
		if name, value, _ := strings.Cut(pair, "="); value != "" {
			l.env[name] = value
		}
	}
	if l.file == "" {
		l.file = DefaultPath
	}
	dir, err := filepath.Abs(filepath.Dir(l.file))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", l.file, err)
	}
	l.dir = dir

	doc := &document{Config: defaults()}
	doc.origins = l.origins
	root, err := l.read(options)
	if err != nil {
		return nil, err
	}
	if root != nil {
		l.decode(root, doc)
	}
	cfg := &doc.Config
	l.overrides(cfg)
	cfg.Modules = l.modules(doc.Modules, options.Module)
	cfg.settings, cfg.file = options.Module, l.file
	l.follow(cfg)
	l.validate(cfg)
	if len(l.problems) > 0 {
		slices.SortStableFunc(l.problems, byLine)
		return nil, errors.Join(l.problems...)
	}
	return cfg, nil
}

// defaults are the values of what nobody set, but for those that follow from others.
func defaults() Config {
	return Config{
		ID: "portal", Name: "Cabinet", Listen: "127.0.0.1:8080", TimeZone: "UTC", WeekBegins: "monday", Audit: Audit{Days: 730, DetailDays: 180},
		Export: Export{RowsPerDay: 10_000, MaxRows: 100_000}, Reading: Reading{RowsPerHour: 1000},
		Brand: Brand{Hue: 264, Chroma: 0.15, Tint: 80, HeadWeight: 600, Radius: 8, Density: 1, Measure: 74},
	}
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// read parses the file into its root node; nil when there is nothing in it.
func (l *loader) read(options Options) (*yaml.Node, error) {
	text, err := os.ReadFile(l.file)
	if errors.Is(err, fs.ErrNotExist) && options.Path == "" {
		text, err = options.BuiltIn, nil
		l.file = "built-in " + DefaultPath
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, l.syntax(err)
	}
	var next yaml.Node
	if err := decoder.Decode(&next); err == nil {
		return nil, &Error{Origin: l.at(&next), Problem: "a second document begins here; keep one, without \"---\" lines between"}
	} else if !errors.Is(err, io.EOF) {
		return nil, l.syntax(err)
	}
	root := doc.Content[0]
	if root.Kind == yaml.ScalarNode && root.Tag == "!!null" {
		return nil, nil
	}
	return root, nil
}

func (l *loader) syntax(err error) error {
	text := err.Error()
	match := yamlLine.FindStringSubmatch(text)
	origin := l.file
	if match != nil {
		text = strings.TrimPrefix(text, match[0])
		if match[1] != "" {
			origin += ":" + match[1]
		}
	}
	return &Error{Origin: origin, Problem: "this is not YAML: " + text}
}

// at is the place of a node: file and line.
func (l *loader) at(node *yaml.Node) string { return fmt.Sprintf("%s:%d", l.file, node.Line) }

func (l *loader) fail(origin, key, format string, args ...any) {
	l.problems = append(l.problems, &Error{Origin: base(origin), Key: key, Problem: fmt.Sprintf(format, args...)})
}

// overrides puts the environment's values over the file's.
func (l *loader) overrides(cfg *Config) {
	for _, o := range []struct {
		env, key string
		set      func(string)
	}{
		{"CABINET_ID", "id", func(v string) { cfg.ID = v }},
		{"CABINET_NAME", "name", func(v string) { cfg.Name = v }},
		{"CABINET_URL", "url", func(v string) { cfg.URL = v }},
		{"CABINET_LISTEN", "listen", func(v string) { cfg.Listen = v }},
		{"CABINET_PATH", "path", func(v string) { cfg.Path = v }},
		{"CABINET_TIME_ZONE", "time_zone", func(v string) { cfg.TimeZone = v }},
		{"CABINET_LOCALE", "locale", func(v string) { cfg.Locale = v }},
		{"CABINET_DATA", "data", func(v string) { cfg.Data = v }},
		{"DATABASE_URL", "database.url", func(v string) { cfg.Database.URL = secret.NewText(v) }},
	} {
		if value, found := l.env[o.env]; found {
			o.set(value)
			l.origins[o.key] = "env " + o.env
		}
	}
	if value, found := l.env["CABINET_DEVELOPMENT"]; found {
		l.origins["development"] = "env CABINET_DEVELOPMENT"
		if err := setScalar(reflect.ValueOf(&cfg.Development).Elem(), value); err != nil {
			l.fail(l.origins["development"], "development", "%s", err)
		}
	}
}

// follow fills what is not set from what is, and makes paths absolute.
func (l *loader) follow(cfg *Config) {
	if len(cfg.Locales) == 0 && l.origins["locales"] == "" {
		cfg.Locales = []string{"en", "uk", "ru"}
	}
	if cfg.Locale == "" && len(cfg.Locales) > 0 {
		cfg.Locale = cfg.Locales[0]
		if slices.Contains(cfg.Locales, "en") {
			cfg.Locale = "en"
		}
	}
	if cfg.Brand.Name == "" {
		cfg.Brand.Name = cfg.Name
	}
	if cfg.Brand.Logo != "" {
		cfg.Brand.Logo = l.absolute("brand.logo", cfg.Brand.Logo)
	}
	l.followURL(cfg)
	cfg.Telemetry.follow()
	cfg.Data = l.dataFolder(cfg)
	cfg.Blobs.follow(cfg.Data, l.absolute)
}

// dataFolder is where the portal keeps what it does not keep in the database; empty where nobody says.
func (l *loader) dataFolder(cfg *Config) string {
	if cfg.Data != "" {
		return l.absolute("data", cfg.Data)
	}
	// The XDG convention: a relative folder is to be ignored.
	if xdg := l.env["XDG_DATA_HOME"]; filepath.IsAbs(xdg) {
		return filepath.Join(xdg, "cabinet", cfg.ID)
	}
	if home := l.env["HOME"]; filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "share", "cabinet", cfg.ID)
	}
	return ""
}

// BrowserHost is how a browser on the same machine names the host that a portal listens on. It is localhost where that can
// be: browsers trust that name without https, and make passkeys for it, but for no number.
func BrowserHost(listen string) string {
	if ip := net.ParseIP(listen); listen == "" || ip != nil && (ip.IsUnspecified() || ip.IsLoopback()) {
		return "localhost"
	}
	return listen
}

// followURL makes URL and Path agree. What cannot be made to agree is left for validate.
func (l *loader) followURL(cfg *Config) {
	cfg.URL = strings.TrimRight(cfg.URL, "/")
	cfg.Path = strings.TrimRight(cfg.Path, "/")
	if cfg.URL == "" {
		host, port, err := net.SplitHostPort(cfg.Listen)
		if err != nil {
			return
		}
		cfg.URL = "http://" + net.JoinHostPort(BrowserHost(host), port) + cfg.Path
		return
	}
	if u, err := parseURL(cfg.URL); err == nil {
		switch {
		case l.origins["path"] == "":
			cfg.Path = u.Path
		case u.Path == "":
			cfg.URL += cfg.Path
		}
	}
}

// absolute makes a path absolute: "~/" is the home folder; a relative path starts at the file's folder, or at the
// working folder when it comes from the environment.
func (l *loader) absolute(key, path string) string {
	if rest, found := strings.CutPrefix(path, "~/"); found && filepath.IsAbs(l.env["HOME"]) {
		return filepath.Join(l.env["HOME"], rest)
	}
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	if strings.HasPrefix(l.origins[key], "env ") {
		if abs, err := filepath.Abs(path); err == nil {
			return abs
		}
	}
	return filepath.Join(l.dir, path)
}

// byLine orders problems as a reader meets them in the file; those from elsewhere come after.
func byLine(a, b error) int { return line(a) - line(b) }

func line(err error) int {
	var e *Error
	if !errors.As(err, &e) {
		return 1 << 30
	}
	n := 1 << 30
	if i := strings.LastIndexByte(e.Origin, ':'); i >= 0 {
		if _, err := fmt.Sscanf(e.Origin[i+1:], "%d", &n); err != nil {
			return 1 << 30
		}
	}
	return n
}
