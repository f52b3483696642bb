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

// BenchmarkAudited writes one row in a transaction of the store that leaves an entry in the audit log, beside the same that
// leaves none: x-bare is the ratio of the medians, of the same moments. There are 100,000 entries before.
func BenchmarkAudited(b *testing.B) {
	w := newWorld(b)
	_, err := w.admin(b).Exec(b.Context(), `
		insert into kernel.audit_entry (id, time, actor_kind, actor_id, module, method, resource_id, client_id, outcome)
		select gen_random_uuid(), now() - n * interval '1 minute', 'staff', gen_random_uuid(), 'shop', '/shop.v1.Bills/PayBill', gen_random_uuid(), gen_random_uuid(), 'done'
		from generate_series(1, 100000) n`)
	require.NoError(b, err)
	var id string
	require.NoError(b, w.admin(b).QueryRow(b.Context(), "select id::text from shop.bill where title = 'first'").Scan(&id))
	changes := []store.FieldChange{{Field: "phone", Before: "+380445550142", After: "+380445550143"}, {Field: "name", Before: "Acme", After: "Acme LLC"}}
	for _, what := range []struct {
		name  string
		place access.Place
		say   func(tx *store.Tx)
	}{
		{"entry", access.Place{}, func(*store.Tx) {}},
		{"entry and place", access.Place{Address: "192.0.2.7", Device: "Firefox · Linux"}, func(*store.Tx) {}},
		{"entry, place and two fields", access.Place{Address: "192.0.2.7", Device: "Firefox · Linux"}, func(tx *store.Tx) { tx.Audit().First().Changes = changes }},
		{"100 entries with two fields", access.Place{Address: "192.0.2.7", Device: "Firefox · Linux"}, func(tx *store.Tx) {
			for range 100 {
				tx.Audit().About(store.Subject{Resource: "shop.v1.Bill", ResourceID: store.NewID(), ClientID: w.mine}).Changes = changes
			}
		}},
	} {
		b.Run(what.name, func(b *testing.B) {
			write := func(ctx context.Context, say func(*store.Tx)) time.Duration {
				began := time.Now()
				require.NoError(b, w.shop.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
					say(tx)
					_, err := tx.Exec(ctx, "update shop.bill set title = title where id = $1", id)
					return err
				}))
				return time.Since(began)
			}
			var bare, audited []time.Duration
			for b.Loop() {
				ctx := w.asContact(b)
				bare = append(bare, write(ctx, func(*store.Tx) {}))
				who := access.From(ctx)
				who.Place = what.place
				ctx = access.WithChange(ctx, &access.Change{
					ID: store.NewID(), Who: who, Module: "shop", Method: "/shop.v1.Bills/PayBill", Resource: "shop.v1.Bill", ResourceID: id, ClientID: w.mine,
				})
				audited = append(audited, write(ctx, what.say))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(median(bare).Microseconds()), "bare-µs")
			b.ReportMetric(float64(median(audited).Microseconds()), "audited-µs")
			b.ReportMetric(float64(median(audited))/float64(median(bare)), "x-bare")
		})
	}
}
