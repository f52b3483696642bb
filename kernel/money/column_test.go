package money_test

import (
	"math/rand/v2"
	"os"
	"testing"

	"github.com/govalues/decimal"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/opencabinet/cabinet/kernel/money"
	"github.com/opencabinet/cabinet/kernel/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

// row is how a table's amounts and prices are read: bigint into int64, numeric into decimal.Decimal.
type row struct {
	CurrencyCode string
	Amount       int64
	Price        decimal.Decimal
}

func TestColumnsOfAmountsAndPrices(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), storetest.DSN(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	_, err = conn.Exec(t.Context(), `create table line (currency_code text, amount bigint, price numeric(19, 6))`)
	require.NoError(t, err)
	want := row{CurrencyCode: "UAH", Amount: 125050, Price: decimal.MustParse("1234567890123.000001")}
	_, err = conn.Exec(t.Context(), `insert into line values ($1, $2, $3)`, want.CurrencyCode, want.Amount, want.Price)
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), `select currency_code, amount, price from line`)
	require.NoError(t, err)
	got, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[row])
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, "1250.50", money.Of(got.CurrencyCode, got.Amount).GetAmount())
}

// Postgres rounds as this package does, so that a query and a program come to the same amount.
func TestPostgresRoundsTheSame(t *testing.T) {
	conn, err := pgx.Connect(t.Context(), storetest.DSN(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close(t.Context())) }()
	r := rand.New(rand.NewPCG(5, 6))
	var prices, quantities []decimal.Decimal
	var want []int64
	for range 5000 {
		// Few digits, so that halves are met often.
		price, err := decimal.New(r.Int64N(20_001)-10_000, r.IntN(5))
		require.NoError(t, err)
		quantity, err := decimal.New(r.Int64N(200), r.IntN(4))
		require.NoError(t, err)
		units, err := money.Product("UAH", price, quantity)
		require.NoError(t, err)
		prices, quantities, want = append(prices, price), append(quantities, quantity), append(want, units)
	}
	rows, err := conn.Query(t.Context(), `select (round(p * q, 2) * 100)::bigint
		from unnest($1::numeric[], $2::numeric[]) with ordinality as pairs (p, q, n) order by n`, prices, quantities)
	require.NoError(t, err)
	got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(t, err)
	require.Equal(t, want, got)
}
