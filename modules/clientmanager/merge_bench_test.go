package clientmanager_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/store"
)

// BenchmarkMergeClients merges two clients with 10,000 rows each, and updates as many rows by bare SQL beside it.
//
//	go test -run XXX -bench MergeClients -benchtime 3x ./modules/clientmanager
func BenchmarkMergeClients(b *testing.B) {
	p := openPortal(b)
	head := p.head()
	admin := p.admin()
	fill := func(client string) {
		for _, sql := range []string{
			`insert into clientmanager.contacts (id, client_id, name, position, email, phone, role, main, create_time, revision, name_key)
				select gen_random_uuid(), $1, 'C' || n, '', n || '@' || $1 || '.example', '', '', false, now(), 1, convert_to('c' || n, 'UTF8') from generate_series(1, 2500) n`,
			`insert into clientmanager.addresses (id, client_id, kind, recipient, street, place, region, postal_code, country_code, directions, main, create_time, revision)
				select gen_random_uuid(), $1, 'delivery', '', n || ' ' || $1, '', '', '', 'UA', '', false, now(), 1 from generate_series(1, 2500) n`,
			`insert into clientmanager.agreements (id, client_id, number, kind, subject, start_date, currency_code, payment_days, note, status, create_time, update_time, revision, number_fold)
				select gen_random_uuid(), $1, n || '/' || $1, 'service', '', '2026-01-01', 'UAH', 0, '', 'active', now(), now(), 1, n || '/' || $1 from generate_series(1, 2500) n`,
			`insert into clientmanager.history (id, client_id, time, what, actor, detail, fields, revision)
				select gen_random_uuid(), $1, now(), 'updated', '', '', '{phone}', n from generate_series(1, 2500) n`,
		} {
			_, err := admin.Exec(b.Context(), strings.ReplaceAll(sql, "$1", "'"+client+"'"))
			require.NoError(b, err)
		}
	}
	var merged, bare time.Duration
	for range b.N {
		into, from, other, third := p.named(head, "Into"), p.named(head, "From"), p.named(head, "Other"), p.named(head, "Third")
		for _, c := range []*v1.Client{into, from, other, third} {
			fill(c.GetId())
		}
		_, err := admin.Exec(b.Context(), "analyze")
		require.NoError(b, err)
		require.NoError(b, p.dispatcher.WaitDrained(b.Context()))

		began := time.Now()
		_, err = p.merges.MergeClients(head, &v1.MergeClientsRequest{RequestId: store.NewID(), IntoId: into.GetId(), FromId: from.GetId()})
		require.NoError(b, err)
		merged += time.Since(began)

		began = time.Now()
		require.NoError(b, pgx.BeginFunc(b.Context(), admin, func(tx pgx.Tx) error {
			for _, table := range []string{"contacts", "addresses", "agreements", "history"} {
				if _, err := tx.Exec(b.Context(), "update clientmanager."+table+" set client_id = $1 where client_id = $2", other.GetId(), third.GetId()); err != nil {
					return err
				}
			}
			return nil
		}))
		bare += time.Since(began)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(merged.Milliseconds())/float64(b.N), "ms/merge")
	b.ReportMetric(float64(bare.Milliseconds())/float64(b.N), "ms/bare")
	b.ReportMetric(float64(merged)/float64(bare), "ratio")
}
