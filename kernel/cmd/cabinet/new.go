package main

import (
	"path/filepath"
	"strings"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/scaffold"
)

type newPortal struct {
	Name    string `arg:"" help:"What it is called: lower-case letters and digits."`
	Cabinet string `placeholder:"DIR" help:"A checkout of Cabinet that the portal is built with. Default: what this program was built from."`
	JSON    bool   `name:"json" help:"Say in JSON what was written."`
}

// Run writes a portal.
func (c *newPortal) Run(t *tool) error {
	source, err := scaffold.FindSource(c.Cabinet)
	if err != nil {
		return err
	}
	made, err := scaffold.NewPortal(t.ctx, t.folder, c.Name, source)
	if err != nil {
		return err
	}
	return t.made(made, c.JSON, "cd "+made.Name, "go test ./...", "go run .")
}

// inRepository are the arguments of what is written into one.
type inRepository struct {
	Name  string `arg:"" help:"What it is called: lower-case letters and digits."`
	Thing string `placeholder:"WORD" help:"What one of the things that it keeps is called. Default: the name without its plural."`
	JSON  bool   `name:"json" help:"Say in JSON what was written."`
}

type newModule struct{ inRepository }

// Run writes a module.
func (c *newModule) Run(t *tool) error {
	return c.write(t, scaffold.Module, "go test ./modules/"+c.Name)
}

type newPlugin struct{ inRepository }

// Run writes a plugin.
func (c *newPlugin) Run(t *tool) error {
	return c.write(t, scaffold.Plugin, "go test ./plugins/"+c.Name)
}

func (c *inRepository) write(t *tool, kind scaffold.Kind, next ...string) error {
	place, err := scaffold.FindPlace(t.folder)
	if err != nil {
		return err
	}
	made, err := scaffold.New(t.ctx, place, kind, c.Name, c.Thing)
	if err != nil {
		return err
	}
	if place.Portal {
		next = append(next, "cabinet dev")
	}
	return t.made(made, c.JSON, next...)
}

// made says what was written, and what comes next.
func (t *tool) made(made *scaffold.Made, inJSON bool, next ...string) error {
	if inJSON {
		return t.json(made)
	}
	t.say("The %s %s is written:", made.Kind, made.Name)
	for _, file := range made.Files {
		t.say("  %s", t.near(filepath.Join(made.Folder, file)))
	}
	for _, file := range made.Changed {
		t.say("  %s (changed)", t.near(filepath.Join(made.Folder, file)))
	}
	for _, todo := range made.Todo {
		t.say("\nBy hand: %s", strings.TrimRight(todo, "\n"))
	}
	t.say("\nNext:")
	for _, line := range next {
		t.say("  %s", line)
	}
	return nil
}

// near is a path as one would write it in the working folder.
func (t *tool) near(path string) string {
	if relative, err := filepath.Rel(t.folder, path); err == nil && !strings.HasPrefix(relative, "..") {
		return relative
	}
	return path
}
