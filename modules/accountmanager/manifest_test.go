package accountmanager_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel"
	"github.com/opencabinet/cabinet/kernel/config"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
	"github.com/opencabinet/cabinet/kernel/web/screen"
	"github.com/opencabinet/cabinet/modules/accountmanager"
)

var textKey = regexp.MustCompile(`text\("([a-z_.]+)"\)|"(errors|roles|permissions)\.[a-z_]+"|refuse\([^"]*"[^"]*", "([a-z_]+)"|"accountmanager\.errors\.([a-z_]+)"`)

// Every text that the module names is there, in every language.
func TestTextsAreComplete(t *testing.T) {
	manifest := accountmanager.New(nil).Manifest()
	texts, err := locale.NewBundle(locale.Source{Prefix: manifest.ID, FS: manifest.Locales})
	require.NoError(t, err)
	var keys []string
	for _, role := range manifest.Roles {
		keys = append(keys, role.Title)
	}
	for _, permission := range manifest.Permissions {
		keys = append(keys, permission.Title)
	}
	for _, s := range manifest.Screens {
		keys = append(keys, s.Title)
		if s.Reveal != "" {
			keys = append(keys, s.Title+"_done", s.Title+"_done_hint")
		}
		if s.Empty != "" {
			keys = append(keys, s.Empty, s.Empty+"_hint")
		}
	}
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, file := range files {
		if file.IsDir() {
			continue
		}
		source, err := os.ReadFile(file.Name())
		require.NoError(t, err)
		for _, found := range textKey.FindAllStringSubmatch(string(source), -1) {
			switch {
			case found[1] != "":
				keys = append(keys, "accountmanager."+found[1])
			case found[3] != "":
				keys = append(keys, "accountmanager.errors."+found[3])
			case found[4] != "":
				keys = append(keys, "accountmanager.errors."+found[4])
			}
		}
	}
	require.Contains(t, keys, "accountmanager.errors.last_head")
	require.Contains(t, keys, "accountmanager.errors.nothing_named")
	slices.Sort(keys)
	require.NoError(t, texts.Check(slices.Compact(keys)))
}

// Every method and field that a screen names is in its contract.
func TestScreensFitTheirContracts(t *testing.T) {
	p := newPortal(t)
	_, err := screen.Compile(p.router, []module.Manifest{accountmanager.New(nil).Manifest()})
	require.NoError(t, err)
}

func TestSettingsAreChecked(t *testing.T) {
	m := accountmanager.New(nil)
	settings := m.Settings().(*accountmanager.Settings)
	require.NoError(t, settings.Validate())
	settings.Country, settings.Tries, settings.SessionKept = "Ukraine", 0, 0
	err := settings.Validate()
	for _, key := range []string{"country", "tries", "session_kept"} {
		require.ErrorContains(t, err, key)
	}
}

func TestARoleThatMustHaveAFactorIsThere(t *testing.T) {
	p, err := kernel.New(kernel.Options{
		Assemble: assemble,
		Config: config.Options{
			BuiltIn: []byte("modules: {accountmanager: {settings: {second_factor_roles: [boss]}}}"),
			Environ: []string{"CABINET_LISTEN=127.0.0.1:0", "CABINET_DATA=" + t.TempDir()},
		},
		Cluster: func(ctx context.Context, _ string) (*cluster.Cluster, error) { return cluster.ForTests(ctx) },
	})
	require.NoError(t, err)
	require.ErrorContains(t, p.Start(t.Context()), `second_factor_roles names "boss"`)
}
