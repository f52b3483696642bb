package main

import (
	"context"
	"time"

	"github.com/opencabinet/cabinet/kernel/cmd/cabinet/internal/dev"
)

type develop struct {
	Args []string `arg:"" optional:"" help:"What the portal's own run takes; try cabinet run --help."`
}

// Run runs the portal and takes in what is saved.
func (c *develop) Run(t *tool) error {
	r, place, err := t.repository()
	if err != nil {
		return err
	}
	return dev.Run(t.ctx, dev.Options{
		Repository: r, Args: c.Args, Out: t.out, Err: t.errs, Now: time.Now,
		Generate: func(ctx context.Context) error {
			_, err := t.generate(place)
			return err
		},
	})
}
