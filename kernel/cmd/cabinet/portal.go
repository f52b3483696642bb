package main

import (
	"errors"
	"os"
	"os/exec"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/dev"
	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/scaffold"
)

// ofPortal is a command of the portal's own program, which is built for it and given all that follows.
type ofPortal struct {
	Args []string `arg:"" optional:"" help:"What the portal's own command takes; try --help."`
}

type (
	check     struct{ ofPortal }
	doctor    struct{ ofPortal }
	configure struct{ ofPortal }
	schema    struct{ ofPortal }
	start     struct{ ofPortal }
)

// Run checks the portal.
func (c *check) Run(t *tool) error { return t.portal("check", c.Args, true) }

// Run shows how the portal is that runs.
func (c *doctor) Run(t *tool) error { return t.portal("doctor", c.Args, false) }

// Run shows the configuration.
func (c *configure) Run(t *tool) error { return t.portal("config", c.Args, false) }

// Run describes portal.yaml.
func (c *schema) Run(t *tool) error { return t.portal("schema", c.Args, false) }

// Run opens the portal.
func (c *start) Run(t *tool) error { return t.portal("run", c.Args, true) }

// repository is where the command was given.
func (t *tool) repository() (dev.Repository, scaffold.Place, error) {
	place, err := scaffold.FindPlace(t.folder)
	if err != nil {
		return dev.Repository{}, place, err
	}
	r, err := dev.FindRepository(place.Root, t.folder)
	return r, place, err
}

// portal builds the portal of this folder, and its plugins where they are needed, and has it do a command. What it
// answers its shell this program answers too.
func (t *tool) portal(command string, args []string, plugins bool) error {
	r, _, err := t.repository()
	if err != nil {
		return err
	}
	programs := []dev.Program{r.Main()}
	if plugins {
		more, err := r.Plugins()
		if err != nil {
			return err
		}
		programs = append(programs, more...)
	}
	for _, p := range programs {
		if _, err := r.Build(t.ctx, p); err != nil {
			return err
		}
	}
	child := exec.CommandContext(t.ctx, r.Main().Path, append([]string{command}, args...)...)
	child.Dir, child.Stdin, child.Stdout, child.Stderr = r.Portal, os.Stdin, t.out, t.errs
	child.Cancel = func() error { return child.Process.Signal(os.Interrupt) }
	err = child.Run()
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended) && ended.ExitCode() > 0:
		return exit(ended.ExitCode())
	case t.ctx.Err() != nil: // it was told to stop, and has
		return nil //nolint:nilerr // to be ended is no failure
	}
	return err
}
