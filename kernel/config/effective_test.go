package config

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/secret"
)

var update = flag.Bool("update", false, "write golden files and the published schema anew")

// providerConfig is one of several things that a module is told of in a list.
type providerConfig struct {
	ID  string      `yaml:"id"`
	Key secret.Text `yaml:"key"`
}

// effectiveText has a secret wherever one can stand.
const effectiveText = `id: acme
url: ${env:PUBLIC_URL}
database: {url: "postgres://u:hush@h/db"}
roles:
  auditor:
    title: {en: Auditor, uk: Аудитор, ru: Аудитор}
    permissions: {clientmanager.clients.read: granted}
modules:
  files:
    settings:
      keep: 36h
      key: hush
      kinds: [pdf, "${env:KIND}"]
      store: {bucket: b}
      free: {any: [1]}
  login:
    settings:
      - {id: one, key: hush}
  booking:
    path: ./booking
    settings: {key: hush, list: [{a: hush}, "${env:KIND}"], none: {}}
`

func TestEffectiveConfiguration(t *testing.T) {
	path := write(t, strings.Replace(effectiveText, "      - {id: one, key: hush}", "      providers:\n      - {id: one, key: hush}\n      - {id: two}", 1))
	files, login := &filesConfig{Limit: 3}, &struct {
		Providers []providerConfig `yaml:"providers"`
		Wait      time.Duration    `yaml:"wait"`
	}{Wait: time.Minute}
	cfg, err := Load(Options{
		Path: path, Environ: []string{"HOME=/home/ann", "PUBLIC_URL=https://hush.example.com", "KIND=hush", "CABINET_LISTEN=:80"},
		Module: map[string]any{"files": files, "login": login, "clientmanager": nil},
	})
	require.NoError(t, err)
	require.Equal(t, path, cfg.File())
	var lines []string
	for _, v := range cfg.Values() {
		value := "set"
		if !v.Secret {
			text, err := json.Marshal(v.Value)
			require.NoError(t, err)
			value = string(text)
		} else if require.Nil(t, v.Value); !v.Set {
			value = "not set"
		}
		lines = append(lines, fmt.Sprintf("%s: %s  # %s", v.Key(), value, strings.ReplaceAll(v.Origin, path, "portal.yaml")))
	}
	got := strings.Join(lines, "\n") + "\n"
	require.NotContains(t, got, "hush")
	got = strings.ReplaceAll(got, filepath.Dir(path), "DIR")
	want, err := os.ReadFile("testdata/effective.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile("testdata/effective.golden", []byte(got), 0o644))
		want, err = []byte(got), nil
	}
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestOriginsOfWhatIsInLists(t *testing.T) {
	cfg, err := loadText(t, "locales:\n  - en\n  - ${env:SECOND}\n", "SECOND=uk")
	require.NoError(t, err)
	require.Equal(t, "portal.yaml:2", cfg.Origin("locales"))
	require.Equal(t, "portal.yaml:2", cfg.Origin("locales[0]"))
	require.Equal(t, "portal.yaml:3 (env SECOND)", cfg.Origin("locales[1]"))
	_, err = loadText(t, "locales:\n  - en\n  - [uk]\n")
	require.ErrorContains(t, err, "portal.yaml:3: locales[1]: this is a list; write one value")
}
