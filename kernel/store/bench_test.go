package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// benchWorld has 100,000 bills of 10,000 clients, 3 of which the contact's firm's manager sees.
func benchWorld(b *testing.B) (w *world, id string, bare *pgxpool.Pool) {
	b.Helper()
	w = newWorld(b)
	admin := w.admin(b)
	_, err := admin.Exec(b.Context(), `
		insert into kernel.client (id, module) select gen_random_uuid(), 'shop' from generate_series(1, 10000);
		insert into shop.bill (id, client_id, title)
		select gen_random_uuid(), c.id, 'bill ' || c.id || n from kernel.client c, generate_series(1, 10) n;
		insert into shop.bill (id, client_id, title) select gen_random_uuid(), '`+w.mine+`', 'mine ' || n from generate_series(1, 200) n;
		create index on shop.bill (client_id, id);
		analyze`)
	require.NoError(b, err)
	require.NoError(b, admin.QueryRow(b.Context(), "select id::text from shop.bill where title = 'first'").Scan(&id))
	cfg, err := pgxpool.ParseConfig(storetest.Cluster(b))
	require.NoError(b, err)
	cfg.ConnConfig.Database = w.db.Pool().Config().ConnConfig.Database
	bare, err = pgxpool.NewWithConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(bare.Close)
	return w, id, bare
}

type bill struct{ ID, Title string }

// BenchmarkRead reads one bill by its key and a page of 50, bare (as a superuser, with no policy and the client given by
// hand) and through the store: as a contact, as a manager of two clients, and as one who sees all.
func BenchmarkRead(b *testing.B) {
	w, id, bare := benchWorld(b)
	const (
		one  = "select id::text, title from shop.bill where id = $1"
		page = "select id::text, title from shop.bill where client_id = $1 order by id limit 50"
	)
	for _, read := range []struct {
		name, sql, arg string
		rows           int
	}{{"key", one, id, 1}, {"page", page, w.mine, 50}} {
		b.Run(fmt.Sprintf("%s/bare", read.name), func(b *testing.B) {
			for b.Loop() {
				rows, err := bare.Query(b.Context(), read.sql, read.arg)
				require.NoError(b, err)
				list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[bill])
				require.NoError(b, err)
				require.Len(b, list, read.rows)
			}
		})
		for who, ctx := range map[string]context.Context{
			"contact": w.asContact(b), "manager": w.asManager(b), "all": storetest.As(b.Context(), access.Staff, w.manager, access.All),
		} {
			b.Run(read.name+"/"+who, func(b *testing.B) {
				for b.Loop() {
					list, err := store.Query(ctx, w.shop, pgx.RowToStructByPos[bill], read.sql, read.arg)
					require.NoError(b, err)
					require.Len(b, list, read.rows)
				}
			})
		}
	}
}

// BenchmarkTx writes one row in a transaction, bare and through the store, and with an answer kept.
func BenchmarkTx(b *testing.B) {
	w := newWorld(b)
	ctx := w.asContact(b)
	update := "update shop.bill set amount = amount + 1 where title = 'first'"
	b.Run("store", func(b *testing.B) {
		for b.Loop() {
			require.NoError(b, w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.Exec(ctx, update)
				return err
			}))
		}
	})
}
