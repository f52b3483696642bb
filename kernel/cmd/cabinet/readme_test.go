package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A newcomer who does what plugins/README.md says, and nothing else, has a plugin with a contract of its own in a portal
// that runs, and sees its page.
func TestPluginsREADME(t *testing.T) {
	g := follow(t, "plugins/README.md")
	head := g.head()
	require.Contains(t, head.get(head.root+"/notes"), "Nothing is noted down so far")
	require.Contains(t, head.get(head.root+"/notes/new"), `name="note.title"`)
}

// The same for modules/README.md and a module.
func TestModulesREADME(t *testing.T) {
	g := follow(t, "modules/README.md")
	head := g.head()
	require.Contains(t, head.get(head.root+"/visits"), "Nothing is noted down yet")
}

// And for contracts/README.md and a contract that grows.
func TestContractsREADME(t *testing.T) { follow(t, "contracts/README.md") }
