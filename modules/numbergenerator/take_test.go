package numbergenerator_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

var errChanged = errors.New("the caller thinks better of it")

func TestAPortalBillsBeforeAnybodySetANumberUp(t *testing.T) {
	t.Parallel()
	p := open(t)
	require.Equal(t, "INVOICE-00001", p.must(p.self(), bill("2026-01-12")))
	require.Equal(t, "INVOICE-00002", p.must(p.asContact(), bill("2026-01-12")), "a contact's own transaction")
	require.Equal(t, "CREDIT-NOTE-00001", p.must(p.self(), document{key: "credit_note", date: "2026-01-12", kind: "credit_note", id: store.NewID()}))
	made := p.of("invoice")
	require.Equal(t, v1.Restart_RESTART_NEVER, made.GetRestart())
	require.Equal(t, "INVOICE-00003", made.GetNext())

	// Where somebody else's numbers look like the default ones, those of a later key do otherwise.
	p.made(&v1.Series{Key: "own", Name: "Own", Pattern: "ACT-{n:5}", Restart: v1.Restart_RESTART_NEVER})
	require.Equal(t, "ACT2-00001", p.must(p.self(), document{key: "act", date: "2026-01-12", kind: "act", id: store.NewID()}))
}

func TestADocumentHasOneNumber(t *testing.T) {
	t.Parallel()
	p := open(t)
	d := bill("2026-01-12")
	first := p.must(p.self(), d)
	var again string
	err := p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) (err error) {
		d.date, d.branch = "2027-05-05", store.NewID() // whatever became of it
		again, err = take(ctx, tx, d)
		return err
	})
	require.NoError(t, err)
	require.Equal(t, first, again)

	// Asked at once, by many.
	d = bill("2026-01-12")
	told := make([]string, 16)
	for _, err := range kerneltest.AtOnce(len(told), func(i int) error {
		return p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) (err error) {
			told[i], err = take(ctx, tx, d)
			return err
		})
	}) {
		require.NoError(t, err)
	}
	for _, number := range told {
		require.Equal(t, "INVOICE-00002", number)
	}
	// Of another kind, or for another key, it is another document.
	other := d
	other.kind = "copy"
	require.Equal(t, "INVOICE-00003", p.must(p.self(), other))
	require.Equal(t, []string{" 1-3 given 3, left out 0, missing 0 []"}, p.periods(p.of("invoice").GetId()))
}

// Sixty-four take numbers of one series, and a third of them think better of it: what is given is 1 to N.
func TestNoNumberIsLeftOutOrGivenTwice(t *testing.T) {
	t.Parallel()
	p := open(t)
	var issued atomic.Int64
	errs := kerneltest.AtOnce(64, func(i int) error {
		for n := range 12 {
			var then []error
			if rand.N(3) == 0 {
				then = []error{errChanged}
			}
			ctx := p.self()
			if n%2 == 1 {
				ctx = p.asContact()
			}
			_, err := p.issue(ctx, bill("2026-01-12"), then...)
			switch {
			case err == nil:
				issued.Add(1)
			case !errors.Is(err, errChanged):
				return fmt.Errorf("caller %d: %w", i, err)
			}
		}
		return nil
	})
	require.NoError(t, errors.Join(errs...))
	p.requireBooked(issued.Load(), "INVOICE-%05d")
}

// requireBooked looks into the database: bills and numbers are the same, 1 to n.
func (p *portal) requireBooked(n int64, format string) {
	p.t.Helper()
	rows, err := p.admin().Query(p.t.Context(), `
		select coalesce(b.number, ''), coalesce(g.text, '') from billing.bill b full join numbergenerator.number g on g.text = b.number and g.document_id = b.id order by g.n`)
	require.NoError(p.t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Bill, Given string }])
	require.NoError(p.t, err)
	require.Len(p.t, list, int(n))
	for i, row := range list {
		want := fmt.Sprintf(format, i+1)
		require.Equal(p.t, want, row.Bill)
		require.Equal(p.t, want, row.Given)
	}
}

// Transactions that take several numbers in order of key do not get into each other's way.
func TestSeveralSeriesAtOnce(t *testing.T) {
	t.Parallel()
	p := open(t)
	keys := []string{"act", "credit_note", "invoice"} // which nobody set up
	errs := kerneltest.AtOnce(24, func(int) error {
		for range 6 {
			if err := p.takeAll(keys...); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, errors.Join(errs...))
	for _, key := range keys {
		require.Equal(t, []string{" 1-144 given 144, left out 0, missing 0 []"}, p.periods(p.of(key).GetId()))
	}
	var deadlocks int
	require.NoError(t, p.admin().QueryRow(t.Context(), "select deadlocks from pg_stat_database where datname = current_database()").Scan(&deadlocks))
	require.Zero(t, deadlocks)
}

// takeAll takes a number of each key in one transaction.
func (p *portal) takeAll(keys ...string) error {
	return p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) error {
		for _, key := range keys {
			if _, err := take(ctx, tx, document{key: key, date: "2026-01-12", kind: key, id: store.NewID()}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Two that take numbers the other way round each wait for the other: Postgres gives one up, and it is run again.
func TestTwoThatTakeTheOtherWayRound(t *testing.T) {
	t.Parallel()
	p := open(t)
	require.NoError(t, p.takeAll("act", "invoice"))
	meet := []chan struct{}{make(chan struct{}), make(chan struct{})}
	errs := kerneltest.AtOnce(2, func(i int) error {
		keys, first := []string{"act", "invoice"}, true
		if i == 1 {
			keys = []string{"invoice", "act"}
		}
		return p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) error {
			for _, key := range keys {
				if _, err := take(ctx, tx, document{key: key, date: "2026-01-12", kind: key, id: store.NewID()}); err != nil {
					return err
				}
				if first { // each has one before either asks for the other
					first = false
					close(meet[i])
					<-meet[1-i]
				}
			}
			return nil
		})
	})
	require.NoError(t, errors.Join(errs...))
	for _, key := range []string{"act", "invoice"} {
		require.Equal(t, []string{" 1-3 given 3, left out 0, missing 0 []"}, p.periods(p.of(key).GetId()))
	}
}

// The connection of a transaction that has taken a number is cut: the number is the next one's.
func TestWhoIsKilledGivesTheNumberBack(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(p.self(), bill("2026-01-12"))
	admin := p.admin()
	for range 5 {
		lost := p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) error {
			number, err := take(ctx, tx, bill("2026-01-12"))
			require.NoError(t, err)
			require.NotEmpty(t, number)
			pid, err := store.QueryOne(ctx, tx, pgx.RowTo[int32], "select pg_backend_pid()")
			require.NoError(t, err)
			_, err = admin.Exec(t.Context(), "select pg_terminate_backend($1, 5000)", pid)
			require.NoError(t, err)
			return nil
		})
		require.Error(t, lost)
	}
	require.Equal(t, "INVOICE-00002", p.must(p.self(), bill("2026-01-12")))
	p.requireBooked(2, "INVOICE-%05d")
}

// A document of late December that is issued in January is of the old year, while the new year's are issued too.
func TestTheDateDecidesTheYear(t *testing.T) {
	t.Parallel()
	p := open(t)
	s := p.made(&v1.Series{Key: "invoice", Name: "Invoices", Pattern: "{prefix}{yyyy}/{n:3}", Prefix: "№ ", Restart: v1.Restart_RESTART_YEARLY})
	for i, want := range []string{"№ 2025/001", "№ 2026/001", "№ 2025/002", "№ 2026/002", "№ 2026/003", "№ 2025/003", "№ 2027/001"} {
		require.Equal(t, want, p.must(p.self(), bill(want[len("№ "):len("№ 2025")]+fmt.Sprintf("-%02d-28", i+1))))
	}
	errs := kerneltest.AtOnce(32, func(i int) error {
		_, err := p.issue(p.self(), bill([]string{"2025-12-31", "2026-01-01"}[i%2]))
		return err
	})
	require.NoError(t, errors.Join(errs...))
	require.Equal(t, []string{
		"2027 1-1 given 1, left out 0, missing 0 []", "2026 1-19 given 19, left out 0, missing 0 []", "2025 1-19 given 19, left out 0, missing 0 []",
	}, p.periods(s.GetId()))

	months := p.made(&v1.Series{Key: "act", Name: "Acts", Pattern: "A{yy}{mm}-{n}", Restart: v1.Restart_RESTART_MONTHLY, FirstNumber: 10})
	for date, want := range map[string]string{"2026-01-31": "A2601-10", "2026-02-01": "A2602-10", "2025-02-01": "A2502-10"} {
		require.Equal(t, want, p.must(p.self(), document{key: "act", date: date, kind: "act", id: store.NewID()}))
	}
	require.Len(t, p.periods(months.GetId()), 3)
}

func TestABranchOfItsOwn(t *testing.T) {
	t.Parallel()
	p := open(t)
	lviv, odesa := store.NewID(), store.NewID()
	p.made(&v1.Series{Key: "invoice", Name: "All", Pattern: "{prefix}{n}", Prefix: "R-", Restart: v1.Restart_RESTART_NEVER})
	p.made(&v1.Series{Key: "invoice", Name: "Lviv", BranchId: lviv, BranchCode: "LV", Pattern: "{branch}-{n}", Restart: v1.Restart_RESTART_NEVER})
	_, err := p.create(&v1.Series{Key: "invoice", Name: "Lviv", BranchId: lviv, BranchCode: "LW", Pattern: "{branch}-{n}", Restart: v1.Restart_RESTART_NEVER})
	requireField(t, err, codes.AlreadyExists, "series.key")
	for _, c := range []struct{ branch, want string }{{lviv, "LV-1"}, {odesa, "R-1"}, {"", "R-2"}, {lviv, "LV-2"}} {
		d := bill("2026-01-12")
		d.branch = c.branch
		require.Equal(t, c.want, p.must(p.self(), d))
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	p := open(t)
	good := bill("2026-01-12")
	for name, change := range map[string]func(*document){
		"no key":        func(d *document) { d.key = "" },
		"a strange key": func(d *document) { d.key = "Invoice'; drop table" },
		"a long key":    func(d *document) { d.key = strings.Repeat("k", 41) },
		"no kind":       func(d *document) { d.kind = "" },
		"long ago":      func(d *document) { d.date = "1999-12-31" },
		"far ahead":     func(d *document) { d.date = "2100-01-01" },
		"for ever":      func(d *document) { d.date = "infinity" },
		"no day":        func(d *document) { d.date = "2026-02-30" },
	} {
		bad := good
		change(&bad)
		_, err := p.issue(p.self(), bad)
		require.Error(t, err, name)
	}
	require.Equal(t, "INVOICE-00001", p.must(p.self(), good), "nothing was taken")
}

// What a borrower may do beside taking numbers is nothing, whoever acts in its transaction.
func TestABorrowerTakesAndNothingElse(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(p.self(), bill("2026-01-12"))
	for _, ctx := range []context.Context{p.self(), p.asContact()} {
		for _, attack := range []string{
			"select * from numbergenerator.number", "select * from numbergenerator.series", "update numbergenerator.counter set last = 0", "delete from numbergenerator.number",
			"insert into numbergenerator.counter select id, '2030', 1, 5 from numbergenerator.series", "select numbergenerator.begin_series('mine')",
			"select numbergenerator.clash(null, '{n}', '', '', false)", "select numbergenerator.period('never', now()::date)",
			"alter table numbergenerator.number disable trigger all", "drop function numbergenerator.take_v1(text, uuid, date, text, uuid)",
		} {
			_, err := p.billing.Exec(ctx, attack)
			require.Error(t, err, attack)
			require.Contains(t, err.Error(), "outside of what the caller may reach", attack)
		}
	}
	stranger := storetest.Module(t, p.db, store.ModuleSpec{ID: "stranger"})
	_, err := stranger.Exec(storetest.AsModule(t.Context(), "stranger"), v1.TakeSQL, "invoice", nil, "2026-01-12", "invoice", store.NewID())
	require.Equal(t, codes.PermissionDenied, status.Code(err))

	// The module itself does not change what it gave, and the database's owner does not by mistake.
	own := storetest.Module(t, p.db, store.ModuleSpec{ID: "numbergenerator", Migrations: manifestOf().Migrations})
	_, err = own.Exec(storetest.AsModule(t.Context(), "numbergenerator"), "delete from numbergenerator.number")
	require.Equal(t, codes.PermissionDenied, status.Code(err))
	_, err = p.admin().Exec(t.Context(), "update numbergenerator.number set text = 'x'")
	require.ErrorContains(t, err, "a number that was given stands")
}

// Who changes a series waits for what is being issued, and what is issued next looks as it was changed.
func TestAChangeWaitsForWhatIsBeingIssued(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(p.self(), bill("2026-01-12"))
	s := p.of("invoice")
	changed := make(chan error, 1)
	require.NoError(t, p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) error {
		number, err := take(ctx, tx, bill("2026-01-12"))
		require.NoError(t, err)
		require.Equal(t, "INVOICE-00002", number)
		go func() {
			s.Prefix = "INV-"
			_, err := p.series.UpdateSeries(p.head, &v1.UpdateSeriesRequest{Series: s, UpdateMask: mask("prefix")})
			changed <- err
		}()
		p.waits("numbergenerator.counter")
		return nil
	}))
	require.NoError(t, <-changed)
	require.Equal(t, "INV-00003", p.must(p.self(), bill("2026-01-12")))
}

// waits returns once somebody waits for a lock of a table.
func (p *portal) waits(table string) {
	p.t.Helper()
	admin := p.admin()
	require.Eventually(p.t, func() bool {
		var waiting bool
		err := admin.QueryRow(p.t.Context(), "select exists (select from pg_locks where relation = $1::text::regclass and not granted)", table).Scan(&waiting)
		return err == nil && waiting
	}, 10*time.Second, 5*time.Millisecond)
}
