package scaffold

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// An entry is put in between the lines that are there, all of which stay as they are.
func TestAddEntry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after string }{
		"first": {"id: acme\n", "id: acme\n\nmodules:\n  notes:\n    path: .build/notes\n"},
		"empty": {"", "modules:\n  notes:\n    path: .build/notes\n"},
		"no modules yet": {
			"# Ours\nmodules: # none\nname: Acme # the\n",
			"# Ours\nmodules: # none\n  notes:\n    path: .build/notes\nname: Acme # the\n",
		},
		"others": {
			"modules:\n    # Who may come in.\n    accountmanager: {settings: {letters: log}} # kept\n\nname: Acme",
			"modules:\n    notes:\n        path: .build/notes\n    # Who may come in.\n    accountmanager: {settings: {letters: log}} # kept\n\nname: Acme",
		},
	} {
		t.Run(name, func(t *testing.T) {
			changed, err := addEntry([]byte(c.before), "notes")
			require.NoError(t, err)
			require.Equal(t, c.after, string(changed))
		})
	}
	for _, text := range []string{"{id: acme}", "modules: {booking: {path: x}}\n", "- a\n", "modules: *x\n", "modules: [a]\n"} {
		_, err := addEntry([]byte(text), "notes")
		require.Error(t, err, text)
	}
	_, err := addEntry([]byte("modules:\n  notes:\n    run: process\n"), "notes")
	require.ErrorContains(t, err, "already")
}

func TestAddLine(t *testing.T) {
	t.Parallel()
	const before = "package main\n\nimport (\n\t\"fmt\"\n)\n\nvar list = []int{\n\t1,\n\t" + marker + "\n}\n"
	once, err := addLine([]byte(before), "2,", "acme/modules/visits")
	require.NoError(t, err)
	require.Equal(t, "package main\n\nimport (\n\t\"fmt\"\n\n\t\"acme/modules/visits\"\n)\n\nvar list = []int{\n\t1,\n\t2,\n\t"+marker+"\n}\n", string(once))
	twice, err := addLine(once, "3,", "acme/modules/stock")
	require.NoError(t, err)
	require.Contains(t, string(twice), "\n\n\t\"acme/modules/stock\"\n\t\"acme/modules/visits\"\n)")
	_, err = addLine([]byte("package main\n\n"+marker+"\n"), "2,", "acme/modules/visits")
	require.ErrorContains(t, err, "by hand")
}
