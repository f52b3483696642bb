package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencabinet/cabinet/kernel/secret"
	"github.com/stretchr/testify/require"
)

// filesConfig is a module's config struct, as a module would write it.
type filesConfig struct {
	Limit    int               `yaml:"limit"`
	Keep     time.Duration     `yaml:"keep"`
	Key      secret.Text       `yaml:"key"`
	Ratio    float64           `yaml:"ratio"`
	Strict   bool              `yaml:"strict"`
	Kinds    []string          `yaml:"kinds"`
	Labels   map[string]string `yaml:"labels"`
	Store    *storeConfig      `yaml:"store"`
	Untagged uint8
	Free     any `yaml:"free"`
	err      error
}

type storeConfig struct {
	Bucket string `yaml:"bucket"`
}

func (c *filesConfig) Validate() error { return c.err }

// write makes a portal.yaml in a new folder and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "portal.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func loadText(t *testing.T, text string, environ ...string) (*Config, error) {
	t.Helper()
	t.Chdir(filepath.Dir(write(t, text)))
	return Load(Options{
		Environ: append([]string{"HOME=/home/ann"}, environ...),
		Module:  map[string]any{"files": &filesConfig{Limit: 3}, "clientmanager": nil, "accountmanager": nil},
	})
}

func TestDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	cfg, err := Load(Options{Environ: []string{"HOME=/home/ann"}, Module: map[string]any{"files": nil}})
	require.NoError(t, err)
	require.Equal(t, "portal", cfg.ID)
	require.Equal(t, "127.0.0.1:8080", cfg.Listen)
	require.Equal(t, "http://localhost:8080", cfg.URL)
	require.Empty(t, cfg.Path)
	require.Equal(t, time.UTC, cfg.Location())
	require.Equal(t, "en", cfg.Locale)
	require.Equal(t, []string{"en", "uk", "ru"}, cfg.Locales)
	require.Equal(t, "/home/ann/.local/share/cabinet/portal", cfg.Data)
	require.True(t, cfg.Database.URL.IsZero())
	require.Equal(t, "Cabinet", cfg.Brand.Name)
	require.Equal(t, map[string]Module{"files": {Enabled: true, Run: "inprocess"}}, cfg.Modules)
	require.Equal(t, "default", cfg.Origin("listen"))
	require.Empty(t, cfg.Origins())

	cfg, err = Load(Options{Environ: []string{"XDG_DATA_HOME=/xdg", "HOME=/home/ann", "CABINET_ID=acme"}})
	require.NoError(t, err)
	require.Equal(t, "/xdg/cabinet/acme", cfg.Data)
	_, err = Load(Options{})
	require.ErrorContains(t, err, "CABINET_DATA")
}

// checksumOfNothing is what sha256sum shows for an empty file.
const checksumOfNothing = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

const whole = `# A whole portal.
id: acme
name: Acme & Sons
url: https://example.com/my/
listen: ":9000"
time_zone: Europe/Kyiv
locale: uk
locales: [uk, en]
data: ./data
database:
  url: ${env:ACME_DB}
brand:
  hue: 178
  chroma: .085
  font: Georgia, "Noto Serif", serif
  logo: logo.svg
  rail: oklch(27% .035 190)
roles:
  auditor:
    title: {uk: Аудитор, en: Auditor}
    staff: true
    permissions:
      clientmanager.clients.read: all
      files.*: granted
modules:
  clientmanager:
    enabled: false
  files:
    run: inprocess
    settings:
      limit: 1_000
      keep: 36h
      key: ${file:key.txt}
      ratio: .5
      strict: yes
      kinds: [pdf, "$${x}"]
      labels: {a: b}
      store: {bucket: b}
      untagged: 255
      free: {any: [1, thing]}
`

func TestWholeFile(t *testing.T) {
	path := write(t, whole)
	dir := filepath.Dir(path)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "logo.svg"), []byte("<svg/>"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key.txt"), []byte("s3cr3t\r\n"), 0o600))
	files := &filesConfig{Limit: 3}
	cfg, err := Load(Options{
		Path:    path,
		Environ: []string{"ACME_DB=postgres://u:pw@h/db", "CABINET_LISTEN=127.0.0.1:1", "CABINET_NAME="},
		Module:  map[string]any{"files": files, "clientmanager": nil},
	})
	require.NoError(t, err)
	require.Equal(t, "Acme & Sons", cfg.Name)
	require.Equal(t, "https://example.com/my", cfg.URL)
	require.Equal(t, "/my", cfg.Path)
	require.Equal(t, "127.0.0.1:1", cfg.Listen)
	require.Equal(t, "Europe/Kyiv", cfg.Location().String())
	require.Equal(t, filepath.Join(dir, "data"), cfg.Data)
	require.Equal(t, "postgres://u:pw@h/db", cfg.Database.URL.Reveal())
	require.Equal(t, 178.0, cfg.Brand.Hue)
	require.Equal(t, 80.0, cfg.Brand.Tint)
	require.Equal(t, filepath.Join(dir, "logo.svg"), cfg.Brand.Logo)
	require.Equal(t, "Acme & Sons", cfg.Brand.Name)
	require.Equal(t, Role{Staff: true, Title: map[string]string{"uk": "Аудитор", "en": "Auditor"},
		Permissions: map[string]Reach{"clientmanager.clients.read": ReachAll, "files.*": ReachGranted}}, cfg.Roles["auditor"])
	require.False(t, cfg.Enabled("clientmanager"))
	require.True(t, cfg.Enabled("files"))
	require.False(t, cfg.Enabled("nobody"))

	require.Equal(t, "s3cr3t", files.Key.Reveal())
	files.Key = secret.Text{}
	require.Equal(t, &filesConfig{Limit: 1000, Keep: 36 * time.Hour, Ratio: .5, Strict: true, Kinds: []string{"pdf", "${x}"},
		Labels: map[string]string{"a": "b"}, Store: &storeConfig{"b"}, Untagged: 255, Free: map[string]any{"any": []any{1, "thing"}}}, files)

	require.Equal(t, path+":2", cfg.Origin("id"))
	require.Equal(t, "env CABINET_LISTEN", cfg.Origin("listen"))
	require.Equal(t, path+":3", cfg.Origin("name"), "an empty variable counts as not set")
	require.Equal(t, path+":11 (env ACME_DB)", cfg.Origin("database.url"))
	require.Equal(t, path+":8", cfg.Origin("locales"))
	require.Equal(t, path+":13", cfg.Origin("brand.hue"))
	require.Equal(t, "default", cfg.Origin("brand.tint"))
	require.Equal(t, path+":23", cfg.Origin("roles.auditor.permissions.clientmanager.clients.read"))
	require.Equal(t, path+":31", cfg.Origin("modules.files.settings.limit"))
	require.Equal(t, path+":33 (file key.txt)", cfg.Origin("modules.files.settings.key"))

	for _, verb := range []string{"%v", "%+v", "%#v"} {
		require.NotContains(t, fmt.Sprintf(verb, cfg), "pw@")
	}
}

func TestDatabaseURLFromEnvironmentWins(t *testing.T) {
	cfg, err := loadText(t, "database: {url: postgres://file/db}", "DATABASE_URL=postgres://env/db")
	require.NoError(t, err)
	require.Equal(t, "postgres://env/db", cfg.Database.URL.Reveal())
	require.Equal(t, "env DATABASE_URL", cfg.Origin("database.url"))
}

func TestURLAndPathAgree(t *testing.T) {
	for _, c := range []struct{ text, url, path string }{
		{"path: /my/", "http://localhost:8080/my", "/my"},
		{"path: /", "http://localhost:8080", ""},
		{"url: https://a.example/my", "https://a.example/my", "/my"},
		{"{url: 'https://a.example', path: /my}", "https://a.example/my", "/my"},
		{"{url: 'https://a.example/my/', path: /my/}", "https://a.example/my", "/my"},
		{"listen: 0.0.0.0:80", "http://localhost:80", ""},
		{"listen: '[::1]:80'", "http://localhost:80", ""},
		{"listen: 192.0.2.7:80", "http://192.0.2.7:80", ""},
		{"listen: '[::]:80'", "http://localhost:80", ""},
	} {
		cfg, err := loadText(t, c.text)
		require.NoError(t, err, c.text)
		require.Equal(t, c.url, cfg.URL, c.text)
		require.Equal(t, c.path, cfg.Path, c.text)
	}
}

func TestMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := Load(Options{Path: "portal.yaml", Environ: []string{"HOME=/h"}})
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "portal.yaml")
	_, err = Load(Options{Path: t.TempDir(), Environ: []string{"HOME=/h"}})
	require.Error(t, err)
}

// emptyFiles are those in which nothing is set.
var emptyFiles = []string{"", "\n", "# nothing\n", "---\n", "null\n", "brand:\n  # hue: 3\nmodules:\n", "\ufeffid: acme\n"}

func TestEmptyFiles(t *testing.T) {
	for _, text := range emptyFiles {
		_, err := loadText(t, text)
		require.NoError(t, err, "%q", text)
	}
}

func TestAllMistakesAtOnceInOrder(t *testing.T) {
	_, err := loadText(t, "brand:\n  hue: 999\nlisten: x\nadres: y\nmodules:\n  files:\n    settings: {limit: z}\n", "CABINET_TIME_ZONE=Mars")
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	var got []string
	for _, one := range joined.Unwrap() {
		var e *Error
		require.ErrorAs(t, one, &e)
		got = append(got, e.Origin+" "+e.Key)
	}
	require.Equal(t, []string{"portal.yaml:2 brand.hue", "portal.yaml:3 listen", "portal.yaml:4 ",
		"portal.yaml:7 modules.files.settings.limit", "env CABINET_TIME_ZONE time_zone"}, got)
}

func TestAliases(t *testing.T) {
	cfg, err := loadText(t, "name: &n Acme\nbrand: {name: *n}\n")
	require.NoError(t, err)
	require.Equal(t, "Acme", cfg.Brand.Name)

	type tree struct {
		Kids []tree `yaml:"kids"`
	}
	for _, kids := range []string{"[*s]", "[*s, *s, *s, *s]", "[" + strings.Repeat("{},", maxValues) + "]"} {
		_, err = Load(Options{Path: write(t, "modules: {m: {settings: &s {kids: "+kids+"}}}"),
			Environ: []string{"HOME=/h"}, Module: map[string]any{"m": &tree{}}})
		require.ErrorContains(t, err, "alias")
		require.Less(t, len(err.Error()), 300)
	}
}

func TestModuleChecksItself(t *testing.T) {
	path := write(t, "modules:\n  files:\n    settings:\n      limit: 9\n")
	_, err := Load(Options{Path: path, Environ: []string{"HOME=/h"}, Module: map[string]any{
		"files": &filesConfig{err: errors.Join(errors.New("limit is 9; write at most 5"), errors.New("second"))}}})
	require.ErrorContains(t, err, "portal.yaml:4: modules.files.settings: limit is 9; write at most 5\n")
	require.ErrorContains(t, err, "second")
}

func FuzzLoad(f *testing.F) {
	f.Add(whole)
	f.Add("brand: {hue: 361}")
	f.Add("modules: {files: {settings: &s {free: *s}}}")
	f.Add("a: &a [*a]")
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "file:") {
			t.Skip("would read this machine's files")
		}
		path := filepath.Join(dir, "portal.yaml")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		cfg, err := Load(Options{Path: path, Environ: []string{"HOME=/h"}, Module: map[string]any{"files": &filesConfig{}, "clientmanager": nil}})
		require.Equal(t, err == nil, cfg != nil)
		if err == nil {
			require.NotNil(t, cfg.Location())
			require.True(t, filepath.IsAbs(cfg.Data))
		}
	})
}
