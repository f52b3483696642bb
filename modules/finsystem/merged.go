package finsystem

import (
	"context"
	"time"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// moveWithin is how long moving all that a client ever had may take.
const moveWithin = 30 * time.Minute

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
		if err := moveServices(ctx, tx, e.GetMergedClientId(), into); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, "select finsystem.move_client($1, $2, $3)", e.GetMergedClientId(), into, m.today()); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "select finsystem.sum_merged($1, $2)", e.GetMergedClientId(), into)
		return err
	})
}

// moveServices makes services and deferrals of a merged client those of the one that goes on. What only one can be at a time, that of the other
// stays: an open request, and what was granted where both have an account.
func moveServices(ctx context.Context, tx *store.Tx, from, into string) error {
	for _, sql := range []string{
		`update finsystem.deferrals d set status = 'withdrawn', client_id = $2 where client_id = $1 and status = 'requested'
			and exists (select from finsystem.deferrals o where o.client_id = $2 and o.status = 'requested')`,
		`update finsystem.deferrals d set status = 'expired', client_id = $2 where client_id = $1 and status = 'granted'
			and exists (select from finsystem.accounts a where a.client_id = $2 and a.kind = 'client' and a.code = '' and a.currency_code = d.currency_code)`,
		`update finsystem.deferrals set client_id = $2 where client_id = $1`,
		`update finsystem.subscriptions set client_id = $2 where client_id = $1`,
		`update finsystem.charges set client_id = $2 where client_id = $1`,
		`update finsystem.spendings set client_id = $2 where client_id = $1`,
		`update finsystem.spendings_back set client_id = $2 where client_id = $1`,
	} {
		if _, err := tx.Exec(ctx, sql, from, into); err != nil {
			return err
		}
	}
	return nil
}
