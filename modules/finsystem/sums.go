package finsystem

import (
	"context"

	"github.com/jackc/pgx/v5"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// Statements and reports do not add up all that was ever posted: sums of each day are kept (migrations/0008_sums.sql), and who reads adds to them what was
// posted after they were made, in one statement: finsystem.unsummed_entries.

// sumTogether is how many postings are summed in one transaction.
const sumTogether = 20_000

// summing is when the sums of days are brought on. Between two runs, what was posted is added up by whoever reads.
func (m *Module) summing() event.Subscription {
	return event.OnSchedule(ID+".sum-days", event.Schedule{Title: ID + ".schedules.sum_days", Cron: "*/5 * * * *", CatchUp: event.CatchUpOnce},
		func(ctx context.Context, _ event.Event, _ *kernelv1.ScheduleDue) error {
			more := false
			sum := func(ctx context.Context, tx *store.Tx) (err error) {
				more, err = store.QueryOne(ctx, tx, pgx.RowTo[bool], "select finsystem.sum_days($1)", sumTogether)
				return err
			}
			err := event.Apply(ctx, m.host.Store, sum)
			for err == nil && more {
				err = m.host.Store.Tx(ctx, sum)
			}
			return err
		})
}
