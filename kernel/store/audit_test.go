package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// calling is the context of a call that changes something of the shop's.
func (w *world) calling(ctx context.Context, resource, client string) context.Context {
	return access.WithChange(ctx, &access.Change{
		ID: store.NewID(), Who: access.From(ctx), Module: "shop", Method: "/shop.v1.Bills/PayBill", Resource: "shop.v1.Bill", ResourceID: resource, ClientID: client,
	})
}

type written struct {
	ActorKind, ActorID, Module, Method, Resource, Client, Outcome string
	Recent                                                        bool
}

// log is what the audit log holds, oldest first.
func (w *world) log(t testing.TB) []written {
	t.Helper()
	rows, err := w.admin(t).Query(t.Context(), `select actor_kind, coalesce(actor_id::text, ''), module, method, coalesce(resource_id::text, ''),
		coalesce(client_id::text, ''), outcome, time between now() - interval '1 minute' and now() from kernel.audit_entry order by time, id`)
	require.NoError(t, err)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[written])
	require.NoError(t, err)
	return list
}

func pay(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Exec(ctx, "update shop.bill set title = title || '!'")
	return err
}

func TestAuditedTransactions(t *testing.T) {
	w := newWorld(t)
	bill := store.NewID()
	require.NoError(t, w.shop.Tx(w.asContact(t), pay), "no call: nothing is written")
	require.Empty(t, w.log(t))

	ctx := w.calling(w.asContact(t), bill, w.mine)
	require.Error(t, w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(pay(ctx, tx), errors.New("no"))
	}))
	require.Panics(t, func() {
		_ = w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error { _ = pay(ctx, tx); panic("no") })
	})
	require.NoError(t, w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Query(ctx, tx, pgx.RowTo[string], "select title from shop.bill for update")
		if err == nil {
			_, err = tx.Exec(ctx, "update shop.bill set title = 'x' where false")
		}
		return err
	}))
	require.NoError(t, w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.Audit().Quiet = true
		return pay(ctx, tx)
	}))
	require.Empty(t, w.log(t), "what was rolled back, what changed nothing, and what was no deed")

	for range 2 { // two transactions of one call are one entry
		require.NoError(t, w.shop.Tx(ctx, pay))
	}
	want := written{"contact", w.contact, "shop", "/shop.v1.Bills/PayBill", bill, w.mine, "done", true}
	require.Equal(t, []written{want}, w.log(t))

	// The module acts as itself in the call: it was the caller all the same.
	self := w.calling(w.asContact(t), bill, w.mine)
	self = access.WithDecision(access.With(self, access.AsModule("shop")), access.Decision{Allowed: true, Reach: access.All})
	require.NoError(t, w.shop.Tx(self, pay))
	require.Equal(t, []written{want, want}, w.log(t))

	// What a savepoint takes back was not said either.
	require.NoError(t, w.shop.Tx(w.calling(w.asManager(t), "", ""), func(ctx context.Context, tx *store.Tx) error {
		_ = tx.Savepoint(ctx, func(context.Context) error {
			tx.Audit().About(store.Subject{Resource: "shop.v1.Bill", ResourceID: store.NewID()})
			return errors.New("no")
		})
		tx.Audit().About(store.Subject{Resource: "shop.v1.Bill", ResourceID: bill, ClientID: w.other})
		tx.Audit().About(store.Subject{Resource: "shop.v1.Bill", ResourceID: w.mine, ClientID: w.mine})
		return pay(ctx, tx)
	}))
	require.Equal(t, []written{
		{"staff", w.manager, "shop", "/shop.v1.Bills/PayBill", bill, w.other, "done", true},
		{"staff", w.manager, "shop", "/shop.v1.Bills/PayBill", w.mine, w.mine, "done", true},
	}, w.log(t)[2:])

	// A handler of events.
	require.NoError(t, w.shop.Tx(w.self(t), func(ctx context.Context, tx *store.Tx) error {
		tx.Handler("shop.follow")
		return pay(ctx, tx)
	}))
	require.Equal(t, written{"module", "", "shop", "shop.follow", "", "", "done", true}, w.log(t)[4])
}

// Transactions that Postgres gives up on run again, and leave one entry each.
func TestAuditedRaces(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	var done atomic.Int64
	for i := range 8 {
		wg.Go(func() {
			order := "title"
			if i%2 == 0 {
				order = "title desc"
			}
			err := w.shop.Tx(w.calling(w.asManager(t), w.mine, w.mine), func(ctx context.Context, tx *store.Tx) error {
				ids, err := store.Query(ctx, tx, pgx.RowTo[string], "select id::text from shop.bill order by "+order)
				for _, id := range ids { // in both orders: some meet
					if err == nil {
						_, err = tx.Exec(ctx, "update shop.bill set title = title where id = $1", id)
					}
				}
				return err
			})
			if err == nil {
				done.Add(1)
			}
		})
	}
	wg.Wait()
	require.Len(t, w.log(t), int(done.Load()))
}

// Whoever has a module's login writes what the portal signed, and nothing else.
func TestForgedEntries(t *testing.T) {
	w := newWorld(t)
	storetest.Module(t, w.db, store.ModuleSpec{ID: "rival"})
	conn := w.login(t, "shop")
	const own, all = "cab_test_shop_own", "cab_test_shop_all"
	quoted := func(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
	say := func(said, handler, subjects string) string {
		return "select kernel.audit(" + quoted(said) + ", " + quoted(handler) + ", " + quoted(subjects) + "::jsonb)::text"
	}
	change := func(ctx context.Context) string {
		rows, err := w.shop.Rows(ctx)
		require.NoError(t, err)
		return rows.Change
	}
	contact := w.calling(w.asContact(t), w.mine, w.mine)
	good, principal, self := change(contact), w.signed(t, contact), w.signed(t, w.self(t))
	bare := w.calling(w.asContact(t), "", "")

	forged := map[string]struct{ state, role, principal, sql string }{
		"another actor":           {"CB001", own, principal, say(strings.Replace(good, w.contact, w.manager, 1), "", "[{}]")},
		"another method":          {"CB001", own, principal, say(strings.Replace(good, "PayBill", "VoidBill", 1), "", "[{}]")},
		"another kind":            {"CB001", own, principal, say(strings.Replace(good, "contact", "staff", 1), "", "[{}]")},
		"a later end":             {"CB001", own, principal, say(strings.Replace(good, `"until":1`, `"until":9`, 1), "", "[{}]")},
		"no signature":            {"CB001", own, principal, say("c1.."+good[strings.Index(good, "{"):], "", "[{}]")},
		"a principal's signature": {"CB001", own, principal, say("c1"+principal[2:], "", "[{}]")},
		"no principal":            {"CB001", own, "", say(good, "", "[{}]")},
		"another's call":          {"42501", own, w.signed(t, w.asManager(t)), say(good, "", "[{}]")},
		"no call, as a user":      {"42501", own, principal, say("", "shop.follow", "[{}]")},
		"another client":          {"42501", own, principal, say(change(bare), "", `[{"client_id": "`+w.other+`"}]`)},
		"another client, as self": {"42501", all, self, say(change(bare), "", `[{"client_id": "`+w.other+`"}]`)},
		"another client, second":  {"42501", own, principal, say(good, "", `[{}, {"resource_id": "`+w.other+`", "client_id": "`+w.other+`"}]`)},
		"no name for a handler":   {"22023", all, self, say("", "", "[{}]")},
		"an outcome made up":      {"23514", own, principal, say(good, "", `[{"outcome": "praised"}]`)},
		"a reason with words":     {"23514", own, principal, say(good, "", `[{"reason": "Call +380445550142"}]`)},
		"insert":                  {"42501", all, self, "insert into kernel.audit_entry (id, actor_kind, module, method, outcome) values (gen_random_uuid(), 'kernel', 'shop', 'x', 'done') returning 'x'"},
		"update":                  {"42501", all, self, "update kernel.audit_entry set actor_id = null returning 'x'"},
		"delete":                  {"42501", all, self, "delete from kernel.audit_entry returning 'x'"},
		"truncate":                {"42501", all, self, "truncate kernel.audit_entry"},
		"read":                    {"42501", all, self, "select method from kernel.audit_entry"},
		"details":                 {"42501", all, self, "delete from kernel.audit_detail returning 'x'"},
		"sweep":                   {"42501", all, self, "select kernel.audit_sweep(now(), now(), 1)::text"},
		"erase":                   {"42501", all, self, "select kernel.audit_erase('" + w.mine + "')::text"},
		"refused":                 {"42501", all, self, "select kernel.audit_refused(" + quoted(good) + ", 'x')::text"},
	}
	for name, f := range forged {
		t.Run(name, func(t *testing.T) {
			_, err := w.inRole(t, conn, f.role, f.principal, f.sql)
			requireState(t, f.state, err)
		})
	}
	require.Empty(t, w.log(t))

	// A call of another module's.
	rival, err := w.db.ModuleLogin(t.Context(), "rival")
	require.NoError(t, err)
	theirs := storetest.Module(t, w.db, store.ModuleSpec{ID: "rival"})
	as, err := store.QueryOne(w.asContact(t), theirs, pgx.RowTo[string], "select current_setting('cabinet.principal')")
	require.NoError(t, err)
	_, err = w.inRole(t, connect(t, rival), "cab_test_rival_own", as, say(good, "", "[{}]"))
	requireState(t, "42501", err)

	// What it may say: what the request did not. Time and actor are not for it to say; nobody signs in here.
	_, err = w.inRole(t, conn, own, principal, say(good, "", `[{"id": "`+store.NewID()+`", "time": "2001-01-01", "module": "rival", "actor_id": "`+w.manager+`",
		"actor_kind": "staff", "resource": "other", "resource_id": "`+w.mine+`", "client_id": "`+w.other+`"}]`))
	require.NoError(t, err)
	require.Equal(t, []written{{"contact", w.contact, "shop", "/shop.v1.Bills/PayBill", w.mine, w.mine, "done", true}}, w.log(t))
}

// What was signed for a call holds no longer than the call.
func TestExpiredChange(t *testing.T) {
	w := newWorld(t)
	now := time.Now().Add(-2 * time.Minute)
	cfg := storetest.Config(w.db.Pool().Config().ConnString())
	cfg.Clock = func() time.Time { return now }
	db, err := store.Open(t.Context(), cfg)
	require.NoError(t, err)
	t.Cleanup(db.Close)
	ctx := w.calling(w.asContact(t), w.mine, w.mine)
	old, err := storetest.Module(t, db, shop()).Rows(ctx)
	require.NoError(t, err)
	_, err = w.inRole(t, w.login(t, "shop"), "cab_test_shop_own", w.signed(t, ctx), "select kernel.audit('"+old.Change+"', '', '[{}]')::text")
	requireState(t, "CB002", err)
}
