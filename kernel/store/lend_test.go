package store_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// lender counts, and tells who asked. It has more that is none of a borrower's business.
func lender() store.ModuleSpec {
	return store.ModuleSpec{ID: "lender", Migrations: files("0001_lender.sql", `-- +goose Up
create table lender.counter (name text primary key, last bigint not null);
create table lender.shared (name text primary key);
select kernel.protect_all('lender.counter');
select kernel.share('lender.shared');
create sequence lender.seq;
-- +goose StatementBegin
create function lender.take_v1(name text) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare n bigint;
begin
  insert into lender.counter as c (name, last) values (take_v1.name, 1) on conflict on constraint counter_pkey do update set last = c.last + 1 returning c.last into n;
  return access.borrower() || ' ' || coalesce(access.user_id()::text, 'itself') || ' ' || n;
end $$;
create function lender.take_v2(name text, more bigint) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select 'second' $$;
create function lender.secret_v1(name text) returns text language sql security definer set search_path = pg_catalog, pg_temp as $$ select 'secret' $$;
create function lender.open_v1(name text) returns text language sql as $$ select name $$;
create function lender.many_v1(name text) returns setof text language sql security definer set search_path = pg_catalog, pg_temp as $$ select name $$;
-- +goose StatementEnd
`)}
}

func loan(t testing.TB, signature string, borrowers ...string) store.Loan {
	f, err := store.ParseFunction(signature)
	require.NoError(t, err)
	require.Equal(t, signature, f.String())
	return store.Loan{Function: f, Borrowers: borrowers}
}

const (
	takeOne = "lender.take_v1(text) returns text"
	takeTwo = "lender.take_v2(text, bigint) returns text"
)

// take calls what is lent in a transaction of the shop.
func take(ctx context.Context, s *store.Store, sql string, args ...any) (out string, err error) {
	err = s.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		out, err = store.QueryOne(ctx, tx, pgx.RowTo[string], sql, args...)
		return err
	})
	return out, err
}

func TestABorrowerCallsWhatIsLentAndNothingElse(t *testing.T) {
	w := newWorld(t)
	storetest.Module(t, w.db, lender())
	stranger := storetest.Module(t, w.db, store.ModuleSpec{ID: "stranger"})
	const sql = "select lender.take_v1($1)"

	_, err := take(w.asContact(t), w.shop, sql, "a")
	requireCode(t, codes.PermissionDenied, err)

	require.NoError(t, w.db.Lend(t.Context(), []store.Loan{loan(t, takeOne, "shop"), loan(t, takeTwo)}))
	for who, ctx := range map[string]context.Context{w.contact: w.asContact(t), w.manager: w.asManager(t), "itself": w.self(t)} {
		out, err := take(ctx, w.shop, sql, "a")
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(out, "shop "+who+" "), out)
	}
	// The transaction that fails gives its number back.
	require.Error(t, w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.Exec(ctx, sql, "a")
		require.NoError(t, err)
		return context.Canceled
	}))
	out, err := take(w.self(t), w.shop, sql, "a")
	require.NoError(t, err)
	require.Equal(t, "shop itself 4", out)

	_, err = take(storetest.AsModule(t.Context(), "stranger"), stranger, sql, "a")
	requireCode(t, codes.PermissionDenied, err)

	// A login of the borrower's own can do as much, whatever role of its module it takes; one made before as one made after.
	login := w.login(t, "shop")
	for _, role := range []string{"own", "many", "all"} {
		principal := w.signed(t, w.self(t))
		list, err := w.inRole(t, login, "cab_test_shop_"+role, principal, "select lender.take_v1('b')")
		require.NoError(t, err)
		require.Contains(t, list[0], "shop itself")
		_, err = w.inRole(t, login, "cab_test_shop_"+role, "", "select lender.take_v1('b')")
		requireState(t, "CB001", err)
		for _, attack := range []string{
			"select lender.take_v2('b', 1)", "select lender.secret_v1('b')", "select lender.open_v1('b')", "select name from lender.counter", "select name from lender.shared",
			"update lender.counter set last = 0 returning name", "select nextval('lender.seq')::text", "create table lender.mine (id int)",
			"create function lender.mine() returns text language sql as 'select null'", "alter function lender.take_v1(text) owner to current_user",
			"grant execute on function lender.take_v1(text) to public",
		} {
			_, err := w.inRole(t, login, "cab_test_shop_"+role, principal, attack)
			var pg *pgconn.PgError
			// A grant of what one may not pass on is a warning, which changes nothing.
			if !strings.HasPrefix(attack, "grant") || err != nil {
				require.ErrorAs(t, err, &pg, attack)
				require.Equal(t, "42501", pg.Code, attack)
			}
		}
	}
	// Without a role the login is nobody's module, and names the function in vain.
	_, err = login.Exec(t.Context(), "select lender.take_v1('b')")
	requireState(t, "42501", err)
	other := w.login(t, "stranger")
	_, err = w.inRole(t, other, "cab_test_stranger_all", w.signed(t, w.self(t)), "select lender.take_v1('b')")
	requireState(t, "42501", err)
	_, err = w.inRole(t, other, "cab_test_shop_all", w.signed(t, w.self(t)), "select lender.take_v1('b')")
	requireState(t, "42501", err)

	// What is not borrowed any more is taken back, from the login too; until then a new borrower may come beside.
	require.NoError(t, w.db.LendMore(t.Context(), []store.Loan{loan(t, takeTwo, "shop")}))
	_, err = take(w.self(t), w.shop, sql, "a")
	require.NoError(t, err)
	require.NoError(t, w.db.Lend(t.Context(), []store.Loan{loan(t, takeTwo, "shop")}))
	_, err = take(w.self(t), w.shop, sql, "a")
	requireCode(t, codes.PermissionDenied, err)
	_, err = take(w.self(t), w.shop, "select lender.take_v2('b', 1)")
	require.NoError(t, err)
	require.NoError(t, w.db.Lend(t.Context(), nil))
	_, err = take(w.self(t), w.shop, "select lender.take_v2('b', 1)")
	requireCode(t, codes.PermissionDenied, err)
	var usage bool
	require.NoError(t, w.admin(t).QueryRow(t.Context(), "select has_schema_privilege('cab_test_shop_all', 'lender', 'usage') or has_schema_privilege('cab_test_shop_login', 'lender', 'usage')").Scan(&usage))
	require.False(t, usage)
}

func TestALoginKeepsWhatItsModuleBorrows(t *testing.T) {
	w := newWorld(t)
	storetest.Module(t, w.db, lender())
	before := w.login(t, "shop")
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs { // as nodes that start together
		wg.Go(func() { errs[i] = w.db.Lend(t.Context(), []store.Loan{loan(t, takeOne, "shop")}) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	storetest.Module(t, w.db, lender()) // another start takes nothing away
	for _, login := range []*pgx.Conn{before, w.login(t, "shop")} {
		_, err := w.inRole(t, login, "cab_test_shop_own", w.signed(t, w.self(t)), "select lender.take_v1('b')")
		require.NoError(t, err)
	}
}

func TestWhatCannotBeLent(t *testing.T) {
	db := storetest.Open(t)
	storetest.Module(t, db, lender())
	storetest.Module(t, db, shop())
	for signature, problem := range map[string]string{
		"lender.none_v1(text) returns text":    "is not there",
		"lender.take_v1(uuid) returns text":    "is not there",
		"lender.take_v1(nothing) returns text": "is not there",
		"lender.take_v1(text) returns uuid":    "returns another type",
		"lender.open_v1(text) returns text":    "make it security definer",
		"lender.many_v1(text) returns text":    "no plain function",
	} {
		var loanError *store.LoanError
		require.ErrorAs(t, db.Lend(t.Context(), []store.Loan{loan(t, signature, "shop")}), &loanError, signature)
		require.ErrorContains(t, loanError, problem)
	}
	for _, bad := range []string{"", "take_v1()", "a.b() returns text", "a.b_v0() returns text", "A.b_v1() returns text", "a.b_v1(text,uuid) returns text", "a.b_v1(text) returns", "a.b_v1(text) returns text; drop schema a", "a.b_v1(text); --) returns text"} {
		_, err := store.ParseFunction(bad)
		require.Error(t, err, bad)
	}
}
