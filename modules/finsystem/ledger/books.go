package ledger

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/opencabinet/cabinet/kernel/store"
)

// SetLimit sets how much may be owed on a client's account at once; nil for as much as comes. What is owed already stays.
func SetLimit(ctx context.Context, tx *store.Tx, account int64, limit *int64) error {
	_, err := tx.Exec(ctx, "select finsystem.limit_account($1, $2)", account, limit)
	return refused(err)
}

// Close closes all days up to one: nothing counts for them any more. They are never opened again.
func Close(ctx context.Context, tx *store.Tx, until time.Time) error {
	_, err := tx.Exec(ctx, "select finsystem.close_books($1)", until)
	return refused(err)
}

// Balance is what an account comes to, in minor units: of the business's own, what went out of it, which is what the business has there.
func Balance(ctx context.Context, q store.Querier, account int64) (int64, error) {
	return store.QueryOne(ctx, q, pgx.RowTo[int64], `
		select coalesce((select balance from finsystem.balances where account_id = $1), -(
			(select coalesce(sum(amount), 0) from finsystem.own_days where account_id = $1)
			+ (select coalesce(sum(case account_id when $1 then amount else -amount end), 0) from finsystem.entries
				where $1 in (account_id, contra_id) and posting_id > (select through from finsystem.summed)))::bigint)`, account)
}

// Wrong is a place where the books do not hold together.
type Wrong struct {
	Account, Posting *int64
	Problem          string
}

// Verify reads all books and returns where they do not hold together. It takes long where they are long.
func Verify(ctx context.Context, q store.Querier) ([]Wrong, error) {
	return store.Query(ctx, q, pgx.RowToStructByPos[Wrong], `
		select account_id, posting_id, problem from finsystem.wrong_books() union all select account_id, posting_id, problem from finsystem.wrong_days()`)
}
