package config

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/opencabinet/cabinet/kernel/secret"
)

// gateway has secrets wherever settings can have them.
type gateway struct {
	Title  string                 `yaml:"title"`
	Wait   time.Duration          `yaml:"wait"`
	Key    secret.Text            `yaml:"key"`
	Empty  secret.Text            `yaml:"empty"`
	Next   *gateway               `yaml:"next"`
	List   []gateway              `yaml:"list"`
	ByName map[string]secret.Text `yaml:"by_name"`
	Inner  inner                  `yaml:",inline"`
	Files  *filesConfig           `yaml:"files"`
	Apart  secret.Text            `yaml:"-"`
}

type inner struct {
	Pin secret.Text `yaml:"pin"`
}

// What the portal sends to a module's process has the values there, whatever they look like; printing shows none.
func TestSecretsReachTheProcessOfTheirModule(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"s3cret", "123", "null", "yes", "a: b # c", " two\nlines\t", "${env:HOME}", "'\"", "- [x]", "Київ", "~", "0x1F"} {
		in := &gateway{
			Title: "shop", Wait: 90 * time.Second, Key: secret.NewText(value), Next: &gateway{Key: secret.NewText(value)},
			List: []gateway{{Key: secret.NewText(value)}}, ByName: map[string]secret.Text{"b": secret.NewText(value), "a": {}},
			Inner: inner{secret.NewText(value)}, Files: &filesConfig{Limit: 3, Kinds: []string{"a"}, Keep: time.Hour, Labels: map[string]string{"x": "1"}, Free: []any{1, "two"}},
			Apart: secret.NewText(value),
		}
		text, err := Encode(in)
		require.NoError(t, err)
		out := &gateway{Title: "default", Empty: secret.NewText("default")}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		require.NoError(t, decoder.Decode(out), "%s", text)
		for name, got := range map[string]secret.Text{
			"key": out.Key, "next": out.Next.Key, "list": out.List[0].Key, "map": out.ByName["b"], "inline": out.Inner.Pin,
		} {
			require.Equal(t, value, got.Reveal(), name)
		}
		require.True(t, out.Empty.IsZero(), "what was emptied is no default again")
		require.True(t, out.Apart.IsZero())
		require.Equal(t, []any{in.Title, in.Wait, *in.Files}, []any{out.Title, out.Wait, *out.Files})

		plain, err := yaml.Marshal(in)
		require.NoError(t, err)
		require.NotContains(t, string(plain), "s3cret", "any other encoder still hides them")
	}
}

func TestSettingsThatContainThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	in := &gateway{}
	in.Next = in
	_, err := Encode(in)
	require.ErrorContains(t, err, "contain themselves")
}

func TestSecretsComeFromTheEnvironment(t *testing.T) {
	t.Parallel()
	target := &gateway{}
	_, err := Load(Options{
		Path:    write(t, "modules: {shop: {settings: {list: [{key: \"${env:SHOP_KEY}\"}]}}}"),
		Environ: []string{"HOME=/h", "SHOP_KEY=from outside"}, Module: map[string]any{"shop": target},
	})
	require.NoError(t, err)
	require.Equal(t, "from outside", target.List[0].Key.Reveal())
}
