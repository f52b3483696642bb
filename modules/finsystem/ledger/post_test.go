package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

func charge(key string, account, income, amount int64) ledger.Posting {
	p := paid(key, account, income, -amount)
	p.Kind = ledger.Charge
	return p
}

func TestMoneyMoves(t *testing.T) {
	b := newBooks(t)
	b.post(paid("p1", b.ann, b.bank, 100_00))
	b.post(charge("c1", b.ann, b.income, 30_00))
	require.Equal(t, int64(70_00), b.balance(b.ann))
	require.Equal(t, int64(100_00), b.balance(b.bank), "what the business has there")
	require.Equal(t, int64(-30_00), b.balance(b.income), "what came in")

	// From one client to another, in one posting.
	move := ledger.Posting{Key: "t1", Kind: ledger.Transfer, Date: day, Currency: "UAH", Entries: []ledger.Entry{
		{Account: b.ann, Contra: b.over, Amount: -20_00}, {Account: b.ben, Contra: b.over, Amount: 20_00},
	}}
	b.post(move)
	require.Equal(t, int64(50_00), b.balance(b.ann))
	require.Equal(t, int64(20_00), b.balance(b.ben))
	require.Zero(t, b.balance(b.over))
}

// The two ways in, one posting and many, refuse the same.
func TestWhatIsRefused(t *testing.T) {
	b := newBooks(t)
	dollars := ledger.Of{Kind: "bank", Code: "UA1", Currency: "USD"}
	var usd int64
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		ids, err := ledger.Open(ctx, tx, nil, dollars)
		if err == nil {
			usd = ids[0]
		}
		return err
	})
	b.post(paid("first", b.ann, b.bank, 10_00))
	b.tx(func(ctx context.Context, tx *store.Tx) error { return ledger.Close(ctx, tx, day.AddDate(0, 0, -5)) })
	late := paid("late", b.ann, b.bank, 1)
	late.Date = day.AddDate(0, 0, -5)
	foreign := paid("foreign", b.ann, b.bank, 1)
	foreign.Currency = "USD"
	for name, c := range map[string]struct {
		posting ledger.Posting
		want    error
	}{
		"more than there is":              {charge("more", b.ann, b.income, 10_01), &ledger.LimitError{Account: b.ann, Short: 1}},
		"the same key with other content": {paid("first", b.ann, b.bank, 10_01), ledger.ErrOtherContent},
		"a day in closed books":           {late, ledger.ErrClosed},
		"another currency":                {foreign, ledger.ErrUnbalanced},
		"a contra account of another":     {paid("usd", b.ann, usd, 1), ledger.ErrUnbalanced},
		"a client's as contra account":    {paid("ben", b.ann, b.ben, 1), ledger.ErrUnbalanced},
		"an account there is not":         {paid("none", 999_999, b.bank, 1), ledger.ErrUnbalanced},
		"a contra account there is not":   {paid("none", b.ann, 999_999, 1), ledger.ErrUnbalanced},
		"an entry of nothing":             {paid("zero", b.ann, b.bank, 0), ledger.ErrNothing},
		"no entries":                      {ledger.Posting{Key: "empty", Kind: ledger.Payment, Date: day, Currency: "UAH"}, ledger.ErrUnbalanced},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ledger.Post(b.ctx, b.s, c.posting)
			require.Equal(t, c.want, err)
			_, err = ledger.Post(b.ctx, b.s, paid("beside "+name, b.ben, b.bank, 5), c.posting)
			require.Equal(t, c.want, err)
			require.Equal(t, int64(10_00), b.balance(b.ann))
			require.Zero(t, b.balance(b.ben), "all or none")
		})
	}
}

func TestTheSameKeyIsTheSamePosting(t *testing.T) {
	b := newBooks(t)
	one := b.post(paid("k", b.ann, b.bank, 500))
	require.True(t, one[0].Fresh)
	again := paid("k", b.ann, b.bank, 500)
	again.Date = day.AddDate(0, 0, 1) // tried again after midnight
	require.Equal(t, []ledger.Posted{{ID: one[0].ID}}, b.post(again))

	// Among new ones, too.
	many := b.post(paid("k2", b.ann, b.bank, 1), again, paid("k3", b.ben, b.bank, 2))
	require.Equal(t, []bool{true, false, true}, []bool{many[0].Fresh, many[1].Fresh, many[2].Fresh})
	require.Equal(t, one[0].ID, many[1].ID)
	require.Less(t, many[0].ID, many[2].ID)
	require.Equal(t, int64(501), b.balance(b.ann))
	require.Equal(t, []ledger.Posted{{ID: many[0].ID}, {ID: many[2].ID}}, b.post(paid("k2", b.ann, b.bank, 1), paid("k3", b.ben, b.bank, 2)), "and no new ones")
	_, err := ledger.Post(b.ctx, b.s, paid("twice", b.ann, b.bank, 1), again, paid("twice", b.ann, b.bank, 1))
	require.Equal(t, ledger.ErrOtherContent, err, "which of two in one statement it is nobody can say")
	require.Equal(t, int64(501), b.balance(b.ann))

	// From many at once, one makes it.
	var fresh atomic.Int64
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			done, err := ledger.Post(b.ctx, b.s, paid("raced", b.ann, b.bank, 7))
			if err == nil && done[0].Fresh {
				fresh.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(1), fresh.Load())
	require.Equal(t, int64(508), b.balance(b.ann))
}

// Twenty spend what is there for five: five do, whether one posts at a time, or several in one.
func TestNobodySpendsWhatIsNotThere(t *testing.T) {
	b := newBooks(t)
	b.post(paid("in", b.ann, b.bank, 500), paid("in2", b.ben, b.bank, 500))
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			postings := []ledger.Posting{charge(fmt.Sprintf("c%d", i), b.ann, b.income, 100)}
			if i%2 == 0 {
				postings = append(postings, charge(fmt.Sprintf("d%d", i), b.ben, b.income, 1))
			}
			if _, err := ledger.Post(b.ctx, b.s, postings...); err == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(5), done.Load())
	require.Zero(t, b.balance(b.ann))
}

// What a bank takes back is owed, whatever was agreed; and from then on nothing more is.
func TestAChargebackPassesTheLimit(t *testing.T) {
	b := newBooks(t)
	in := b.post(paid("in", b.ann, b.bank, 500))
	b.post(charge("spent", b.ann, b.income, 400))
	back := func(key string, amount int64) (ledger.Posted, error) {
		var done ledger.Posted
		err := b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			done, err = ledger.Reverse(ctx, tx, ledger.Back{Key: key, Kind: ledger.Chargeback, Posting: in[0].ID, Amount: amount, Date: day})
			return err
		})
		return done, err
	}
	_, err := back("back", 300)
	require.NoError(t, err)
	require.Equal(t, int64(-200), b.balance(b.ann))
	_, err = back("back", 300)
	require.NoError(t, err, "the same once more is the same")
	require.Equal(t, int64(-200), b.balance(b.ann))
	_, err = back("more", 201)
	require.ErrorIs(t, err, ledger.ErrTooMuch)
	_, err = back("rest", 0)
	require.NoError(t, err)
	require.Equal(t, int64(-400), b.balance(b.ann))
	_, err = back("again", 0)
	require.ErrorIs(t, err, ledger.ErrTooMuch)
	_, err = ledger.Post(b.ctx, b.s, charge("more", b.ann, b.income, 1))
	require.ErrorAs(t, err, new(*ledger.LimitError))
	b.post(paid("some", b.ann, b.bank, 1)) // what comes is taken, also while more is owed than was agreed
}

// Many take back parts of one payment at once: never more than it was.
func TestPartsAreNeverMoreThanTheWhole(t *testing.T) {
	b := newBooks(t)
	in := b.post(ledger.Posting{Key: "in", Kind: ledger.Charge, Date: day, Currency: "UAH", Entries: []ledger.Entry{
		{Account: b.ben, Contra: b.income, Amount: 3_33}, {Account: b.ben, Contra: b.over, Amount: 3_33}, {Account: b.ben, Contra: b.bank, Amount: 3_34},
	}})
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range 30 {
		wg.Go(func() {
			err := b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := ledger.Reverse(ctx, tx, ledger.Back{Key: fmt.Sprint("r", i), Kind: ledger.Reversal, Posting: in[0].ID, Amount: 77, Date: day})
				return err
			})
			if err == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	require.Equal(t, int64(12), done.Load())
	require.Equal(t, int64(10_00-12*77), b.balance(b.ben))
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.Reverse(ctx, tx, ledger.Back{Key: "rest", Kind: ledger.Reversal, Posting: in[0].ID, Date: day})
		return err
	})
	for _, account := range []int64{b.ben, b.income, b.over, b.bank} {
		require.Zero(t, b.balance(account), "the parts came to the whole, in each account")
	}
}

func TestHolds(t *testing.T) {
	b := newBooks(t)
	b.post(paid("in", b.ann, b.bank, 500))
	id := store.NewID()
	hold := func(id string, amount int64) error {
		return b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			return ledger.Hold(ctx, tx, id, b.ann, amount, "a room", day)
		})
	}
	require.NoError(t, hold(id, 300))
	require.NoError(t, hold(id, 300))
	require.ErrorIs(t, hold(id, 301), ledger.ErrOtherContent)
	require.Equal(t, &ledger.LimitError{Account: b.ann, Short: 1}, hold(store.NewID(), 201))
	_, err := ledger.Post(b.ctx, b.s, charge("held", b.ann, b.income, 201))
	require.Equal(t, &ledger.LimitError{Account: b.ann, Short: 1}, err)
	b.tx(func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.Capture(ctx, tx, id, charge("captured", b.ann, b.income, 250))
		return err
	})
	require.Equal(t, int64(250), b.balance(b.ann))
	require.ErrorIs(t, b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error { return ledger.Release(ctx, tx, id) }), ledger.ErrHold)
}

// A contact reaches the accounts of the client acted for, and the business's own as the other side alone.
func TestAForeignClientIsOutOfReach(t *testing.T) {
	b := newBooks(t)
	b.post(paid("in", b.ann, b.bank, 500), paid("in2", b.ben, b.bank, 500))
	ann := b.as(b.annID)
	_, err := ledger.Post(ann, b.s, charge("mine", b.ann, b.income, 1))
	require.NoError(t, err)
	for _, p := range [][]ledger.Posting{
		{charge("theirs", b.ben, b.income, 1)},
		{charge("mine too", b.ann, b.income, 1), charge("theirs", b.ben, b.income, 1)},
		{charge("own", b.bank, b.income, 1)},
		{charge("mine too", b.ann, b.income, 1), charge("own", b.bank, b.income, 1)},
	} {
		_, err := ledger.Post(ann, b.s, p...)
		require.ErrorIs(t, err, ledger.ErrForeign)
	}
	for _, do := range []func(ctx context.Context, tx *store.Tx) error{
		func(ctx context.Context, tx *store.Tx) error {
			return ledger.Hold(ctx, tx, store.NewID(), b.ben, 1, "", day)
		},
		func(ctx context.Context, tx *store.Tx) error { return ledger.SetLimit(ctx, tx, b.ben, nil) },
		func(ctx context.Context, tx *store.Tx) error { return ledger.Close(ctx, tx, day) },
		func(ctx context.Context, tx *store.Tx) error {
			_, err := ledger.Open(ctx, tx, nil, ledger.Of{ClientID: b.benID, Kind: "bonus", Currency: "UAH"})
			return err
		},
	} {
		require.ErrorIs(t, b.s.Tx(ann, do), ledger.ErrForeign)
	}
	seen, err := store.Query(ann, b.s, pgx.RowTo[string], "select distinct client_id::text from finsystem.entries union select client_id::text from finsystem.postings where client_id is not null union select client_id::text from finsystem.balances")
	require.NoError(t, err)
	require.Equal(t, []string{b.annID}, seen)
	require.Equal(t, int64(500), b.balance(b.ben))
}

// Nothing that was posted changes, for the module, nor for the owner of its tables, nor for the database's superuser who forgot.
func TestWhatWasPostedStays(t *testing.T) {
	b := newBooks(t)
	b.post(paid("in", b.ann, b.bank, 500))
	for _, sql := range []string{
		"update finsystem.entries set amount = 1", "delete from finsystem.entries", "truncate finsystem.entries",
		"update finsystem.postings set memo = 'x'", "delete from finsystem.postings", "truncate finsystem.postings",
	} {
		err := b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, sql)
			return err
		})
		require.Error(t, err, sql)
		conn, err := pgx.Connect(t.Context(), b.dsn)
		require.NoError(t, err)
		_, err = conn.Exec(t.Context(), sql)
		var pg *pgconn.PgError
		require.ErrorAs(t, err, &pg, sql)
		require.Equal(t, "FS001", pg.Code, sql)
		require.NoError(t, conn.Close(t.Context()))
	}
	for _, sql := range []string{"update finsystem.balances set balance = 1", "insert into finsystem.books values (false, now(), 'x')", "update finsystem.books set closed_until = now()"} {
		err := b.s.Tx(b.ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, sql)
			return err
		})
		require.Error(t, err, sql)
	}
}

// Ids ascend within an account as its balance goes on, whoever posts at once, so that a page of a statement is a page.
func TestAStatementIsInOrder(t *testing.T) {
	b := newBooks(t)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 25 {
				var postings []ledger.Posting
				for m := range 1 + (i+n)%3 {
					postings = append(postings, paid(fmt.Sprintf("%d/%d/%d", i, n, m), []int64{b.ann, b.ben}[(i+m)%2], b.bank, int64(1+n)))
				}
				_, err := ledger.Post(b.ctx, b.s, postings...)
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, account := range []int64{b.ann, b.ben} {
		balances, err := store.Query(b.ctx, b.s, pgx.RowTo[int64], "select balance from finsystem.entries where account_id = $1 order by posting_id, line", account)
		require.NoError(t, err)
		require.True(t, slices.IsSorted(balances))
	}
}
