package finsystem

import (
	"context"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// clientsMerged makes the money and the documents of a merged client those of the one that goes on.
func (m *Module) clientsMerged(ctx context.Context, _ event.Event, e *kernelv1.ClientsMerged) error {
	if e.GetClientId() == e.GetMergedClientId() {
		return nil
	}
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		into, err := store.Survivor(ctx, tx, e.GetMergedClientId()) // it may have been merged itself since
		if err != nil || into == "" {
			return err
		}
		audit.Concerns(tx, into)
		_, err = tx.Exec(ctx, "select finsystem.move_client($1, $2, $3)", e.GetMergedClientId(), into, m.today())
		return err
	})
}
