package finsystem

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// undoEntries takes back what entries were posted or booked as, and says that they are undone.
func (m *Module) undoEntries(ctx context.Context, tx *store.Tx, rows []entryRow, reason, actorID string) error {
	var came []*entryRow
	for i := range rows {
		row := &rows[i]
		if row.State == posted && row.Amount > 0 {
			came = append(came, row)
			continue
		}
		if err := m.unpost(ctx, tx, row, reason, actorID); err != nil {
			return err
		}
	}
	if err := m.takeBackWhole(ctx, tx, came, reason, actorID); err != nil {
		return err
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	_, err := tx.Exec(ctx, `
		update finsystem.statement_entries set state = 'undone', posting_id = null, round = round + 1, examined = true where id = any ($1::uuid[])`, ids)
	return err
}

// takeBackWhole takes back the payments that entries were posted as: in one statement those that nothing was taken back of, the rest one by one.
func (m *Module) takeBackWhole(ctx context.Context, tx *store.Tx, rows []*entryRow, memo, actorID string) error {
	of := map[string]*entryRow{}
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = *row.PaymentID
		of[ids[i]] = row
	}
	payments, err := store.Query(ctx, tx, pgx.RowToStructByPos[paymentRow],
		`select `+paymentFields+` from finsystem.payments where id = any ($1::uuid[]) order by payments.id for update`, ids)
	if err != nil {
		return err
	}
	for _, p := range payments {
		if p.Reversed > 0 {
			if err := m.unpost(ctx, tx, of[p.ID], memo, actorID); err != nil {
				return err
			}
		}
	}
	payments = slices.DeleteFunc(payments, func(p paymentRow) bool { return p.Reversed > 0 })
	if len(payments) == 0 {
		return nil
	}
	keys := make([]string, len(payments))
	for i, p := range payments {
		ids[i], keys[i] = p.ID, of[p.ID].key(":back")
	}
	ids = ids[:len(payments)]
	if err := reverseWhole(ctx, tx, payments, keys, m.today(), memo, actorID); err != nil {
		return err
	}
	// What they paid is due again. Documents are locked as whoever allocates locks them.
	for _, sql := range []string{
		`select d.id from finsystem.documents d where d.id in (select a.document_id from finsystem.allocations a where a.payment_id = any ($1::uuid[])) order by d.due_date, d.id for update`,
		`delete from finsystem.allocations where payment_id = any ($1::uuid[])`,
		`update finsystem.payments set reversed = amount where id = any ($1::uuid[])`,
	} {
		if _, err := tx.Exec(ctx, sql, ids); err != nil {
			return err
		}
	}
	for _, p := range payments {
		if err := m.unsettles(ctx, tx, p); err != nil {
			return err
		}
		if err := m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentReversed{PaymentId: p.ID, ClientId: p.ClientID, Amount: money.Of(p.Currency, p.Amount)}); err != nil {
			return err
		}
	}
	return nil
}

// reverseWhole posts what takes payments back of which nothing was, in one statement.
func reverseWhole(ctx context.Context, tx *store.Tx, payments []paymentRow, keys []string, day time.Time, memo, actorID string) error {
	type line struct {
		Posting                   int64
		ClientID, Branch, Manager *string
		Account, Contra, Amount   int64
	}
	ids := make([]int64, len(payments))
	for i, p := range payments {
		ids[i] = p.PostingID
	}
	lines, err := store.Query(ctx, tx, pgx.RowToStructByPos[line], `
		select e.posting_id, p.client_id::text, p.branch_id::text, p.manager_id::text, e.account_id, e.contra_id, e.amount
		from finsystem.entries e join finsystem.postings p on p.id = e.posting_id where e.posting_id = any ($1) order by e.posting_id, e.line`, ids)
	if err != nil {
		return err
	}
	by := map[int64][]line{}
	for _, l := range lines {
		by[l.Posting] = append(by[l.Posting], l)
	}
	postings := make([]ledger.Posting, len(payments))
	for i, p := range payments {
		postings[i] = ledger.Posting{
			Key: keys[i], Kind: ledger.Reversal, ClientID: p.ClientID, Currency: p.Currency, Date: day, Reverses: p.PostingID, AboutID: p.ID, Memo: memo, ActorID: actorID,
		}
		for _, l := range by[p.PostingID] {
			if l.Branch != nil {
				postings[i].BranchID = *l.Branch
			}
			if l.Manager != nil {
				postings[i].ManagerID = *l.Manager
			}
			if l.ClientID != nil {
				postings[i].ClientID = *l.ClientID
			}
			postings[i].Entries = append(postings[i].Entries, ledger.Entry{Account: l.Account, Contra: l.Contra, Amount: -l.Amount})
		}
	}
	_, err = ledger.Post(ctx, tx, postings...)
	return err
}

// unpost takes back what an entry was posted or booked as, where it was.
func (m *Module) unpost(ctx context.Context, tx *store.Tx, row *entryRow, memo, actorID string) error {
	switch {
	case row.State == ignored && row.PostingID != nil:
		if _, err := ledger.Reverse(ctx, tx, ledger.Back{
			Key: row.key(":back"), Kind: ledger.Reversal, Posting: *row.PostingID, Date: m.today(), Memo: memo, ActorID: actorID,
		}); err != nil {
			return err
		}
	case row.State == posted && row.Amount > 0:
		p, err := holdPayment(ctx, tx, *row.PaymentID)
		if err != nil {
			return err
		}
		if p.Reversed < p.Amount {
			if err := m.takeBack(ctx, tx, p.ID, taken{key: row.key(":back"), kind: ledger.Reversal, day: m.today(), memo: memo}); err != nil {
				return err
			}
		}
	case row.State == posted:
		if err := m.unrefund(ctx, tx, row, actorID); err != nil {
			return err
		}
	default:
		return nil
	}
	row.PostingID = nil
	row.Round++
	return nil
}

// unrefund gives a client again what a refund took. A refund itself is not reversed: what it gave back may have been more than is left of
// the payment by now, so that it is a payment of its own.
func (m *Module) unrefund(ctx context.Context, tx *store.Tx, row *entryRow, actorID string) error {
	p, err := findPayment(ctx, tx, *row.PaymentID)
	if err != nil {
		return err
	}
	_, err = m.receive(ctx, tx, received{
		key: row.key(":back"), clientID: p.ClientID, source: "bank", currency: row.Currency, amount: -row.Amount, day: m.today(),
		title: p.Title, reference: p.Reference, actorID: actorID, into: row.bank(),
	})
	return err
}
