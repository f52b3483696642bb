package finsystem

import (
	"context"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// movePayer makes what the bank told of a merged client, and what was learned of its payers, that of the one that goes on.
func (m *Module) movePayer(ctx context.Context, _ event.Event, e *kernelv1.ClientsMerged) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		into, err := store.Survivor(ctx, tx, e.GetMergedClientId()) // it may have been merged itself since
		if err != nil || into == "" {
			return err
		}
		for _, table := range []string{"statement_entries", "match_rules"} {
			if _, err := tx.Exec(ctx, "update finsystem."+table+" set client_id = $2 where client_id = $1", e.GetMergedClientId(), into); err != nil {
				return err
			}
		}
		return nil
	})
}
