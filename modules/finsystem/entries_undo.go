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
	if err := lockMoneyOf(ctx, tx, rows); err != nil {
		return err
	}
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

// lockMoneyOf is lockMoney for the clients of entries that are posted.
func lockMoneyOf(ctx context.Context, tx *store.Tx, rows []entryRow) error {
	var clients, currencies []string
	for _, row := range rows {
		if row.State == posted && row.ClientID != nil {
			clients, currencies = append(clients, *row.ClientID), append(currencies, row.Currency)
		}
	}
	if len(clients) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `
		select finsystem.lock_money(w.client, w.currency) from (select distinct * from unnest($1::uuid[], $2::text[]) w(client, currency) order by 1, 2) w`, clients, currencies)
	return err
}

// notGivenBack refuses a payment of which money was given back by a refund or a charge-back that stands: were it taken back and brought in again, that money would be
// the payer's once more.
func notGivenBack(ctx context.Context, tx *store.Tx, payment string) error {
	given, err := store.QueryOne(ctx, tx, pgx.RowTo[bool], "select "+givenBack+" > 0 from finsystem.payments p where p.id = $1", payment)
	if err == nil && given {
		err = errGivenBack
	}
	return err
}

// givenBack is how much of the payment p refunds and charge-backs gave back that stand.
const givenBack = `(select coalesce(sum(r.amount), 0) from finsystem.postings r where r.reverses = p.posting_id and r.kind in ('refund', 'chargeback')
	and not exists (select from finsystem.postings b where b.reverses = r.id))`

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
	// What they paid is due again, and is held for nothing. Documents are locked as whoever allocates locks them.
	documents, err := store.Query(ctx, tx, pgx.RowTo[string], `
		select d.id::text from finsystem.documents d where d.id in (select a.document_id from finsystem.allocations a where a.payment_id = any ($1::uuid[]))
		order by d.due_date, d.id for update`, ids)
	if err != nil {
		return err
	}
	for _, then := range []struct {
		sql string
		of  []string
	}{
		{`delete from finsystem.allocations where payment_id = any ($1::uuid[])`, ids},
		{`select finsystem.hold_paid(d, 0) from unnest($1::uuid[]) d`, some(documents)},
		{`update finsystem.payments set reversed = amount where id = any ($1::uuid[])`, ids},
	} {
		if _, err := tx.Exec(ctx, then.sql, then.of); err != nil {
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

// unpost takes back what an entry was posted or booked as, where it was. Whoever calls it has the lock of the client's money: see lockMoneyOf.
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
		if err := notGivenBack(ctx, tx, p.ID); err != nil {
			return err
		}
		if p.Reversed < p.Amount {
			if err := m.takeBack(ctx, tx, p.ID, taken{key: row.key(":back"), kind: ledger.Reversal, day: m.today(), memo: memo}); err != nil {
				return err
			}
		}
	case row.State == posted:
		if err := m.unrefund(ctx, tx, row, memo, actorID); err != nil {
			return err
		}
	default:
		return nil
	}
	row.PostingID = nil
	row.Round++
	return nil
}

// unrefund takes a refund back: what it gave back is the client's again, and pays what is due first.
func (m *Module) unrefund(ctx context.Context, tx *store.Tx, row *entryRow, memo, actorID string) error {
	p, err := holdPayment(ctx, tx, *row.PaymentID)
	if err != nil {
		return err
	}
	refund, err := store.QueryOne(ctx, tx, pgx.RowTo[int64], "select id from finsystem.postings where key = $1", row.key(""))
	if err != nil {
		return err
	}
	if _, err := ledger.Reverse(ctx, tx, ledger.Back{
		Key: row.key(":back"), Kind: ledger.Reversal, Posting: refund, Date: m.today(), Memo: memo, ActorID: actorID,
	}); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "update finsystem.payments set reversed = reversed - $2 where id = $1", p.ID, -row.Amount); err != nil {
		return err
	}
	if err := m.host.Publish(ctx, tx, p.ClientID, &v1.PaymentRestored{PaymentId: p.ID, ClientId: p.ClientID, Amount: money.Of(p.Currency, -row.Amount)}); err != nil {
		return err
	}
	return m.allocate(ctx, tx, p.ID, nil, false)
}
