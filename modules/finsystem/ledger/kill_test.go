//go:build unix

package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// What a process that posts is told: in the environment, as it is this test's own binary.
const posterEnv = "CABINET_TEST_POSTER"

const (
	workers    = 16
	operations = 100_000
	inBatch    = 25
	batches    = operations / workers / inBatch
)

type poster struct {
	DSN      string
	Folder   string // how far each worker is
	Seed     uint64
	Accounts []int64
	Own      []int64
}

// TestBooksBalanceThroughKills posts 100,000 random operations from 16 goroutines of a process that is killed again and again, and
// begins anew each time where it was: sure of nothing but that the same key is the same posting. Whatever was cut, the books hold together,
// and each operation is there whole and once, or not at all.
func TestBooksBalanceThroughKills(t *testing.T) {
	if testing.Short() {
		t.Skip("a minute of posting")
	}
	b := newBooks(t)
	p := poster{DSN: b.dsn, Folder: t.TempDir(), Seed: rand.Uint64(), Own: []int64{b.bank, b.income, b.over}}
	t.Logf("seed %d", p.Seed)
	limit := int64(5_000)
	for range 40 {
		id := store.NewID()
		storetest.Run(t, b.dsn, "insert into kernel.client (id, module) values ('"+id+"', 'clientmanager')")
		b.tx(func(ctx context.Context, tx *store.Tx) error {
			ids, err := ledger.Open(ctx, tx, &limit, ledger.Of{ClientID: id, Kind: "client", Currency: "UAH"})
			p.Accounts = append(p.Accounts, ids...)
			return err
		})
	}
	told, err := json.Marshal(p)
	require.NoError(t, err)
	kills := 0
	for done := false; !done; {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestPoster$")
		c.Env = append(os.Environ(), posterEnv+"="+string(told))
		var said strings.Builder
		c.Stdout, c.Stderr = &said, &said
		require.NoError(t, c.Start())
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		at := p.progress(t)
		for waiting := true; waiting; {
			select {
			case err := <-ended:
				require.NoError(t, err, said.String())
				done, waiting = true, false
			case <-time.After(5 * time.Millisecond):
				if kills < 6 && p.progress(t) > at+workers*batches/8 {
					require.NoError(t, c.Process.Signal(syscall.SIGKILL))
					require.Error(t, <-ended)
					kills, waiting = kills+1, false
				}
			}
		}
	}
	require.Equal(t, 6, kills)
	require.Equal(t, workers*batches, p.progress(t))

	conn, err := pgx.Connect(t.Context(), b.dsn)
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	one := func(sql string) (n int64) {
		require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&n), sql)
		return n
	}
	require.Zero(t, one("select count(*) from finsystem.balances b where b.balance < -5000 and b.credit_limit = 5000 and not exists (select from finsystem.entries e join finsystem.postings q on q.id = e.posting_id where e.account_id = b.account_id and q.kind = 'reversal')"),
		"nobody but by reversals owes more than was agreed")
	posted := one("select count(*) from finsystem.postings")
	require.Greater(t, posted, int64(operations/3))
	t.Logf("%d postings of %d operations, the others refused", posted, operations)
	// What clients have is what went out of the business's own accounts, to the last unit.
	var own int64
	for _, account := range p.Own {
		own += b.balance(account)
	}
	require.Equal(t, one("select sum(balance)::bigint from finsystem.balances"), own)
}

// progress is how many batches all workers have behind them.
func (p poster) progress(t *testing.T) (n int) {
	t.Helper()
	for w := range workers {
		n += p.behind(w)
	}
	return n
}

func (p poster) behind(worker int) int {
	text, err := os.ReadFile(filepath.Join(p.Folder, strconv.Itoa(worker)))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(string(text))
	return n
}

// TestPoster is the process that posts, and does nothing where it is not told to.
func TestPoster(t *testing.T) {
	told := os.Getenv(posterEnv)
	if told == "" {
		t.Skip("not told to")
	}
	var p poster
	require.NoError(t, json.Unmarshal([]byte(told), &p))
	config := storetest.Config(p.DSN)
	config.MaxConns = workers
	db, err := store.Open(t.Context(), config)
	require.NoError(t, err)
	defer db.Close()
	s, err := db.Module(t.Context(), store.ModuleSpec{ID: "finsystem", Migrations: migrations()})
	require.NoError(t, err)
	ctx := storetest.AsModule(t.Context(), "finsystem")
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for batch := p.behind(w); batch < batches; batch++ {
				if err := p.batch(ctx, s, w, batch); err != nil {
					t.Errorf("worker %d, batch %d: %v", w, batch, err)
					return
				}
				next := filepath.Join(p.Folder, fmt.Sprintf("%d.next", w))
				if os.WriteFile(next, []byte(strconv.Itoa(batch+1)), 0o600) != nil || os.Rename(next, filepath.Join(p.Folder, strconv.Itoa(w))) != nil {
					t.Error("its place was not written down")
				}
			}
		})
	}
	wg.Wait()
}

// batch does some operations, the same ones whenever it is run again: all at once, or, where that is refused, one by one.
func (p poster) batch(ctx context.Context, s *store.Store, worker, batch int) error {
	r := rand.New(rand.NewPCG(p.Seed, uint64(worker)<<32|uint64(batch))) //nolint:gosec // a test's
	var postings []ledger.Posting
	for i := range inBatch {
		key := fmt.Sprintf("%d/%d/%d", worker, batch, i)
		if r.IntN(10) == 0 && batch > 0 {
			if err := p.reverse(ctx, s, "back "+key, fmt.Sprintf("%d/%d/%d", worker, r.IntN(batch), r.IntN(inBatch)), 1+r.Int64N(500)); err != nil {
				return err
			}
			continue
		}
		postings = append(postings, p.random(r, key))
	}
	_, err := ledger.Post(ctx, s, postings...)
	if err == nil || !refusedByLimit(err) {
		return err
	}
	for _, one := range postings {
		if _, err := ledger.Post(ctx, s, one); err != nil && !refusedByLimit(err) {
			return err
		}
	}
	return nil
}

func refusedByLimit(err error) bool {
	var limit *ledger.LimitError
	return errors.As(err, &limit)
}

func (p poster) random(r *rand.Rand, key string) ledger.Posting {
	account, amount := p.Accounts[r.IntN(len(p.Accounts))], 1+r.Int64N(1000)
	switch r.IntN(3) {
	case 0:
		return paid(key, account, p.Own[0], amount)
	case 1:
		return charge(key, account, p.Own[1], amount)
	}
	other := p.Accounts[r.IntN(len(p.Accounts))]
	return ledger.Posting{Key: key, Kind: ledger.Transfer, Date: day, Currency: "UAH", Entries: []ledger.Entry{
		{Account: account, Contra: p.Own[2], Amount: -amount}, {Account: other, Contra: p.Own[2], Amount: amount},
	}}
}

// reverse takes a part of an earlier posting back, where that is there and so much is left of it.
func (p poster) reverse(ctx context.Context, s *store.Store, key, of string, amount int64) error {
	err := s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := store.Query(ctx, tx, pgx.RowTo[int64], "select id from finsystem.postings where key = $1", of)
		if err != nil || len(ids) == 0 {
			return err
		}
		_, err = ledger.Reverse(ctx, tx, ledger.Back{Key: key, Kind: ledger.Reversal, Posting: ids[0], Amount: amount, Date: day})
		return err
	})
	if errors.Is(err, ledger.ErrTooMuch) {
		return nil
	}
	return err
}
