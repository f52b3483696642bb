package store_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

// benchWorld has 100,000 bills of 10,000 clients. The contact's client has 201 of them, the manager has two clients. The
// bare pool is the superuser's, whom no policy concerns, and is made like the store's.
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
	cfg.MaxConns = 8
	bare, err = pgxpool.NewWithConfig(b.Context(), cfg)
	require.NoError(b, err)
	b.Cleanup(bare.Close)
	return w, id, bare
}

type bill struct{ ID, Title string }

type read struct {
	sql, arg string
	rows     int
}

func (r read) bare(ctx context.Context, pool *pgxpool.Pool) ([]bill, error) {
	rows, err := pool.Query(ctx, r.sql, r.arg)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[bill])
}

func (r read) scoped(ctx context.Context, s *store.Store) ([]bill, error) {
	return store.Query(ctx, s, pgx.RowToStructByPos[bill], r.sql, r.arg)
}

// BenchmarkScopedRead reads a page of 50 bills of a client, and one bill by its key: bare, which is to say with no policy
// and the client given by hand, and through the store, as a contact, as a manager of two clients and as one who sees all.
// Each scoped read alternates with the bare one, so that x-bare, the ratio of the medians, is of the same moments.
func BenchmarkScopedRead(b *testing.B) {
	w, id, pool := benchWorld(b)
	for _, what := range []struct {
		name string
		read
	}{
		{"page", read{"select id::text, title from shop.bill where client_id = $1 order by id limit 50", w.mine, 50}},
		{"key", read{"select id::text, title from shop.bill where id = $1", id, 1}},
	} {
		b.Run(what.name+"/bare", func(b *testing.B) {
			for b.Loop() {
				list, err := what.bare(b.Context(), pool)
				require.NoError(b, err)
				require.Len(b, list, what.rows)
			}
		})
		for _, who := range []struct {
			name string
			ctx  context.Context
		}{
			{"contact", w.asContact(b)}, {"manager", w.asManager(b)}, {"all", storetest.As(b.Context(), access.Staff, w.manager, access.All)},
		} {
			b.Run(what.name+"/scoped/"+who.name, func(b *testing.B) {
				var bare, scoped []time.Duration
				for b.Loop() {
					b.StopTimer()
					began := time.Now()
					_, err := what.bare(b.Context(), pool)
					bare = append(bare, time.Since(began))
					require.NoError(b, err)
					b.StartTimer()
					began = time.Now()
					list, err := what.scoped(who.ctx, w.shop)
					scoped = append(scoped, time.Since(began))
					require.NoError(b, err)
					require.Len(b, list, what.rows)
				}
				b.ReportMetric(float64(median(scoped))/float64(median(bare)), "x-bare")
			})
		}
	}
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

// BenchmarkTx writes one row in a transaction of the store.
func BenchmarkTx(b *testing.B) {
	w := newWorld(b)
	ctx := w.asContact(b)
	for b.Loop() {
		require.NoError(b, w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Exec(ctx, "update shop.bill set amount = amount + 1 where title = 'first'")
			return err
		}))
	}
}
