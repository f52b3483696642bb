package clientmanager

import (
	"context"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/store"
)

// regroupedTogether is how many clients the job goes through in one transaction.
const regroupedTogether = 1000

// segmentsLane is the key of the job: one goes on after the other.
const segmentsLane = "segments"

// changingRules begins a change of rules: it waits for those who write clients by the present ones, and has others
// wait. A transaction that changes rules calls it before anything else.
func changingRules(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('clientmanager.segments', 0))`)
	return err
}

// rulesChanged has all clients gone through by the rules as they are when the transaction commits.
func (m *Module) rulesChanged(ctx context.Context, tx *store.Tx) error {
	generation, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], `update clientmanager.segment_state set generation = generation + 1 returning generation`)
	if err != nil {
		return err
	}
	return m.host.Publish(ctx, tx, segmentsLane, &v1.SegmentRulesChanged{Generation: generation})
}

// segmentRulesChanged goes through some clients, and has itself called for those that come after. Both are of one
// transaction: killed in between, it goes on where it was. A change of rules that came later goes through all again, so
// an earlier one stops.
func (m *Module) segmentRulesChanged(ctx context.Context, _ event.Event, e *v1.SegmentRulesChanged) error {
	return event.Apply(ctx, m.host.Store, func(ctx context.Context, tx *store.Tx) error {
		audit.Quiet(tx)
		if _, err := m.holdRules(ctx, tx); err != nil {
			return err
		}
		generation, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], `select generation from clientmanager.segment_state`)
		if err != nil || generation != e.GetGeneration() {
			return err
		}
		from := &store.Where{}
		if e.GetAfterClientId() != "" {
			from.Add("id > ?::uuid", e.GetAfterClientId())
		}
		most := from.Arg(regroupedTogether)
		ids, err := store.Query(ctx, tx, pgx.RowTo[string],
			`select id::text from clientmanager.clients`+from.String()+` order by clients.id limit `+most+` for no key update`, from.Args...)
		if err != nil {
			return err
		}
		if _, err := m.regroup(ctx, tx, ids); err != nil {
			return err
		}
		if len(ids) == regroupedTogether {
			return m.host.Publish(ctx, tx, segmentsLane, &v1.SegmentRulesChanged{Generation: generation, AfterClientId: ids[len(ids)-1]})
		}
		_, err = tx.Exec(ctx, `update clientmanager.segment_state set done = $1 where done < $1`, generation)
		return err
	})
}
