package finsystem

import (
	"context"
	"time"

	"github.com/opencabinet/cabinet/kernel/store"
)

// Charge charges what is due, as the schedule does.
func (m *Module) Charge(ctx context.Context, run time.Time) error {
	return m.charge(m.host.Self(ctx), run)
}

// Runs tells whether the module is one of a portal that is open, and not only looked at.
func (m *Module) Runs() bool { return m.host != nil }

// Ledger hands out what the module posts with, and as whom.
func (m *Module) Ledger(ctx context.Context) (context.Context, *store.Store) {
	return m.host.Self(ctx), m.host.Store
}
