package booking

import (
	"context"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientSuspended frees what a client has booked and has not begun. What goes on at the moment goes on.
func (m *Module) clientSuspended(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientSuspended) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, e.GetClientId())
		if err := setSuspended(ctx, tx, e.GetClientId(), true); err != nil {
			return err
		}
		now := m.host.Now()
		freed, err := cancelFuture(ctx, tx, e.GetClientId(), now)
		if err != nil {
			return err
		}
		for _, b := range freed {
			if err := m.publishCancelled(ctx, tx, e.GetClientId(), b, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// clientResumed lets a client book again. What was cancelled stays so: others may have the time by now.
func (m *Module) clientResumed(ctx context.Context, _ event.Event, e *clientmanagerv1.ClientResumed) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Concerns(tx, e.GetClientId())
		return setSuspended(ctx, tx, e.GetClientId(), false)
	})
}
