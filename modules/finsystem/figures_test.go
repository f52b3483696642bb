package finsystem_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// entriesOf writes an account's postings over two years, to 30 November 2026, most of them in the order of their days, each with an entry: to one of 20
// items of income, or from the bank.
const entriesOf = `
	with account as (
		insert into finsystem.accounts (client_id, kind, code, currency_code) values ('%[1]s', 'client', '', 'UAH') returning id
	), numbered as (
		select nextval('finsystem.posting_ids') as id, n, case when n %% 3 = 0 then 2000 + n %% 50 else -(900 + n %% 211) end as amount,
			date '2024-12-01' + (n::bigint * 729 / %[2]d)::int - case when n %% 11 = 0 then n %% 30 else 0 end as day
		from generate_series(1, %[2]d) n
	), written as (
		insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, memo, branch_id, manager_id)
		select id, 'figures:' || id, '\x00', case when amount > 0 then 'payment' else 'charge' end, '%[1]s', abs(amount), 'UAH', day, day + interval '9 hours', 'Posting ' || n,
			('00000000-0000-7000-8000-00000000000' || n %% 5)::uuid, ('00000000-0000-7000-8000-0000000000' || 10 + n %% 40)::uuid
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
	fmt.Fprintf(&sql, entriesOf, l.small, 1000)
	for i := range 200 {
		fmt.Fprintf(&sql, entriesOf, l.Client(b, "Other "+strconv.Itoa(i)), 1000)
	}
	fmt.Fprintf(&sql, entriesOf, l.large, entries)
	storetest.Run(b, l.DSN, sql.String())
	storetest.Run(b, l.DSN, "vacuum analyze finsystem.entries, finsystem.postings, finsystem.accounts, finsystem.balances")
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
			r.PageSize = 50
			got, err := c.ListPostings(ctx, r)
			if err == nil && len(got.GetPostings()) != 50 {
				return fmt.Errorf("%d postings", len(got.GetPostings()))
			}
			return err
		}
	}
	of := func(client string, change func(*v1.ListPostingsRequest)) *v1.ListPostingsRequest {
		r := &v1.ListPostingsRequest{ClientId: client}
		if change != nil {
			change(r)
		}
		return r
	}
	old := func(r *v1.ListPostingsRequest) { r.FromDate, r.ToDate = "2025-01-01", "2025-02-28" }
	payments := func(r *v1.ListPostingsRequest) { r.Kinds = []v1.PostingKind{v1.PostingKind_POSTING_KIND_PAYMENT} }
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
	compared("page/contact", page(small, of("", nil)), page(large, of("", nil)))
	compared("page/manager", page(manager, of(l.small, nil)), page(manager, of(l.large, nil)))
	compared("page/head", page(head, of(l.small, nil)), page(head, of(l.large, nil)))
	compared("page/payments", page(head, of(l.small, payments)), page(head, of(l.large, payments)))
	compared("page/old_days", page(head, of(l.small, old)), page(head, of(l.large, old)))

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
	settlements := v1.NewSettlementServiceClient(l.head.Conn)
	for _, days := range [][2]string{{"2026-11-01", "2026-11-30"}, {"2025-03-01", "2025-03-31"}, {"2024-12-01", "2026-11-30"}} {
		timed("reconciliation/"+days[0]+"_"+days[1], func() error {
			_, err := settlements.ListReconciliationLines(ctx, &v1.ListReconciliationLinesRequest{ClientId: l.large, FromDate: days[0], ToDate: days[1], PageSize: 50})
			return err
		})
	}
	timed("turnover", func() error {
		_, err := settlements.GetTurnover(ctx, &v1.GetTurnoverRequest{ClientId: l.large})
		return err
	})
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
					return err
				})
			}
		}
	}
}
