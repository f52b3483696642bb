package finsystem

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// PostEntries posts what is matched. What is posted already stays so.
func (s *statementService) PostEntries(ctx context.Context, r *v1.PostEntriesRequest) (*v1.PostEntriesResponse, error) {
	if (r.GetStatementId() == "") == (len(r.GetIds()) == 0) {
		return nil, refuse(codes.InvalidArgument, "ids", "which_entries", "say which entries are meant, or of which statement all")
	}
	if r.GetStatementId() == "" {
		n, err := s.post(ctx, r.GetIds(), actor(ctx))
		return &v1.PostEntriesResponse{Posted: n}, refused(err)
	}
	found, err := findStatement(ctx, s.host.Store, r.GetStatementId())
	switch {
	case err != nil:
		return nil, err
	case found.GetStatus() == v1.StatementStatus_STATEMENT_STATUS_WORKING:
		return nil, errWorking
	case found.GetMatched() > atOnce:
		err := s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return s.startTask(ctx, tx, r.GetStatementId(), v1.StatementTask_STATEMENT_TASK_POST, "")
		})
		return &v1.PostEntriesResponse{Started: true}, err
	}
	n, err := s.postStatement(ctx, r.GetStatementId(), actor(ctx))
	return &v1.PostEntriesResponse{Posted: n}, refused(err)
}

// postStatement posts all of a statement that is matched, some at a time. Ended in between, it goes on another time.
func (s *statementService) postStatement(ctx context.Context, id, actorID string) (int32, error) {
	var all int32
	for {
		ids, err := store.Query(ctx, s.host.Store, pgx.RowTo[string], `
			select id::text from finsystem.statement_entries where statement_id = $1 and state = 'matched' order by id limit $2`, id, together)
		if err != nil {
			return all, err
		}
		n, err := s.post(ctx, ids, actorID)
		all += n
		if err != nil || n == 0 {
			return all, err
		}
	}
}

// post posts those of some entries that are matched, in one transaction.
func (s *statementService) post(ctx context.Context, ids []string, actorID string) (n int32, err error) {
	clients, err := s.clientsOf(ctx, ids) // before the transaction: another module is asked
	if err != nil {
		return 0, err
	}
	err = s.host.Store.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n = 0
		rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[entryRow],
			`select `+entryFields+` from finsystem.statement_entries where id = any ($1::uuid[]) and state = 'matched' order by statement_entries.id for update`, some(ids))
		if err != nil || len(rows) == 0 {
			return err
		}
		open, err := firstOpen(ctx, tx)
		if err != nil {
			return err
		}
		var came, done []*entryRow
		var all []received
		for i := range rows {
			row := &rows[i]
			c := clients[*row.ClientID]
			if c == nil { // matched with another, or merged, since: another time
				continue
			}
			if row.Amount < 0 {
				p, err := holdPayment(ctx, tx, *row.PaymentID)
				if err != nil {
					return err
				}
				if -row.Amount > p.Amount-p.Reversed { // it went back another way since: a hand has to look
					row.State, row.Strength = waiting, unsure
					done = append(done, row)
					continue
				}
				if err := s.takeBack(ctx, tx, *row.PaymentID, taken{
					key: row.key(""), kind: ledger.Refund, amount: -row.Amount, day: later(row.BookingDate, open), memo: row.memo(),
				}); err != nil {
					return err
				}
				row.State = posted
				n++
				done = append(done, row)
				continue
			}
			in := received{
				key: row.key(""), clientID: c.GetId(), source: "bank", currency: row.Currency, amount: row.Amount, day: row.BookingDate, on: later(row.BookingDate, open),
				title: row.memo(), reference: cmp.Or(row.DocumentNumber, row.BankReference), actorID: actorID, into: row.bank(),
				branchID: c.GetBranchId(), managerID: c.GetManagerId(),
			}
			if len(row.Documents) > 0 {
				if in.documents, err = payable(ctx, tx, c.GetId(), row.Currency, row.Documents); err != nil { // what was voided since is not paid
					return err
				}
			}
			came, all = append(came, row), append(all, in)
		}
		if len(all) > 0 {
			payments, err := s.receiveAll(ctx, tx, all)
			if err != nil {
				return err
			}
			for i, row := range came {
				row.State, row.PaymentID, row.ClientID = posted, &payments[i], &all[i].clientID
				if len(references(row.texts())) > 0 { // a payment that was begun in the portal may be made by it
					if err := s.host.Publish(ctx, tx, payments[i], &v1.SettlementDue{PaymentId: payments[i]}); err != nil {
						return err
					}
				}
				n++
				done = append(done, row)
			}
		}
		return savePosted(ctx, tx, done, actorID)
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

func savePosted(ctx context.Context, tx *store.Tx, rows []*entryRow, actorID string) error {
	ids, states, strengths := make([]string, len(rows)), make([]string, len(rows)), make([]string, len(rows))
	payments, clients := make([]*string, len(rows)), make([]*string, len(rows))
	for i, r := range rows {
		ids[i], states[i], strengths[i], payments[i], clients[i] = r.ID, r.State, r.Strength, r.PaymentID, r.ClientID
	}
	_, err := tx.Exec(ctx, `
		update finsystem.statement_entries e set state = w.state, strength = w.strength, payment_id = w.payment, client_id = w.client,
			actor_id = coalesce(e.actor_id, nullif($6, '')::uuid)
		from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[]) w(id, state, strength, payment, client) where e.id = w.id`,
		ids, states, strengths, payments, clients, actorID)
	return err
}

// clientsOf are the clients whose some entries are.
func (s *statementService) clientsOf(ctx context.Context, ids []string) (map[string]*clientmanagerv1.Client, error) {
	list, err := store.Query(ctx, s.host.Store, pgx.RowTo[string],
		`select distinct client_id::text from finsystem.statement_entries where id = any ($1::uuid[]) and state = 'matched' and client_id is not null`, some(ids))
	if err != nil {
		return nil, err
	}
	out := map[string]*clientmanagerv1.Client{}
	for _, id := range list {
		c, err := s.client(ctx, id)
		if err == nil && c.GetMergedIntoId() != "" { // its rows follow in a moment
			c, err = s.client(ctx, c.GetMergedIntoId())
		}
		if err != nil {
			return nil, err
		}
		out[id] = c
	}
	return out, nil
}
