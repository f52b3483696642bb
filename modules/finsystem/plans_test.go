package finsystem_test

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	v1 "github.com/opencabinet/cabinet/contracts/finsystem/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/finsystem"
)

// Rows of everything that is listed, made in SQL as the module would write them, for a client with most of it and many others with some: client is
// whose the n-th is. Half a year of it is summed.
const manyRows = `
	set session_replication_role = replica; -- no triggers, which take long
	create function pg_temp.id(n bigint) returns uuid language sql immutable as $$ select (lpad(to_hex(n), 12, '0') || '70008000000000000001')::uuid $$;
	create temp table whose as select n, case when n % 4 <> 0 then 'LARGE'::uuid when n % 400 = 0 then 'SMALL'::uuid else pg_temp.id(1 + n % 2003) end as client,
		date '2026-11-30' - ((ROWS - n) * 700 / ROWS)::int as day from generate_series(1, ROWS) n;
	create temp table few as select * from whose where n <= 40000;
	insert into kernel.client (id, module) select distinct client, 'clientmanager' from whose on conflict do nothing;
	insert into finsystem.accounts (client_id, kind, code, currency_code) select distinct client, 'client', '', 'UAH' from whose;
	insert into finsystem.accounts (client_id, kind, code, currency_code) values ('LARGE', 'service', 's', 'UAH'), (null, 'revenue', 'work', 'UAH'), (null, 'bank', 'b', 'UAH');
	insert into finsystem.postings (id, key, digest, kind, client_id, amount, currency_code, effective_date, post_time, memo, about_id)
		select nextval('finsystem.posting_ids'), 'k' || n, '', case when n % 9973 = 0 then 'adjustment' when n % 3 = 0 then 'payment' else 'charge' end, client, 100, 'UAH', day, day, 'm', pg_temp.id(n) from whose;
	insert into finsystem.entries (posting_id, line, account_id, contra_id, client_id, amount, balance, effective_date)
		select p.id, 1, a.id, c.id, a.client_id, 100, 0, p.effective_date from finsystem.postings p
		join finsystem.accounts a on a.client_id = p.client_id and a.kind = case when p.id % 10 = 3 and p.client_id = 'LARGE' then 'service' else 'client' end
		join finsystem.accounts c on c.kind = case p.kind when 'payment' then 'bank' else 'revenue' end;
	insert into finsystem.balances (account_id, client_id, currency_code, balance, held) select id, client_id, 'UAH', 0, 0 from finsystem.accounts where client_id is not null;
	insert into finsystem.holds (id, account_id, client_id, amount, what, status, create_time)
		select pg_temp.id(n), a.id, client, 1, 'x', case when n % 1000 = 0 then 'held' else 'released' end, day from few join finsystem.accounts a on a.client_id = client and a.kind = 'client';
	insert into finsystem.documents (id, client_id, kind, status, number, subject, currency_code, issue_date, payment_days, due_date, lines, taxes, net, tax, total, paid, note,
			original_by_hand, check_code, create_time, revision)
		select pg_temp.id(n), client, case when n % 2 = 0 then 'invoice' else 'act' end, case when n % 997 = 0 then 'draft' else 'issued' end, case when n % 997 = 0 then '' else 'N' || n end,
			's', 'UAH', day, 0, day, '[]', '[]', 1, 0, 1, case when n % 500 = 0 then 0 else 1 end, '', false, n::text, day, 1 from few;
	insert into finsystem.payments (id, source_key, client_id, source, currency_code, amount, pay_date, title, reference, posting_id, create_time)
		select pg_temp.id(n), n::text, client, case when n % 997 = 0 then 'cash' else 'bank' end, 'UAH', 1, day, '', '', n, day from few;
	insert into finsystem.subscriptions (id, client_id, name, item, unit, currency_code, price, quantity, tax_mode, tax_percent, period, billing_day, start_date, stages,
			own_account, status, pauses, suspended, create_time, update_time, revision)
		select pg_temp.id(n), client, 'x', '', '', 'UAH', 1, 1, 'none', '', 'month', 0, day, '[]', false, case when n % 997 = 0 then 'draft' else 'active' end, '[]', false, day, day, 1 from few;
	insert into finsystem.charges (id, subscription_id, client_id, kind, from_date, to_date, days, of_days, quantity, price, tax_mode, tax_percent, item, stage, note, net, tax, posted_net, posted_tax,
			status, create_time)
		select pg_temp.id(n), pg_temp.id(n - n % 4), client, 'usage', day, day, 1, 1, 1, 1, 'none', '', '', '', '', 1, 0, 1, 0, case when n % 997 = 0 then 'refused' else 'charged' end, day from few;
	insert into finsystem.deferrals (id, client_id, currency_code, amount, days, why, status, reason, create_time)
		select pg_temp.id(n), client, 'UAH', 1, 1, '', 'declined', '', day from few where n % 4 = 0;
	insert into finsystem.match_rules (id, kind, value, client_id, create_time) select pg_temp.id(n), 'name', n::text, client, day from few;
	insert into finsystem.statements (id, file_name, format, entries, not_booked, mismatches, create_time)
		select pg_temp.id(n), 'f', 'mt940', 100, 0, '{}', now() from generate_series(100, 40000, 100) n;
	insert into finsystem.statement_accounts (statement_id, position, account, currency_code, opening_currency, closing_currency, money_in, money_out, entries, new_entries, last_name, last_number, digest)
		select id, 0, 'a', 'UAH', 'UAH', 'UAH', 0, 0, 100, 100, '', '', '' from finsystem.statements;
	insert into finsystem.statement_entries (id, statement_id, fingerprint, account, currency_code, amount, booking_date, counterparty_name, counterparty_account, counterparty_tax_id,
			purpose, bank_reference, document_number, other_references, reversal, state, examined, client_id)
		select pg_temp.id(n), pg_temp.id(greatest(100, n - n % 100)), n::text, 'a', 'UAH', 1, day, '', '', '', '', '', '', '', false, case when n % 997 = 0 then 'waiting' else 'posted' end, true, client from few;
	set session_replication_role = origin;`

// plan is a node of what Postgres says it did.
type plan struct {
	Type       string  `json:"Node Type"`
	Relation   string  `json:"Relation Name"`
	Index      string  `json:"Index Name"`
	Rows       float64 `json:"Actual Rows"`
	Loops      float64 `json:"Actual Loops"`
	Filtered   float64 `json:"Rows Removed by Filter"`
	Rechecked  float64 `json:"Rows Removed by Index Recheck"`
	Hit        float64 `json:"Shared Hit Blocks"`
	Read       float64 `json:"Shared Read Blocks"`
	Plans      []plan
	Whole, SQL string `json:"-"`
}

// read adds up how many rows of each table were read, in it and below, and tells which tables were read from their beginning.
func (p plan) read(rows map[string]float64, whole map[string]bool) {
	if p.Relation != "" {
		rows[p.Relation] += (p.Rows + p.Filtered + p.Rechecked) * p.Loops
		whole[p.Relation] = whole[p.Relation] || p.Type == "Seq Scan"
	}
	for _, below := range p.Plans {
		below.read(rows, whole)
	}
}

// readsAll are questions that read all that a manager's clients have: by each client there is an index, and none by all of some. It is what a portfolio has,
// not the table.
var readsAll = map[string]bool{"manager, documents": true, "manager, payments": true, "manager, services": true, "manager, charges": true, "manager, postings": true}

// No page of a list reads more than a page or few, whoever asks: of a client with most rows, of one with few, of all.
func TestPlans(t *testing.T) {
	kerneltest.SkipAsProcess(t, "statements are explained with the module's own store")
	const rows, most = 200_000, 6000
	var modules []*finsystem.Module
	p := kerneltest.Start(t, kerneltest.Options{Assemble: capture(&modules), Config: config, Clock: kerneltest.NewClock(time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC))})
	modules = slices.DeleteFunc(modules, func(m *finsystem.Module) bool { return !m.Runs() })
	_, own := modules[len(modules)-1].Ledger(t.Context())
	large, small := p.Client(t, "Large"), p.Client(t, "Small")
	head, manager := p.Head(t), p.Staff(t, "manager")
	p.Serve(t, manager, large, small)
	began := time.Now()
	storetest.Run(t, p.DSN, strings.NewReplacer("LARGE", large, "SMALL", small, "ROWS", strconv.Itoa(rows)).Replace(manyRows))
	storetest.Run(t, p.DSN, `do $$ begin
		perform set_config('role', (select all_role from finsystem.books), true);
		while (select through from finsystem.summed) < 199000 loop perform finsystem.sum_days(199000); end loop; end $$`)
	storetest.Run(t, p.DSN, "vacuum analyze")
	t.Logf("rows made in %v", time.Since(began))

	users := map[string]*kerneltest.User{
		"head": head, "manager": manager, "large": p.Contact(t, large, "client.director"), "small": p.Contact(t, small, "client.director"),
	}
	const explain = "explain (analyze, buffers, timing off, format json) "
	ask := func(name string, call func(ctx context.Context) error) {
		t.Run(name, func(t *testing.T) {
			var plans []plan
			defer own.Watch(func(ctx context.Context, sql string, args []any) {
				if strings.HasPrefix(sql, explain) {
					return
				}
				text, err := store.Query(ctx, own, pgx.RowTo[string], explain+sql, args...)
				require.NoError(t, err, sql)
				var one []struct{ Plan plan }
				require.NoError(t, json.Unmarshal([]byte(text[0]), &one))
				one[0].Plan.Whole, one[0].Plan.SQL = text[0], sql
				plans = append(plans, one[0].Plan)
			})()
			require.NoError(t, call(t.Context()))
			require.NotEmpty(t, plans)
			for _, p := range plans {
				read, whole := map[string]float64{}, map[string]bool{}
				p.read(read, whole)
				if p.Hit+p.Read > most { // what functions read is seen in this alone
					t.Errorf("%.0f blocks are read:\n%s\n%s", p.Hit+p.Read, strings.Join(strings.Fields(p.SQL), " "), p.Whole)
				}
				for table, n := range read {
					if n > most && !readsAll[name] {
						t.Errorf("%.0f rows of %s are read (all of them: %v):\n%s\n%s", n, table, whole[table], strings.Join(strings.Fields(p.SQL), " "), p.Whole)
					}
				}
			}
		})
	}
	for who, user := range users {
		of, staff := []string{""}, who == "head" || who == "manager"
		if staff {
			of = []string{"", large, small}
		}
		for _, client := range of {
			name := strings.TrimSpace(who+" "+map[string]string{large: "of large", small: "of small"}[client]) + ", "
			for what, call := range questions(user, client) {
				of, _, _ := strings.Cut(what, ", ")
				switch {
				case slices.Contains([]string{"imports", "entries", "rules"}, of) && who != "head", of == "own" && (who != "head" || client != ""):
				case slices.Contains([]string{"holds", "account", "reconciliation", "turnover", "balance"}, of) && staff && client == "": // they say whose
				default:
					ask(name+what, call)
				}
			}
		}
	}
	refusesMuch(t, p.DSN, manager)
}

// A report that cannot go by sums says how much it would read, and does not.
func refusesMuch(t *testing.T, dsn string, manager *kerneltest.User) {
	t.Helper()
	storetest.Run(t, dsn, "update finsystem.client_days set lines = 500001 where (client_id, effective_date, kind) in (select client_id, effective_date, kind from finsystem.client_days order by lines desc limit 1)")
	report := func(by v1.IncomeGroup) error {
		_, err := v1.NewReportServiceClient(manager.Conn).GetIncomeReport(t.Context(), &v1.GetIncomeReportRequest{FromDate: "2024-01-01", ToDate: "2026-11-30", GroupBy: by})
		return err
	}
	require.NoError(t, report(v1.IncomeGroup_INCOME_GROUP_ITEM))
	refusedFor(t, report(v1.IncomeGroup_INCOME_GROUP_BRANCH), codes.FailedPrecondition, "from_date", "too_many_postings")
}

// questions are all that somebody asks, of a client or of all.
func questions(user *kerneltest.User, client string) map[string]func(context.Context) error {
	documents, payments, services := v1.NewDocumentServiceClient(user.Conn), v1.NewPaymentServiceClient(user.Conn), v1.NewSubscriptionServiceClient(user.Conn)
	books, deferrals, settlements := v1.NewLedgerServiceClient(user.Conn), v1.NewDeferralServiceClient(user.Conn), v1.NewSettlementServiceClient(user.Conn)
	imports, reports := v1.NewStatementServiceClient(user.Conn), v1.NewReportServiceClient(user.Conn)
	all := map[string]func(context.Context) error{
		"documents":        asks(documents.ListDocuments, &v1.ListDocumentsRequest{ClientId: client}),
		"documents, open":  asks(documents.ListDocuments, &v1.ListDocumentsRequest{ClientId: client, Open: true}),
		"payments":         asks(payments.ListPayments, &v1.ListPaymentsRequest{ClientId: client}),
		"services":         asks(services.ListSubscriptions, &v1.ListSubscriptionsRequest{ClientId: client}),
		"charges":          asks(services.ListCharges, &v1.ListChargesRequest{ClientId: client}),
		"deferrals":        asks(deferrals.ListDeferrals, &v1.ListDeferralsRequest{ClientId: client}),
		"obligations":      asks(settlements.ListObligations, &v1.ListObligationsRequest{ClientId: client}),
		"entries":          asks(imports.ListStatementEntries, &v1.ListStatementEntriesRequest{ClientId: client}),
		"entries, waiting": asks(imports.ListStatementEntries, &v1.ListStatementEntriesRequest{ClientId: client, States: []v1.EntryState{v1.EntryState_ENTRY_STATE_WAITING}}),
		"rules":            asks(imports.ListMatchRules, &v1.ListMatchRulesRequest{ClientId: client}),
		"imports":          asks(imports.ListStatements, &v1.ListStatementsRequest{}),
		"holds":            asks(books.ListHolds, &v1.ListHoldsRequest{ClientId: client}),
		"balance":          asks(books.GetBalance, &v1.GetBalanceRequest{ClientId: client}),
		"turnover":         asks(settlements.GetTurnover, &v1.GetTurnoverRequest{ClientId: client}),
		"reconciliation":   asks(settlements.ListReconciliationLines, &v1.ListReconciliationLinesRequest{ClientId: client, FromDate: "2025-03-01", ToDate: "2025-06-30"}),
		"own, accounts":    asks(books.ListAccounts, &v1.ListAccountsRequest{}),
		"own, income":      asks(reports.GetIncomeReport, &v1.GetIncomeReportRequest{FromDate: "2025-01-01", ToDate: "2026-11-30"}),
	}
	for what, r := range map[string]*v1.ListPostingsRequest{
		"postings": {ClientId: client}, "own, bank": {Account: "bank:b"}, "own, bank of days": {Account: "bank:b", FromDate: "2025-03-01", ToDate: "2025-06-30"},
		"account, days":     {ClientId: client, FromDate: "2025-03-01", ToDate: "2025-06-30"},
		"account, payments": {ClientId: client, Kinds: []v1.PostingKind{v1.PostingKind_POSTING_KIND_PAYMENT}},
		"account, rare":     {ClientId: client, Kinds: []v1.PostingKind{v1.PostingKind_POSTING_KIND_ADJUSTMENT}, ToDate: "2026-01-01"},
	} {
		all[what] = asks(books.ListPostings, r)
	}
	return all
}

func asks[Request, Response any](call func(context.Context, Request, ...grpc.CallOption) (Response, error), r Request) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := call(ctx, r)
		return err
	}
}
