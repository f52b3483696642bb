package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A newcomer who does what plugins/README.md says, and nothing else, has a plugin with a contract of its own in a portal
// that runs, and sees its page.
func TestPluginsREADME(t *testing.T) {
	t.Parallel()
	g := follow(t, "plugins/README.md")
	head := g.head()
	require.Contains(t, head.get(head.root+"/notes"), "Nothing is noted down so far")
	require.Contains(t, head.get(head.root+"/notes/new"), "Note down")

	// What cannot be built is told of and changes nothing; what the portal reads when it starts has it start again.
	module := filepath.Join(g.folder, "plugins", "notes", "module.go")
	text, err := os.ReadFile(module)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(module, append(text, "func broken( {\n"...), 0o600))
	g.expect("cabinet: notes cannot be built:\nplugins/notes/module.go:…: syntax error")
	require.Contains(t, head.get(head.root+"/notes"), "Nothing is noted down so far")
	require.NoError(t, os.WriteFile(module, text, 0o600))
	g.shell("sed -i.bak 's/name: Acme/name: Zenith/' portal.yaml")
	g.expect("cabinet: the portal was restarted in …: …portal.yaml\nZenith is open at")
	require.Contains(t, head.get(head.root+"/notes"), "Zenith")
}

// The same for modules/README.md and a module.
func TestModulesREADME(t *testing.T) {
	t.Parallel()
	g := follow(t, "modules/README.md")
	head := g.head()
	require.Contains(t, head.get(head.root+"/visits"), "Nothing is noted down yet")
}

// And for contracts/README.md and a contract that grows.
func TestContractsREADME(t *testing.T) {
	t.Parallel()
	follow(t, "contracts/README.md")
}
