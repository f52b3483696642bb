package ledger_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/cluster"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

const (
	benchAccounts = 100_000
	benchCallers  = 32
	bulkSize      = 200
	bulkCallers   = 8
)

// safe is a cluster that keeps what it was given: fsync is on.
type safe struct {
	dsn     string
	db      *store.DB
	s       *store.Store
	ids     []int64
	bank    int64
	through int64
}

func newSafe(b *testing.B) *safe {
	b.Helper()
	dir := b.TempDir()
	c, err := cluster.Start(b.Context(), cluster.Config{Dir: dir})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, c.Stop(context.WithoutCancel(b.Context()))) })
	config := storetest.Config(c.DSN())
	db, err := store.Open(b.Context(), config)
	require.NoError(b, err)
	b.Cleanup(db.Close)
	s := rows(b, db)
	w := &safe{dsn: storetest.Named(b, c.DSN(), db.Pool().Config().ConnConfig.Database), db: db, s: s}
	storetest.Run(b, w.dsn, `insert into kernel.client (id, module) select gen_random_uuid(), 'clientmanager' from generate_series(1, `+strconv.Itoa(benchAccounts)+`);
		insert into finsystem.accounts (client_id, kind, code, currency_code) select id, 'client', '', 'UAH' from kernel.client;
		insert into finsystem.balances (account_id, client_id, currency_code, balance, held) select id, client_id, currency_code, 0, 0 from finsystem.accounts;
		insert into finsystem.accounts (kind, code, currency_code) values ('bank', 'UA1', 'UAH'), ('transfer', '', 'UAH')`)
	storetest.Run(b, w.dsn, "vacuum analyze")
	return w
}

// pgbench runs its simple update for so long and returns transactions a second and their mean latency.
func (w *safe) pgbench(b *testing.B, seconds int) (float64, time.Duration) {
	b.Helper()
	u, err := url.Parse(w.dsn)
	require.NoError(b, err)
	password, _ := u.User.Password()
	run := func(args ...string) string {
		c := exec.CommandContext(b.Context(), "pgbench", append(args, w.dsn)...)
		c.Env = append(os.Environ(), "PGPASSWORD="+password)
		var said bytes.Buffer
		c.Stdout, c.Stderr = &said, &said
		require.NoError(b, c.Run(), said.String())
		return said.String()
	}
	if w.ids == nil {
		run("-i", "-q", "-s", "1")
	}
	said := run("-N", "-n", "-M", "prepared", "-c", strconv.Itoa(benchCallers), "-j", "2", "-T", strconv.Itoa(seconds))
	number := func(pattern string) float64 {
		found := regexp.MustCompile(pattern).FindStringSubmatch(said)
		require.Len(b, found, 2, said)
		n, err := strconv.ParseFloat(found[1], 64)
		require.NoError(b, err)
		return n
	}
	return number(`tps = ([0-9.]+)`), time.Duration(number(`latency average = ([0-9.]+) ms`) * float64(time.Millisecond))
}

// transfers posts from many callers at once for so long, and returns how many a second and how long each took.
func (w *safe) transfers(b *testing.B, seconds int, post func(ctx context.Context, p ledger.Posting) error, between func() (from, to int64)) (float64, []time.Duration) {
	b.Helper()
	ctx := storetest.AsModule(b.Context(), "finsystem")
	took := make([][]time.Duration, benchCallers)
	began := time.Now()
	until := began.Add(time.Duration(seconds) * time.Second)
	var wg sync.WaitGroup
	for caller := range benchCallers {
		wg.Go(func() {
			for time.Now().Before(until) {
				from, to := between()
				at := time.Now()
				if err := post(ctx, w.transfer(from, to)); err != nil {
					b.Error(err)
					return
				}
				took[caller] = append(took[caller], time.Since(at))
			}
		})
	}
	wg.Wait()
	all := slices.Concat(took...)
	slices.Sort(all)
	return float64(len(all)) / time.Since(began).Seconds(), all
}

// transfer is between two clients, through the account that transfers go through, or from that account to a client.
func (w *safe) transfer(from, to int64) ledger.Posting {
	amount := 1 + rand.Int64N(10_000)
	entries := []ledger.Entry{{Account: from, Contra: w.through, Amount: -amount}, {Account: to, Contra: w.through, Amount: amount}}
	if from == w.bank {
		entries = []ledger.Entry{{Account: to, Contra: w.bank, Amount: amount}}
	}
	return ledger.Posting{
		Key: store.NewID(), Kind: ledger.Transfer, Date: time.Now(), Currency: "UAH", Entries: entries,
	}
}

// alone posts in a transaction that has nothing else.
func (w *safe) alone(ctx context.Context, p ledger.Posting) error {
	_, err := ledger.Post(ctx, w.s, p)
	return err
}

// within posts in a transaction of the caller's.
func (w *safe) within(ctx context.Context, p ledger.Posting) error {
	return w.s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := ledger.Post(ctx, tx, p)
		return err
	})
}

// bulk posts many at a time from a few callers and returns how many a second.
func (w *safe) bulk(b *testing.B, seconds int, between func() (from, to int64)) float64 {
	b.Helper()
	ctx := storetest.AsModule(b.Context(), "finsystem")
	began := time.Now()
	until := began.Add(time.Duration(seconds) * time.Second)
	var mu sync.Mutex
	var wg sync.WaitGroup
	done := 0
	for range bulkCallers {
		wg.Go(func() {
			for time.Now().Before(until) {
				postings := make([]ledger.Posting, bulkSize)
				for i := range postings {
					postings[i] = w.transfer(between())
				}
				err := w.s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
					_, err := ledger.Post(ctx, tx, postings...)
					return err
				})
				if err != nil {
					b.Error(err)
					return
				}
				mu.Lock()
				done += bulkSize
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return float64(done) / time.Since(began).Seconds()
}

// BenchmarkTransfers is transfers a second over 100,000 accounts beside pgbench's simple update of as many, on one cluster with fsync on:
// each in a transaction of its own from 32 callers, over all accounts and all touching one bank account, and in bulk. The ways take turns, and each
// ratio is of medians of the turns.
func BenchmarkTransfers(b *testing.B) {
	w := newSafe(b)
	_, _ = w.pgbench(b, 2)
	accounts, err := pgx.Connect(b.Context(), w.dsn)
	require.NoError(b, err)
	rows, err := accounts.Query(b.Context(), "select id from finsystem.accounts where client_id is not null")
	require.NoError(b, err)
	w.ids, err = pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(b, err)
	require.NoError(b, accounts.QueryRow(b.Context(), "select id from finsystem.accounts where kind = 'bank'").Scan(&w.bank))
	require.NoError(b, accounts.QueryRow(b.Context(), "select id from finsystem.accounts where kind = 'transfer'").Scan(&w.through))
	require.NoError(b, accounts.Close(b.Context()))
	anyone := func() int64 { return w.ids[rand.IntN(len(w.ids))] }
	uniform := func() (int64, int64) {
		for {
			if from, to := anyone(), anyone(); from != to {
				return from, to
			}
		}
	}
	hot := func() (int64, int64) { return w.bank, anyone() }
	w.transfers(b, 2, w.alone, uniform)

	var simple, single, one, inside, many []float64
	var took, tookHot []time.Duration
	for b.Loop() {
		for range 3 {
			tps, _ := w.pgbench(b, 6)
			simple = append(simple, tps)
			tps, each := w.transfers(b, 6, w.alone, uniform)
			single, took = append(single, tps), append(took, each...)
			tps, each = w.transfers(b, 6, w.alone, hot)
			one, tookHot = append(one, tps), append(tookHot, each...)
			tps, _ = w.transfers(b, 6, w.within, uniform)
			inside = append(inside, tps)
			many = append(many, w.bulk(b, 6, uniform))
		}
	}
	slices.Sort(took)
	slices.Sort(tookHot)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(simple), "pgbench/s")
	b.ReportMetric(median(single), "single/s")
	b.ReportMetric(median(one), "hot/s")
	b.ReportMetric(median(inside), "within/s")
	b.ReportMetric(median(inside)/median(simple), "within-x-pgbench")
	b.ReportMetric(median(many), "bulk/s")
	b.ReportMetric(median(single)/median(simple), "single-x-pgbench")
	b.ReportMetric(median(one)/median(single), "hot-x-single")
	b.ReportMetric(median(many)/median(simple), "bulk-x-pgbench")
	for name, all := range map[string][]time.Duration{"single": took, "hot": tookHot} {
		b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, name+"-p50-ms")
		b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, name+"-p99-ms")
	}
	if os.Getenv("CABINET_VERBOSE") != "" {
		fmt.Println(simple, single, one, inside, many)
	}
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
