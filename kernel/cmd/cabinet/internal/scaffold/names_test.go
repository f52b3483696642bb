package scaffold

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"notes", "a", "visits2", "warranties"} {
		require.NoError(t, CheckName("plugin", good), good)
	}
	for name, why := range map[string]string{
		"":                            "say what the plugin is to be called",
		"My-Notes":                    `"mynotes" would do`,
		"2notes":                      "a letter first",
		"../notes":                    "lower-case letters and digits",
		"func":                        "a keyword of Go",
		"string":                      "everywhere",
		"user":                        "Postgres reserves",
		"pgthings":                    "begin with pg",
		"kernel":                      "the kernel's own",
		"internal":                    "one that Go keeps",
		"заметки":                     "lower-case letters",
		"averyveryverylongnameindeed": "up to 24",
	} {
		require.ErrorContains(t, CheckName("plugin", name), why, name)
	}
	require.ErrorContains(t, CheckThing("event"), "a file events.go already")
	require.ErrorContains(t, CheckThing("No"), "lower-case")
}

func TestWords(t *testing.T) {
	t.Parallel()
	for plural, singular := range map[string]string{
		"notes": "note", "warranties": "warranty", "boxes": "box", "classes": "class", "keys": "key", "watches": "watch",
	} {
		require.Equal(t, singular, Singular(plural))
		require.Equal(t, plural, Plural(singular))
	}
	require.Equal(t, "stock", Singular("stock"))
	require.Equal(t, "class", Singular("class"))
}
