package numbergenerator_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
)

// portal is the module behind a router, on a database of its own, and one beside it that bills.
type portal struct {
	t       testing.TB
	dsn     string
	db      *store.DB
	billing *store.Store
	clock   *kerneltest.Clock
	series  v1.SeriesServiceClient
	head    context.Context
	manager context.Context
	// client has a contact.
	client, contact string
}

// biller makes bills of clients.
var biller = store.ModuleSpec{ID: "billing", Grants: true, OwnsClients: true, Migrations: fstest.MapFS{"0001_bills.sql": {Data: []byte(`-- +goose Up
create table billing.bill (id uuid primary key, client_id uuid not null, number text not null unique);
select kernel.protect('billing.bill', 'client_id');
create table billing.plain (name text primary key, last bigint not null);
select kernel.protect_all('billing.plain');
`)}}}

func open(t testing.TB) *portal {
	t.Helper()
	return openAt(t, storetest.DSN(t))
}

func openAt(t testing.TB, dsn string) *portal {
	t.Helper()
	ctx := t.Context()
	p := &portal{t: t, dsn: dsn, clock: kerneltest.NewClock(time.Date(2026, 1, 12, 9, 0, 0, 0, time.UTC)), client: store.NewID(), contact: store.NewID()}
	cfg := storetest.Config(p.dsn)
	cfg.MaxConns = 40
	var err error
	p.db, err = store.Open(ctx, cfg)
	require.NoError(t, err)
	t.Cleanup(p.db.Close)
	m := numbergenerator.New()
	manifest := m.Manifest()
	own := storetest.Module(t, p.db, store.ModuleSpec{ID: manifest.ID, Migrations: manifest.Migrations})
	p.billing = storetest.Module(t, p.db, biller)
	take, err := store.ParseFunction(v1.Take)
	require.NoError(t, err)
	require.NoError(t, p.db.Lend(ctx, []store.Loan{{Function: take, Borrowers: []string{biller.ID}}}))

	router := call.New(call.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	var roles []access.Role
	for id, staff := range map[string]bool{"manager": true, "head": true, "client": false} {
		roles = append(roles, access.Role{ID: id, Staff: staff, Base: id == "client", TitleText: map[string]string{"en": id}})
	}
	policy, err := access.NewPolicy(roles, manifest.Permissions, nil)
	require.NoError(t, err)
	zone, err := time.LoadLocation("Europe/Kyiv")
	require.NoError(t, err)
	kerneltest.Register(t, m, kerneltest.Lent{Router: router, DB: p.db, Rows: own, Policy: policy, Key: storetest.Key[:32], Clock: p.clock, Zone: zone})
	router.Install(policy, map[string][]string{manifest.ID: manifest.Requires})
	require.NoError(t, router.Err())
	p.series = v1.NewSeriesServiceClient(router)
	user := func(role string) context.Context {
		return access.With(ctx, access.Principal{Kind: access.Staff, UserID: store.NewID(), SessionID: store.NewID(), Roles: []string{role}, Proved: time.Now()})
	}
	p.head, p.manager = user("head"), user("manager")
	require.NoError(t, p.billing.Tx(p.self(), func(ctx context.Context, tx *store.Tx) error {
		require.NoError(t, tx.AddClient(ctx, p.client))
		return tx.GrantClients(ctx, p.contact, p.client)
	}))
	return p
}

// self is the billing module that acts by itself.
func (p *portal) self() context.Context { return storetest.AsModule(p.t.Context(), biller.ID) }

func (p *portal) asContact() context.Context {
	return storetest.As(p.t.Context(), access.Contact, p.contact, access.Granted, p.client)
}

// document is what is numbered.
type document struct {
	key, branch, date, kind, id string
}

func bill(date string) document {
	return document{key: "invoice", date: date, kind: "invoice", id: store.NewID()}
}

// take takes a number in a transaction.
func take(ctx context.Context, tx *store.Tx, d document) (string, error) {
	var branch *string
	if d.branch != "" {
		branch = &d.branch
	}
	return store.QueryOne(ctx, tx, pgx.RowTo[string], v1.TakeSQL, d.key, branch, d.date, d.kind, d.id)
}

// issue makes a bill and takes its number, all or nothing.
func (p *portal) issue(ctx context.Context, d document, then ...error) (number string, err error) {
	err = p.billing.Tx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if number, err = take(ctx, tx, d); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "insert into billing.bill (id, client_id, number) values ($1, $2, $3)", d.id, p.client, number); err != nil {
			return err
		}
		for _, fails := range then {
			return fails
		}
		return nil
	})
	return number, err
}

func (p *portal) must(ctx context.Context, d document) string {
	p.t.Helper()
	number, err := p.issue(ctx, d)
	require.NoError(p.t, err)
	return number
}

func (p *portal) create(s *v1.Series) (*v1.Series, error) {
	r, err := p.series.CreateSeries(p.head, &v1.CreateSeriesRequest{RequestId: store.NewID(), Series: s})
	return r.GetSeries(), err
}

func (p *portal) made(s *v1.Series) *v1.Series {
	p.t.Helper()
	made, err := p.create(s)
	require.NoError(p.t, err)
	return made
}

// periods are the figures of a series' periods: "2026 1-12 12 given 0 left out 0 missing []".
func (p *portal) periods(id string) []string {
	p.t.Helper()
	r, err := p.series.ListPeriods(p.manager, &v1.ListPeriodsRequest{SeriesId: id})
	require.NoError(p.t, err)
	var out []string
	for _, x := range r.GetPeriods() {
		out = append(out, fmt.Sprintf("%s %d-%d given %d, left out %d, missing %d %v", x.GetPeriod(), x.GetFirst(), x.GetLast(), x.GetGiven(), x.GetLeftOut(), x.GetMissing(), x.GetGaps()))
	}
	return out
}

// of is the series of a key.
func (p *portal) of(key string) *v1.Series {
	p.t.Helper()
	r, err := p.series.ListSeries(p.manager, &v1.ListSeriesRequest{Key: key})
	require.NoError(p.t, err)
	require.NotEmpty(p.t, r.GetSeries())
	return r.GetSeries()[0]
}

// admin is a connection as the database's superuser.
func (p *portal) admin() *pgx.Conn {
	p.t.Helper()
	conn, err := pgx.Connect(p.t.Context(), p.dsn)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(p.t.Context())) })
	return conn
}
