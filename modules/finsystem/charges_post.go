package finsystem

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// holdCharge is findCharge of one that nobody else changes until the transaction ends.
func holdCharge(ctx context.Context, tx *store.Tx, id string) (chargeRow, error) {
	row, err := store.QueryOne(ctx, tx, pgx.RowToStructByPos[chargeRow], `select `+chargeFields+chargesOf+`where c.id = $1 for update of c`, id)
	return row, store.NotFoundAs(err, errNoCharge)
}

// pending is a charge with the posting that settles it, and where the posting takes it from.
type pending struct {
	row     chargeRow
	posting ledger.Posting
	account int64
}

// settle posts what of charges is not posted yet, all of them together. Whose account is too short for one is left as it is with the charge refused,
// and the others are charged all the same. The rows are held by the caller, who knows their clients; tried is for when they are tried.
func (m *Module) settle(ctx context.Context, tx *store.Tx, tried time.Time, clients map[string]*clientmanagerv1.Client, rows ...chargeRow) error {
	if len(rows) == 0 {
		return nil
	}
	list, done, err := m.prepare(ctx, tx, clients, rows)
	if err != nil {
		return err
	}
	together, alone, err := fitting(ctx, tx, list)
	if err != nil {
		return err
	}
	if err := tx.Savepoint(ctx, func(ctx context.Context) error { return postAll(ctx, tx, together) }); isLimit(err) {
		alone, together = append(alone, together...), nil // somebody spent it a moment ago
	} else if err != nil {
		return err
	}
	for _, p := range together {
		done = append(done, p.row)
	}
	slices.SortStableFunc(alone, func(a, b pending) int { return int(a.account - b.account) }) // as the ledger locks them
	for _, p := range alone {
		err := tx.Savepoint(ctx, func(ctx context.Context) error { return postAll(ctx, tx, []pending{p}) })
		var limit *ledger.LimitError
		switch {
		case err == nil:
			done = append(done, p.row)
		case errors.As(err, &limit):
			if err := m.refuseCharge(ctx, tx, p.row, limit.Short, tried); err != nil {
				return err
			}
		default:
			return err
		}
	}
	ids, postings := make([]string, len(done)), make([]int32, len(done))
	for i, row := range done {
		ids[i], postings[i] = row.ID, row.Postings
	}
	_, err = tx.Exec(ctx, `
		update finsystem.charges c set posted_net = net, posted_tax = tax, postings = d.postings, status = 'charged', short = 0, try_time = $3, charge_time = $4
		from unnest($1::uuid[], $2::integer[]) d(id, postings) where c.id = d.id`, ids, postings, tried, m.host.Now())
	return err
}

func isLimit(err error) bool {
	var limit *ledger.LimitError
	return errors.As(err, &limit)
}

// prepare makes the postings that settle charges; those for which nothing is to be posted are done.
func (m *Module) prepare(ctx context.Context, tx *store.Tx, clients map[string]*clientmanagerv1.Client, rows []chargeRow) (list []pending, done []chargeRow, err error) {
	var own, others []ledger.Of // accounts of services have no limit but what is on them
	for _, r := range rows {
		account := ledger.Of{ClientID: r.ClientID, Kind: "client", Currency: r.Currency}
		if r.OwnAccount {
			account = ledger.Of{ClientID: r.ClientID, Kind: "service", Code: r.SubscriptionID, Currency: r.Currency}
			own = append(own, account)
		} else {
			others = append(others, account)
		}
		others = append(others, ledger.Of{Kind: "revenue", Code: itemOf(r.Item), Currency: r.Currency})
		if r.TaxPercent != "" {
			others = append(others, ledger.Of{Kind: "tax", Code: r.TaxPercent, Currency: r.Currency})
		}
	}
	none, ids := int64(0), map[ledger.Of]int64{}
	for _, group := range []struct {
		accounts []ledger.Of
		limit    *int64
	}{{own, &none}, {others, m.settings.limit()}} {
		accounts := unique(group.accounts)
		if len(accounts) == 0 {
			continue
		}
		opened, err := ledger.Open(ctx, tx, group.limit, accounts...)
		if err != nil {
			return nil, nil, err
		}
		for i, of := range accounts {
			ids[of] = opened[i]
		}
	}
	closed, err := store.QueryOne(ctx, tx, pgx.RowTo[time.Time], "select closed_until from finsystem.books")
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rows {
		p := m.pendingOf(r, ids, clients[r.ClientID], closed)
		if len(p.posting.Entries) == 0 {
			done = append(done, r)
		} else {
			p.row.Postings++
			list = append(list, p)
		}
	}
	return list, done, nil
}

func (m *Module) pendingOf(r chargeRow, ids map[ledger.Of]int64, client *clientmanagerv1.Client, closed time.Time) pending {
	p := pending{row: r, account: ids[ledger.Of{ClientID: r.ClientID, Kind: "client", Currency: r.Currency}]}
	if r.OwnAccount {
		p.account = ids[ledger.Of{ClientID: r.ClientID, Kind: "service", Code: r.SubscriptionID, Currency: r.Currency}]
	}
	// A period counts for its first day, and what is charged or given back of it later for the day itself, as what lies in closed books does.
	day := r.From
	if day.Before(r.Start) {
		day = r.Start
	}
	if r.Postings > 0 || !day.After(closed) {
		day = m.today()
	}
	key := "charge:" + r.SubscriptionID + ":" + r.From.Format(time.DateOnly)
	if r.Kind == "usage" {
		key = "charge:" + r.SubscriptionID + ":" + r.ID
	}
	if r.Postings > 0 {
		key += ":" + strconv.Itoa(int(r.Postings))
	}
	kind, memo := ledger.Charge, r.Name
	if r.open() < 0 {
		kind = ledger.Reversal
	}
	if r.Stage != "" {
		memo += ": " + r.Stage
	}
	p.posting = ledger.Posting{
		Key: key, Kind: kind, ClientID: r.ClientID, Date: day, AboutID: r.SubscriptionID, Memo: memo, BranchID: client.GetBranchId(), ManagerID: client.GetManagerId(), Currency: r.Currency,
	}
	for _, e := range []struct {
		of     ledger.Of
		amount int64
	}{
		{ledger.Of{Kind: "revenue", Code: itemOf(r.Item), Currency: r.Currency}, r.Net - r.PostedNet},
		{ledger.Of{Kind: "tax", Code: r.TaxPercent, Currency: r.Currency}, r.Tax - r.PostedTax},
	} {
		if e.amount != 0 {
			p.posting.Entries = append(p.posting.Entries, ledger.Entry{Account: p.account, Contra: ids[e.of], Amount: -e.amount})
		}
	}
	return p
}

func itemOf(item string) string {
	if item == "" {
		return generalItem
	}
	return item
}

func unique(accounts []ledger.Of) []ledger.Of {
	known := map[ledger.Of]bool{}
	return slices.DeleteFunc(accounts, func(of ledger.Of) bool {
		was := known[of]
		known[of] = true
		return was
	})
}

// fitting parts what the accounts have enough for, as they stand, from what is tried one by one.
func fitting(ctx context.Context, tx *store.Tx, list []pending) (together, alone []pending, err error) {
	type standing struct {
		ID, Free int64
		Limited  bool
	}
	var ids []int64
	for _, p := range list {
		ids = append(ids, p.account)
	}
	rows, err := store.Query(ctx, tx, pgx.RowToStructByPos[standing],
		"select account_id, balance - held + coalesce(credit_limit, 0), credit_limit is not null from finsystem.balances where account_id = any ($1)", ids)
	if err != nil {
		return nil, nil, err
	}
	free := map[int64]*standing{}
	for i := range rows {
		free[rows[i].ID] = &rows[i]
	}
	for _, p := range list {
		if has := free[p.account]; has != nil && has.Limited && p.row.open() > 0 {
			if has.Free < p.row.open() {
				alone = append(alone, p)
				continue
			}
			has.Free -= p.row.open()
		}
		together = append(together, p)
	}
	return together, alone, nil
}

func postAll(ctx context.Context, tx *store.Tx, list []pending) error {
	postings := make([]ledger.Posting, len(list))
	for i, p := range list {
		postings[i] = p.posting
	}
	_, err := ledger.Post(ctx, tx, postings...)
	return err
}

// refuseCharge notes that a charge could not be posted, and says so the first time.
func (m *Module) refuseCharge(ctx context.Context, tx *store.Tx, r chargeRow, short int64, tried time.Time) error {
	if _, err := tx.Exec(ctx, "update finsystem.charges set status = 'refused', short = $2, try_time = $3 where id = $1", r.ID, short, tried); err != nil {
		return err
	}
	if r.Status == "refused" {
		return nil
	}
	return m.host.Publish(ctx, tx, r.ClientID, &v1.ChargeRefused{
		ChargeId: r.ID, SubscriptionId: r.SubscriptionID, ClientId: r.ClientID, Total: money.Of(r.Currency, r.open()), Short: money.Of(r.Currency, short),
	})
}
