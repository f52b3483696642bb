package numbergenerator_test

import (
	"context"
	"net/url"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	v1 "github.com/opencabinet/cabinet/contracts/numbergenerator/v1"
	"github.com/opencabinet/cabinet/kernel/access"
	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
	"github.com/opencabinet/cabinet/kernel/store"
	"github.com/opencabinet/cabinet/modules/numbergenerator"
)

// desk issues a paper when it starts, wherever it runs.
type desk struct{ host *module.Host }

var (
	_ module.Module  = (*desk)(nil)
	_ module.Starter = (*desk)(nil)
)

func (d *desk) Manifest() module.Manifest {
	return module.Manifest{ID: "desk", Borrows: []string{v1.Take}, Migrations: fstest.MapFS{"0001_papers.sql": {Data: []byte(`-- +goose Up
create table desk.paper (number text primary key);
select kernel.protect_all('desk.paper');
`)}}}
}

func (d *desk) Register(r module.Registrar) { d.host = r.Host() }

func (d *desk) Start(ctx context.Context) error {
	own := access.WithDecision(access.With(ctx, access.AsModule("desk")), access.Decision{Allowed: true, Reach: access.All})
	return d.host.Store.Tx(own, func(ctx context.Context, tx *store.Tx) error {
		number, err := take(ctx, tx, document{key: "paper", date: d.host.Now().Format("2006-01-02"), kind: "paper", id: store.NewID()})
		if err == nil {
			_, err = tx.Exec(ctx, "insert into desk.paper (number) values ($1)", number)
		}
		return err
	})
}

// withDesk is a portal in which somebody issues.
func withDesk(router *call.Router) ([]module.Unit, error) {
	units, err := assemble(router)
	return append(units, module.Unit{Name: "desk", Module: &desk{}}), err
}

// The lender and who borrows of it each run in the portal's process or in one of their own; it is the same.
func TestWhereverLenderAndBorrowerRun(t *testing.T) {
	t.Parallel()
	for name, processes := range map[string][]string{"in one process": nil, "the borrower apart": {"desk"}, "the lender apart": {numbergenerator.ID}, "each apart": {"desk", numbergenerator.ID}} {
		t.Run(name, func(t *testing.T) {
			p := kerneltest.Start(t, kerneltest.Options{Assemble: withDesk, Processes: processes})
			conn, err := pgx.Connect(t.Context(), p.DSN)
			require.NoError(t, err)
			defer conn.Close(context.WithoutCancel(t.Context()))
			var papers int
			require.NoError(t, conn.QueryRow(t.Context(), "select count(*) from desk.paper p join numbergenerator.number n on n.text = p.number where n.module = 'desk' and p.number like 'PAPER-0000%'").Scan(&papers))
			require.Positive(t, papers)
		})
	}
}

// A head sets numbers up by pages alone, and sees what they would be before.
func TestPagesOfSeries(t *testing.T) {
	t.Parallel()
	p := kerneltest.Start(t, kerneltest.Options{Assemble: withDesk})
	head := p.Head(t)
	require.Contains(t, head.Get(t, "/numbering").Body, "PAPER-0000")
	form := url.Values{"name": {"Invoices"}, "key": {"invoice"}, "pattern": {"{prefix}{n:5}"}, "prefix": {"PAPER-"}, "restart": {"RESTART_NEVER"}, "first_number": {"7"}, "preview": {"1"}}
	page := head.Post(t, "/numbering/new", form)
	require.Contains(t, page.Body, "Another series could give the same number")
	form.Set("prefix", "INV-")
	page = head.Post(t, "/numbering/new", form)
	require.Contains(t, page.Body, "Today INV-00007, then INV-00008. In the new year INV-00007.")
	form.Del("preview")
	form.Set("request_id", store.NewID())
	page = head.Post(t, "/numbering/new", form)
	require.Less(t, page.Status, 400, page.Body)
	list, err := v1.NewSeriesServiceClient(head.Conn).ListSeries(t.Context(), &v1.ListSeriesRequest{Key: "invoice"})
	require.NoError(t, err)
	require.Len(t, list.GetSeries(), 1)
	at := "/numbering/" + list.GetSeries()[0].GetId()
	require.Contains(t, head.Get(t, at).Body, "INV-00007")
	require.Equal(t, 200, head.Get(t, at+"/next").Status)
	// What is changed knows what it is, and so does not meet itself.
	edit := head.Get(t, at+"/edit")
	require.Equal(t, 200, edit.Status)
	form = url.Values{"id": {list.GetSeries()[0].GetId()}, "revision": {"1"}, "name": {"Invoices"}, "pattern": {"{prefix}{n:6}"}, "prefix": {"INV-"}, "restart": {"RESTART_NEVER"}, "first_number": {"7"}, "preview": {"1"}}
	require.Contains(t, head.Post(t, at+"/edit", form).Body, "Today INV-000007, then INV-000008.")
	paper, err := v1.NewSeriesServiceClient(head.Conn).ListSeries(t.Context(), &v1.ListSeriesRequest{Key: "paper"})
	require.NoError(t, err)
	body := head.Get(t, "/numbering/"+paper.GetSeries()[0].GetId()).Body
	require.Contains(t, body, "PAPER-00001")
	require.Contains(t, body, "desk")
	manager := p.Staff(t, "manager")
	require.Equal(t, 200, manager.Get(t, "/numbering").Status)
	require.Contains(t, []int{403, 404}, manager.Get(t, "/numbering/new").Status)
}
