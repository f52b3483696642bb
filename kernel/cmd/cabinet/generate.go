package main

import (
	"fmt"
	"path/filepath"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/protos"
	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/scaffold"
)

type generate struct {
	JSON bool `name:"json" help:"Say in JSON what was written."`
}

// generated is what generate did.
type generated struct {
	Contracts []string `json:"contracts"`
	Written   []string `json:"written"`
}

// Run makes Go of every .proto file of the repository.
func (c *generate) Run(t *tool) error {
	place, err := scaffold.FindPlace(t.folder)
	if err != nil {
		return err
	}
	done, err := t.generate(place)
	if err != nil {
		return fmt.Errorf("nothing was written:\n%w", err)
	}
	if c.JSON {
		return t.json(done)
	}
	for _, file := range done.Written {
		t.say("  %s", t.near(filepath.Join(place.Root, file)))
	}
	t.say("%d .proto files, %d Go files written anew.", len(done.Contracts), len(done.Written))
	return nil
}

func (t *tool) generate(place scaffold.Place) (*generated, error) {
	framework, err := scaffold.FrameworkOf(t.ctx, place)
	if err != nil {
		return nil, err
	}
	files, err := protos.Find(place.Root)
	if err != nil {
		return nil, err
	}
	outputs, err := protos.Generate(t.ctx, protos.Options{Root: place.Root, Framework: framework, Files: files})
	if err != nil {
		return nil, err
	}
	written, err := protos.Write(place.Root, outputs)
	return &generated{Contracts: append([]string{}, files...), Written: append([]string{}, written...)}, err
}
