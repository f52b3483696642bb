package clientmanager_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/clientmanager/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/modules/clientmanager"
)

// question is a list that people ask for.
type question struct {
	name string
	*v1.ListClientsRequest
}

// questions are each order and each filter, rare and frequent.
func (c *crowd) questions() []question {
	return []question{
		{"first page", &v1.ListClientsRequest{}},
		{"newest", &v1.ListClientsRequest{OrderBy: v1.ClientOrder_CLIENT_ORDER_NEWEST}},
		{"by place", &v1.ListClientsRequest{OrderBy: v1.ClientOrder_CLIENT_ORDER_PLACE}},
		{"by name, descending", &v1.ListClientsRequest{Descending: true}},
		{"name, rare", &v1.ListClientsRequest{Name: "Лан Фарм 999"}},
		{"name, some", &v1.ListClientsRequest{Name: "зерно трейд"}},
		{"name, frequent", &v1.ListClientsRequest{Name: "тов"}},
		{"place, frequent", &v1.ListClientsRequest{Place: "київ"}},
		{"place, rare", &v1.ListClientsRequest{Place: "Рівне, район 1"}},
		{"active", &v1.ListClientsRequest{Statuses: []v1.ClientStatus{v1.ClientStatus_CLIENT_STATUS_ACTIVE}}},
		{"suspended", &v1.ListClientsRequest{Statuses: []v1.ClientStatus{v1.ClientStatus_CLIENT_STATUS_SUSPENDED}}},
		{"suspended, newest", &v1.ListClientsRequest{Statuses: []v1.ClientStatus{v1.ClientStatus_CLIENT_STATUS_SUSPENDED}, OrderBy: v1.ClientOrder_CLIENT_ORDER_NEWEST}},
		{"persons", &v1.ListClientsRequest{Kind: v1.ClientKind_CLIENT_KIND_PERSON}},
		{"tag, frequent", &v1.ListClientsRequest{Tags: []string{"business"}}},
		{"tag, some", &v1.ListClientsRequest{Tags: []string{"key"}}},
		{"tag, rare", &v1.ListClientsRequest{Tags: []string{"vip"}}},
		{"segment, frequent", &v1.ListClientsRequest{SegmentIds: []string{segmentAll}}},
		{"segments, some", &v1.ListClientsRequest{SegmentIds: []string{segmentKey, segmentVIP}}},
		{"segment, rare", &v1.ListClientsRequest{SegmentIds: []string{segmentVIP}}},
		{"manager", &v1.ListClientsRequest{ManagerIds: []string{managerID(1)}}},
		{"managers", &v1.ListClientsRequest{ManagerIds: []string{managerID(1), managerID(2), managerID(3)}}},
		{"without manager", &v1.ListClientsRequest{WithoutManager: true}},
	}
}

// BenchmarkListClients lists through the router, beside the same statements with the ids given by hand and no policy.
// With CABINET_MILLION=1 it does so at a million clients too. FIGURES.md has the command and what came out.
func BenchmarkListClients(b *testing.B) {
	kerneltest.SkipAsProcess(b, "the statements to compare with are taken out of the module")
	sizes := []int{1_000}
	if os.Getenv("CABINET_MILLION") != "" {
		sizes = append(sizes, 1_000_000)
	}
	for _, n := range sizes {
		c := newCrowd(b, n)
		bare, err := pgx.Connect(b.Context(), c.dsn)
		require.NoError(b, err)
		for _, who := range c.callers {
			for _, q := range c.questions() {
				b.Run(fmt.Sprintf("%d/%s/%s", n, who.name, q.name), func(b *testing.B) { c.compare(b, bare, who, q) })
			}
		}
		require.NoError(b, bare.Close(b.Context()))
	}
}

func (c *crowd) compare(b *testing.B, bare *pgx.Conn, who caller, q question) {
	sql, args, err := c.module.Listing(c.reader(who), q.ListClientsRequest, who.only, who.args...)
	require.NoError(b, err)
	var took, byHand []time.Duration
	ask := func() int {
		got, err := c.clients.ListClients(who, q.ListClientsRequest)
		require.NoError(b, err)
		return len(got.GetClients())
	}
	hand := func() int {
		rows, err := bare.Query(b.Context(), sql, args...)
		require.NoError(b, err)
		page, err := pgx.CollectRows(rows, pgx.RowToStructByPos[clientmanager.Listed])
		require.NoError(b, err)
		return min(len(page), 50)
	}
	require.Equal(b, hand(), ask(), "both give the same rows")
	for b.Loop() {
		// In turns, so that what else the machine does falls on both.
		start := time.Now()
		ask()
		took = append(took, time.Since(start))
		start = time.Now()
		hand()
		byHand = append(byHand, time.Since(start))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(micros(took, 50), "p50-µs")
	b.ReportMetric(micros(took, 99), "p99-µs")
	b.ReportMetric(micros(byHand, 50), "hand-p50-µs")
	b.ReportMetric(micros(took, 50)/micros(byHand, 50), "times")
}

// reader is the context in which a query by hand is made: that of the caller, save that who has many clients needs no
// detour to the indexes when no policy is in the way.
func (c *crowd) reader(who caller) context.Context {
	d := access.Decision{Allowed: true, Reach: access.Granted}
	if who.only == "" || len(who.args) == 0 {
		d.Reach = access.All
	}
	return access.WithDecision(who, d)
}

func micros(all []time.Duration, percentile int) float64 {
	slices.Sort(all)
	return float64(all[(len(all)-1)*percentile/100].Nanoseconds()) / 1000
}
