package finsystem

import (
	"context"
	"time"
)

// Charge charges what is due, as the schedule does.
func (m *Module) Charge(ctx context.Context, run time.Time) error {
	return m.charge(m.host.Self(ctx), run)
}

// Runs tells whether the module is one of a portal that is open, and not only looked at.
func (m *Module) Runs() bool { return m.host != nil }
