package trail_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	kernelv1 "github.com/opencabinet/cabinet/contracts/kernel/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/audit/trail"
	"github.com/opencabinet/cabinet/kernel/locale"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/kernel/web"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// archive is an audit log with many entries, made in SQL as the kernel would write them, and those who read it.
type archive struct {
	cfg     trail.Config
	rows    *store.Store
	dsn     string
	callers []reader
	actor   string
	client  string
}

type reader struct {
	name    string
	ctx     context.Context
	contact bool
	ids     string // a query of the clients they see; empty for all
}

const uuidOf = "(lpad(to_hex(%s), 8, '0') || '-0000-7000-8000-000000000001')::uuid"

// newArchive makes n entries of two years, of 20,000 clients. One client is busy: every tenth entry concerns it. A seventh
// concerns none.
func newArchive(t testing.TB, n int) *archive {
	t.Helper()
	db := storetest.Open(t)
	rows, err := db.OpenAudit(t.Context(), "audit")
	require.NoError(t, err)
	texts, err := locale.NewBundle(web.Texts())
	require.NoError(t, err)
	a := &archive{rows: rows, cfg: trail.Config{Rows: rows, Texts: texts}}
	a.dsn = storetest.Named(t, storetest.Cluster(t), db.Pool().Config().ConnConfig.Database)
	admin, err := pgx.Connect(t.Context(), a.dsn)
	require.NoError(t, err)
	defer admin.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // it only made rows
	users := map[string]string{"contact": store.NewID(), "few": store.NewID(), "manager": store.NewID(), "branch": store.NewID(), "head": store.NewID()}
	sql := fmt.Sprintf(`
		insert into kernel.client (id, module) select `+uuidOf+`, 'clientmanager' from generate_series(1, 20000) n;
		insert into kernel.audit_entry (id, time, actor_kind, actor_id, module, method, resource_type, resource_id, client_id, outcome, fields)
		select gen_random_uuid(), now() - (%d - n) * interval '730 days' / %d, 'staff', `+uuidOf+`,
			case when n %% 1000 = 7 then 'booking' else 'clientmanager' end,
			'/x.v1.Things/' || case when n %% 5000 = 11 then 'Rare' else 'Do' || n %% 20 end, 'x.v1.Thing',
			`+uuidOf+`, case when n %% 10 = 0 then `+uuidOf+` when n %% 7 <> 0 then `+uuidOf+` end,
			case when n %% 500 = 3 then 'refused' else 'done' end, '{phone}'
		from generate_series(1, %d) n;`, "n", n, n, "n % 200", "n % 300000", "1", "(n::bigint * 7919 % 20000)::int + 1", n)
	for who, which := range map[string]string{"contact": "= 1", "few": "in (2, 400, 999)", "manager": "% 4 = 1", "branch": "% 5 <> 1"} {
		sql += fmt.Sprintf("insert into kernel.client_grant (user_id, client_id, module) select '%s', "+uuidOf+", 'clientmanager' from generate_series(1, 20000) n where n %s;",
			users[who], "n", which)
	}
	_, err = admin.Exec(t.Context(), sql)
	require.NoError(t, err)
	_, err = admin.Exec(t.Context(), "vacuum analyze")
	require.NoError(t, err)
	one := func(n int) string { return fmt.Sprintf("%08x-0000-7000-8000-000000000001", n) }
	a.actor, a.client = one(42), one(400)
	staff := func(name, who, ids string) reader {
		return reader{name: name, ctx: storetest.As(t.Context(), access.Staff, users[who], access.Granted), ids: ids}
	}
	seen := func(who string) string {
		return "select client_id from kernel.client_grant where user_id = '" + users[who] + "'"
	}
	a.callers = []reader{
		{name: "a contact", ctx: storetest.As(t.Context(), access.Contact, users["contact"], access.Granted, one(1)), contact: true, ids: seen("contact")},
		staff("of 3", "few", seen("few")), staff("of 5,000", "manager", seen("manager")), staff("of 16,000", "branch", seen("branch")),
		{name: "all", ctx: storetest.As(t.Context(), access.Staff, users["head"], access.All)},
	}
	return a
}

// asked is a list that people ask for.
type asked struct {
	name string
	*kernelv1.ListAuditEntriesRequest
}

func (a *archive) questions() []asked {
	day := func(ago int) string { return time.Now().AddDate(0, 0, -ago).Format(time.DateOnly) }
	return []asked{
		{"first page", &kernelv1.ListAuditEntriesRequest{}},
		{"a week a year ago", &kernelv1.ListAuditEntriesRequest{FromDate: day(372), ToDate: day(365)}},
		{"who", &kernelv1.ListAuditEntriesRequest{ActorId: a.actor}},
		{"who, in a month", &kernelv1.ListAuditEntriesRequest{ActorId: a.actor, FromDate: day(395), ToDate: day(365)}},
		{"client", &kernelv1.ListAuditEntriesRequest{ClientId: a.client}},
		{"module, frequent", &kernelv1.ListAuditEntriesRequest{Module: "clientmanager"}},
		{"module, rare", &kernelv1.ListAuditEntriesRequest{Module: "booking"}},
		{"module, none", &kernelv1.ListAuditEntriesRequest{Module: "nothing"}},
		{"method, frequent", &kernelv1.ListAuditEntriesRequest{Method: "/x.v1.Things/Do3"}},
		{"method, rare", &kernelv1.ListAuditEntriesRequest{Method: "/x.v1.Things/Rare"}},
		{"thing", &kernelv1.ListAuditEntriesRequest{ResourceId: a.actor}},
		{"refused", &kernelv1.ListAuditEntriesRequest{Outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_REFUSED}},
		{"done", &kernelv1.ListAuditEntriesRequest{Outcome: kernelv1.AuditOutcome_AUDIT_OUTCOME_DONE}},
	}
}

// statement is what a reader's question is asked with.
func (a *archive) statement(t testing.TB, who reader, q asked) (string, []any) {
	t.Helper()
	if who.contact {
		sql, args, err := trail.ActivityListing(who.ctx, a.cfg, &kernelv1.ListActivitiesRequest{FromDate: q.GetFromDate(), ToDate: q.GetToDate()})
		require.NoError(t, err)
		return sql, args
	}
	sql, args, err := trail.Listing(who.ctx, a.cfg, q.ListAuditEntriesRequest)
	require.NoError(t, err)
	return sql, args
}

// No list reads the whole table: at 20,000 entries, and with CABINET_MILLION=1 at a million.
func TestPlans(t *testing.T) {
	n := 20_000
	if os.Getenv("CABINET_MILLION") != "" {
		n = 1_000_000
	}
	a := newArchive(t, n)
	for _, who := range a.callers {
		for _, q := range a.questions() {
			sql, args := a.statement(t, who, q)
			plan, err := store.Query(who.ctx, a.rows, pgx.RowTo[string], "explain (costs off) "+sql, args...)
			require.NoError(t, err)
			text := strings.Join(plan, "\n")
			require.NotContains(t, text, "Seq Scan on audit_entry", "%s, %s:\n%s\n%s", who.name, q.name, sql, text)
			if testing.Verbose() {
				t.Logf("%s, %s\n%s", who.name, q.name, text)
			}
		}
	}
}

// BenchmarkListAuditEntries reads first pages of 50 with the statements that the service asks, beside the same as a
// superuser with the clients given by hand and no policy.
func BenchmarkListAuditEntries(b *testing.B) {
	n := 20_000
	if os.Getenv("CABINET_MILLION") != "" {
		n = 1_000_000
	}
	a := newArchive(b, n)
	bare, err := pgx.Connect(b.Context(), a.dsn)
	require.NoError(b, err)
	defer bare.Close(b.Context()) //nolint:errcheck // it only read
	for _, who := range a.callers {
		for _, q := range a.questions() {
			if who.contact && q.name != "first page" && q.name != "a week a year ago" {
				continue
			}
			b.Run(who.name+"/"+q.name, func(b *testing.B) { a.compare(b, bare, who, q) })
		}
	}
}

func (a *archive) compare(b *testing.B, bare *pgx.Conn, who reader, q asked) {
	byHand, handArgs := a.statement(b, reader{ctx: storetest.As(b.Context(), access.Staff, store.NewID(), access.All), contact: who.contact}, q)
	if who.ids != "" {
		where := "e where "
		if !strings.Contains(byHand, " where ") {
			byHand = strings.Replace(byHand, "kernel.audit_entry e", "kernel.audit_entry e where client_id in ("+who.ids+")", 1)
		} else {
			byHand = strings.Replace(byHand, where, where+"client_id in ("+who.ids+") and ", 1)
		}
	}
	var took, hand []time.Duration
	ask := func() int {
		sql, args := a.statement(b, who, q)
		list, err := store.Query(who.ctx, a.rows, pgx.RowToMap, sql, args...)
		require.NoError(b, err)
		return len(list)
	}
	ask()
	for b.Loop() {
		began := time.Now()
		n := ask()
		took = append(took, time.Since(began))
		began = time.Now()
		rows, err := bare.Query(b.Context(), byHand, handArgs...)
		require.NoError(b, err)
		list, err := pgx.CollectRows(rows, pgx.RowToMap)
		require.NoError(b, err)
		hand = append(hand, time.Since(began))
		require.Len(b, list, n, "both give the same rows")
	}
	at := func(all []time.Duration, percent int) float64 {
		slices.Sort(all)
		return float64(all[(len(all)-1)*percent/100].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(at(took, 50), "p50-ms")
	b.ReportMetric(at(took, 99), "p99-ms")
	b.ReportMetric(at(hand, 50), "hand-p50-ms")
	b.ReportMetric(at(took, 50)/at(hand, 50), "times")
}
