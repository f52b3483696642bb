package config

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The published schema follows from the structs and their comments. `make generate` writes it anew.
func TestSchemaIsPublished(t *testing.T) {
	want, err := publishedSchema(comments(t))
	require.NoError(t, err)
	if *update {
		require.NoError(t, os.WriteFile("portal.schema.json", want, 0o644))
	}
	got, err := os.ReadFile("portal.schema.json")
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "it is stale: make generate")
}

// comments are those of the fields of this package's structs, by "Type.Field".
func comments(t *testing.T) map[string]string {
	t.Helper()
	fset, files := token.NewFileSet(), []*ast.File(nil)
	names, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, "github.com/opencabinet/cabinet/kernel/config", doc.AllDecls|doc.PreserveAST)
	require.NoError(t, err)
	out := map[string]string{}
	for _, typ := range pkg.Types {
		for _, spec := range typ.Decl.Specs {
			s, ok := spec.(*ast.TypeSpec).Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range s.Fields.List {
				for _, name := range field.Names {
					out[typ.Name+"."+name.Name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
				}
			}
		}
	}
	return out
}

func TestEverySettingIsExplained(t *testing.T) {
	require.NotEmpty(t, comments(t)["Brand.Hue"])
	var walk func(at string, s map[string]any)
	walk = func(at string, s map[string]any) {
		properties, _ := s["properties"].(map[string]any)
		for name, p := range properties {
			p, _ := p.(map[string]any)
			require.NotEmpty(t, p["description"], "%s.%s has no comment", at, name)
			walk(at+"."+name, p)
		}
		if more, ok := s["additionalProperties"].(map[string]any); ok {
			walk(at+".*", more)
		}
	}
	var published map[string]any
	require.NoError(t, yaml.Unmarshal(portalSchema, &published))
	walk("", published)
}

// schemaWith is the schema for modules, ready to be asked.
func schemaWith(t *testing.T, module map[string]any) *jsonschema.Schema {
	t.Helper()
	text, err := Schema(module)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("portal.schema.json", doc))
	s, err := c.Compile("portal.schema.json")
	require.NoError(t, err, "it is no JSON Schema")
	return s
}

// ask validates a text of portal.yaml as an editor does.
func ask(s *jsonschema.Schema, text string) error {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return err
	}
	return s.Validate(value)
}

func testModules() map[string]any {
	return map[string]any{"files": &filesConfig{Limit: 3}, "clientmanager": nil, "accountmanager": nil}
}

// beyond are the mistakes that Load finds by comparing places, or by looking at the machine, and that an editor cannot see.
var beyond = []string{
	"modules:\n  booking:\n    path: ./booking\n    settings: {key: '${env:NOT_SET}'}",
	"modules:\n  booking:\n    attach: true",
	"id: a\n---\nid: b",
	"{url: 'https://example.com/a', path: /b}",
	"path: /a/../b",
	"time_zone: Kyiv",
	"time_zone: Local",
	"time_zone: ../../etc/passwd",
	"{locale: ru, locales: [en, uk]}",
	"database: {url: 'postgres://u:hu%sh@h/d'}",
	"database: {url: '${env:NOPE}'}",
	"database: {url: '${file:/no/such}'}",
	"database: {url: '${file:/}'}",
	"brand: {font: 'a, \"b'}",
	"brand: {logo: nope.svg}",
	"roles: {boss: {title: {en: a, uk: a}}}",
	"roles: {boss: }",
	"roles: {boss: {title: {en: a, uk: a, ru: a}, permissions: {a.b: all}}}",
}

// The schema and Load say the same of every mistake that can be seen in one place.
func TestSchemaAndLoadAgreeOnMistakes(t *testing.T) {
	s := schemaWith(t, testModules())
	for _, c := range mistakes {
		if slices.Contains(beyond, c.text) {
			assert.NoError(t, ask(s, c.text), "it is not beyond the schema: %q", c.text)
			continue
		}
		assert.Error(t, ask(s, c.text), "Load says %q of %q", c.want, c.text)
	}
}

func TestSchemaAndLoadAgreeOnWhatIsWell(t *testing.T) {
	s := schemaWith(t, testModules())
	for _, text := range append([]string{
		whole, effectiveText[:strings.Index(effectiveText, "  login:")], "path: /my/", "path: /", "listen: '[::1]:80'", "listen: :0", "url: https://example.com/my/", "help: {phone: '+380 44', email: a@b}",
		"data: 5", "name: ${env:NAME}", "brand: {hue: '${env:HUE}', rail: '#1b2430', rail_scheme: dark}", "brand: {hue: 0, logo: ''}",
		"reading: {rows_per_hour: 0}", "database: {url: host=/run/x user=a}", "database: {url: '${file:/run/secret}'}",
		"name: $${x}", "locales: [uk]", "locale: uk", "modules: {files: {settings: {keep: 1h30m, kinds: , store: , free: [a]}}}",
		"modules: {booking: {path: ./b, checksum: '" + checksumOfNothing + "', settings: {a: b}}}", "development: yes",
		"development: true\nmodules: {booking: {attach: true}}",
	}, emptyFiles...) {
		require.NoError(t, ask(s, text), text)
		published := schemaWith(t, nil)
		require.NoError(t, ask(published, text), text)
	}
}

// Each limit holds where it says, and there Load and the schema agree.
func TestLimits(t *testing.T) {
	s := schemaWith(t, testModules())
	for key, l := range limits {
		section, name, _ := strings.Cut(key, ".")
		for value, well := range map[float64]bool{l.least: true, l.most: true, l.least - 1: l.none && l.least == 1, l.most + 1: false, 0: l.none || l.least == 0} {
			text := fmt.Sprintf("%s: {%s: %.12g}", section, name, value)
			switch key {
			case "audit.detail_days":
				text = fmt.Sprintf("audit: {days: 36500, detail_days: %.12g}", value)
			case "audit.days":
				text = fmt.Sprintf("audit: {days: %.12g, detail_days: 1}", value)
			}
			_, err := loadText(t, text)
			require.Equal(t, well, err == nil, "%s: %v", text, err)
			require.Equal(t, well, ask(s, text) == nil, text)
		}
	}
}

func TestSchemaOfWhatContainsItself(t *testing.T) {
	type tree struct {
		Name string `yaml:"name"`
		Kids []tree `yaml:"kids"`
	}
	s := schemaWith(t, map[string]any{"m": &tree{}})
	require.NoError(t, ask(s, "modules: {m: {settings: {kids: [{name: a}]}}}"))
	require.Error(t, ask(s, "modules: {m: {settings: {kids: a}}}"))
	require.Error(t, ask(s, "modules: {m: {path: ./m}}"), "m is part of the program")
	require.Error(t, ask(s, "modules: {n: {enabled: true}}"), "n is not")
}

// The example's own file is well.
func TestSchemaOfTheExample(t *testing.T) {
	text, err := os.ReadFile("../../examples/services/portal.yaml")
	require.NoError(t, err)
	require.NoError(t, ask(schemaWith(t, nil), string(text)))
	require.Contains(t, string(text), "$schema=../../kernel/config/portal.schema.json")
}
