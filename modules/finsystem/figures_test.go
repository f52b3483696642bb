package finsystem_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// long is a portal with an account of many entries, one of a thousand, and 200 others; of each entry in three one is a payment.
type long struct {
	*kerneltest.Portal
	large, small           string
	head, manager          *kerneltest.User
	largeOwner, smallOwner *kerneltest.User
}

// entriesOf writes the postings of an account, whose client has a branch and a manager, over two years, to 30 November 2026, most of them in the order of their
// days, each with an entry: to one of 20 items of income, or from the bank.
const entriesOf = `
	with account as (
		insert into finsystem.accounts (client_id, kind, code, currency_code) values ('%[1]s', 'client', '', 'UAH') returning id
	), numbered as (
		select nextval('finsystem.posting_ids') as id, n, case when n %% 3 = 0 then 2000 + n %% 50 else -(900 + n %% 211) end as amount,
			date '2024-12-01' + (n::bigint * 729 / %[2]d)::int - case when n %% 11 = 0 then n %% 30 else 0 end as day
		from generate_series(1, %[2]d) n
	), written as (
		insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, memo, branch_id, manager_id)
		select id, 'figures:' || id, '\x00', case when n %% 500 = 7 then 'fee' when amount > 0 then 'payment' else 'charge' end, '%[1]s', abs(amount), 'UAH', day, day + interval '9 hours', 'Posting ' || n,
			('00000000-0000-7000-8000-00000000000' || %[3]d %% 5)::uuid, ('00000000-0000-7000-8000-0000000000' || 10 + %[3]d %% 40)::uuid
		from numbered
	), entered as (
		insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
		select n.id, 1, a.id, (select c.id from finsystem.accounts c where c.client_id is null
				and c.code = case when n.amount > 0 then 'figures' else 'item-' || n.n %% 20 end),
			'%[1]s', n.amount, sum(n.amount) over (order by n.id), n.day
		from numbered n cross join account a
	)
	insert into finsystem.balances (account_id, client_id, currency_code, balance, held) select a.id, '%[1]s', 'UAH', (select sum(amount) from numbered), 0 from account a;`

func newLong(b *testing.B, entries int) *long {
	b.Helper()
	l := &long{}
	l.Portal = kerneltest.Start(b, kerneltest.Options{Assemble: assemble, Config: config, Clock: kerneltest.NewClock(time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC))})
	l.large, l.small = l.Client(b, "Large"), l.Client(b, "Small")
	l.head, l.manager = l.Head(b), l.Staff(b, "manager")
	l.Serve(b, l.manager, l.large, l.small)
	l.largeOwner, l.smallOwner = l.Contact(b, l.large, "client.director"), l.Contact(b, l.small, "client.director")
	var sql strings.Builder
	sql.WriteString(`insert into finsystem.accounts (kind, code, currency_code) select 'revenue', 'item-' || n, 'UAH' from generate_series(0, 19) n;
		insert into finsystem.accounts (kind, code, currency_code) values ('bank', 'figures', 'UAH');`)
	fmt.Fprintf(&sql, entriesOf, l.small, 1000, 6)
	for i := range 200 {
		fmt.Fprintf(&sql, entriesOf, l.Client(b, "Other "+strconv.Itoa(i)), 1000, i)
	}
	fmt.Fprintf(&sql, entriesOf, l.large, entries, 7)
	storetest.Run(b, l.DSN, sql.String())
	at := time.Now()
	sumDays(b, l.DSN, 20_000)
	b.Logf("summed in %v", time.Since(at))
	storetest.Run(b, l.DSN, "vacuum analyze finsystem.entries, finsystem.postings, finsystem.accounts, finsystem.balances, finsystem.client_days, finsystem.own_days, finsystem.day_lines, finsystem.summed")
	return l
}

// BenchmarkStatements shows statements and reports beside each other: pages of an account with 1,000 entries and of one with a million (with
// CABINET_MILLION=1; else 50,000), through the router. FIGURES_REPORTS.md has the command and what came out.
func BenchmarkStatements(b *testing.B) {
	entries := 50_000
	if os.Getenv("CABINET_MILLION") != "" {
		entries = 1_000_000
	}
	l := newLong(b, entries)
	ctx := b.Context()
	small, large := v1.NewLedgerServiceClient(l.smallOwner.Conn), v1.NewLedgerServiceClient(l.largeOwner.Conn)
	head, manager := v1.NewLedgerServiceClient(l.head.Conn), v1.NewLedgerServiceClient(l.manager.Conn)
	page := func(c v1.LedgerServiceClient, r *v1.ListPostingsRequest) func() error {
		return func() error {
			_, err := c.ListPostings(ctx, r)
			return err
		}
	}
	of := func(client string, from, to string, kinds ...v1.PostingKind) *v1.ListPostingsRequest {
		return &v1.ListPostingsRequest{ClientId: client, FromDate: from, ToDate: to, Kinds: kinds, PageSize: 50}
	}
	settlements := v1.NewSettlementServiceClient(l.head.Conn)
	lines := func(client, from, to string) *v1.ListReconciliationLinesRequest {
		return &v1.ListReconciliationLinesRequest{ClientId: client, FromDate: from, ToDate: to, PageSize: 20}
	}
	statement := func(r *v1.ListReconciliationLinesRequest) func() error {
		return func() error {
			_, err := settlements.ListReconciliationLines(ctx, r)
			return err
		}
	}
	// deep turns pages until there were so many.
	deep := func(r *v1.ListReconciliationLinesRequest, lines int) *v1.ListReconciliationLinesRequest {
		r.PageSize = int32(min(200, lines)) //nolint:gosec // a few
		for ; lines > 0; lines -= int(r.GetPageSize()) {
			got, err := settlements.ListReconciliationLines(ctx, r)
			require.NoError(b, err)
			r.PageToken = got.GetNextPageToken()
		}
		r.PageSize = 20
		return r
	}
	compared := func(name string, small, large func() error) {
		b.Run(name, func(b *testing.B) {
			var took [2][]time.Duration
			for range 5 {
				require.NoError(b, small())
				require.NoError(b, large())
			}
			for b.Loop() {
				for i, call := range []func() error{small, large} {
					at := time.Now()
					require.NoError(b, call())
					took[i] = append(took[i], time.Since(at))
				}
			}
			b.ReportMetric(0, "ns/op")
			var p [2][2]time.Duration
			for i, all := range took {
				slices.Sort(all)
				p[i] = [2]time.Duration{all[len(all)/2], all[len(all)*99/100]}
			}
			for at, is := range []string{"p50", "p99"} {
				b.ReportMetric(float64(p[0][at].Microseconds())/1000, "1000-"+is+"-ms")
				b.ReportMetric(float64(p[1][at].Microseconds())/1000, "large-"+is+"-ms")
				b.ReportMetric(float64(p[1][at])/float64(p[0][at]), is+"-times")
			}
		})
	}
	const payment, fee = v1.PostingKind_POSTING_KIND_PAYMENT, v1.PostingKind_POSTING_KIND_FEE
	for _, p := range []struct {
		name         string
		small, large v1.LedgerServiceClient
		from, to     string
		kinds        []v1.PostingKind
	}{
		{name: "contact", small: small, large: large}, {name: "manager", small: manager, large: manager}, {name: "head", small: head, large: head},
		{name: "payments", small: head, large: head, kinds: []v1.PostingKind{payment}}, {name: "fees", small: head, large: head, kinds: []v1.PostingKind{fee}},
		{name: "two_months_old", small: head, large: head, from: "2025-01-01", to: "2025-02-28"},
		{name: "oldest_month", small: small, large: large, from: "2024-11-01", to: "2024-12-31"},
		{name: "until_the_middle", small: small, large: large, to: "2025-12-01"},
		{name: "fees_until_the_middle", small: head, large: head, to: "2025-12-01", kinds: []v1.PostingKind{fee}},
	} {
		compared("page/"+p.name, page(p.small, of(l.small, p.from, p.to, p.kinds...)), page(p.large, of(l.large, p.from, p.to, p.kinds...)))
	}
	for _, p := range [][3]string{{"this_month", "2026-11-01", "2026-11-30"}, {"oldest_month", "2024-12-01", "2024-12-31"}, {"middle_month", "2025-11-01", "2025-11-30"}, {"all", "2024-11-01", "2026-11-30"}} {
		compared("statement/"+p[0], statement(lines(l.small, p[1], p[2])), statement(lines(l.large, p[1], p[2])))
	}
	compared("statement/deep_in_two_months", statement(deep(lines(l.small, "2025-11-01", "2025-12-31"), 40)), statement(deep(lines(l.large, "2025-11-01", "2025-12-31"), entries/25)))

	timed := func(name string, call func() error) {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			require.NoError(b, call())
			for range 15 { // whatever -benchtime says: pages are asked for often, and these take longer
				at := time.Now()
				require.NoError(b, call())
				took = append(took, time.Since(at))
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
		})
	}
	timed("turnover", func() error {
		_, err := settlements.GetTurnover(ctx, &v1.GetTurnoverRequest{ClientId: l.large})
		return err
	})
	for file, first := range map[string]string{"pdf": "2026-11-17", "xlsx": "2026-10-01"} { // nearly as many lines as there may be
		for days, status := range map[string]int{"2026-11-27": http.StatusOK, first: http.StatusOK, "2024-12-01": http.StatusConflict} {
			timed("file/"+file+"/from_"+days, func() error {
				got := l.head.Get(b, "/m/finsystem/statement."+file+"?client_id="+l.large+"&to_date=2026-11-29&from_date="+days)
				if entries > 100_000 && got.Status != status {
					return fmt.Errorf("status %d", got.Status)
				}
				return nil
			})
		}
	}
	for _, from := range []string{"2026-11-01", "2024-12-01"} {
		for _, by := range []v1.IncomeGroup{v1.IncomeGroup_INCOME_GROUP_ITEM, v1.IncomeGroup_INCOME_GROUP_MANAGER, v1.IncomeGroup_INCOME_GROUP_CLIENT} {
			key := map[v1.IncomeGroup]string{v1.IncomeGroup_INCOME_GROUP_ITEM: "item-3", v1.IncomeGroup_INCOME_GROUP_MANAGER: "00000000-0000-7000-8000-000000000017", v1.IncomeGroup_INCOME_GROUP_CLIENT: l.large}[by]
			timed("behind_a_figure/"+strings.ToLower(strings.TrimPrefix(by.String(), "INCOME_GROUP_"))+"/from_"+from, func() error {
				_, err := v1.NewReportServiceClient(l.head.Conn).ListReportPostings(ctx, &v1.ListReportPostingsRequest{
					FromDate: from, ToDate: "2026-11-30", GroupBy: by, Kind: v1.IncomeKind_INCOME_KIND_INCOME, Key: key, PageSize: 50,
				})
				return err
			})
		}
	}
	for _, who := range []struct {
		name string
		user *kerneltest.User
	}{{"head", l.head}, {"manager", l.manager}} {
		for by := v1.IncomeGroup_INCOME_GROUP_ITEM; by <= v1.IncomeGroup_INCOME_GROUP_MONTH; by++ {
			for _, from := range []string{"2026-11-01", "2025-12-01"} {
				timed("income/"+who.name+"/"+strings.ToLower(strings.TrimPrefix(by.String(), "INCOME_GROUP_"))+"/from_"+from, func() error {
					_, err := v1.NewReportServiceClient(who.user.Conn).GetIncomeReport(ctx, &v1.GetIncomeReportRequest{
						FromDate: from, ToDate: "2026-11-30", GroupBy: by, PageSize: 50,
					})
					if status.Code(err) == codes.FailedPrecondition { // too many postings, which is said at once
						return nil
					}
					return err
				})
			}
		}
	}
}
