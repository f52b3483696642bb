package finsystem_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	clientmanagerv1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/finsystem"
	"github.com/opencabinet/cabinet/modules/finsystem/ledger"
)

// poster posts to the accounts of an office's clients what comes to its mind.
type poster struct {
	*office
	ctx                              context.Context
	s                                *store.Store
	client, service, other           int64
	bank, cash, work, tax, fee, over int64
	zero                             time.Time
	n                                atomic.Int64
}

func newPoster(t *testing.T) *poster {
	t.Helper()
	var modules []*finsystem.Module
	p := &poster{office: &office{t: t, clock: kerneltest.NewClock(time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC))}, zero: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)}
	p.Portal = kerneltest.Start(t, kerneltest.Options{Assemble: capture(&modules), Config: config, Clock: p.clock})
	modules = slices.DeleteFunc(modules, func(m *finsystem.Module) bool { return !m.Runs() })
	p.ctx, p.s = modules[len(modules)-1].Ledger(t.Context())
	p.zerno, p.office.other = p.Client(t, "Zerno"), p.Client(t, "Other")
	p.head, p.manager = p.desk(p.Head(t)), p.desk(p.Staff(t, "manager"))
	p.Serve(t, p.manager.user, p.zerno)
	p.director = p.desk(p.Contact(t, p.zerno, "client.director"))
	t.Cleanup(p.balanced)
	require.NoError(t, p.s.Tx(p.ctx, func(ctx context.Context, tx *store.Tx) error {
		ids, err := ledger.Open(ctx, tx, nil, ledger.Of{ClientID: p.zerno, Kind: "client", Currency: "UAH"}, ledger.Of{ClientID: p.zerno, Kind: "service", Code: "s", Currency: "UAH"},
			ledger.Of{ClientID: p.office.other, Kind: "client", Currency: "UAH"}, ledger.Of{Kind: "bank", Code: "b", Currency: "UAH"}, ledger.Of{Kind: "cash", Currency: "UAH"},
			ledger.Of{Kind: "revenue", Code: "work", Currency: "UAH"}, ledger.Of{Kind: "revenue", Code: "tax", Currency: "UAH"}, ledger.Of{Kind: "expense", Code: "fee", Currency: "UAH"},
			ledger.Of{Kind: "transfer", Currency: "UAH"})
		for i, at := range []*int64{&p.client, &p.service, &p.other, &p.bank, &p.cash, &p.work, &p.tax, &p.fee, &p.over} {
			*at = ids[i]
		}
		return err
	}))
	return p
}

// random is a posting for a day of some months.
func (p *poster) random(r *rand.Rand) ledger.Posting {
	amount := 1 + r.Int64N(100_000)
	q := ledger.Posting{
		Key: "random:" + strconv.FormatInt(p.n.Add(1), 10), ClientID: p.zerno, Currency: "UAH", Date: p.zero.AddDate(0, 0, r.IntN(150)), Memo: "x",
		BranchID: fmt.Sprintf("00000000-0000-7000-8000-00000000000%d", r.IntN(3)),
	}
	switch r.IntN(8) {
	case 0, 1:
		q.Kind, q.Entries = ledger.Payment, []ledger.Entry{{Account: p.client, Contra: p.bank, Amount: amount}}
	case 2, 3:
		q.Kind, q.Entries = ledger.Charge, []ledger.Entry{{Account: p.client, Contra: p.work, Amount: -amount}, {Account: p.client, Contra: p.tax, Amount: -amount / 5}}
		if amount < 5 {
			q.Entries = q.Entries[:1]
		}
	case 4: // nothing is settled by it
		q.Kind, q.Entries = ledger.Transfer, []ledger.Entry{{Account: p.client, Contra: p.over, Amount: -amount}, {Account: p.service, Contra: p.over, Amount: amount}}
	case 5:
		q.Kind, q.Entries = ledger.Charge, []ledger.Entry{{Account: p.service, Contra: p.work, Amount: -amount}}
	case 6: // from one client to another
		q.Kind, q.Entries = ledger.Transfer, []ledger.Entry{{Account: p.client, Contra: p.over, Amount: amount}, {Account: p.other, Contra: p.over, Amount: -amount}}
	default: // the business's own matter
		q.Kind, q.ClientID, q.Entries = ledger.Fee, "", []ledger.Entry{{Account: p.fee, Contra: p.bank, Amount: amount}, {Account: p.cash, Contra: p.bank, Amount: amount}}
	}
	return q
}

// post posts one, or some at once, or takes a part of an earlier one back.
func (p *poster) post(r *rand.Rand) error {
	if r.IntN(5) == 0 {
		of := "random:" + strconv.FormatInt(1+r.Int64N(p.n.Load()+1), 10)
		err := p.s.Tx(p.ctx, func(ctx context.Context, tx *store.Tx) error {
			ids, err := store.Query(ctx, tx, pgx.RowTo[int64], "select id from finsystem.postings where key = $1", of)
			if err != nil || len(ids) == 0 {
				return err
			}
			_, err = ledger.Reverse(ctx, tx, ledger.Back{
				Key: "back:" + strconv.FormatInt(p.n.Add(1), 10), Kind: ledger.Reversal, Posting: ids[0], Amount: 1 + r.Int64N(100), Date: p.zero.AddDate(0, 0, r.IntN(150)),
			})
			return err
		})
		if errors.Is(err, ledger.ErrTooMuch) {
			return nil
		}
		return err
	}
	postings := []ledger.Posting{p.random(r)}
	for range r.IntN(2) * r.IntN(6) {
		postings = append(postings, p.random(r))
	}
	_, err := ledger.Post(p.ctx, p.s, postings...)
	return err
}

// minor is an amount in its smallest unit.
func minor(amount *kernelv1.Money) int64 {
	n, err := money.Units(amount)
	if err != nil && amount != nil {
		panic(err)
	}
	return n
}

// holdsTogether tells whether a statement's lines lead from its opening to its closing balance, and come to its sums.
func holdsTogether(r *v1.Reconciliation, lines []*v1.ReconciliationLine, whole bool) error {
	opening, debits, credits := minor(r.GetOpening()), int64(0), int64(0)
	if minor(r.GetClosing()) != opening-minor(r.GetDebits())+minor(r.GetCredits()) {
		return fmt.Errorf("it does not lead to its end: %v", r)
	}
	for _, l := range lines {
		debits, credits = debits+minor(l.GetDebit()), credits+minor(l.GetCredit())
		if minor(l.GetBalance()) != opening-debits+credits {
			return fmt.Errorf("a balance does not follow: %v", l)
		}
	}
	if whole && (minor(r.GetDebits()) != debits || minor(r.GetCredits()) != credits) {
		return fmt.Errorf("lines of %d and %d: %v", debits, credits, r)
	}
	return nil
}

func (p *poster) days(r *rand.Rand) (from, to string) {
	first := r.IntN(150)
	return p.zero.AddDate(0, 0, first).Format(time.DateOnly), p.zero.AddDate(0, 0, first+r.IntN(60)).Format(time.DateOnly)
}

// compare requires that statements, lists and reports say what the entries come to, added up one by one.
func (p *poster) compare(t *testing.T, r *rand.Rand) {
	t.Helper()
	from, to := p.days(r)
	got, err := p.director.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{FromDate: from, ToDate: to})
	require.NoError(t, err)
	require.NoError(t, holdsTogether(got.GetReconciliation(), got.GetReconciliation().GetLines(), true))
	const sum = `select coalesce(sum(e.amount), 0)::text from finsystem.entries e join finsystem.accounts a on a.id = e.account_id where a.client_id = $1 and a.kind <> 'bonus' and effective_date `
	require.Equal(t, p.query(sum+"< $2", p.zerno, from)[0], strconv.FormatInt(minor(got.GetReconciliation().GetOpening()), 10))
	require.Equal(t, p.query(sum+"<= $2", p.zerno, to)[0], strconv.FormatInt(minor(got.GetReconciliation().GetClosing()), 10))

	var lines []*v1.ReconciliationLine
	for request := (&v1.ListReconciliationLinesRequest{ClientId: p.zerno, FromDate: from, ToDate: to, PageSize: 17}); ; {
		page, err := p.manager.settlements().ListReconciliationLines(t.Context(), request)
		require.NoError(t, err)
		lines = append(lines, page.GetLines()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	require.Equal(t, told(got.GetReconciliation().GetLines()), told(lines))

	for _, ask := range []struct {
		*v1.ListPostingsRequest
		where, order string
	}{
		{&v1.ListPostingsRequest{}, "true", "p.id desc"},
		{&v1.ListPostingsRequest{FromDate: from, ToDate: to}, "p.effective_date between '" + from + "' and '" + to + "'", "p.effective_date desc, p.id desc"},
		{&v1.ListPostingsRequest{Kinds: []v1.PostingKind{v1.PostingKind_POSTING_KIND_PAYMENT, v1.PostingKind_POSTING_KIND_REVERSAL}}, "p.kind in ('payment', 'reversal')", "p.effective_date desc, p.id desc"},
		{&v1.ListPostingsRequest{Kinds: []v1.PostingKind{v1.PostingKind_POSTING_KIND_CHARGE}, ToDate: to}, "p.kind = 'charge' and p.effective_date <= '" + to + "'", "p.effective_date desc, p.id desc"},
	} {
		ask.ClientId, ask.PageSize = p.zerno, 37
		ids := []string{}
		for {
			page, err := p.head.ledger.ListPostings(t.Context(), ask.ListPostingsRequest)
			require.NoError(t, err)
			for _, q := range page.GetPostings() {
				ids = append(ids, q.GetId())
			}
			if ask.PageToken = page.GetNextPageToken(); ask.PageToken == "" {
				break
			}
		}
		require.Equal(t, p.query("select p.id::text from finsystem.postings p where exists (select from finsystem.entries e where e.posting_id = p.id and e.account_id = $1) and "+
			ask.where+" order by "+ask.order, p.client), ids, "%v", ask.ListPostingsRequest)
	}
}

// compareReports requires that reports come to the same by whatever they go, and to what the postings behind them do.
func (p *poster) compareReports(t *testing.T, r *rand.Rand) {
	t.Helper()
	from, to := p.days(r)
	var first *v1.IncomeReport
	for by := v1.IncomeGroup_INCOME_GROUP_ITEM; by <= v1.IncomeGroup_INCOME_GROUP_MONTH; by++ {
		got, err := p.head.reports().GetIncomeReport(t.Context(), &v1.GetIncomeReportRequest{FromDate: from, ToDate: to, GroupBy: by, PageSize: 50})
		require.NoError(t, err)
		if first == nil {
			first = got.GetReport()
			require.Equal(t, p.query(`select coalesce(-sum(e.amount), 0)::text from finsystem.entries e join finsystem.accounts a on a.id = e.contra_id
				where a.kind = 'revenue' and effective_date between $1 and $2`, from, to)[0], strconv.FormatInt(minor(first.GetIncome()), 10))
		}
		require.True(t, proto.Equal(first, got.GetReport()), "by %v: %v\n%v", by, first, got.GetReport())
		income := int64(0)
		for _, row := range got.GetRows() {
			ask := &v1.ListReportPostingsRequest{FromDate: from, ToDate: to, GroupBy: by, Kind: row.GetKind(), Key: row.GetKey(), PageSize: 13}
			amount, postings := int64(0), int64(0)
			for {
				page, err := p.head.reports().ListReportPostings(t.Context(), ask)
				require.NoError(t, err)
				for _, q := range page.GetPostings() {
					amount, postings = amount+minor(q.GetAmount()), postings+1
				}
				require.Equal(t, row.GetAmount().GetAmount(), page.GetTotals().GetAmount().GetAmount())
				if ask.PageToken = page.GetNextPageToken(); ask.PageToken == "" {
					require.Equal(t, []int64{minor(row.GetAmount()), page.GetTotals().GetPostings()}, []int64{amount, postings}, "by %v: %v", by, row)
					break
				}
			}
			if row.GetKind() == v1.IncomeKind_INCOME_KIND_INCOME {
				income += minor(row.GetAmount())
			}
		}
		require.Equal(t, minor(first.GetIncome()), income, "by %v", by)
	}
}

// Statements say what the entries come to while many post, for days in the past and to come, and the sums of days are brought on.
func TestSumsWhilePosting(t *testing.T) {
	kerneltest.SkipAsProcess(t, "it posts with the module's own ledger")
	p := newPoster(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) } //nolint:gosec // a test's
	var posting, others sync.WaitGroup
	done := make(chan struct{})
	for n := range uint64(8) {
		posting.Go(func() {
			for r, i := random(n), 0; i < 20; i++ {
				if err := p.post(r); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	beside := func(n uint64, do func(r *rand.Rand)) {
		others.Go(func() {
			for r := random(n); ; {
				select {
				case <-done:
					return
				default:
					do(r)
				}
			}
		})
	}
	beside(100, func(*rand.Rand) { sumDays(t, p.DSN, 3) })
	for n := range uint64(2) {
		beside(200+n, func(r *rand.Rand) {
			from, to := p.days(r)
			got, err := p.director.settlements().GetReconciliation(t.Context(), &v1.GetReconciliationRequest{FromDate: from, ToDate: to})
			if err == nil {
				err = holdsTogether(got.GetReconciliation(), got.GetReconciliation().GetLines(), true)
			}
			page, failed := p.head.settlements().ListReconciliationLines(t.Context(), &v1.ListReconciliationLinesRequest{ClientId: p.zerno, FromDate: from, ToDate: to, PageSize: 5})
			if failed == nil {
				failed = holdsTogether(page.GetReconciliation(), page.GetLines(), false)
			}
			if err := errors.Join(err, failed); err != nil {
				t.Error(err)
			}
		})
	}
	posting.Wait()
	close(done)
	others.Wait()
	r := random(300)
	many := make([]ledger.Posting, 100) // more of a kind than a day names
	for i := range many {
		many[i] = ledger.Posting{
			Key: store.NewID(), Kind: ledger.Payment, ClientID: p.zerno, Currency: "UAH", Date: p.zero.AddDate(0, 0, 50+i%2), Entries: []ledger.Entry{{Account: p.client, Contra: p.bank, Amount: 1}},
		}
	}
	_, err := ledger.Post(p.ctx, p.s, slices.Concat(many, []ledger.Posting{p.random(r)})...)
	require.NoError(t, err)
	for range 2 {
		p.compare(t, r)
		for range 3 {
			require.NoError(t, p.post(r))
		}
		p.compare(t, r)
		p.compareReports(t, r)
		sumDays(t, p.DSN, 1000)
	}
	p.compare(t, r)
	p.compareReports(t, r)

	// What moved between two clients comes to nothing once they are one.
	_, err = clientmanagerv1.NewMergeServiceClient(p.head.user.Conn).MergeClients(t.Context(), &clientmanagerv1.MergeClientsRequest{RequestId: store.NewID(), IntoId: p.zerno, FromId: p.office.other})
	require.NoError(t, err)
	p.handled()
	require.Eventually(t, func() bool {
		return p.text("select count(*)::text from finsystem.accounts where client_id = '"+p.office.other+"'") == "0"
	}, 30*time.Second, 20*time.Millisecond)
	p.compare(t, r)
	require.NoError(t, p.post(r))
	p.compare(t, r)
}

// An id that was given out is final once its transaction ended, whichever way it posts: others who took later ones are done before it.
func TestSumsWaitForWhoPosts(t *testing.T) {
	kerneltest.SkipAsProcess(t, "it posts with the module's own ledger")
	p := newPoster(t)
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's
	var slow sync.WaitGroup
	end, posted := make(chan struct{}), make(chan int64, 2)
	finish := sync.OnceFunc(func() { close(end); slow.Wait() })
	defer finish()
	for _, q := range []ledger.Posting{
		{Key: "slow", Kind: ledger.Payment, ClientID: p.office.other, Currency: "UAH", Date: p.zero, Entries: []ledger.Entry{{Account: p.other, Contra: p.bank, Amount: 100}}},
		{Key: "own", Kind: ledger.Fee, Currency: "UAH", Date: p.zero, Entries: []ledger.Entry{{Account: p.fee, Contra: p.bank, Amount: 7}}},
	} {
		slow.Go(func() {
			err := p.s.Tx(p.ctx, func(ctx context.Context, tx *store.Tx) error {
				done, err := ledger.Post(ctx, tx, q)
				if err == nil {
					posted <- done[0].ID
					<-end
				}
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	first := min(<-posted, <-posted)
	for range 10 {
		_, err := ledger.Post(p.ctx, p.s, ledger.Posting{
			Key: store.NewID(), Kind: ledger.Payment, ClientID: p.zerno, Currency: "UAH", Date: p.zero, Entries: []ledger.Entry{{Account: p.client, Contra: p.bank, Amount: 1}},
		})
		require.NoError(t, err)
		sumDays(t, p.DSN, 1000)
	}
	through, err := strconv.ParseInt(p.text("select through::text from finsystem.summed"), 10, 64)
	require.NoError(t, err)
	require.Less(t, through, first)
	p.compare(t, r)
	finish()
	sumDays(t, p.DSN, 1000)
	p.compare(t, r)
	require.Equal(t, p.text("select max(id)::text from finsystem.postings"), p.text("select through::text from finsystem.summed"))
}
