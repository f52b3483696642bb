package main

import (
	"runtime"
	"runtime/debug"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/scaffold"
)

type version struct {
	JSON bool `name:"json" help:"Say it in JSON."`
}

// Run says which version this is, and with which sources it makes portals.
func (c *version) Run(t *tool) error {
	said := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		Source  string `json:"source,omitempty"`
	}{Version: "(unknown)", Go: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		said.Version = info.Main.Version
	}
	if source, err := scaffold.FindSource(""); err == nil {
		said.Source = source.Folder
	}
	if c.JSON {
		return t.json(said)
	}
	t.say("cabinet %s, %s", said.Version, said.Go)
	if said.Source != "" {
		t.say("portals are made with the sources in %s", said.Source)
	}
	return nil
}
