package feedback

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/call"
	"github.com/opencabinet/cabinet/kernel/kerneltest"
	"github.com/opencabinet/cabinet/kernel/module"
)

// lender lends a function, and does nothing else.
type lender struct{}

func (lender) Manifest() module.Manifest {
	return module.Manifest{ID: "lender", Lends: []string{"lender.take_v1(text) returns text"}, Migrations: fstest.MapFS{"0001_take.sql": {Data: []byte(`-- +goose Up
-- +goose StatementBegin
create function lender.take_v1(what text) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  return what || ' of ' || access.borrower();
end $$;
-- +goose StatementEnd
`)}}}
}

func (lender) Register(module.Registrar) {}

// A program in Node borrows what a module lends, within a transaction of its own.
func TestAProgramInNodeBorrows(t *testing.T) {
	t.Parallel()
	kerneltest.NeedsNode(t, "../nodekit", ".")
	p := kerneltest.Start(t, kerneltest.Options{
		Assemble: func(router *call.Router) ([]module.Unit, error) {
			units, err := assemble(router)
			return append(units, module.Unit{Name: "lender", Module: lender{}}), err
		},
		Programs: map[string]string{"desk": "testdata/desk/main.js"},
	})
	p.Client(t, "Zerno Roastery")
	conn, err := pgx.Connect(t.Context(), p.DSN)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var number string
	require.Eventually(t, func() bool {
		return conn.QueryRow(t.Context(), "select number from desk.paper").Scan(&number) == nil
	}, 20*time.Second, 5*time.Millisecond)
	require.Equal(t, "paper of desk", number)
}
