package finsystem

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/audit"
	"github.com/opencabinet/cabinet/kernel/event"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
)

// UndoStatement takes an import back. Undoing what is undone does nothing.
func (s *statementService) UndoStatement(ctx context.Context, r *v1.UndoStatementRequest) (*v1.UndoStatementResponse, error) {
	found, err := findStatement(ctx, s.host.Store, r.GetId())
	switch {
	case err != nil:
		return nil, err
	case found.GetStatus() == v1.StatementStatus_STATEMENT_STATUS_UNDONE:
		return &v1.UndoStatementResponse{Statement: found}, nil
	case found.GetStatus() == v1.StatementStatus_STATEMENT_STATUS_WORKING:
		return nil, errWorking
	}
	// From here on nothing of it is posted.
	background := found.GetNewEntries() > atOnce
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		audit.About(tx, found)
		if err := s.refuseGivenBack(ctx, tx, r.GetId()); err != nil {
			return err
		}
		if background {
			return s.startTask(ctx, tx, r.GetId(), v1.StatementTask_STATEMENT_TASK_UNDO, r.GetReason())
		}
		return nil
	})
	if err == nil && !background {
		err = s.undo(ctx, r.GetId(), r.GetReason(), actor(ctx))
	}
	if err != nil {
		return nil, refused(err)
	}
	found, err = findStatement(ctx, s.host.Store, r.GetId())
	return &v1.UndoStatementResponse{Statement: found}, err
}

// refuseGivenBack refuses to undo a statement where more of its payments was given back than its own entries say.
func (s *statementService) refuseGivenBack(ctx context.Context, tx *store.Tx, statement string) error {
	given, err := store.QueryOne(ctx, tx, pgx.RowTo[bool], `
		select exists (
			select from finsystem.statement_entries e join finsystem.payments p on p.id = e.payment_id
			where e.statement_id = $1 and e.state = 'posted' and e.amount > 0 and `+givenBack+` > (
				select coalesce(-sum(o.amount), 0) from finsystem.statement_entries o
				where o.statement_id = $1 and o.state = 'posted' and o.amount < 0 and o.payment_id = p.id))`, statement)
	if err == nil && given {
		err = errGivenBack
	}
	return err
}

// undo takes a statement's entries back, some at a time: first what went out, which may have given back what came in, and what came last first. Ended in between, it goes on another time.
func (s *statementService) undo(ctx context.Context, id, reason, actorID string) error {
	for {
		left := 0
		err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
			rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[entryRow], `select `+entryFields+` from finsystem.statement_entries
				where statement_id = $1 and state <> 'undone' order by amount > 0, statement_entries.id desc limit $2 for update`, id, together)
			if err != nil {
				return err
			}
			left = len(rows)
			if err := s.undoEntries(ctx, tx, rows, reason, actorID); err != nil {
				return err
			}
			if left > 0 {
				return nil
			}
			// Another undo may hold the last ones.
			if left, err = store.QueryOne(ctx, tx, pgx.RowTo[int], "select count(*)::int from finsystem.statement_entries where statement_id = $1 and state <> 'undone'", id); err != nil {
				return err
			}
			if left == 0 {
				_, err = tx.Exec(ctx, "update finsystem.statements set undone = true, undo_reason = $2, task = '' where id = $1 and not undone", id, reason)
			}
			return err
		})
		if err != nil || left == 0 {
			return err
		}
	}
}

// workWithin is how long the portal is at a statement before it begins anew.
const workWithin = time.Hour

// work does what was left to the background: each part in a transaction of its own, so that it goes on where it was ended.
func (s *statementService) work() event.Subscription {
	job := event.On(ID+".statements", func(ctx context.Context, _ event.Event, m *v1.StatementWork) error {
		if !store.IsID(m.GetStatementId()) {
			return nil
		}
		var err error
		switch m.GetTask() {
		case v1.StatementTask_STATEMENT_TASK_MATCH:
			err = s.matchStatement(ctx, m.GetStatementId())
		case v1.StatementTask_STATEMENT_TASK_POST:
			_, err = s.postStatement(ctx, m.GetStatementId(), m.GetActorId())
		case v1.StatementTask_STATEMENT_TASK_UNDO:
			err = s.undo(ctx, m.GetStatementId(), m.GetReason(), m.GetActorId())
		}
		if err != nil && len(module.Violations(refused(err))) == 0 { // what is refused now is refused another time too, and left to a hand
			return err
		}
		return event.Apply(ctx, s.host.Store, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, "update finsystem.statements set task = '' where id = $1 and task = $2", m.GetStatementId(), statementTasks.Text(m.GetTask()))
			return err
		})
	})
	job.Timeout = workWithin
	return job
}

// matchStatement looks at what of a statement was not looked at.
func (s *statementService) matchStatement(ctx context.Context, id string) error {
	after := "00000000-0000-0000-0000-000000000000"
	for {
		rows, err := store.Query(ctx, s.host.Store, pgx.RowToStructByPos[entryRow], `select `+entryFields+` from finsystem.statement_entries
			where statement_id = $1 and not examined and state = 'waiting' and id > $2 order by statement_entries.id limit $3`, id, after, together)
		if err != nil || len(rows) == 0 {
			return err
		}
		all := make([]*entryRow, len(rows))
		for i := range rows {
			all[i] = &rows[i]
		}
		if err := s.examine(ctx, all); err != nil {
			return err
		}
		if err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error { return saveMatches(ctx, tx, all) }); err != nil {
			return err
		}
		after = rows[len(rows)-1].ID
	}
}
