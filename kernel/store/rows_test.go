package store_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestEachSeesItsRows(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		ctx  context.Context
		want []string
	}{
		"contact":                         {w.asContact(t), []string{"first"}},
		"contact acts for another client": {storetest.As(t.Context(), access.Contact, w.contact, access.Granted, w.other), []string{}},
		"contact acts for none":           {storetest.As(t.Context(), access.Contact, w.contact, access.Granted), []string{}},
		"somebody else's contact":         {storetest.As(t.Context(), access.Contact, store.NewID(), access.Granted, w.mine), []string{}},
		"manager":                         {w.asManager(t), []string{"first", "second"}},
		"manager without clients":         {storetest.As(t.Context(), access.Staff, store.NewID(), access.Granted), []string{}},
		"manager cannot act for a client": {storetest.As(t.Context(), access.Staff, store.NewID(), access.Granted, w.mine), []string{}},
		"head":                            {storetest.As(t.Context(), access.Staff, store.NewID(), access.All), []string{"first", "second"}},
		"module":                          {w.self(t), []string{"first", "second"}},
		"another module":                  {storetest.AsModule(t.Context(), "desk"), []string{"first", "second"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, w.titles(t, c.ctx))
			require.NoError(t, w.shop.Tx(c.ctx, func(ctx context.Context, tx *store.Tx) error {
				list, err := titles(ctx, tx)
				require.NoError(t, err)
				require.Equal(t, c.want, list)
				return nil
			}))
		})
	}
}

func TestNobodySeesNothing(t *testing.T) {
	w := newWorld(t)
	for name, ctx := range map[string]context.Context{
		"no principal":  t.Context(),
		"no decision":   access.With(t.Context(), access.Principal{Kind: access.Staff, UserID: w.manager}),
		"refused":       access.WithDecision(t.Context(), access.Decision{Reach: access.All}),
		"public method": access.WithDecision(t.Context(), access.Decision{Allowed: true}),
		"staff without id": access.WithDecision(access.With(t.Context(), access.Principal{Kind: access.Staff}),
			access.Decision{Allowed: true, Reach: access.Granted}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := titles(ctx, w.shop)
			require.ErrorIs(t, err, store.ErrNoPrincipal)
			requireCode(t, codes.PermissionDenied, err)
			err = w.shop.Tx(ctx, func(context.Context, *store.Tx) error { t.Error("the transaction ran"); return nil })
			require.ErrorIs(t, err, store.ErrNoPrincipal)
		})
	}
}

func TestWritingForAForeignClient(t *testing.T) {
	w := newWorld(t)
	ctx := w.asContact(t)
	insert := "insert into shop.bill (id, client_id, title) values ($1, $2, $3)"
	_, err := w.shop.Exec(ctx, insert, store.NewID(), w.other, "stolen")
	requireCode(t, codes.PermissionDenied, err)
	_, err = w.shop.Exec(ctx, "update shop.bill set client_id = $1 where title = 'first'", w.other)
	requireCode(t, codes.PermissionDenied, err)

	tag, err := w.shop.Exec(ctx, "update shop.bill set amount = 7 where title = 'second'")
	require.NoError(t, err)
	require.Zero(t, tag.RowsAffected())
	tag, err = w.shop.Exec(ctx, "delete from shop.bill")
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected(), "only the own one")
	tag, err = w.shop.Exec(ctx, insert, store.NewID(), w.mine, "third")
	require.NoError(t, err)
	require.EqualValues(t, 1, tag.RowsAffected())
	require.Equal(t, []string{"second", "third"}, w.titles(t, w.self(t)))
}

func TestTablesOfEachKind(t *testing.T) {
	w := newWorld(t)
	contact := w.asContact(t)
	exec := func(ctx context.Context, sql string, args ...any) error {
		_, err := w.shop.Exec(ctx, sql, args...)
		return err
	}
	draft := "insert into shop.draft values ($1, $2, 'x')"
	require.NoError(t, exec(contact, draft, store.NewID(), w.contact))
	requireCode(t, codes.PermissionDenied, exec(contact, draft, store.NewID(), w.manager))
	drafts := func(ctx context.Context) int {
		n, err := store.QueryOne(ctx, w.shop, pgx.RowTo[int], "select count(*) from shop.draft")
		require.NoError(t, err)
		return n
	}
	require.Equal(t, 1, drafts(contact))
	require.Equal(t, 0, drafts(w.asManager(t)))
	require.Equal(t, 1, drafts(w.self(t)))

	requireCode(t, codes.PermissionDenied, exec(contact, "select * from shop.series"))
	require.NoError(t, exec(w.self(t), "insert into shop.series values ('INV', 1)"))

	require.NoError(t, exec(w.self(t), "insert into shop.country values ('UA')"))
	require.NoError(t, exec(contact, "select * from shop.country"))
	requireCode(t, codes.PermissionDenied, exec(contact, "insert into shop.country values ('XX')"))

	requireCode(t, codes.PermissionDenied, exec(w.self(t), "select * from shop.hidden"))
	requireCode(t, codes.PermissionDenied, exec(w.self(t), "truncate shop.bill"))

	require.NoError(t, exec(w.self(t), "update shop.bill set amount = 500"))
	n, err := store.QueryOne(contact, w.shop, pgx.RowTo[int], "select count(*) from shop.big")
	require.NoError(t, err)
	require.Equal(t, 1, n, "a view shows no more than its tables")

	list, err := w.db.Protected(t.Context(), "shop")
	require.NoError(t, err)
	require.Equal(t, []store.Protection{
		{"shop.bill", "client", "client_id"}, {"shop.country", "shared", ""}, {"shop.draft", "user", "user_id"},
		{"shop.hidden", "", ""}, {"shop.series", "all", ""},
	}, list)
}

func TestGrants(t *testing.T) {
	w := newWorld(t)
	desk := storetest.Module(t, w.db, store.ModuleSpec{ID: "desk", Grants: true})
	grant := func(s *store.Store, module string, do func(context.Context, *store.Tx) error) error {
		return s.Tx(storetest.AsModule(t.Context(), module), do)
	}
	require.NoError(t, grant(desk, "desk", func(ctx context.Context, tx *store.Tx) error {
		requireCode(t, codes.PermissionDenied, tx.Savepoint(ctx, func(ctx context.Context) error { return tx.AddClient(ctx, store.NewID()) }))
		require.NoError(t, tx.GrantClients(ctx, w.contact, w.mine, w.mine))
		return tx.GrantClients(ctx, w.contact, w.mine)
	}))
	by, err := w.db.GrantedBy(t.Context(), w.contact, w.mine)
	require.NoError(t, err)
	require.Equal(t, []string{"desk", "shop"}, by)

	revoke := func(ctx context.Context, tx *store.Tx) error { return tx.RevokeClients(ctx, w.contact, w.mine) }
	require.NoError(t, grant(w.shop, "shop", revoke))
	require.Equal(t, []string{"first"}, w.titles(t, w.asContact(t)), "the other module's grant stays")
	require.NoError(t, grant(desk, "desk", revoke))
	require.Empty(t, w.titles(t, w.asContact(t)))

	requireCode(t, codes.FailedPrecondition, grant(desk, "desk", func(ctx context.Context, tx *store.Tx) error {
		return tx.GrantClients(ctx, w.contact, store.NewID())
	}))
	mute := storetest.Module(t, w.db, store.ModuleSpec{ID: "mute"})
	requireCode(t, codes.PermissionDenied, grant(mute, "mute", func(ctx context.Context, tx *store.Tx) error {
		return tx.GrantClients(ctx, w.contact, w.mine)
	}))
}

func TestManyClientsThroughAPortfolio(t *testing.T) {
	w := newWorld(t)
	head := store.NewID()
	_, err := w.db.Pool().Exec(t.Context(), `
		with made as (insert into kernel.client (id, module) select gen_random_uuid(), 'shop' from generate_series(1, 10001) returning id),
		     filled as (insert into kernel.portfolio_client select $1::uuid, id from made union all select $1::uuid, $2::uuid)
		insert into kernel.portfolio_user values ($3::uuid, $1::uuid)`, store.NewID(), w.mine, head)
	require.NoError(t, err)
	many := storetest.As(t.Context(), access.Staff, head, access.Granted)
	require.Equal(t, []string{"first"}, w.titles(t, many))
	role := func(ctx context.Context) string {
		name, err := store.QueryOne(ctx, w.shop, pgx.RowTo[string], "select current_user::text")
		require.NoError(t, err)
		return name
	}
	require.Equal(t, "cab_test_shop_many", role(many))
	require.Equal(t, "cab_test_shop_own", role(w.asManager(t)))
	require.Equal(t, "cab_test_shop_all", role(w.self(t)))
	_, err = w.shop.Exec(many, "insert into shop.bill (id, client_id, title) values ($1, $2, 'x')", store.NewID(), w.other)
	requireCode(t, codes.PermissionDenied, err)
	_, err = w.shop.Exec(many, "insert into shop.bill (id, client_id, title) values ($1, $2, 'x')", store.NewID(), w.mine)
	require.NoError(t, err)
}

func TestErrorsAreForCallers(t *testing.T) {
	w := newWorld(t)
	insert := "insert into shop.bill (id, client_id, title) values ($1, $2, $3)"
	_, err := w.shop.Exec(w.self(t), insert, store.NewID(), w.mine, "first")
	requireCode(t, codes.AlreadyExists, err)
	require.Equal(t, "bill_title_key", store.Constraint(err))
	_, err = w.shop.Exec(w.self(t), insert, store.NewID(), store.NewID(), "x")
	requireCode(t, codes.FailedPrecondition, err)
	_, err = w.shop.Exec(w.self(t), insert, store.NewID(), w.mine, "")
	requireCode(t, codes.InvalidArgument, err)
	_, err = store.QueryOne(w.self(t), w.shop, text, "select title from shop.bill where id = $1", store.NewID())
	require.ErrorIs(t, err, store.ErrNotFound)
	requireCode(t, codes.NotFound, err)
}
